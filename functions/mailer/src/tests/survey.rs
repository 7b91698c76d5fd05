//! Surveys: what their mail asks, where its links lead, and that she was asked.

use loyalty::mail::{About, Kind, Reason};
use loyalty::survey::Question;
use platform::store::Survey;
use platform::tokens::Door;

use super::follow_up::{at, draft, order};
use super::words::doors;
use super::*;

/// The owner.
const BEA: &str = "bea@corner-bakery.example";

impl Room {
    /// The morning's question about her order.
    async fn asks(&self) -> String {
        let day = "2026-11-22".parse().unwrap();
        let reasons = vec![Reason::Survey { order: order(), day }];
        let about = About::Night { night: "2026-11-25".parse().unwrap(), reasons };
        let trigger = about.trigger();
        self.planned(draft(about, Kind::Survey, "2026-11-25T14:00:00Z")).await;
        trigger
    }

    async fn survey(&self) -> Option<Survey> {
        let (store, ada) = (&self.shop.services.store, self.ada().await);
        store.survey(&self.shop.id, &ada, &order()).await.unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn a_survey_nobody_knows_of_is_never_sent_again_and_the_owners_answer_once_more() {
    for (fault, variant, taken) in [
        (Fault::ReplyLost, 0, 1),
        (Fault::Timeout, 1, 1),
        (Fault::Timeout, 0, 0),
        (Fault::NotSent, 0, 0),
    ] {
        let asks = "2026-11-25T14:00:00Z";
        let mut room = Room::after_a_purchase(&receipts("each")).await;
        let trigger = room.asks().await;
        room.ses_meets(&[(fault, variant)]);
        room.hour(asks).await;
        room.hour(&later(asks, SignedDuration::from_mins(15))).await;
        room.hour(&later(asks, SignedDuration::from_hours(2))).await;
        assert_eq!(room.mails().len(), taken, "{fault:?} {variant}");
        assert_eq!(room.state(&trigger).await, MessageState::Unknown);
        assert_eq!(room.survey().await, None, "it isn't known that she was asked");

        let mut room = Room::after_a_purchase(&receipts("each")).await;
        let (follow_up, text) = ("f".to_owned(), "I am sorry.".to_owned());
        let answer = About::Answer { follow_up, answer: 1, text };
        room.planned(draft(answer, Kind::FollowUpAnswer, MORNING)).await;
        room.ses_meets(&[(fault, variant)]);
        room.pump().await;
        room.hour(&lease_end()).await;
        room.hour(&later(MORNING, SignedDuration::from_hours(2))).await;
        assert_eq!(room.mails().len(), taken + 1, "{fault:?} {variant}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_scores_of_a_survey_are_links_that_open_what_was_asked_and_when() {
    for (question, count) in [(Question::Csat, 5), (Question::Nps, 11)] {
        let toml = format!("{}\n[survey]\nquestion = \"{question}\"\n", receipts("each"));
        let mut room = Room::after_a_purchase(&toml).await;
        let trigger = room.asks().await;
        room.hour("2026-11-25T14:00:00.5Z").await;
        assert_eq!(room.state(&trigger).await, MessageState::Sent);
        let mails = room.mails();
        let text = mails[0].text.as_deref().unwrap();
        assert!(text.contains("deine Bestellung vom 22. November"), "{text}");
        let asked_at = at("2026-11-25T14:00:00Z");
        let (customer, order) = (room.ada().await, order());
        let door = Door::Survey { customer, order: order.clone(), question, asked_at };
        let scores = doors(&room, &mails[0]).into_iter().filter(|one| *one == door).count();
        assert_eq!(scores, count, "{text}");
        assert!((question.lowest()..=question.best()).all(|score| {
            let html = mails[0].html.as_deref().unwrap();
            html.contains(&format!("?score={score}\""))
        }));
        assert_eq!(room.survey().await, Some(Survey::asked(order, question, asked_at)));
    }
}

#[tokio::test(start_paused = true)]
async fn who_answered_before_the_stream_was_read_keeps_her_answer() {
    let mut room = Room::after_a_purchase(&receipts("each")).await;
    room.asks().await;
    room.shop.set_now("2026-11-25T14:00:00Z");
    room.invoke(&json!({ "hourly": "2026-11-25T14:00:00Z" })).await.unwrap();
    assert_eq!((room.mails().len(), room.survey().await), (1, None));
    room.gave_2(None).await;
    room.pump().await;
    assert_eq!(room.survey().await.unwrap().answered, 1);
}

#[tokio::test(start_paused = true)]
async fn a_survey_that_the_owner_tries_asks_nobody() {
    let mut room = Room::after_a_purchase(&receipts("each")).await;
    room.mode(MailMode::OwnerOnly, "2026-11-22T13:58:00Z").await;
    room.asks().await;
    room.hour("2026-11-25T14:00:00Z").await;
    let (mails, ada) = (room.mails(), room.ada().await);
    assert_eq!(mails[0].to, [BEA]);
    let found = doors(&room, &mails[0]);
    assert!(found.len() > 5 && found.iter().all(|door| *door.customer() != ada), "{found:?}");
    assert_eq!(room.survey().await, None);
}
