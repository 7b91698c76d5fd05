//! From messages to SES: whom, when, and how often at most.

use loyalty::Points;
use loyalty::ledger::Origin;
use loyalty::mail::WhyNot;
use loyalty::survey::Question;
use platform::store::{Answered, Answering};

use super::*;

/// Ada bought something, and a message waits to be sent.
async fn waiting() -> Room {
    let room = Room::open().await;
    room.shop.buys(1, 10, MORNING).await;
    let records = room.records().await;
    room.hand(&records).await;
    assert_eq!(room.state("order shopify:1").await, MessageState::Waiting);
    room
}

/// Somebody else's purchase is planned, and due.
async fn another_buys(room: &mut Room) {
    room.shop.purchase(2, (2, 20, MORNING), Origin::Live).await;
    let records = room.records().await;
    room.hand(&records).await;
}

async fn drained(mut room: Room) -> Room {
    room.hour(MORNING).await;
    room
}

#[tokio::test(start_paused = true)]
async fn who_unsubscribes_before_the_claim_gets_no_marketing() {
    let room = Room::open().await;
    room.shop.buys(1, 10, MORNING).await;
    room.ada_agrees().await;
    let records = room.records().await;
    room.hand(&records).await;
    let act = Act::Unsubscribed { channel: Channel::Email, teller: Teller::Own };
    room.shop.ada_says("2026-11-22T13:59:00Z", act).await;
    let room = drained(room).await;
    let text = room.mails()[0].text.clone().unwrap();
    assert!(text.contains("100 points") && !text.contains("Welcome"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn who_complained_or_whose_mail_came_back_gets_nothing_she_did_not_ask_for() {
    for act in [Act::Complained, Act::Bounced] {
        let room = waiting().await;
        room.shop.ada_says("2026-11-22T13:59:00Z", act).await;
        let room = drained(room).await;
        assert_eq!(room.mails().len(), 0);
        assert_eq!(room.state("order shopify:1").await, MessageState::Dropped);
    }
}

#[tokio::test(start_paused = true)]
async fn who_paused_mail_gets_none() {
    let room = waiting().await;
    let pause = loyalty::consent::Fact::pause("2026-11-22T13:59:00Z".parse().unwrap());
    room.shop.ada_says("2026-11-22T13:59:00Z", pause.act).await;
    let room = drained(room).await;
    let dropped = room.message("order shopify:1").await;
    assert!(dropped.without.iter().all(|(_, why)| *why == WhyNot::Paused), "{dropped:?}");
    assert_eq!(room.mails().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn mail_switched_off_between_plan_and_claim_goes_nowhere() {
    let room = waiting().await;
    room.mode(MailMode::Off, "2026-11-22T13:59:00Z").await;
    let room = drained(room).await;
    assert_eq!(room.mails().len(), 0);
    let dropped = room.message("order shopify:1").await;
    assert!(dropped.without.iter().all(|(_, why)| *why == WhyNot::NotLive), "{dropped:?}");
}

#[tokio::test(start_paused = true)]
async fn many_drains_at_once_send_a_message_once() {
    let room = waiting().await;
    let shops = [room.shop.id.clone()];
    let drains = (0..8).map(|_| room.mailer.drain(&shops, AMPLE));
    let mut sent = 0;
    for drain in drains.map(Box::pin).collect::<Vec<_>>() {
        sent += drain.await.sent;
    }
    let all = tokio::join!(
        room.mailer.drain(&shops, AMPLE),
        room.mailer.drain(&shops, AMPLE),
        room.mailer.drain(&shops, AMPLE)
    );
    sent += all.0.sent + all.1.sent + all.2.sent;
    assert_eq!((sent, room.mails().len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn drains_that_race_for_a_message_send_it_once() {
    let room = waiting().await;
    let shops = [room.shop.id.clone()];
    let mailer = &room.mailer;
    tokio::join!(
        mailer.drain(&shops, AMPLE),
        mailer.drain(&shops, AMPLE),
        mailer.drain(&shops, AMPLE)
    );
    assert_eq!(room.mails().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_address_that_is_none_fails_for_good_and_says_why() {
    for (address, why) in [
        ("not an address", "address"),
        ("zoë@example.com", "address"),
        (&format!("{}@example.com", "a".repeat(400)), "address"),
    ] {
        let room = waiting().await;
        set_address(&room, address).await;
        let room = drained(room).await;
        assert_eq!(room.mails().len(), 0, "{address}");
        let failed = room.message("order shopify:1").await;
        assert_eq!(failed.state, MessageState::Failed, "{address}");
        let trouble = failed.trouble.unwrap();
        assert!(trouble.contains(why) && !trouble.contains(address), "{trouble}");
    }
}

/// Her record at Shopify has another address from now on.
async fn set_address(room: &Room, address: &str) {
    use loyalty::ids::Source;
    use loyalty::ledger::Origin;
    use platform::store::{Person, Scene};
    let identities = room.shop.identities();
    let now = room.shop.services.clock.now();
    let (shop, source, origin) = (&room.shop.id, Source::Shopify, Origin::Live);
    let scene = Scene { shop, source, identities: &identities, origin, now };
    let person = Person {
        id: "1".to_owned(),
        email: Some(address.to_owned()),
        updated_at: Some(now),
        ..Person::default()
    };
    room.shop.services.store.observe_person(&scene, &person, None).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_domain_of_other_letters_is_written_as_dns_has_it() {
    let room = waiting().await;
    set_address(&room, "ada@bäckerei.example").await;
    let room = drained(room).await;
    assert_eq!(room.mails()[0].to, ["ada@xn--bckerei-5wa.example"]);
}

#[tokio::test(start_paused = true)]
async fn without_a_from_address_mail_waits_and_the_owner_is_told_what_to_do() {
    let mut room = waiting().await;
    let change = MailSettingsChange { from: Wish::Clear, ..MailSettingsChange::default() };
    let (store, now) = (&room.shop.services.store, room.shop.services.clock.now());
    store.set_mail_settings(&room.shop.id, change, now).await.unwrap();
    room.hour(MORNING).await;
    let waits = room.message("order shopify:1").await;
    assert_eq!((waits.state, waits.is_troubled()), (MessageState::Waiting, true));
    assert!(waits.trouble.unwrap().contains("regulars mail sender --from"));
    let from = Wish::Set("hello@corner-bakery.example".to_owned());
    let change = MailSettingsChange { from, ..MailSettingsChange::default() };
    let store = &room.shop.services.store;
    store.set_mail_settings(&room.shop.id, change, now).await.unwrap();
    room.hour("2026-11-22T15:00:00Z").await;
    assert_eq!(room.kinds(), ["receipt"]);
    assert!(!room.message("order shopify:1").await.is_troubled());
}

#[tokio::test(start_paused = true)]
async fn a_shop_whose_work_cannot_be_read_holds_up_no_other() {
    let room = waiting().await;
    let shops = ["another-shop".parse().unwrap(), room.shop.id.clone()];
    let drained = room.mailer.drain(&shops, AMPLE).await;
    assert_eq!(drained.sent, 1);
}

#[tokio::test(start_paused = true)]
async fn when_the_time_is_over_the_rest_stays_due_and_the_next_drain_is_woken() {
    let mut room = waiting().await;
    another_buys(&mut room).await;
    let payload = to_raw_value(&json!({"hourly": MORNING})).unwrap();
    invoke::handle(&room.mailer, &payload, Duration::ZERO).await.unwrap();
    assert_eq!(room.mails().len(), 1, "something is done however little time there is");
    room.pump().await;
    assert_eq!(room.mails().len(), 2, "what was woken did the rest");
}

#[tokio::test(start_paused = true)]
async fn drains_without_time_wake_each_other_only_as_long_as_something_is_left() {
    let mut room = waiting().await;
    another_buys(&mut room).await;
    let drain =
        async || room.mailer.drain(std::slice::from_ref(&room.shop.id), Duration::ZERO).await;
    let (first, second, third) = (drain().await, drain().await, drain().await);
    assert_eq!((first.sent, first.more), (1, true));
    assert_eq!((second.sent, second.more), (1, false));
    assert!(!third.did_something() && !third.more, "{third:?}");
}

#[tokio::test(start_paused = true)]
async fn a_message_that_can_never_be_worked_off_fails_and_its_neighbours_go_on() {
    use aws_sdk_dynamodb::types::AttributeValue;
    let mut room = waiting().await;
    room.shop.buys(2, 10, MORNING).await;
    let ada = room.ada().await;
    let key =
        |sk: &str| (AttributeValue::S(format!("SHOP#{}#CUST#{ada}", room.shop.id)), sk.to_owned());
    let (pk, sk) = key("LEDGER#0000000002");
    // A ledger entry as no version of ours writes it.
    let put = room.shop.services.store.client().put_item().table_name(TABLE);
    let put = put.item("pk", pk).item("sk", AttributeValue::S(sk));
    put.item("d", AttributeValue::S("nonsense".to_owned())).send().await.unwrap();
    room.hour(MORNING).await;
    let failed = room.message("order shopify:1").await;
    assert_eq!(failed.state, MessageState::Failed);
    assert!(failed.trouble.unwrap().contains("isn't readable"));
}

#[tokio::test(start_paused = true)]
async fn by_ses_mail_to_customers_waits_until_its_sender_was_found_in_order() {
    let mut room = Room::open().await;
    let carrier = platform::sender::Carrier::Ses;
    let sites = platform::Sites { carrier, ..(*room.shop.services.sites).clone() };
    room.mailer.services.sites = sites.into();
    room.shop.buys(1, 10, MORNING).await;
    room.pump().await;
    let waits = room.message("order shopify:1").await;
    assert_eq!((waits.state, room.mails().len()), (MessageState::Waiting, 0));
    let why = "its sender isn't checked yet: run `regulars doctor`";
    assert_eq!(waits.trouble.as_deref(), Some(why));

    let check = async |missing: &[&str]| {
        let missing = missing.iter().map(|&one| one.to_owned()).collect();
        let domain = "corner-bakery.example".to_owned();
        let check = platform::sender::SenderCheck { at: MORNING.parse().unwrap(), domain, missing };
        room.shop.services.store.keep_sender_check(&room.shop.id, check).await.unwrap();
    };
    check(&["no DMARC"]).await;
    check(&[]).await;
    room.hour(&later(MORNING, SignedDuration::from_hours(1))).await;
    assert_eq!(room.mails().len(), 1);

    let mut owner = Room::open().await;
    owner.mailer.services.sites = room.mailer.services.sites.clone();
    owner.mode(MailMode::OwnerOnly, LIVE).await;
    owner.shop.buys(1, 10, MORNING).await;
    owner.pump().await;
    assert_eq!(owner.mails().len(), 1, "the owner may see what would go out");
}

/// Whether the bakery's marketing is held.
async fn holds_marketing(room: &Room, paused: bool, at: &str) {
    let (store, at) = (&room.shop.services.store, at.parse().unwrap());
    store.set_marketing_paused(&room.shop.id, paused, Whence::Api, at).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn while_marketing_is_paused_a_receipt_goes_without_its_welcome() {
    let room = waiting().await;
    room.ada_agrees().await;
    holds_marketing(&room, true, MORNING).await;
    let room = drained(room).await;
    let text = room.mails()[0].text.clone().unwrap();
    assert!(text.contains("100 points") && !text.contains("Welcome"), "{text}");
    let left_out = room.message("order shopify:1").await.without;
    assert_eq!(left_out, [(loyalty::mail::Kind::Welcome, WhyNot::MarketingPaused)]);
}

#[tokio::test(start_paused = true)]
async fn paused_marketing_waits_with_its_reason_and_goes_the_morning_after_it_may() {
    let mut room = Room::with_program(&receipts("off")).await;
    room.goes_live().await;
    room.shop.buys(1, 10, MORNING).await;
    room.ada_agrees().await;
    holds_marketing(&room, true, MORNING).await;
    room.pump().await;
    let message = room.message("order shopify:1").await;
    assert_eq!(message.state, MessageState::Waiting);
    assert_eq!(message.waits_for, Some(WhyNot::MarketingPaused));
    room.hour("2026-11-23T14:00:00Z").await;
    assert_eq!(room.mails().len(), 0);
    holds_marketing(&room, false, "2026-11-23T15:00:00Z").await;
    room.hour("2026-11-24T14:00:00Z").await;
    assert_eq!(room.kinds(), ["welcome"]);
}

#[tokio::test(start_paused = true)]
async fn a_claim_decided_before_marketing_was_paused_fails() {
    let room = waiting().await;
    let TestShop { services, id, .. } = &room.shop;
    let (store, customer) = (&services.store, room.ada().await);
    let desk = store.desk(id, &customer).await.unwrap();
    let message = room.message("order shopify:1").await;
    holds_marketing(&room, true, MORNING).await;
    let kept = platform::store::Kept { customer, message };
    let kinds = vec![loyalty::mail::Kind::Welcome];
    let wanted = platform::store::Wanted { kinds, ..Default::default() };
    let claimed = store.claim(id, &kept, &desk, wanted, MORNING.parse().unwrap()).await.unwrap();
    assert_eq!(claimed, platform::store::Claimed::Changed);
}

#[tokio::test(start_paused = true)]
async fn a_claim_decided_before_a_low_score_of_hers_waited_fails() {
    let room = waiting().await;
    let TestShop { services, id, .. } = &room.shop;
    let (store, customer) = (&services.store, room.ada().await);
    let desk = store.desk(id, &customer).await.unwrap();
    let message = room.message("order shopify:1").await;
    let (order, now) = ("shopify:1".to_owned().try_into().unwrap(), MORNING.parse().unwrap());
    let low = Answering {
        shop: id,
        customer: &customer,
        order: &order,
        asked_at: now,
        score: Question::Csat.score(2).unwrap(),
        comment: None,
        answer_by: None,
        points: Points::ZERO,
        now,
    };
    assert!(matches!(store.answer_survey(&low).await.unwrap(), Answered::Kept { .. }));
    let kept = platform::store::Kept { customer: customer.clone(), message };
    let wanted = || platform::store::Wanted {
        kinds: vec![loyalty::mail::Kind::Welcome],
        ..Default::default()
    };
    let claimed = store.claim(id, &kept, &desk, wanted(), now).await.unwrap();
    assert_eq!(claimed, platform::store::Claimed::Changed);
    // Decided again, by what is known now, the claim is made: nothing else stood in its way.
    let desk = store.desk(id, &customer).await.unwrap();
    let claimed = store.claim(id, &kept, &desk, wanted(), now).await.unwrap();
    assert!(matches!(claimed, platform::store::Claimed::Ours(_)));
}
