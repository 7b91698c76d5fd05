//! Preferences: one POST is the state it shows, and only what differs is kept.

use loyalty::consent::{Act, State, Teller};
use loyalty::mail::Kind;
use loyalty::program::{CORNER_BAKERY, ConsentGrade};

use super::{EMAIL, NOW, Portal, at};

/// Everything on, as the form of somebody who gets everything sends it.
const ALL_SHOWN: [&str; 10] = [
    "tier-reached",
    "points-taken-back",
    "receipt",
    "birthday",
    "anniversary",
    "welcome",
    "tier-at-risk",
    "survey",
    "you-said",
    "win-back",
];

/// A form that shows all kinds, with these ticked.
fn form(ticked: &[&str], often: &str) -> String {
    let shown = ALL_SHOWN.iter().map(|kind| format!("shown={kind}"));
    let ticked = ticked.iter().map(|kind| format!("kind={kind}"));
    let often = [format!("often={often}")];
    shown.chain(ticked).chain(often).collect::<Vec<_>>().join("&")
}

fn boxes(page: &str) -> Vec<(&str, bool)> {
    let inputs = page.split("<input type=\"checkbox\"").skip(1);
    inputs
        .map(|input| {
            let tag = input.split('>').next().unwrap();
            let value = tag.split("value=\"").nth(1).unwrap().split('"').next().unwrap();
            (value, tag.contains(" checked"))
        })
        .collect()
}

#[tokio::test]
async fn the_page_shows_each_kind_with_a_switch_as_it_stands() {
    let portal = Portal::open().await;
    let off = |kind: &str| Act::Kind { kind: kind.to_owned(), off: true };
    portal.shop.ada_says("2026-11-22T14:00:00Z", off("receipt")).await;
    let before = portal.table().await;
    let answer = portal.get(&portal.preferences()).await;
    let expected: Vec<_> = ALL_SHOWN.iter().map(|kind| (*kind, *kind != "receipt")).collect();
    assert_eq!(boxes(answer.page()), expected);
    assert_eq!(portal.table().await, before);
}

#[tokio::test]
async fn what_the_shop_does_not_send_is_not_shown_and_not_switched() {
    let off = CORNER_BAKERY.replace("receipts = \"weekly\"", "receipts = \"off\"");
    let toml = off.replace("\noff = []", "\noff = [\"survey\"]");
    let portal = Portal::with_program(&toml).await;
    let answer = portal.get(&portal.preferences()).await;
    let shown: Vec<&str> = boxes(answer.page()).into_iter().map(|(kind, _)| kind).collect();
    assert!(!shown.contains(&"survey") && !shown.contains(&"receipt"), "{shown:?}");
    assert_eq!(shown.len(), ALL_SHOWN.len() - 2);
    portal.press(&portal.preferences(), &form(&[], "as-it-comes")).await;
    let consent = portal.consent().await;
    assert!(!consent.is_off("survey") && consent.is_off("win-back"));
}

#[tokio::test]
async fn only_what_differs_is_kept_and_the_page_says_what() {
    let portal = Portal::open().await;
    let ticked: Vec<&str> = ALL_SHOWN.into_iter().filter(|kind| *kind != "survey").collect();
    let answer = portal.press(&portal.preferences(), &form(&ticked, "monthly")).await;
    answer.says("Saved. A question about how it was: off; Offers and news: at most once a month.");
    let consent = portal.consent().await;
    assert_eq!(consent.off().collect::<Vec<_>>(), ["survey"]);
    assert!(consent.at_most_monthly());
    assert_eq!(consent.history().count(), 3, "the yes, one kind, and how often");

    let before = portal.table().await;
    portal.shop.set_now("2026-11-23T15:00:00Z");
    let answer = portal.press(&portal.preferences(), &form(&ticked, "monthly")).await;
    answer.says("Nothing to save");
    assert_eq!(portal.table().await, before);

    let answer = portal.press(&portal.preferences(), &form(&ALL_SHOWN, "as-it-comes")).await;
    answer.says("A question about how it was: on");
    assert_eq!(portal.consent().await.off().count(), 0);
    assert!(!portal.consent().await.at_most_monthly());
}

#[tokio::test]
async fn a_form_that_shows_nothing_or_something_else_changes_nothing() {
    let portal = Portal::open().await;
    let before = portal.table().await;
    for body in ["", "act=unknown", "kind=receipt", "shown=sign-in&shown=points-expiring", "on=x"] {
        portal.press(&portal.preferences(), body).await.says("Nothing to save");
    }
    assert_eq!(portal.table().await, before);
}

#[tokio::test]
async fn an_unsubscribe_can_be_undone_with_the_consent_there_was() {
    let portal = Portal::open().await;
    portal.post(&portal.unsubscribe(Kind::WinBack), "").await;
    portal.shop.set_now("2026-11-22T16:00:00Z");
    let page = portal.get(&portal.preferences()).await;
    page.says("You stopped offers and news on November 22, 2026.");
    let answer = portal.press(&portal.preferences(), "act=undo").await;
    answer.says("Offers and news: on");
    let consent = portal.consent().await;
    let yes = consent.permission(EMAIL).unwrap();
    assert_eq!(yes.grade, Some(ConsentGrade::ConfirmedOwnForm));
    assert_eq!(yes.wording.as_deref(), Some("Yes, offers"), "what she had agreed to");
    let before = portal.table().await;
    portal.press(&portal.preferences(), "act=undo").await.says("Nothing to save");
    assert_eq!(portal.table().await, before);
}

#[tokio::test]
async fn what_she_says_comes_after_what_a_clock_ahead_of_ours_told_of_her() {
    let portal = Portal::open().await;
    let told = Act::Unsubscribed { channel: EMAIL, teller: Teller::Shopify };
    portal.shop.ada_says("2026-11-22T15:00:02Z", told).await;
    portal.press(&portal.preferences(), "act=undo").await.says("Offers and news: on");
    portal.post(&portal.unsubscribe(Kind::WinBack), "").await.page();
    assert_eq!(portal.consent().await.state(EMAIL), State::Unsubscribed);
}

#[tokio::test]
async fn instead_of_stopping_she_may_want_less() {
    for (act, monthly, paused) in [("undo-monthly", true, false), ("undo-pause", false, true)] {
        let portal = Portal::open().await;
        portal.post(&portal.unsubscribe(Kind::WinBack), "").await;
        portal.shop.set_now("2026-11-22T16:00:00Z");
        portal.press(&portal.preferences(), &format!("act={act}")).await;
        let consent = portal.consent().await;
        assert_eq!(consent.state(EMAIL), State::Subscribed);
        assert_eq!(consent.at_most_monthly(), monthly);
        assert_eq!(consent.paused_until(at("2026-11-22T17:00:00Z")).is_some(), paused);
    }
}

#[tokio::test]
async fn a_kind_that_was_stopped_is_switched_on_again_by_one_press() {
    let portal = Portal::open().await;
    portal.post(&portal.unsubscribe(Kind::Receipt), "").await;
    portal.shop.set_now("2026-11-22T16:00:00Z");
    let answer = portal.press(&portal.preferences(), "on=receipt").await;
    answer.says("Points for what you bought: on");
    assert!(!portal.consent().await.is_off("receipt"));
}

#[tokio::test]
async fn a_pause_is_three_months_and_can_be_ended() {
    let portal = Portal::open().await;
    let answer = portal.press(&portal.preferences(), "act=pause").await;
    answer.says("You get no mail until February 22, 2027.");
    let until = at("2027-02-22T15:00:00Z");
    assert_eq!(portal.consent().await.paused_until(at(NOW)), Some(until));
    let before = portal.table().await;
    portal.shop.set_now("2026-12-01T15:00:00Z");
    portal.press(&portal.preferences(), "act=pause").await;
    assert_eq!(portal.table().await, before, "a pause that holds isn't made longer");
    let answer = portal.press(&portal.preferences(), "act=resume").await;
    answer.says("The pause is over");
    assert_eq!(portal.consent().await.paused_until(at(NOW)), None);

    portal.shop.set_now("2026-12-02T15:00:00Z");
    portal.press(&portal.preferences(), "act=pause").await;
    portal.shop.set_now("2027-03-02T15:00:00Z");
    portal.get(&portal.preferences()).await.says("Pause for three months");
}

#[tokio::test]
async fn nothing_at_all_is_one_press_and_undone_by_one_to_what_it_was() {
    let portal = Portal::open().await;
    portal.press(&portal.unsubscribe(Kind::TierReached), "by=button").await;
    let shown = "shown=birthday&shown=survey&kind=survey";
    portal.press(&portal.preferences(), shown).await;
    portal.shop.set_now("2026-11-22T15:30:00Z");
    let off =
        |consent: &loyalty::consent::Consent| consent.off().map(str::to_owned).collect::<Vec<_>>();
    let before = off(&portal.consent().await);
    assert_eq!(before, ["birthday", "tier-reached"]);
    let answer = portal.press(&portal.preferences(), "act=nothing").await;
    answer.says("Nothing comes any more, except what the shop owes you.");
    let consent = portal.consent().await;
    assert_eq!(consent.state(EMAIL), State::Unsubscribed);
    let account = Kind::ALL.iter().filter(|kind| kind.class() == loyalty::mail::Class::Account);
    let mut account = account.filter(|kind| kind.has_switch());
    assert!(account.all(|kind| consent.is_off(kind.as_str())), "{consent:?}");

    portal.shop.set_now("2026-11-22T16:00:00Z");
    portal.press(&portal.preferences(), "act=undo").await;
    let consent = portal.consent().await;
    assert_eq!((off(&consent), consent.state(EMAIL)), (before, State::Subscribed));
    let again = format!("{}?saved=nothing", portal.preferences());
    let page = portal.get(&again).await;
    assert!(!page.body.contains("Nothing comes any more"), "it isn't so any more");
}

#[tokio::test]
async fn who_never_said_yes_can_say_it_having_read_what_to() {
    let portal = Portal::silent(CORNER_BAKERY).await;
    let answer = portal.get(&portal.preferences()).await;
    answer.says("I would like to get offers and news from Corner Bakery by e-mail");
    assert_eq!(boxes(answer.page()).last(), Some(&("yes", false)), "nobody ticks it but she");
    portal.press(&portal.preferences(), "yes=yes").await.says("Offers and news: on");
    let consent = portal.consent().await;
    let yes = consent.permission(EMAIL).unwrap();
    assert_eq!((yes.grade, yes.hers), (Some(ConsentGrade::ConfirmedOwnForm), true));
    assert!(answer.body.contains(yes.wording.as_deref().unwrap()), "word for word what she read");
    let before = portal.table().await;
    portal.shop.set_now("2026-11-23T15:00:00Z");
    portal.press(&portal.preferences(), "yes=yes").await;
    assert_eq!(portal.table().await, before);
}

#[tokio::test]
async fn a_yes_that_is_not_enough_for_the_country_is_no_yes_to_undo() {
    let portal = Portal::silent(CORNER_BAKERY).await;
    let (channel, teller, wording) = (EMAIL, Teller::Shopify, None);
    let act = Act::Subscribed { channel, teller, grade: None, hers: true, wording };
    portal.shop.ada_says("2026-11-22T13:00:00Z", act).await;
    portal.post(&portal.unsubscribe(Kind::WinBack), "").await;
    portal.shop.set_now("2026-11-22T16:00:00Z");
    let answer = portal.get(&portal.preferences()).await;
    answer.says_nothing_of(r#"value="undo""#);
    answer.says("You don&#39;t get any.");
}

#[tokio::test]
async fn a_complaint_holds_and_nothing_here_ends_it() {
    let portal = Portal::open().await;
    portal.shop.ada_says("2026-11-22T14:00:00Z", Act::Complained).await;
    let answer = portal.get(&portal.preferences()).await;
    answer.says("On November 22, 2026 you marked a mail of ours as spam.");
    answer.says_nothing_of("<form");
    let before = portal.table().await;
    for body in ["yes=yes", "act=undo"] {
        portal.press(&portal.preferences(), body).await;
    }
    assert_eq!(portal.table().await, before);
}

#[tokio::test]
async fn an_address_that_mail_comes_back_from_is_said_and_not_confirmed_by_this_page() {
    let portal = Portal::open().await;
    portal.shop.ada_says("2026-11-22T14:00:00Z", Act::Bounced).await;
    let answer = portal.get(&portal.preferences()).await;
    answer.says("has been coming back since November 22, 2026");
    answer.says_nothing_of(r#"name="yes""#);
    portal.press(&portal.preferences(), "yes=yes").await;
    assert!(portal.consent().await.suppressed().is_some());
}

#[tokio::test]
async fn a_query_that_is_not_ours_says_nothing() {
    let portal = Portal::open().await;
    for query in ["?saved=", "?saved=%3Cscript%3E", "?saved=sign-in", "?x=saved", "?saved=%00.%ff"]
    {
        let answer = portal.get(&format!("{}{query}", portal.preferences())).await;
        answer.page();
        answer.says_nothing_of("Saved");
        answer.says_nothing_of("script");
    }
}
