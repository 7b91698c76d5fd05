//! From changes to messages.

use platform::store::MailMode;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_purchase_is_answered_with_one_mail_of_all_it_caused() {
    let mut room = Room::open().await;
    room.shop.buys(1, 600, MORNING).await;
    room.ada_agrees().await;
    room.pump().await;
    let mails = room.mails();
    assert_eq!(mails.len(), 1);
    let text = mails[0].text.clone().unwrap();
    for told in ["You are Silver now", "It brought you 6,000 points", "Welcome to Corner Bakery"] {
        assert!(text.contains(told), "{told}: {text}");
    }
    assert_eq!(mails[0].to, ["ada@example.com"]);
    assert_eq!(mails[0].from, "\"Corner Bakery\" <hello@corner-bakery.example>");
    assert_eq!(mails[0].reply_to, ["bea@corner-bakery.example"]);
    assert_eq!(room.state("order shopify:1").await, MessageState::Sent);
}

#[tokio::test(start_paused = true)]
async fn without_a_yes_she_gets_the_receipt_and_no_welcome() {
    let mut room = Room::open().await;
    room.shop.buys(1, 10, MORNING).await;
    room.pump().await;
    let text = room.mails()[0].text.clone().unwrap();
    assert!(text.contains("100 points") && !text.contains("Welcome"), "{text}");
    let left_out = room.message("order shopify:1").await.without;
    let why = loyalty::mail::WhyNot::NoConsent;
    assert_eq!(left_out, [(loyalty::mail::Kind::Welcome, why)]);
}

#[tokio::test(start_paused = true)]
async fn a_weeks_purchases_are_told_together_on_monday_at_nine() {
    let mut room = Room::with_program(&receipts("weekly")).await;
    room.mode(MailMode::Live, LIVE).await;
    // 22 November 2026 is a Sunday.
    room.shop.buys(1, 10, MORNING).await;
    room.shop.buys(2, 5, MORNING).await;
    room.pump().await;
    assert_eq!(room.mails().len(), 0);
    room.hour("2026-11-23T13:59:00Z").await;
    assert_eq!(room.mails().len(), 0, "08:59 in New York");
    room.hour("2026-11-23T14:00:00Z").await;
    let mails = room.mails();
    assert_eq!(mails.len(), 1);
    let text = mails[0].text.clone().unwrap();
    assert!(text.contains("2 purchases. They brought you 150 points"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_week_that_a_mail_about_a_purchase_told_of_needs_no_second_one() {
    let mut room = Room::with_program(&receipts("weekly")).await;
    room.goes_live().await;
    room.shop.buys(1, 600, MORNING).await;
    room.pump().await;
    let text = room.mails()[0].text.clone().unwrap();
    assert!(text.contains("You are Silver now") && text.contains("6,000 points"), "{text}");
    room.hour("2026-11-23T14:00:00Z").await;
    assert_eq!(room.mails().len(), 1);
    assert_eq!(room.state("receipts 2026-W47").await, MessageState::Dropped);
}

#[tokio::test(start_paused = true)]
async fn what_a_mail_costs_in_write_units() {
    let mut room = Room::with_program(&receipts("weekly")).await;
    room.goes_live().await;
    room.shop.buys(1, 10, MORNING).await;
    let units = || room.shop.services.store.write_units_x10();
    let bought = units();
    let records = room.records().await;
    room.hand(&records).await;
    let planned = units();
    room.shop.set_now("2026-11-23T14:00:00Z");
    room.invoke(&json!({ "hourly": "now" })).await.unwrap();
    let sent = units();
    let (plan, send) = (planned - bought, sent - planned);
    println!(
        "a mail costs {}.{} write units to plan, {}.{} to send",
        plan / 10,
        plan % 10,
        send / 10,
        send % 10
    );
    // The week's receipt and the welcome are a message each.
    assert!(plan <= 60 && send <= 150, "{plan} {send}");
    room.pump().await;
    assert_eq!(room.mails().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_first_purchase_alone_is_told_where_the_owner_wants_it_so() {
    let mut room = Room::with_program(&receipts("first")).await;
    room.goes_live().await;
    room.shop.buys(1, 10, MORNING).await;
    room.pump().await;
    room.hour("2026-11-23T14:00:00Z").await;
    room.shop.buys(2, 10, "2026-11-23T14:00:00Z").await;
    room.pump().await;
    assert_eq!(room.kinds(), ["receipt"]);
}

#[tokio::test(start_paused = true)]
async fn points_that_went_back_are_told_a_day_later_if_it_matters() {
    let mut room = Room::with_program(&receipts("off")).await;
    room.goes_live().await;
    room.shop.buys(1, 40, MORNING).await;
    room.shop.refunds(1, 10, MORNING).await;
    room.pump().await;
    room.hour("2026-11-23T13:59:00Z").await;
    assert_eq!(room.mails().len(), 0, "an exchange may bring them back");
    room.hour("2026-11-23T14:00:00Z").await;
    let text = room.mails()[0].text.clone().unwrap();
    assert!(text.contains("100 points went back") && text.contains("You have 300"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn an_exchange_is_not_told() {
    let mut room = Room::with_program(&receipts("off")).await;
    room.goes_live().await;
    room.shop.buys(1, 40, MORNING).await;
    room.shop.refunds(1, 10, MORNING).await;
    room.shop.buys(2, 12, MORNING).await;
    room.pump().await;
    room.hour("2026-11-23T14:00:00Z").await;
    assert_eq!(room.mails().len(), 0);
    assert_eq!(room.state("taken back 2026-11-22").await, MessageState::Dropped);
}

#[tokio::test(start_paused = true)]
async fn before_mail_is_live_nothing_is_kept_for_later_and_the_reason_is() {
    let mut room = Room::with_program(&receipts("each")).await;
    room.shop.buys(1, 600, MORNING).await;
    room.pump().await;
    let store = &room.shop.services.store;
    let (ada, now) = (room.ada().await, room.shop.services.clock.now());
    assert_eq!(store.messages(&room.shop.id, &ada).await.unwrap(), []);
    let decisions = store.decisions(&room.shop.id, &ada, now).await.unwrap();
    let found: Vec<_> = decisions.iter().map(|one| (one.kind.as_str(), one.why)).collect();
    let why = loyalty::mail::WhyNot::NotLive;
    assert_eq!(found, ["receipt", "tier-reached", "welcome"].map(|kind| (kind, Some(why))));
    room.goes_live().await;
    room.pump().await;
    room.hour("2026-11-23T14:00:00Z").await;
    assert_eq!(room.mails().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn who_bought_before_mail_was_live_is_not_welcomed_by_her_next_purchase() {
    let mut room = Room::with_program(&receipts("each")).await;
    room.shop.buys(1, 10, "2026-11-22T12:00:00Z").await;
    room.ada_agrees().await;
    room.goes_live().await;
    room.shop.buys(2, 10, MORNING).await;
    room.pump().await;
    let text = room.mails()[0].text.clone().unwrap();
    assert!(!text.contains("Welcome"), "{text}");
    assert_eq!(room.mails().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn to_the_owner_only_goes_everything_and_to_the_customer_nothing() {
    let mut room = Room::with_program(&receipts("each")).await;
    room.mode(MailMode::OwnerOnly, LIVE).await;
    room.shop.buys(1, 10, MORNING).await;
    room.shop.buys(2, 10, MORNING).await;
    room.pump().await;
    let mails = room.mails();
    assert_eq!(mails.len(), 2, "she sees all of it, whatever the caps");
    for mail in mails {
        assert_eq!(mail.to, ["bea@corner-bakery.example"]);
        assert_eq!(mail.tags["to"], "owner");
        assert!(mail.subject.starts_with("[not live] "));
    }
}

#[tokio::test(start_paused = true)]
async fn one_who_asked_on_the_shops_own_form_is_asked_to_confirm_once() {
    let mut room = Room::open().await;
    room.shop.buys(1, 10, "2026-11-22T12:00:00Z").await;
    let act = Act::Asked { channel: Channel::Email, teller: Teller::Own };
    room.shop.ada_says(MORNING, act.clone()).await;
    room.pump().await;
    room.shop.ada_says(MORNING, act).await;
    room.pump().await;
    assert_eq!(room.kinds(), ["consent-confirmation"]);
}

#[tokio::test(start_paused = true)]
async fn at_night_a_mail_waits_for_the_morning_unless_she_caused_it_just_now() {
    let mut room = Room::open().await;
    room.shop.set_now("2026-11-23T03:00:00Z");
    room.shop.buys(1, 10, "2026-11-23T02:50:00Z").await;
    room.pump().await;
    assert_eq!(room.kinds(), ["receipt"], "ten minutes ago, at ten in the evening");
    let mut room = Room::open().await;
    room.shop.set_now("2026-11-23T03:00:00Z");
    room.shop.buys(1, 10, "2026-11-23T02:30:00Z").await;
    room.pump().await;
    assert_eq!(room.kinds(), Vec::<String>::new());
    let waits = room.message("order shopify:1").await;
    assert_eq!(waits.due, "2026-11-23T13:00:00Z".parse().ok());
    room.hour("2026-11-23T13:00:00Z").await;
    assert_eq!(room.kinds(), ["receipt"]);
}

#[tokio::test(start_paused = true)]
async fn a_second_mail_of_the_day_waits_for_the_next() {
    let mut room = Room::open().await;
    room.shop.buys(1, 10, MORNING).await;
    room.pump().await;
    room.shop.buys(2, 10, MORNING).await;
    room.pump().await;
    assert_eq!(room.mails().len(), 1);
    room.hour("2026-11-23T13:00:00Z").await;
    assert_eq!(room.mails().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_was_returned_meanwhile_is_no_news() {
    let mut room = Room::open().await;
    room.shop.buys(1, 10, MORNING).await;
    room.pump().await;
    room.shop.buys(2, 10, MORNING).await;
    room.pump().await;
    room.shop.refunds(2, 10, MORNING).await;
    room.pump().await;
    room.hour("2026-11-23T13:00:00Z").await;
    assert_eq!(room.mails().len(), 1);
    assert_eq!(room.state("order shopify:2").await, MessageState::Dropped);
}

#[tokio::test(start_paused = true)]
async fn planning_all_of_it_again_in_any_order_plans_and_sends_nothing() {
    let mut room = Room::open().await;
    room.shop.buys(1, 600, MORNING).await;
    room.shop.refunds(1, 300, MORNING).await;
    room.ada_agrees().await;
    let mut records = room.records().await;
    room.pump().await;
    let (units, mails) = (room.shop.services.store.write_units_x10(), room.mails().len());
    let ada = room.ada().await;
    let planned = room.shop.services.store.messages(&room.shop.id, &ada).await.unwrap();
    records.reverse();
    for _ in 0..2 {
        room.hand(&records).await;
    }
    room.pump().await;
    assert_eq!(room.mails().len(), mails);
    let again = room.shop.services.store.messages(&room.shop.id, &ada).await.unwrap();
    assert_eq!(again, planned);
    let refused = room.shop.services.store.write_units_x10() - units;
    assert!(refused <= 400, "{refused}: only refused writes cost anything");
}

#[tokio::test(start_paused = true)]
async fn what_was_imported_causes_no_mail_and_who_was_is_not_welcomed() {
    use loyalty::ledger::Origin;
    let mut room = Room::with_program(&receipts("each")).await;
    for order in 1..=12_u64 {
        let sale = (order, 100, "2026-03-01T15:00:00Z");
        room.shop.purchase(order % 3 + 1, sale, Origin::Import).await;
    }
    room.goes_live().await;
    room.ada_agrees().await;
    room.pump().await;
    assert_eq!(room.mails().len(), 0);
    for buyer in 1..=3 {
        room.shop.purchase(buyer, (100 + buyer, 10, MORNING), Origin::Live).await;
    }
    room.pump().await;
    assert_eq!(room.kinds(), ["receipt"; 3]);
    let welcomed =
        room.mails().iter().any(|mail| mail.text.as_ref().unwrap().contains("Welcome to"));
    assert!(!welcomed);
}
