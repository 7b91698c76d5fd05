//! Her birthday on the preferences page: day and month, said by herself.

use jiff::civil::date;
use loyalty::program::CORNER_BAKERY;
use platform::store::BirthdayBy;

use super::{NOW, Portal, at};

impl Portal {
    async fn birthday(&self) -> Option<String> {
        let contact = self.contact(&self.ada).await.unwrap();
        contact.birthday.map(|birthday| birthday.to_string())
    }

    async fn says_birthday(&self, day: &str, month: &str) -> super::Answer {
        self.press(&self.preferences(), &form(day, month)).await
    }

    async fn mail_due(&self) -> Option<jiff::civil::Date> {
        self.shop.by_email("ada@example.com").await.unwrap().account.due.mail
    }
}

fn form(day: &str, month: &str) -> String {
    format!("act=birthday&day={day}&month={month}")
}

/// A shop without surveys: one would have the nights look at her earlier.
async fn not_asking() -> Portal {
    Portal::with_program(&CORNER_BAKERY.replace("\noff = []", "\noff = [\"survey\"]")).await
}

#[tokio::test]
async fn she_chooses_day_and_month_and_no_year_is_asked() {
    let portal = Portal::open().await;
    let page = portal.get(&portal.preferences()).await;
    page.says("no year is asked, and none is kept");
    for text in ["<label for=\"day\">Day</label>", "<option value=\"2\">February</option>"] {
        page.says(text);
    }
    let answer = portal.says_birthday("29", "2").await;
    answer.says("Saved. Your birthday: February 29.");
    answer.says("<option value=\"29\" selected>29</option>");
    assert_eq!(portal.birthday().await.as_deref(), Some("02-29"));
    portal.says_birthday("29", "2").await.says("Nothing to save");
}

#[tokio::test]
async fn the_nights_look_at_her_on_her_next_birthday_at_the_latest() {
    let portal = not_asking().await;
    // Three weeks after her purchase of today.
    assert_eq!(portal.mail_due().await, Some(date(2026, 12, 13)));
    portal.says_birthday("1", "12").await;
    assert_eq!(portal.mail_due().await, Some(date(2026, 12, 1)));
    let portal = not_asking().await;
    portal.says_birthday("21", "11").await;
    assert_eq!(portal.mail_due().await, Some(date(2026, 12, 13)), "it was yesterday");
}

#[tokio::test]
async fn a_day_there_is_not_is_refused_beside_what_she_chose() {
    let portal = Portal::open().await;
    let before = portal.table().await;
    for (day, month, said) in [
        ("31", "4", "that month has no such day"),
        ("30", "2", "that month has no such day"),
        ("32", "1", "that month has no such day"),
        ("x", "1", "that month has no such day"),
        ("1", "999", "that month has no such day"),
        ("", "4", "choose both the day and the month"),
        ("31", "", "choose both the day and the month"),
    ] {
        let answer = portal.post(&portal.preferences(), &form(day, month)).await;
        assert_eq!(answer.status, 422, "{day} {month}");
        answer.says(said);
        answer.says("aria-invalid=\"true\" aria-describedby=\"birthday-error birthday-help\"");
    }
    let answer = portal.post(&portal.preferences(), &form("31", "4")).await;
    answer.says("<option value=\"31\" selected>");
    answer.says("<option value=\"4\" selected>April");
    let answer = portal.post(&portal.preferences(), &form("\"><script>", "4")).await;
    answer.says_nothing_of("<script");
    assert_eq!(portal.table().await, before);
}

#[tokio::test]
async fn she_changes_it_once_a_year_and_the_page_says_when_again() {
    let portal = Portal::open().await;
    portal.says_birthday("1", "12").await;
    portal.says_birthday("2", "12").await.says("Your birthday: December 2.");
    let page = portal.get(&portal.preferences()).await;
    page.says("it can be changed again from November 22, 2027 on");
    page.says_nothing_of("<select");
    let answer = portal.post(&portal.preferences(), &form("3", "12")).await;
    assert_eq!(answer.status, 422);
    answer.says("it can be changed again from November 22, 2027 on");
    assert_eq!(portal.birthday().await.as_deref(), Some("12-02"));

    portal.shop.set_now("2027-11-21T15:00:00Z");
    assert_eq!(portal.post(&portal.preferences(), &form("3", "12")).await.status, 422);
    portal.shop.set_now("2027-11-22T15:00:00Z");
    portal.says_birthday("3", "12").await;
    assert_eq!(portal.birthday().await.as_deref(), Some("12-03"));
}

#[tokio::test]
async fn she_takes_it_away_at_any_time_and_no_source_fills_it_again() {
    let portal = Portal::open().await;
    portal.says_birthday("1", "12").await;
    portal.says_birthday("2", "12").await;
    let answer = portal.press(&portal.preferences(), "act=no-birthday").await;
    answer.says("Saved. Your birthday isn&#39;t kept.");
    answer.says_nothing_of("act\" value=\"no-birthday");
    assert_eq!(portal.birthday().await, None);
    portal.ada_was_born("05-05").await;
    assert_eq!(portal.birthday().await, None);
    let answer = portal.post(&portal.preferences(), &form("3", "12")).await;
    assert_eq!(answer.status, 422, "that would be a second change");
}

#[tokio::test]
async fn what_a_source_says_is_kept_where_nothing_is_known_and_she_may_put_it_right() {
    let portal = not_asking().await;
    portal.ada_was_born("11-30").await;
    assert_eq!(portal.birthday().await.as_deref(), Some("11-30"));
    assert_eq!(portal.mail_due().await, Some(date(2026, 11, 30)));
    portal.ada_was_born("11-29").await;
    assert_eq!(portal.birthday().await.as_deref(), Some("11-30"), "what was heard first stands");
    portal.get(&portal.preferences()).await.says("We have November 30.");
    portal.says_birthday("1", "12").await;
    portal.ada_was_born("11-29").await;
    assert_eq!(portal.birthday().await.as_deref(), Some("12-01"));
}

#[tokio::test]
async fn what_the_owner_says_is_no_change_of_hers() {
    let portal = Portal::open().await;
    let birthday = Some("12-01".parse().unwrap());
    let (store, by) = (&portal.shop.services.store, BirthdayBy::Api);
    store.set_birthday(&portal.shop.id, &portal.ada, birthday, by, at(NOW)).await.unwrap();
    portal.says_birthday("2", "12").await;
    assert_eq!(portal.birthday().await.as_deref(), Some("12-02"));
}

#[tokio::test]
async fn a_shop_that_does_nothing_with_birthdays_does_not_ask() {
    let off = CORNER_BAKERY.replace("\noff = []", "\noff = [\"birthday\"]");
    let gives = Portal::with_program(&off).await;
    gives.get(&gives.preferences()).await.says("<select");
    let toml = off.replace("[mail.birthday]\npoints = 100", "[mail.birthday]\npoints = 0");
    let portal = Portal::with_program(&toml).await;
    portal.get(&portal.preferences()).await.says_nothing_of("<select");
    // What it knows nevertheless can be taken away.
    portal.ada_was_born("11-30").await;
    portal.get(&portal.preferences()).await.says("Remove my birthday");
}

#[tokio::test]
async fn a_birthday_said_under_either_name_holds_for_the_one_they_are() {
    let portal = not_asking().await;
    let (shop, store) = (&portal.shop.id, &portal.shop.services.store);
    portal.shop.purchase(2, (6002, 10, NOW), loyalty::ledger::Origin::Live).await;
    let other = portal.shop.by_email("person-2@example.com").await.unwrap().id;
    let birthday = Some("12-01".parse().unwrap());
    store.set_birthday(shop, &other, birthday, BirthdayBy::Own, at(NOW)).await.unwrap();
    let deed = platform::store::Deed { shop, origin: loyalty::ledger::Origin::Merge, now: at(NOW) };
    store.merge(&deed, &portal.ada, &other).await.unwrap();
    assert_eq!(portal.birthday().await.as_deref(), Some("12-01"));
    assert_eq!(portal.mail_due().await, Some(date(2026, 12, 1)));

    // Said under the name that another stands for, it is hers who does.
    let changed = Some("12-02".parse().unwrap());
    store.set_birthday(shop, &other, changed, BirthdayBy::Own, at(NOW)).await.unwrap();
    assert_eq!(portal.birthday().await.as_deref(), Some("12-02"));

    store.undo_merge(&deed, &other).await.unwrap();
    let alone = store.customer(shop, &other).await.unwrap().unwrap();
    assert_eq!(alone.contact.unwrap().birthday, birthday);
    assert_eq!(alone.account.due.mail, Some(date(2026, 12, 1)));
}

#[tokio::test]
async fn who_was_erased_has_nothing_to_keep_a_birthday_in() {
    let portal = Portal::open().await;
    portal.ada_is_erased().await;
    let answer = portal.post(&portal.preferences(), &form("1", "12")).await;
    assert_eq!(answer.status, 200, "the page says that nothing is kept");
    let (store, by) = (&portal.shop.services.store, BirthdayBy::Own);
    let birthday = Some("12-01".parse().unwrap());
    let set = store.set_birthday(&portal.shop.id, &portal.ada, birthday, by, at(NOW)).await;
    assert_eq!(set.unwrap(), platform::store::BirthdaySet::Nobody);
}
