//! What a letter says, in whose words, and where its links lead.

use loyalty::mail::{Class, Kind};
use platform::Secrets;
use platform::store::MAIL_TEMPLATE;
use platform::tokens::Door;

use super::*;

/// Where the tokens of a mail's links lead.
pub(super) fn doors(room: &Room, mail: &Mail) -> Vec<Door> {
    let links = room.shop.services.links().unwrap();
    let text = mail.text.as_deref().unwrap();
    let words = text.split_whitespace().filter_map(|word| word.split("example.com/").nth(1));
    let opened = words.map(|path| {
        let (path, token) = path.split_once('/').unwrap();
        let token = token.split('?').next().unwrap();
        let (shop, door) = links.open(path, token, room.shop.services.clock.now()).unwrap();
        assert_eq!(shop, room.shop.id);
        door
    });
    opened.collect()
}

pub(super) fn header<'a>(mail: &'a Mail, name: &str) -> Option<&'a str> {
    mail.headers.iter().find(|header| header.0 == name).map(|header| header.1.as_str())
}

/// The door that a mail program's own button opens.
fn one_click(room: &Room, mail: &Mail) -> Door {
    assert_eq!(header(mail, "List-Unsubscribe-Post"), Some("List-Unsubscribe=One-Click"));
    let url = header(mail, "List-Unsubscribe").unwrap();
    let token = url.strip_prefix("<https://regulars.example.com/u/").unwrap();
    let token = token.strip_suffix('>').unwrap();
    room.shop.services.links().unwrap().open("u", token, Timestamp::MIN).unwrap().1
}

/// The sample program with receipts for each purchase, and these words of the owner's.
fn own_words(template: &str) -> String {
    format!("{}\n[[mail.template]]\n{template}\n", receipts("each"))
}

async fn live(program: &str) -> Room {
    let room = Room::with_program(program).await;
    room.goes_live().await;
    room
}

#[tokio::test(start_paused = true)]
async fn a_letter_about_her_account_says_why_it_came_and_how_to_stop_its_kind() {
    let mut room = Room::open().await;
    room.shop.buys(1, 10, MORNING).await;
    room.pump().await;
    let mails = room.mails();
    let customer = room.ada().await;
    let kind = Kind::Receipt;
    let stop = Door::Unsubscribe { customer: customer.clone(), kind };
    assert_eq!(one_click(&room, &mails[0]), stop);
    let trigger = "order shopify:1".to_owned();
    let found = doors(&room, &mails[0]);
    let why = Door::Why { customer: customer.clone(), trigger };
    for door in [why, Door::Preferences { customer }, stop] {
        assert!(found.contains(&door), "{door:?} is missing: {found:?}");
    }
    let html = mails[0].html.as_deref().unwrap();
    assert!(html.contains("100 points") && html.contains("lang=\"en\""), "{html}");
}

#[tokio::test(start_paused = true)]
async fn a_letter_with_a_welcome_in_it_is_stopped_as_marketing_is() {
    let mut room = Room::open().await;
    room.shop.buys(1, 10, MORNING).await;
    room.ada_agrees().await;
    room.pump().await;
    let mails = room.mails();
    let (customer, kind) = (room.ada().await, Kind::Welcome);
    assert_eq!(one_click(&room, &mails[0]), Door::Unsubscribe { customer, kind });
    let relied_on = room.message("order shopify:1").await.claim.unwrap().relied_on.unwrap();
    assert_eq!(relied_on.grade, ConsentGrade::ConfirmedOwnForm);
    assert_eq!(relied_on.at, "2026-11-22T13:30:00Z".parse().unwrap());
}

#[tokio::test(start_paused = true)]
async fn the_question_whether_she_wants_mail_has_its_button_and_nothing_to_stop() {
    let mut room = Room::open().await;
    room.shop.buys(1, 10, "2026-11-22T12:30:00Z").await;
    room.pump().await;
    let (channel, teller) = (Channel::Email, Teller::Own);
    room.shop.ada_says(MORNING, Act::Asked { channel, teller }).await;
    room.pump().await;
    let mails = room.mails();
    let [mail] = mails.as_slice() else { panic!("{} mails", mails.len()) };
    assert_eq!(header(mail, "List-Unsubscribe"), None);
    let found = doors(&room, mail);
    let [Door::Confirmation { customer, .. }] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(*customer, room.ada().await);
}

#[tokio::test(start_paused = true)]
async fn the_links_of_mail_to_the_owner_say_nothing_for_a_customer() {
    let mut room = Room::with_program(&receipts("each")).await;
    room.mode(MailMode::OwnerOnly, LIVE).await;
    room.shop.buys(1, 10, MORNING).await;
    let (channel, teller) = (Channel::Email, Teller::Own);
    room.shop.ada_says(MORNING, Act::Asked { channel, teller }).await;
    room.pump().await;
    let (mails, ada) = (room.mails(), room.ada().await);
    assert_eq!(mails.len(), 2);
    for mail in &mails {
        assert_eq!(mail.tags["to"], "owner");
        assert_eq!(header(mail, "List-Unsubscribe"), None);
        let found = doors(&room, mail);
        assert!(!found.is_empty() && found.iter().all(|door| *door.customer() != ada), "{found:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn money_that_was_returned_is_named_with_the_points_it_took() {
    let mut room = Room::open().await;
    room.shop.buys(1, 40, MORNING).await;
    room.pump().await;
    room.shop.set_now("2026-11-22T16:00:00Z");
    room.shop.refunds(1, 10, "2026-11-22T15:59:00Z").await;
    room.pump().await;
    room.hour("2026-11-23T17:00:00Z").await;
    let mails = room.mails();
    let text = mails.last().unwrap().text.as_deref().unwrap();
    assert!(text.contains("$10.00") && text.contains("100 points went back"), "{text}");
    assert!(text.contains("300 points"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn she_is_written_to_in_her_language() {
    let mut room = Room::open().await;
    room.shop.ada_is("Ada", "de-AT").await;
    room.shop.buys(1, 123, MORNING).await;
    room.pump().await;
    let mails = room.mails();
    assert!(mails[0].text.as_deref().unwrap().contains("1.230 Punkte"), "{:?}", mails[0].text);
    assert!(mails[0].html.as_deref().unwrap().contains("lang=\"de\""));
}

#[tokio::test(start_paused = true)]
async fn the_owners_own_words_go_out_where_there_are_some() {
    let words = "kind = \"receipt\"\nlanguage = \"en\"\nbody = \"Bea says thanks for {{ points | points }}.\"";
    let mut room = live(&own_words(words)).await;
    room.shop.buys(1, 10, MORNING).await;
    room.pump().await;
    let mails = room.mails();
    for part in [&mails[0].text, &mails[0].html] {
        assert!(part.as_deref().unwrap().contains("Bea says thanks for 100 points."), "{part:?}");
    }
    assert_eq!(room.message("order shopify:1").await.claim.unwrap().class(), Class::Account);
}

#[tokio::test(start_paused = true)]
async fn words_that_cannot_be_used_stop_no_mail_and_the_owner_is_told_once() {
    let words = "kind = \"receipt\"\nlanguage = \"en\"\nbody = \"Hi\\n\\nYou have {{ pionts }}.\"";
    let mut room = live(&own_words(words)).await;
    for (order, at) in [(1, MORNING), (2, "2026-11-24T14:00:00Z")] {
        room.shop.set_now(at);
        room.shop.buys(order, 10, at).await;
        room.pump().await;
    }
    let mails = room.mails();
    assert_eq!(mails.len(), 2);
    assert!(mails[0].text.as_deref().unwrap().contains("It brought you 100 points"));
    let (store, shop) = (&room.shop.services.store, &room.shop.id);
    let tasks = store.open_tasks(shop).await.unwrap();
    assert_eq!(tasks.iter().filter(|task| task.topic == MAIL_TEMPLATE).count(), 1);
    let faults = store.template_faults(shop, 1).await.unwrap();
    let told = &faults[0].1;
    assert_eq!((told.kind.as_str(), told.language.as_str()), ("receipt", "en"));
    assert!(told.message.contains("pionts") && told.message.contains("line 3"), "{told}");
}

/// An offer in a receipt, in the owner's own words.
const OFFER: &str = "kind = \"receipt\"\nlanguage = \"en\"\nbody = \"\"\"{{ points | points }}! And 20% off \
                     [all our cakes](https://corner-bakery.example/cakes).\"\"\"";

#[tokio::test(start_paused = true)]
async fn an_offer_in_a_receipt_goes_to_nobody_who_did_not_agree_to_offers() {
    let mut room = live(&own_words(OFFER)).await;
    room.shop.buys(1, 10, MORNING).await;
    room.pump().await;
    let mails = room.mails();
    let text = mails[0].text.as_deref().unwrap();
    assert!(text.contains("It brought you 100 points") && !text.contains("20%"), "{text}");
    assert_eq!(room.message("order shopify:1").await.claim.unwrap().class(), Class::Account);
}

#[tokio::test(start_paused = true)]
async fn an_offer_in_a_receipt_is_marketing_counted_and_stopped_as_such() {
    let mut room = live(&own_words(OFFER)).await;
    // Nobody who is known before mail was live is welcomed.
    room.shop.set_now("2026-11-22T12:30:00Z");
    room.shop.buys(1, 10, "2026-11-22T12:30:00Z").await;
    room.ada_agrees().await;
    for (order, at) in [(2, MORNING), (3, "2026-11-24T14:00:00Z")] {
        room.shop.set_now(at);
        room.shop.buys(order, 10, at).await;
        room.pump().await;
    }
    let mails = room.mails();
    assert_eq!(mails.len(), 2);
    let offers = |mail: &Mail| mail.text.as_deref().unwrap().contains("20%");
    assert!(offers(&mails[0]), "she agreed to offers");
    assert!(!offers(&mails[1]), "one in seven days is enough");
    let claim = room.message("order shopify:2").await.claim.unwrap();
    assert!(claim.class() == Class::Marketing && claim.relied_on.is_some());
    let Door::Unsubscribe { kind, .. } = one_click(&room, &mails[0]) else { panic!() };
    assert_eq!(kind.class(), Class::Marketing, "one post stops every offer");
    assert_eq!(room.message("order shopify:3").await.claim.unwrap().class(), Class::Account);
}

#[tokio::test(start_paused = true)]
async fn without_a_key_for_links_mail_waits_until_there_is_one() {
    let mut room = Room::open().await;
    let with = room.mailer.services.secrets.clone();
    room.mailer.services.secrets = Secrets::from_lists([("api".to_owned(), "x".to_owned())]);
    room.shop.buys(1, 10, MORNING).await;
    room.pump().await;
    let waits = room.message("order shopify:1").await;
    assert_eq!(waits.state, MessageState::Waiting);
    assert!(waits.trouble.unwrap().contains("`links`"));
    room.mailer.services.secrets = with;
    room.hour(&later(MORNING, SignedDuration::from_hours(1))).await;
    assert_eq!(room.mails().len(), 1);
}
