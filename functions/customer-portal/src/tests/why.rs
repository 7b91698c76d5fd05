//! Why she got a mail: what caused it, what it used, what it relied on.

use jiff::civil::date;
use loyalty::ids::{OrderRef, Source};
use loyalty::mail::{About, Draft, Kind, Reason, WhyNot};
use loyalty::program::CORNER_BAKERY;
use platform::store::{Claimed, Kept, ReliedOn, Wanted};

use super::{EMAIL, NOW, Portal, at};

fn draft(about: About, from: &str, sections: &[Kind]) -> Draft {
    let (from, now) = (at(from), at(NOW));
    let sections = sections.to_vec();
    Draft { about, from, sections, due: now, fact_at: from, news_from: from, caused_at: None }
}

fn order(id: &str) -> About {
    About::Order(OrderRef { source: Source::Shopify, id: id.parse().unwrap() })
}

/// A welcome with the receipt of Ada's first purchase.
pub(super) fn welcome() -> Draft {
    draft(order("6001"), "2026-11-22T12:00:00Z", &[Kind::Receipt, Kind::Welcome])
}

impl Portal {
    /// Plans a message to Ada.
    pub(super) async fn plan(&self, draft: Draft) -> Kept {
        let (store, shop) = (&self.shop.services.store, &self.shop.id);
        let trigger = draft.about.trigger();
        store.plan_message(shop, &self.ada, draft, at(NOW)).await.unwrap().unwrap();
        let message = store.message(shop, &self.ada, &trigger).await.unwrap().unwrap();
        Kept { customer: self.ada.clone(), message }
    }

    /// Claims a message with what holds now.
    async fn claim(&self, kept: &Kept, wanted: Wanted) -> Kept {
        let (store, shop) = (&self.shop.services.store, &self.shop.id);
        let desk = store.desk(shop, &self.ada).await.unwrap();
        let kinds = kept.message.draft.sections.clone();
        let wanted = Wanted { kinds, ..wanted };
        match store.claim(shop, kept, &desk, wanted, at(NOW)).await.unwrap() {
            Claimed::Ours(message) => Kept { customer: self.ada.clone(), message: *message },
            Claimed::Changed => panic!("nothing changed"),
        }
    }

    /// A message that went out, and relied on her yes where it is marketing.
    pub(super) async fn sent(&self, draft: Draft, wanted: Wanted) -> String {
        let kept = self.plan(draft).await;
        let kept = self.claim(&kept, wanted).await;
        let (store, shop) = (&self.shop.services.store, &self.shop.id);
        store.message_sent(shop, &kept, "0100-ses", at(NOW)).await.unwrap();
        self.why(&kept.message.trigger())
    }

    async fn yes(&self) -> Wanted {
        let consent = self.consent().await;
        let relied_on = ReliedOn::of(&consent, loyalty::program::Preset::UsNy);
        Wanted { relied_on, ..Wanted::default() }
    }
}

#[tokio::test]
async fn a_welcome_says_the_purchase_the_points_and_the_yes_it_relied_on() {
    let portal = Portal::open().await;
    let path = portal.sent(welcome(), portal.yes().await).await;
    let before = portal.table().await;
    let answer = portal.get(&path).await;
    for text in [
        "You bought something on November 22, 2026.",
        "Points for what you bought, Welcome",
        "<span>600</span>",
        "You said yes on November 22, 2026: on the shop&#39;s own form, confirmed by a link in a \
         mail, as you told us yourself",
        "Stop offers and news",
    ] {
        answer.says(text);
    }
    assert_eq!(portal.table().await, before);
    // The button stops just that, and leads to the page that says so.
    let stop = answer.body.split("action=\"").nth(1).unwrap().split('"').next().unwrap();
    portal.press(stop, "by=button").await.says("sends you no more offers and news");
}

#[tokio::test]
async fn an_account_mail_goes_to_who_takes_part_and_its_button_stops_its_kind() {
    let portal = Portal::open().await;
    portal.shop.set_now("2026-11-22T18:00:00Z");
    portal.shop.buys(6002, 20, "2026-11-22T14:00:00Z").await;
    portal.shop.set_now(NOW);
    let week = About::Week { week: "2026-W47".to_owned() };
    let draft = draft(week, "2026-11-16T05:00:00Z", &[Kind::Receipt]);
    let path = portal.sent(draft, Wanted::default()).await;
    let answer = portal.get(&path).await;
    answer.says("You bought something in the week from November 16, 2026.");
    answer.says("You take part in Corner Bakery Regulars");
    answer.says("<span>600</span>");
    answer.says_nothing_of("<span>200</span>");
    let stop = answer.body.split("action=\"").nth(1).unwrap().split('"').next().unwrap();
    portal.press(stop, "by=button").await;
    let consent = portal.consent().await;
    assert_eq!(consent.off().collect::<Vec<_>>(), ["receipt"]);
    assert_eq!(consent.state(EMAIL), loyalty::consent::State::Subscribed);
}

#[tokio::test]
async fn a_tier_is_named_as_the_shop_names_it() {
    let portal = Portal::open().await;
    portal.shop.buys(6003, 500, "2026-11-22T15:00:00Z").await;
    let sections = [Kind::TierReached, Kind::Receipt];
    let path = portal.sent(draft(order("6003"), NOW, &sections), Wanted::default()).await;
    let answer = portal.get(&path).await;
    answer.says("<dt>Reached</dt><dd>Silver</dd>");
    answer.says("Stop mail of this kind");
}

#[tokio::test]
async fn what_went_back_is_told_with_its_points() {
    let portal = Portal::open().await;
    portal.shop.refunds(6001, 10, NOW).await;
    let about = About::TakenBack { day: "2026-11-22".parse().unwrap() };
    let draft = draft(about, "2026-11-22T14:00:00Z", &[Kind::PointsTakenBack]);
    let path = portal.sent(draft, Wanted::default()).await;
    let answer = portal.get(&path).await;
    answer.says("Something you had bought went back on November 22, 2026.");
    answer.says("<span>-100</span>");
}

#[tokio::test]
async fn mail_that_was_asked_for_says_who_asked_and_has_no_button() {
    for (asked_at, said) in [
        (Some(at("2026-11-22T14:00:00Z")), "On November 22, 2026 somebody asked for offers"),
        (None, "Your address came to us in a list of Corner Bakery"),
    ] {
        let portal = Portal::open().await;
        let about = About::Consent { asked_at };
        let draft = draft(about, NOW, &[Kind::ConsentConfirmation]);
        let path = portal.sent(draft, Wanted::default()).await;
        let answer = portal.get(&path).await;
        answer.says(said);
        answer.says("You asked, and this is the answer");
        answer.says_nothing_of("<form");
    }
}

#[tokio::test]
async fn a_mail_of_before_a_merge_says_still_what_it_told_of() {
    let portal = Portal::open().await;
    let draft = draft(order("6001"), "2026-11-22T12:00:00Z", &[Kind::Receipt]);
    let path = portal.sent(draft, Wanted::default()).await;
    portal.shop.purchase(2, (6002, 10, NOW), loyalty::ledger::Origin::Live).await;
    let other = portal.shop.by_email("person-2@example.com").await.unwrap().id;
    let (shop, origin, now) = (&portal.shop.id, loyalty::ledger::Origin::Merge, at(NOW));
    let deed = platform::store::Deed { shop, origin, now };
    portal.shop.services.store.merge(&deed, &other, &portal.ada).await.unwrap();
    let answer = portal.get(&path).await;
    answer.says("<span>600</span>");
    answer.says_nothing_of("<span>100</span>");
}

#[tokio::test]
async fn a_receipt_with_the_owners_offer_is_marketing_here_too() {
    let portal = Portal::open().await;
    let draft = draft(order("6001"), "2026-11-22T12:00:00Z", &[Kind::Receipt]);
    let wanted = Wanted { marketing: true, ..portal.yes().await };
    let answer = portal.get(&portal.sent(draft, wanted).await).await;
    answer.says("You said yes on November 22, 2026");
    answer.says("Stop offers and news");
}

#[tokio::test]
async fn how_far_a_message_is_is_said_in_words() {
    let portal = Portal::open().await;
    let (store, shop) = (&portal.shop.services.store, &portal.shop.id);
    let one = |id: &str| draft(order(id), "2026-11-22T12:00:00Z", &[Kind::Welcome]);

    let waiting = portal.plan(one("1")).await;
    let later = at("2026-11-23T13:00:00Z");
    store.message_waits(shop, &waiting, later, WhyNot::Quiet).await.unwrap();
    let dropped = portal.plan(one("2")).await;
    let left_out = [(Kind::Welcome, WhyNot::NoConsent)];
    store.message_dropped(shop, &dropped, &left_out).await.unwrap();
    let claimed = portal.claim(&portal.plan(one("3")).await, Wanted::default()).await;
    let failed = portal.claim(&portal.plan(one("4")).await, Wanted::default()).await;
    store.message_failed(shop, &failed, "no address").await.unwrap();
    let unknown = portal.claim(&portal.plan(one("5")).await, Wanted::default()).await;
    store.message_unknown(shop, &unknown).await.unwrap();
    let owner = Wanted { to_owner: true, ..Wanted::default() };
    let to_owner = portal.sent(one("6"), owner).await;

    for (kept, said) in [
        (waiting, "Not yet (it was night)"),
        (dropped, "No, it was left out (you didn&#39;t say yes to such mail)"),
        (claimed, "It is on its way"),
        (failed, "It couldn&#39;t be sent"),
        (unknown, "We don&#39;t know whether it went out"),
    ] {
        portal.get(&portal.why(&kept.message.trigger())).await.says(said);
    }
    portal.get(&to_owner).await.says("to the shop&#39;s owner as a trial and not to you");
}

#[tokio::test]
async fn of_a_mail_long_ago_or_never_heard_of_the_page_says_that_nothing_is_kept() {
    let portal = Portal::open().await;
    let draft = draft(order("6001"), "2026-11-22T12:00:00Z", &[Kind::Receipt]);
    let path = portal.sent(draft, Wanted::default()).await;
    portal.get(&portal.why("order shopify:9")).await.says("Nothing is kept of this mail");
    portal.shop.set_now("2028-01-22T15:00:00Z");
    let answer = portal.get(&path).await;
    answer.says("Nothing is kept of this mail");
    answer.says("Choose what mail you get");
}

/// What a night found, as it waits for the morning.
fn night(reasons: Vec<Reason>) -> Draft {
    let sections: Vec<Kind> = reasons.iter().map(Reason::kind).collect();
    draft(About::Night { night: date(2026, 11, 22), reasons }, "2026-11-22T09:00:00Z", &sections)
}

#[tokio::test]
async fn a_personal_letter_says_what_it_was_chosen_by() {
    let portal = Portal::open().await;
    let reason = Reason::WinBack { after: date(2026, 3, 1), letter: 1 };
    let path = portal.sent(night(vec![reason]), portal.yes().await).await;
    let answer = portal.get(&path).await;
    answer.says("chosen automatically, because your last visit was on March 1, 2026.");
    answer.says("You said yes on November 22, 2026");
    answer.says("Stop offers and news");
}

#[tokio::test]
async fn each_thing_that_a_night_found_and_told_says_why() {
    let portal = Portal::open().await;
    let birthday = Some("02-29".parse().unwrap());
    let store = &portal.shop.services.store;
    let by = platform::store::BirthdayBy::Own;
    store.set_birthday(&portal.shop.id, &portal.ada, birthday, by, at(NOW)).await.unwrap();
    let reasons = vec![
        Reason::Birthday { year: 2027 },
        Reason::Anniversary { years: 2 },
        Reason::TierAtRisk { tier: "silver".parse().unwrap(), on: date(2027, 3, 14) },
    ];
    let path = portal.sent(night(reasons), portal.yes().await).await;
    let answer = portal.get(&path).await;
    for text in [
        "Your birthday is on February 28.",
        "You had been part of Corner Bakery Regulars for 2 years.",
        "You were Silver, and on March 14, 2027 that is looked at again.",
    ] {
        answer.says(text);
    }
    portal.ada_is(None, Some("de")).await;
    let answer = portal.get(&path).await;
    answer.says("Du hast am 28. Februar Geburtstag.");
    answer.says("Du warst seit 2 Jahren bei Corner Bakery Regulars dabei.");
    answer.says("am 14. März 2027 wird neu nachgesehen");
}

#[tokio::test]
async fn what_was_left_out_of_a_nights_mail_is_no_reason_for_it() {
    let portal = Portal::open().await;
    let lapse = Reason::WinBack { after: date(2026, 3, 1), letter: 1 };
    let kept = portal.plan(night(vec![Reason::Birthday { year: 2026 }, lapse])).await;
    let mut told = kept.clone();
    told.message.draft.sections = vec![Kind::Birthday];
    portal.claim(&told, portal.yes().await).await;
    let answer = portal.get(&portal.why(&kept.message.trigger())).await;
    answer.says("It was your birthday, as far as we knew it then.");
    answer.says_nothing_of("last visit");
}

#[tokio::test]
async fn a_notice_says_what_expires_and_when_and_has_no_button() {
    let toml = CORNER_BAKERY.replace("rule = \"none\"", "rule = \"months\"\nmonths = 24");
    let portal = Portal::with_program(&toml).await;
    // Bought today for 60.00: 600 points, until the end of the 24th month from now.
    let on = date(2028, 11, 30);
    let notice = |notice| Reason::PointsExpiring { on, notice };
    let path = portal.sent(night(vec![notice(1)]), Wanted::default()).await;
    let answer = portal.get(&path).await;
    answer.says("600 points of yours expire at the end of November 30, 2028.");
    answer.says("You take part in Corner Bakery Regulars");
    answer.says_nothing_of("<form");
    portal.shop.refunds(6001, 60, NOW).await;
    let answer = portal.get(&path).await;
    answer.says("Points of yours were to expire at the end of November 30, 2028.");
    portal.ada_is(None, Some("de")).await;
    portal.get(&path).await.says("Mit Ablauf des 30. November 2028 sollten Punkte");
}

#[tokio::test]
async fn a_tier_that_ends_is_named_with_the_day_of_its_review() {
    let portal = Portal::open().await;
    let on = date(2027, 3, 14);
    let reason = Reason::TierEnding { tier: "gold".parse().unwrap(), on, notice: 1 };
    let answer = portal.get(&portal.sent(night(vec![reason]), Wanted::default()).await).await;
    answer.says("You were Gold, and on March 14, 2027 that is looked at again.");
    answer.says_nothing_of("<form");
}
