//! What SES does wrong, and what becomes of a message then. Each test ends with how many
//! mails SES took of one trigger.

use testkit::ses::Refusal;

use super::*;

const TRIGGER: &str = "order shopify:1";

/// Ada's receipt is due; with a yes of hers it has a welcome in it, and is marketing.
async fn due(marketing: bool) -> Room {
    let room = Room::open().await;
    room.shop.buys(1, 10, MORNING).await;
    if marketing {
        room.ada_agrees().await;
    }
    room
}

/// Everything goes on until the next evening, SES's events included or not.
async fn a_day_passes(room: &mut Room) {
    let hour = SignedDuration::from_hours(1);
    room.hour(&lease_end()).await;
    for hours in 1..8 {
        room.hour(&later(MORNING, hour * hours)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn too_many_requests_are_tried_again_at_once_and_then_later() {
    let mut room = due(false).await;
    room.ses_meets(&[(Fault::Throttled, 0), (Fault::Throttled, 0)]);
    room.pump().await;
    assert_eq!((room.mails().len(), room.state(TRIGGER).await), (1, MessageState::Sent));

    let mut room = due(false).await;
    room.ses_meets(&[(Fault::Throttled, 0), (Fault::Throttled, 0), (Fault::Throttled, 0)]);
    room.pump().await;
    let waits = room.message(TRIGGER).await;
    assert_eq!((waits.state, waits.tries, room.mails().len()), (MessageState::Waiting, 1, 0));
    room.hour(&later(MORNING, SignedDuration::from_mins(1))).await;
    assert_eq!((room.mails().len(), room.state(TRIGGER).await), (1, MessageState::Sent));
}

#[tokio::test(start_paused = true)]
async fn what_ses_never_takes_fails_once_and_for_good() {
    for refusal in [Refusal::Rejected, Refusal::BadRequest] {
        let mut room = due(false).await;
        room.cloud.ses.refuse_next(refusal);
        room.pump().await;
        a_day_passes(&mut room).await;
        assert_eq!((room.mails().len(), room.state(TRIGGER).await), (0, MessageState::Failed));
        let ada = room.shop.by_email("ada@example.com").await.unwrap();
        assert!(ada.account.sent.is_empty(), "it doesn't count for the caps");
    }
}

#[tokio::test(start_paused = true)]
async fn what_somebody_has_to_put_right_waits_and_goes_out_then() {
    for refusal in [
        Refusal::Paused,
        Refusal::Suspended,
        Refusal::MailFrom,
        Refusal::NoConfigurationSet,
        Refusal::DailyQuota,
    ] {
        let mut room = due(false).await;
        room.cloud.ses.refuse_next(refusal.clone());
        room.pump().await;
        let waits = room.message(TRIGGER).await;
        assert!(waits.is_troubled(), "{refusal:?}: {waits:?}");
        a_day_passes(&mut room).await;
        assert_eq!(room.mails().len(), 1, "{refusal:?}");
        assert_eq!(room.state(TRIGGER).await, MessageState::Sent, "{refusal:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_stays_wrong_until_it_makes_no_sense_has_failed_and_says_with_what() {
    let mut room = due(false).await;
    room.cloud.ses.refuse_to("ada@example.com", Some(Refusal::Suspended));
    room.pump().await;
    for hours in [1, 24, 47, 49] {
        room.hour(&later(MORNING, SignedDuration::from_hours(hours))).await;
    }
    let failed = room.message(TRIGGER).await;
    assert_eq!((failed.state, failed.gave_up), (MessageState::Failed, true));
    assert!(failed.trouble.unwrap().contains("suspended"));
    assert_eq!(room.mails().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn over_the_days_quota_nothing_is_even_tried() {
    let mut room = due(false).await;
    room.cloud.ses.set_quota(SendQuota { a_day: Some(0), ..SendQuota::default() });
    room.pump().await;
    let waits = room.message(TRIGGER).await;
    assert!(waits.trouble.unwrap().contains("quota"));
    room.cloud.ses.set_quota(SendQuota::default());
    room.hour("2026-11-22T15:00:00Z").await;
    assert_eq!(room.mails().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn without_an_answer_about_the_account_mail_goes_out_one_a_second() {
    let mut room = due(false).await;
    room.cloud.ses.fail_account(true);
    let began = tokio::time::Instant::now();
    room.pump().await;
    assert_eq!(room.mails().len(), 1);
    assert!(began.elapsed() >= std::time::Duration::from_secs(1));
}

/// SES took the mail and its answer is lost, or didn't and nobody can tell: variant 1 took it.
const AMBIGUOUS: [(Fault, u32, usize); 4] = [
    (Fault::ReplyLost, 0, 1),
    (Fault::Timeout, 1, 1),
    (Fault::Timeout, 0, 0),
    (Fault::NotSent, 0, 0),
];

#[tokio::test(start_paused = true)]
async fn marketing_of_which_nobody_knows_is_never_sent_again() {
    for (fault, variant, taken) in AMBIGUOUS {
        let mut room = due(true).await;
        room.ses_meets(&[(fault, variant)]);
        room.pump().await;
        assert_eq!(room.state(TRIGGER).await, MessageState::Claimed, "{fault}");
        a_day_passes(&mut room).await;
        assert_eq!(room.mails().len(), taken, "{fault}");
        assert_eq!(room.state(TRIGGER).await, MessageState::Unknown, "{fault}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_she_has_a_right_to_know_is_sent_once_more_and_no_more() {
    for (fault, variant, taken) in AMBIGUOUS {
        let mut room = due(false).await;
        room.ses_meets(&[(fault, variant)]);
        room.pump().await;
        a_day_passes(&mut room).await;
        assert_eq!(room.mails().len(), taken + 1, "{fault}");
        assert_eq!(room.state(TRIGGER).await, MessageState::Sent, "{fault}");

        let mut room = due(false).await;
        room.ses_meets(&[(fault, variant), (fault, variant)]);
        room.pump().await;
        a_day_passes(&mut room).await;
        assert_eq!(room.mails().len(), taken * 2, "{fault}, twice");
        assert_eq!(room.state(TRIGGER).await, MessageState::Unknown, "{fault}, twice");
    }
}

/// Found by the simulator: with the yes there was a welcome to tell, and the second mail was
/// marketing.
#[tokio::test(start_paused = true)]
async fn what_is_sent_once_more_tells_nothing_new_even_if_she_said_yes_meanwhile() {
    let mut room = due(false).await;
    room.ses_meets(&[(Fault::ReplyLost, 0)]);
    room.pump().await;
    room.ada_agrees().await;
    a_day_passes(&mut room).await;
    let texts: Vec<String> = room.mails().into_iter().filter_map(|mail| mail.text).collect();
    assert_eq!(texts.len(), 2);
    assert!(texts.iter().all(|text| !text.contains("Welcome")), "{texts:?}");
}

#[tokio::test(start_paused = true)]
async fn sess_own_event_settles_what_nobody_knows() {
    for marketing in [true, false] {
        let mut room = due(marketing).await;
        room.ses_meets(&[(Fault::ReplyLost, 0)]);
        room.pump().await;
        let event = room.cloud.ses.take_events().remove(0);
        let tag = |name: &str| event["detail"]["mail"]["tags"][name][0].as_str().unwrap();
        let heard = platform::store::Heard::Sent {
            at: MORNING.parse().unwrap(),
            ses_id: event["detail"]["mail"]["messageId"].as_str().unwrap().to_owned(),
        };
        let (store, shop) = (&room.shop.services.store, &room.shop.id);
        let customer = tag("customer").parse().unwrap();
        store.message_heard(shop, &customer, tag("message"), None, &[heard]).await.unwrap();
        a_day_passes(&mut room).await;
        assert_eq!((room.mails().len(), room.state(TRIGGER).await), (1, MessageState::Sent));
    }
}

#[tokio::test(start_paused = true)]
async fn a_mailer_killed_between_claim_and_send_sends_what_is_owed_and_no_marketing() {
    for (marketing, variant, taken) in [(true, 0, 0), (true, 1, 1), (false, 0, 1), (false, 1, 2)] {
        let mut room = due(marketing).await;
        let records = room.records().await;
        room.hand(&records).await;
        room.ses_meets(&[(Fault::Killed, variant)]);
        let shops = [room.shop.id.clone()];
        let killed = testkit::faults::attempt(0, 0, room.mailer.drain(&shops, AMPLE)).await;
        assert!(killed.is_none());
        a_day_passes(&mut room).await;
        assert_eq!(room.mails().len(), taken, "marketing {marketing}, variant {variant}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_fails_holds_up_none_behind_it() {
    let mut room = due(false).await;
    room.shop.buys(2, 10, MORNING).await;
    room.cloud.ses.refuse_next(Refusal::Rejected);
    room.pump().await;
    assert_eq!(room.mails().len(), 1);
}
