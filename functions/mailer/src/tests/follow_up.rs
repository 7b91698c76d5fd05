//! What follows a low score: whom the shop's own people are told of, and what goes back to her
//! who gave it.

use aws_sdk_dynamodb::types::AttributeValue;
use loyalty::Points;
use loyalty::ids::OrderRef;
use loyalty::mail::{About, Draft, Kind, WhyNot};
use loyalty::survey::{AnswerBy, Question};
use platform::store::keys::{Entity, Key};
use platform::store::{Answer, FollowUp, FollowedUp, Step, Survey};
use serde::Serialize;

use super::words::{doors, header};
use super::*;

/// The owner, and her second person.
const BEA: &str = "bea@corner-bakery.example";
const MARIA: &str = "maria@corner-bakery.example";

/// Ada said what she said then.
const SAID: &str = "2026-11-22T14:00:00Z";
const TWO_DAYS: &str = "2026-11-24T14:00:00Z";
const FIVE_DAYS: &str = "2026-11-27T14:00:00Z";

pub(super) fn order() -> OrderRef {
    "shopify:1".to_owned().try_into().unwrap()
}

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

impl Room {
    /// The bakery after Ada bought something, and her receipt was told.
    pub(super) async fn after_a_purchase(toml: &str) -> Self {
        let mut room = Self::with_program(toml).await;
        room.shop.buys(1, 12, "2026-11-22T12:30:00Z").await;
        room.shop.ada_is("Ada Lovelace", "de").await;
        room.goes_live().await;
        room.ada_agrees().await;
        room.pump().await;
        assert_eq!(room.mails().len(), 0, "it was before mail was live");
        room
    }

    /// Puts something into the table, as another function does.
    async fn stands(&self, key: Key, value: &impl Serialize) {
        let item = serde_dynamo::to_item(value).unwrap();
        let put = self.shop.services.store.client().put_item().table_name(TABLE);
        let put = put.set_item(Some(item)).item("pk", AttributeValue::S(key.pk));
        put.item("sk", AttributeValue::S(key.sk)).send().await.unwrap();
    }

    /// What waits for somebody because Ada gave a 2 of 5, with these words.
    pub(super) async fn gave_2(&self, answer_by: Option<AnswerBy>) -> FollowUp {
        let (shop, ada) = (&self.shop.id, self.ada().await);
        let score = Question::Csat.score(2).unwrap();
        let mut survey = Survey::asked(order(), Question::Csat, at("2026-11-22T13:00:00Z"));
        let comment = Some("The loaf was <dry>.\n\nAda".to_owned());
        survey.answers.push(Answer { at: at(SAID), score: 2, comment });
        survey.answered = 1;
        let mut follow_up = FollowUp::opened(shop, &ada, &order(), score, at(SAID));
        (follow_up.answer_by, follow_up.with_words) = (answer_by, true);
        self.stands(Entity::Survey(&ada, &order()).key(shop), &survey).await;
        self.follows(&follow_up).await;
        follow_up
    }

    async fn follows(&self, follow_up: &FollowUp) {
        self.stands(Entity::FollowUp(&follow_up.id).key(&self.shop.id), follow_up).await;
    }

    async fn maria_is_second(&self) {
        let second = Wish::Set(MARIA.to_owned());
        let change = MailSettingsChange { second, ..MailSettingsChange::default() };
        let (store, now) = (&self.shop.services.store, self.shop.services.clock.now());
        store.set_mail_settings(&self.shop.id, change, now).await.unwrap();
    }

    /// Whom the shop's own people were told by which subject.
    fn warned(&self) -> Vec<(String, String)> {
        let mails = self.mails().into_iter().filter(|mail| mail.tags["kind"] == "low-score");
        mails.map(|mail| (mail.to[0].clone(), mail.subject)).collect()
    }

    pub(super) async fn planned(&self, draft: Draft) {
        let (store, now) = (&self.shop.services.store, self.shop.services.clock.now());
        let ada = self.ada().await;
        store.plan_message(&self.shop.id, &ada, draft, now).await.unwrap().unwrap();
    }

    fn on_the_bus(&self, kind: &str) -> Vec<Value> {
        let entries = self.cloud.bus.entries().into_iter();
        entries.filter(|entry| entry.detail_type == kind).map(|entry| entry.detail).collect()
    }
}

pub(super) fn draft(about: About, kind: Kind, due: &str) -> Draft {
    let (due, sections) = (at(due), vec![kind]);
    // Orders are looked for in the ledger from there on.
    let from = at("2026-11-22T12:00:00Z");
    Draft { about, from, sections, due, fact_at: due, news_from: due, caused_at: None }
}

fn step(when: &str, what: FollowedUp) -> Step {
    Step { at: at(when), by: Whence::Api, what }
}

fn subject(when: &str) -> String {
    format!("Ada Lovelace gave 2 of 5{when}")
}

#[tokio::test(start_paused = true)]
async fn a_low_score_is_told_to_the_owner_once_whatever_repeats() {
    let mut room = Room::after_a_purchase(&receipts("each")).await;
    room.gave_2(Some(AnswerBy::Mail)).await;
    let records = room.records().await;
    room.pump().await;
    room.hand(&records).await;
    room.pump().await;
    room.hour(&later(SAID, SignedDuration::from_hours(1))).await;
    let mails = room.mails();
    let [mail] = mails.as_slice() else { panic!("{} mails", mails.len()) };
    assert_eq!(room.warned(), [(BEA.to_owned(), subject(""))]);
    assert_eq!(mail.reply_to, ["ada@example.com"]);
    assert_eq!(mail.tags["to"], "owner");
    assert_eq!(header(mail, "List-Unsubscribe"), None);
    assert_eq!(doors(&room, mail), []);
    let (text, html) = (mail.text.as_deref().unwrap(), mail.html.as_deref().unwrap());
    assert!(text.contains("> The loaf was <dry>.\n>\n> Ada\n"), "{text}");
    assert!(html.contains("The loaf was &lt;dry&gt;."), "{html}");
    for known in ["the order of November 22", "1 order, the first on", "Bronze, 120 points"] {
        assert!(text.contains(known), "{known}: {text}");
    }
    let opened = room.on_the_bus("FollowUpOpened");
    assert_eq!(opened.len(), 2, "handed twice, told twice");
    assert_eq!((&opened[0]["id"], &opened[0]["answer_by"]), (&opened[1]["id"], &json!("mail")));
    let answered = room.on_the_bus("SurveyAnswered");
    assert_eq!((&answered[0]["score"], &answered[0]["answer"]), (&json!(2), &json!(1)));
    assert!(!format!("{opened:?}{answered:?}").contains("dry"), "her words are no event's");
}

#[tokio::test(start_paused = true)]
async fn an_open_low_score_is_told_again_after_two_days_and_to_the_second_person_after_five() {
    let mut room = Room::after_a_purchase(&receipts("each")).await;
    room.maria_is_second().await;
    room.gave_2(Some(AnswerBy::Phone)).await;
    room.pump().await;
    room.hour("2026-11-24T13:59:00Z").await;
    assert_eq!(room.warned().len(), 1);
    room.hour(TWO_DAYS).await;
    room.hour(FIVE_DAYS).await;
    let bea = |when: &str| (BEA.to_owned(), subject(when));
    let maria = (MARIA.to_owned(), subject(", five days ago"));
    assert_eq!(room.warned(), [bea(""), bea(", two days ago"), maria]);
    assert!(room.mails().iter().all(|mail| mail.reply_to.is_empty()), "she wants a call");
}

#[tokio::test(start_paused = true)]
async fn without_a_second_person_the_owner_is_told_all_three_times() {
    let mut room = Room::after_a_purchase(&receipts("each")).await;
    room.gave_2(None).await;
    room.pump().await;
    room.hour(TWO_DAYS).await;
    room.hour(FIVE_DAYS).await;
    assert!(room.warned().iter().all(|(to, _)| to == BEA) && room.warned().len() == 3);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_reminded_of_what_was_answered_called_about_or_closed() {
    let answered = FollowedUp::Answered { trigger: "answer x 1".to_owned() };
    for what in [answered, FollowedUp::Called, FollowedUp::Closed] {
        let mut room = Room::after_a_purchase(&receipts("each")).await;
        let mut follow_up = room.gave_2(None).await;
        room.pump().await;
        let closes = what == FollowedUp::Closed;
        follow_up.steps.push(step("2026-11-23T10:00:00Z", what));
        follow_up.closed_at = closes.then(|| at("2026-11-23T10:00:00Z"));
        room.follows(&follow_up).await;
        room.hour(TWO_DAYS).await;
        room.hour(FIVE_DAYS).await;
        assert_eq!(room.warned().len(), 1);
        let second = room.message(&format!("low score {} 1 2", follow_up.id)).await;
        assert_eq!(second.without, [(Kind::LowScore, WhyNot::NothingToTell)]);
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_is_opened_again_is_told_again_and_reminded_of_from_then_on() {
    let mut room = Room::after_a_purchase(&receipts("each")).await;
    let mut follow_up = room.gave_2(None).await;
    room.pump().await;
    (follow_up.round, follow_up.opened_at) = (2, at("2026-11-23T14:00:00Z"));
    for what in [FollowedUp::Called, FollowedUp::Closed] {
        follow_up.steps.push(step("2026-11-23T10:00:00Z", what));
    }
    room.shop.set_now("2026-11-23T14:00:00Z");
    room.follows(&follow_up).await;
    room.pump().await;
    assert_eq!(room.warned().len(), 2);
    room.hour(TWO_DAYS).await;
    assert_eq!(room.warned().len(), 2, "that was the first opening's");
    room.hour("2026-11-25T14:00:00Z").await;
    assert_eq!(room.warned().len(), 3);
    let ids = room.on_the_bus("FollowUpOpened");
    assert_ne!(ids[0]["id"], ids[1]["id"]);
}

#[tokio::test(start_paused = true)]
async fn a_better_score_given_since_closes_nothing_and_is_told() {
    let mut room = Room::after_a_purchase(&receipts("each")).await;
    let mut follow_up = room.gave_2(None).await;
    room.pump().await;
    follow_up.score = 5;
    room.follows(&follow_up).await;
    room.hour(TWO_DAYS).await;
    let reminder = room.mails().pop().unwrap();
    assert_eq!(reminder.subject, "Ada Lovelace gave a low score, two days ago");
    let text = reminder.text.unwrap();
    assert!(text.contains("gave a low score for the order of November 22, and 5 of 5 since."));
}

#[tokio::test(start_paused = true)]
async fn of_somebody_who_was_erased_nobody_is_told() {
    let mut room = Room::after_a_purchase(&receipts("each")).await;
    let FollowUp { id, customer, .. } = room.gave_2(None).await;
    let contact = Entity::Contact(&customer).key(&room.shop.id);
    let delete = room.shop.services.store.client().delete_item().table_name(TABLE);
    let delete = delete.key("pk", AttributeValue::S(contact.pk));
    delete.key("sk", AttributeValue::S(contact.sk)).send().await.unwrap();
    room.pump().await;
    assert_eq!(room.mails().len(), 0);
    let (store, trigger) = (&room.shop.services.store, format!("low score {id} 1 1"));
    let dropped = store.message(&room.shop.id, &customer, &trigger).await.unwrap().unwrap();
    assert_eq!(dropped.without, [(Kind::LowScore, WhyNot::NothingToTell)]);
}

#[tokio::test(start_paused = true)]
async fn the_owner_is_told_before_mail_is_live_and_at_night_and_never_while_it_is_off() {
    for (mode, count) in [(MailMode::OwnerOnly, 1), (MailMode::Live, 1), (MailMode::Off, 0)] {
        let mut room = Room::after_a_purchase(&receipts("each")).await;
        room.mode(mode, "2026-11-22T13:58:00Z").await;
        room.shop.set_now("2026-11-23T04:00:00Z");
        room.gave_2(None).await;
        room.pump().await;
        assert_eq!(room.warned().len(), count, "{mode:?}");
        assert!(room.warned().iter().all(|(_, subject)| !subject.contains("not live")));
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_owners_address_it_waits_and_says_how_to_set_one() {
    let mut room = Room::after_a_purchase(&receipts("each")).await;
    let change = MailSettingsChange { owner: Wish::Clear, ..MailSettingsChange::default() };
    let (store, now) = (&room.shop.services.store, room.shop.services.clock.now());
    store.set_mail_settings(&room.shop.id, change, now).await.unwrap();
    let follow_up = room.gave_2(None).await;
    room.pump().await;
    let waits = room.message(&format!("low score {} 1 1", follow_up.id)).await;
    assert!(waits.is_troubled() && waits.trouble.unwrap().contains("--owner"));
}

/// What SES does wrong, and how many mails it has taken of one trigger in the end: an owner's
/// mail may be repeated once where nobody can tell whether it went out.
#[tokio::test(start_paused = true)]
async fn of_an_owners_mail_ses_takes_one_unless_its_answer_and_its_event_are_lost() {
    for (fault, variant, taken) in [
        (Fault::Throttled, 0, 1),
        (Fault::NotSent, 0, 1),
        (Fault::Timeout, 0, 1),
        (Fault::ReplyLost, 0, 2),
        (Fault::Timeout, 1, 2),
    ] {
        let mut room = Room::after_a_purchase(&receipts("each")).await;
        room.ses_meets(&[(fault, variant)]);
        room.gave_2(None).await;
        room.pump().await;
        room.hour(&lease_end()).await;
        room.hour(&later(MORNING, SignedDuration::from_hours(2))).await;
        assert_eq!(room.warned().len(), taken, "{fault:?} {variant}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_owners_answer_goes_out_after_she_unsubscribed_or_complained() {
    let unsubscribed = Act::Unsubscribed { channel: Channel::Email, teller: Teller::Own };
    for act in [unsubscribed, Act::Complained] {
        let mut room = Room::after_a_purchase(&receipts("each")).await;
        let mut follow_up = room.gave_2(Some(AnswerBy::Mail)).await;
        room.shop.ada_says("2026-11-22T13:59:00Z", act).await;
        let answer = About::Answer {
            follow_up: follow_up.id.clone(),
            answer: 1,
            text: "I am sorry.\n\nCome by <soon>.".to_owned(),
        };
        let trigger = answer.trigger();
        let gave = |points| FollowedUp::Gave { points: Points(points), entry: 9 };
        follow_up.steps = vec![
            step("2026-11-22T14:10:00Z", gave(100)),
            step("2026-11-22T14:20:00Z", FollowedUp::Answered { trigger: trigger.clone() }),
            step("2026-11-22T14:30:00Z", gave(50)),
        ];
        room.follows(&follow_up).await;
        let draft =
            Draft { caused_at: Some(at(SAID)), ..draft(answer, Kind::FollowUpAnswer, SAID) };
        room.planned(draft).await;
        room.pump().await;
        let mails = room.mails();
        let mail = mails.iter().find(|mail| mail.tags["kind"] == "follow-up-answer").unwrap();
        assert_eq!(
            (mail.to.as_slice(), mail.reply_to.as_slice()),
            (["ada@example.com".to_owned()].as_slice(), [BEA.to_owned()].as_slice(),)
        );
        assert_eq!((header(mail, "List-Unsubscribe"), doors(&room, mail).len()), (None, 0));
        let text = mail.text.as_deref().unwrap();
        assert!(text.contains("Come by <soon>.") && text.contains("100 Punkte"), "{text}");
        assert_eq!(room.state(&trigger).await, MessageState::Sent);
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_shop_did_is_told_as_marketing_and_waits_while_a_low_score_does() {
    let mut room = Room::after_a_purchase(&receipts("each")).await;
    let ada = room.shop.by_email("ada@example.com").await.unwrap();
    let mut account = ada.account.clone();
    account.held_until = Some(at("2026-11-24T14:00:00Z"));
    account.version += 1;
    room.stands(Entity::Account(&ada.id).key(&room.shop.id), &account).await;
    let about = About::YouSaid { id: "2026-10".to_owned(), text: "Two at the counter.".to_owned() };
    let trigger = about.trigger();
    room.planned(draft(about, Kind::YouSaid, "2026-11-23T14:00:00Z")).await;
    room.hour("2026-11-23T15:00:00Z").await;
    assert_eq!((room.mails().len(), room.state(&trigger).await), (0, MessageState::Waiting));
    room.hour("2026-11-24T15:00:00Z").await;
    let mails = room.mails();
    let text = mails[0].text.as_deref().unwrap();
    assert!(text.contains("Two at the counter."), "{text}");
    assert!(header(&mails[0], "List-Unsubscribe").is_some());
    assert_eq!(doors(&room, &mails[0]).len(), 3);
}
