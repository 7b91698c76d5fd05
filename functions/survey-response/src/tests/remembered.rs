//! What an answer remembers of her and of her order.

use loyalty::ids::Source;
use loyalty::ledger::Origin;
use loyalty::order::{Line, LineKind, Order, Stamp, Stamped};
use platform::store::{Observation, Scene};

use super::{NOW, Room, at};

impl Room {
    /// Shopify tells what Ada's order was of.
    async fn lines_are_told(&self, products: &[(u64, LineKind)]) {
        let line = |(id, (product, kind)): (u64, &(u64, LineKind))| Line {
            id: id.into(),
            quantity: 1,
            price: 0,
            discount: 0,
            tax: 0,
            kind: *kind,
            product: Some((*product).into()),
            sku: None,
        };
        let value = (1_u64..).zip(products).map(line).collect();
        let stamp = Stamp { updated_at: at("2026-11-22T12:01:00Z"), triggered_at: None };
        let state = Order { lines: Some(Stamped { stamp, value }), ..Order::default() };
        let observation = Observation { order: self.order(), state, buyer: None };
        let (shop, identities) = (&self.shop.id, self.shop.identities());
        let (source, origin, now) = (Source::Shopify, Origin::Live, at(NOW));
        let scene = Scene { shop, source, identities: &identities, origin, now };
        self.shop.services.store.record(&scene, &observation).await.unwrap();
    }
}

#[tokio::test]
async fn the_first_answer_remembers_her_tier() {
    let room = Room::open().await;
    room.press(&room.csat(), "score=4").await;
    let survey = room.survey().await.unwrap();
    assert_eq!(survey.tier.map(|tier| tier.to_string()).as_deref(), Some("bronze"));
}

#[tokio::test]
async fn the_first_answer_remembers_what_the_order_was_of_each_product_once() {
    let room = Room::open().await;
    let (loaf, cake, card) =
        ((7001, LineKind::Goods), (7002, LineKind::Goods), (7003, LineKind::GiftCard));
    room.lines_are_told(&[loaf, cake, loaf, card]).await;
    room.press(&room.csat(), "score=4").await;
    assert_eq!(room.survey().await.unwrap().products, ["7001", "7002"]);
    room.lines_are_told(&[cake]).await;
    room.press(&room.csat(), "score=5").await;
    assert_eq!(room.survey().await.unwrap().products, ["7001", "7002"], "as it was then");
}
