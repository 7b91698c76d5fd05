//! What a decision about a message rests on, as the rules want it.

use jiff::Timestamp;
use loyalty::Money;
use loyalty::ids::ShopId;
use loyalty::ledger::Entry;
use loyalty::mail::news::{Known, News, news, orders, returns};
use loyalty::mail::{Class, Draft, House, Kind, MailMode, Outcome, Recipient, Sent, WhyNot, plan};
use loyalty::program::Program;
use platform::Services;
use platform::store::{Addressee, Desk, Kept, MessageState, StoreError};

/// Ledger entries in one read.
const PAGE: u16 = 25;

/// What a message tells that goes now.
#[derive(Debug, Clone)]
pub(crate) struct Telling {
    /// What it tells.
    pub(crate) news: Vec<News>,
    /// Whether to the owner instead.
    pub(crate) to_owner: bool,
    /// What it doesn't tell, and why.
    pub(crate) without: Vec<(Kind, WhyNot)>,
    /// Whether it might be marketing, by the owner's own words.
    pub(crate) marketing_allowed: bool,
}

/// What becomes of a message now.
#[derive(Debug, Clone)]
pub(crate) enum Decided {
    /// It goes.
    Send(Telling),
    /// It waits.
    Wait {
        /// Until when.
        until: Timestamp,
        /// Why.
        why: WhyNot,
    },
    /// It is left out.
    Drop(Vec<(Kind, WhyNot)>),
}

/// Decides about a message by what is on the desk, under the program in force.
pub(crate) async fn decide(
    services: &Services,
    shop: &ShopId,
    kept: &Kept,
    desk: &Desk,
    program: &Program,
    now: Timestamp,
) -> Result<Decided, StoreError> {
    let draft = &kept.message.draft;
    if now < draft.due {
        return Ok(Decided::Wait { until: draft.due, why: WhyNot::NotDue });
    }
    let mode = desk.status.mode();
    let since = match mode {
        MailMode::Live { since } => Some(since),
        MailMode::Off | MailMode::Owner => None,
    };
    let mut told = look_up(services, shop, kept, desk, program, since).await?;
    // What may have gone out already says again what it said and nothing more: with a welcome
    // that she may have only now, a receipt would be marketing sent twice.
    if let Some(claim) = &kept.message.claim
        && kept.message.state == MessageState::Claimed
    {
        told.retain(|one| claim.kinds.contains(&one.kind()));
    }
    let kinds: Vec<Kind> = told.iter().map(News::kind).collect();
    let no_news = draft.sections.iter().filter(|kind| !kinds.contains(kind));
    let no_news: Vec<_> = no_news.map(|kind| (*kind, WhyNot::NothingToTell)).collect();
    let not_sent: Vec<Kind> = program.mail.off.iter().copied().collect();
    let sent: Sent = desk.sent_before(&kept.message);
    let preset = program.shop.preset;
    let addressee = Addressee::of(desk.contact.as_ref(), &desk.account, preset, now);
    let recipient = addressee.recipient(&program.shop.zone, &sent);
    let marketing_paused = desk.status.marketing_paused.is_some();
    let house = House { mode, paused: false, marketing_paused, off: &not_sent };
    let draft = Draft { sections: kinds, ..draft.clone() };
    Ok(match plan::settle(&draft, &recipient, house, now) {
        Outcome::Send { sections, to_owner, without, .. } => Decided::Send(Telling {
            news: told.into_iter().filter(|one| sections.contains(&one.kind())).collect(),
            to_owner,
            without: without.into_iter().chain(no_news).collect(),
            marketing_allowed: !marketing_paused && may_be_marketing(kept, &recipient, now),
        }),
        Outcome::Wait { until, why } => Decided::Wait { until, why },
        Outcome::Drop(without) => Decided::Drop(without.into_iter().chain(no_news).collect()),
    })
}

/// Whether what goes now might go as marketing too: she agreed to that, no answer is owed to her
/// first, and the caps allow it.
/// What may have gone out already as none stays none.
fn may_be_marketing(kept: &Kept, recipient: &Recipient<'_>, now: Timestamp) -> bool {
    let claim = kept.message.claim.as_ref();
    let claim = claim.filter(|_| kept.message.state == MessageState::Claimed);
    let Recipient { sent, monthly, zone, consented, held_until, .. } = *recipient;
    let is_held = held_until.is_some_and(|until| now < until);
    consented
        && !is_held
        && claim.is_none_or(|claim| claim.marketing)
        && sent.allowed(Class::Marketing, monthly, now, zone) <= now
}

/// Looks up what a message tells, as things stand now.
async fn look_up(
    services: &Services,
    shop: &ShopId,
    kept: &Kept,
    desk: &Desk,
    program: &Program,
    since: Option<Timestamp>,
) -> Result<Vec<News>, StoreError> {
    let (store, draft) = (&services.store, &kept.message.draft);
    let mut entries = store.ledger_since(shop, &kept.customer, draft.from, PAGE).await?;
    if desk.holder != kept.customer {
        // Since they are one, everything is entered there.
        entries.extend(store.ledger_since(shop, &desk.holder, draft.from, PAGE).await?);
        entries.sort_by_key(|entry| entry.at);
    }
    let orders = orders(draft, &entries, since);
    let posted = store.posted_to(shop, &desk.holder, &desk.account, orders).await?;
    let (entries, posted, account) = (&entries, &posted, &desk.account);
    let sent = &desk.sent_before(&kept.message);
    let returned = &given_back(services, shop, draft, entries, program).await?;
    Ok(news(draft, &Known { entries, posted, account, program, since, sent, returned }))
}

/// The money that points went back with: of every refund the entries are of, or of none.
async fn given_back(
    services: &Services,
    shop: &ShopId,
    draft: &Draft,
    entries: &[Entry],
    program: &Program,
) -> Result<Vec<Money>, StoreError> {
    let Some((order, since, refunds)) = returns(draft, entries) else { return Ok(Vec::new()) };
    let stored = services.store.order(shop, &order).await?;
    let returned = stored.record.state.returned_since(since, program.shop.currency);
    Ok(returned.filter(|returned| returned.len() == refunds).unwrap_or_default())
}
