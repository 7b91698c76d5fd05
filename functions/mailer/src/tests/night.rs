//! What the nights found, as it is told in the morning: as far as it is still so.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::civil::date;
use loyalty::Points;
use loyalty::ledger::{Cause, Entry, Occasion, Origin};
use loyalty::mail::{About, Draft, Kind, Reason, WhyNot};
use platform::store::keys::Entity;

use super::*;

/// The morning after the night, in New York.
const DUE: &str = "2026-11-23T14:00:00Z";

/// Points that go at the end of the 24th month after theirs.
const EXPIRES: &str = "rule = \"months\"\nmonths = 24";

/// The bakery, where Ada said yes, and bought for so many dollars on these days.
async fn with_purchases(purchases: &[(i64, &str)]) -> Room {
    let toml = receipts("each").replace("rule = \"none\"", EXPIRES);
    let mut room = Room::with_program(&toml).await;
    for (id, (dollars, at)) in (1..).zip(purchases) {
        room.shop.set_now(at);
        room.shop.buys(id, *dollars, at).await;
    }
    room.shop.set_now(MORNING);
    room.goes_live().await;
    room.ada_agrees().await;
    room.pump().await;
    assert_eq!(room.mails().len(), 0, "all of it was before mail went live");
    room
}

/// Silver since last December, by more than she spent since.
async fn silver() -> Room {
    let room =
        with_purchases(&[(300, "2025-06-01T15:00:00Z"), (250, "2025-12-23T15:00:00Z")]).await;
    let tier = room.shop.by_email("ada@example.com").await.unwrap().account.tier.unwrap();
    assert_eq!((tier.id.as_str(), tier.review_on), ("silver", Some(date(2026, 12, 23))));
    room
}

impl Room {
    /// What last night found for Ada waits for the morning.
    async fn night_found(&self, reasons: Vec<Reason>) -> String {
        let night = date(2026, 11, 23);
        let begun = "2026-11-23T09:00:00Z".parse().unwrap();
        let sections: Vec<Kind> = reasons.iter().map(Reason::kind).collect();
        let draft = Draft {
            about: About::Night { night, reasons },
            from: begun,
            sections,
            due: DUE.parse().unwrap(),
            fact_at: begun,
            news_from: begun,
            caused_at: None,
        };
        let trigger = draft.about.trigger();
        let (store, ada) = (&self.shop.services.store, self.ada().await);
        store.plan_message(&self.shop.id, &ada, draft, begun).await.unwrap().unwrap();
        trigger
    }

    /// Ada's points of a gift are in the ledger, as the night writes them.
    async fn gift(&self, occasion: Occasion, points: i64) {
        let customer = self.shop.by_email("ada@example.com").await.unwrap();
        let number = customer.account.version + 1;
        let entry = Entry {
            number,
            at: "2026-11-23T09:00:05Z".parse().unwrap(),
            fact_at: None,
            delta: Points(points),
            cause: Cause::Gift { occasion },
            receipt: None,
            balance_after: Points(points),
            promotion: None,
            origin: Origin::Live,
            of: None,
        };
        let key = Entity::Ledger(&customer.id, number).key(&self.shop.id);
        let put = self.shop.services.store.client().put_item().table_name(TABLE);
        let item = serde_dynamo::to_item(&entry).unwrap();
        put.set_item(Some(item))
            .item("pk", AttributeValue::S(key.pk))
            .item("sk", AttributeValue::S(key.sk))
            .send()
            .await
            .unwrap();
    }

    /// The morning's one mail, in text, and its subject.
    async fn told(&mut self, reasons: Vec<Reason>) -> (String, String) {
        let trigger = self.night_found(reasons).await;
        self.hour(DUE).await;
        assert_eq!(self.state(&trigger).await, MessageState::Sent, "{trigger}");
        let mails = self.mails();
        let [mail] = mails.as_slice() else { panic!("{} mails", mails.len()) };
        (mail.subject.clone(), mail.text.clone().unwrap())
    }

    /// Nothing of it goes, because nothing of it is so any more.
    async fn told_nothing(&mut self, reason: Reason) {
        let kind = reason.kind();
        let trigger = self.night_found(vec![reason]).await;
        self.hour(DUE).await;
        let message = self.message(&trigger).await;
        assert_eq!(message.state, MessageState::Dropped, "{trigger}");
        assert_eq!(message.without, [(kind, WhyNot::NothingToTell)]);
    }
}

fn win_back() -> Reason {
    Reason::WinBack { after: date(2026, 9, 1), letter: 1 }
}

fn silver_ends() -> Reason {
    let on = date(2026, 12, 23);
    Reason::TierEnding { tier: "silver".parse().unwrap(), on, notice: 1 }
}

fn expires() -> Reason {
    Reason::PointsExpiring { on: date(2026, 12, 31), notice: 1 }
}

#[track_caller]
fn says(text: &str, parts: &[&str]) {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in {text}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_stayed_away_gets_a_letter_that_says_why_it_came() {
    let mut room = with_purchases(&[(20, "2026-09-01T15:00:00Z")]).await;
    let (subject, text) = room.told(vec![win_back()]).await;
    assert_eq!(subject, "A letter from Corner Bakery");
    says(&text, &["chosen automatically because your last visit was in September"]);
}

#[tokio::test(start_paused = true)]
async fn who_came_before_the_letter_went_gets_none() {
    let mut room = with_purchases(&[(20, "2026-09-01T15:00:00Z")]).await;
    room.shop.buys(9, 5, "2026-11-22T12:00:00Z").await;
    room.told_nothing(win_back()).await;
}

#[tokio::test(start_paused = true)]
async fn a_birthday_tells_the_gift_that_was_issued_for_it() {
    let mut room = with_purchases(&[(20, "2026-09-01T15:00:00Z")]).await;
    room.gift(Occasion::Birthday, 100).await;
    let (subject, text) = room.told(vec![Reason::Birthday { year: 2026 }]).await;
    assert_eq!(subject, "Happy birthday");
    says(&text, &["wish you a happy birthday", "This is for you: 100 points."]);
}

#[tokio::test(start_paused = true)]
async fn a_birthday_without_a_gift_promises_none() {
    let mut room = with_purchases(&[(20, "2026-09-01T15:00:00Z")]).await;
    let (_, text) = room.told(vec![Reason::Birthday { year: 2026 }]).await;
    assert!(!text.contains("This is for you"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn what_one_night_found_is_one_mail_with_sections() {
    let mut room = with_purchases(&[(20, "2026-09-01T15:00:00Z")]).await;
    room.gift(Occasion::Anniversary, 50).await;
    let reasons = vec![
        Reason::Birthday { year: 2026 },
        Reason::Anniversary { years: 2 },
        Reason::WinBack { after: date(2026, 8, 1), letter: 1 },
    ];
    let (subject, text) = room.told(reasons).await;
    assert_eq!(subject, "Happy birthday");
    says(&text, &["happy birthday", "for 2 years now", "This is for you: 50 points."]);
    assert!(!text.contains("last visit"), "she came in September: {text}");
}

#[tokio::test(start_paused = true)]
async fn points_that_expire_are_told_with_number_day_and_worth() {
    let mut room =
        with_purchases(&[(40, "2024-12-10T15:00:00Z"), (5, "2026-09-01T15:00:00Z")]).await;
    let (subject, text) = room.told(vec![expires()]).await;
    assert_eq!(subject, "400 points will expire on December 31");
    says(&text, &["400 points", "worth $2.00", "December 31, 2026"]);
}

#[tokio::test(start_paused = true)]
async fn points_that_are_gone_by_then_are_not_told() {
    let mut room = with_purchases(&[(40, "2024-12-10T15:00:00Z")]).await;
    room.shop.refunds(1, 40, "2026-11-22T13:30:00Z").await;
    room.told_nothing(expires()).await;
}

#[tokio::test(start_paused = true)]
async fn a_tier_that_ends_is_told_with_the_one_after_it() {
    let mut room = silver().await;
    let (subject, text) = room.told(vec![silver_ends()]).await;
    assert_eq!(subject, "From December 23 on you will be Bronze");
    says(&text, &["You are Silver", "On December 23, 2026", "Your points stay yours."]);
}

#[tokio::test(start_paused = true)]
async fn a_tier_that_she_keeps_by_now_is_not_said_to_end() {
    let mut room = silver().await;
    room.shop.buys(9, 250, "2026-11-22T12:00:00Z").await;
    room.told_nothing(silver_ends()).await;
}

#[tokio::test(start_paused = true)]
async fn a_tier_at_risk_says_the_amount_that_would_keep_it() {
    let mut room = silver().await;
    let on = date(2026, 12, 23);
    let reason = Reason::TierAtRisk { tier: "silver".parse().unwrap(), on };
    let (subject, text) = room.told(vec![reason]).await;
    assert_eq!(subject, "About Silver at Corner Bakery");
    says(&text, &["Purchases of $250.00 until then would keep it"]);
}

#[tokio::test(start_paused = true)]
async fn who_did_not_say_yes_is_told_what_she_stands_to_lose_and_no_more() {
    let mut room =
        with_purchases(&[(40, "2024-12-10T15:00:00Z"), (5, "2026-09-01T15:00:00Z")]).await;
    let act = Act::Unsubscribed { channel: Channel::Email, teller: Teller::Own };
    room.shop.ada_says("2026-11-22T13:59:00Z", act).await;
    let letter = room.night_found(vec![win_back()]).await;
    let notice = room.night_found(vec![expires()]).await;
    room.hour(DUE).await;
    assert_eq!(room.state(&notice).await, MessageState::Sent);
    assert_eq!(room.message(&letter).await.without, [(Kind::WinBack, WhyNot::NoConsent)]);
    assert_eq!(room.kinds(), ["points-expiring"]);
}
