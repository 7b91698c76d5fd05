//! What tests of a kind of mail read and need: who came back, and what a draw is made with.

use jiff::civil::Date;
use loyalty::ids::{CustomerId, ShopId};
use loyalty::night::begins;
use loyalty::program::Program;
use loyalty::trial::{FOLLOWED_DAYS, Followed, Key};

use super::keys::List;
use super::reads::stored_order;
use super::{Store, StoreError};

/// The key of a new test. Nobody gains by guessing who is held out: all there is to ask of it
/// is that no two tests draw alike, as with ids.
pub fn fresh_key() -> Key {
    let mut key = [0; 32];
    fastrand::fill(&mut key);
    Key(key)
}

impl Store {
    /// What became of somebody in the 30 days from the night of `date` on: what was kept of the
    /// orders paid in them, as is known now, under whatever name she has. Orders are read from
    /// an index, which follows the table a little later.
    pub async fn followed(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
        date: Date,
        program: &Program,
    ) -> Result<Followed, StoreError> {
        let zone = &program.shop.zone;
        let last = date.checked_add(jiff::ToSpan::days(FOLLOWED_DAYS)).unwrap_or(Date::MAX);
        let none = Followed { came_back: false, kept: 0, cost: 0 };
        let Some((from, to)) = begins(date, zone).zip(begins(last, zone)) else { return Ok(none) };
        let (holder, account) = self.account(shop, customer.clone()).await?;
        let mut keys = Vec::new();
        for one in self.family(shop, &holder, &account).await? {
            let list = List::OrdersOf(&one).partition(shop);
            keys.extend(self.listed_between(&list, from, to).await?);
        }
        let mut followed = none;
        for item in self.get_all(keys).await? {
            let counted = stored_order(item)?.record.counted.filter(|counted| counted.kept > 0);
            followed.came_back |= counted.is_some();
            let kept = counted.map_or(0, |counted| counted.kept);
            followed.kept = followed.kept.saturating_add(kept);
        }
        Ok(followed)
    }
}
