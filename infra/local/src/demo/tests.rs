use super::*;

fn nothing(_: &str) -> Option<String> {
    None
}

fn year(seed: u64) -> (ProgramFile, Year) {
    days(seed, 20)
}

fn days(seed: u64, days: u16) -> (ProgramFile, Year) {
    let program = bakery::program().unwrap();
    let args = DemoArgs {
        days,
        customers: 10,
        seed,
        no_serve: true,
        json: false,
        crawl: true,
        listen: crate::cli::DEFAULT_LISTEN,
    };
    let year = Year::ending(&program, "2026-11-22T12:00:00Z".parse().unwrap(), &args).unwrap();
    (program, year)
}

async fn played(seed: u64) -> Report {
    let (program, year) = year(seed);
    let mut home = Home::open(&Data::Memory, &nothing).await.unwrap();
    play(&mut home, &program, year, PUBLIC_URL.to_owned(), true).await.unwrap().0
}

#[test]
fn the_year_is_whole_days_by_the_shops_clock_and_ends_with_yesterday() {
    let (_, year) = year(1);
    assert_eq!(
        (year.first_day.to_string(), year.last_day.to_string()),
        ("2026-11-02".to_owned(), "2026-11-21".to_owned())
    );
    assert_eq!(year.end.to_string(), "2026-11-22T05:00:00Z");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_small_demo_is_right_and_the_same_each_time() {
    let (first, second) = (played(7).await, played(7).await);
    assert!(first.is_right(), "{}", first.json().unwrap());
    assert_eq!(first.figures, second.figures);
    assert!(first.figures.orders.all > 10);
    assert!(first.figures.deliveries.duplicates > 0);
    assert!(first.figures.deliveries.out_of_order > 0);
    assert!(first.figures.mail.sent > 0 && first.figures.mail.most_a_month <= 5);
    assert_eq!(first.figures.delivered_again.ledger_changes, 0);
    let crawled = first.figures.mail.crawled.clone().unwrap();
    assert!(crawled.links > first.figures.mail.sent && crawled.changed == 0, "{crawled:?}");
    assert!(crawled.changed_by_a_button > 0, "{crawled:?}");
    assert_ne!(first.figures, played(8).await.figures);
}

/// What the audit says where some deliveries were lost.
async fn audited_without(lost: impl Fn(&Delivery) -> bool) -> Vec<String> {
    let (program, year) = year(7);
    let year = Year { customers: 40, ..year };
    let mut home = Home::open(&Data::Memory, &nothing).await.unwrap();
    let mut play = Play::on(&mut home, &program, year, PUBLIC_URL.to_owned()).await.unwrap();
    for own in &mut play.deliveries {
        own.retain(|one| !lost(one));
    }
    let mut play = Arc::new(play);
    deliver::everything(&home, &mut play, &ProgressBar::hidden(), None).await.unwrap();
    audit::everything(&home, &play).await.unwrap().problems
}

#[tokio::test]
async fn the_audit_sees_what_was_lost() {
    assert_eq!(audited_without(|_| false).await, [""; 0]);
    let after = ["orders/cancelled", "orders/updated", "refunds/create"];
    let problems = audited_without(|one| after.contains(&one.topic)).await;
    assert!(problems.iter().any(|one| one.starts_with("money kept of shopify:")), "{problems:?}");
    assert!(problems.iter().any(|one| one.starts_with("points of shopify:")), "{problems:?}");
    let problems = audited_without(|one| one.topic.starts_with("orders/")).await;
    assert!(problems.iter().any(|one| one.ends_with("found is false, not true")), "{problems:?}");
}

#[tokio::test]
async fn the_audit_sees_what_was_lost_of_the_till() {
    let updates = |one: &Delivery| one.topic == "payment.updated" || one.topic == "refund.updated";
    let problems = audited_without(updates).await;
    for what in
        ["money kept of square:", "points of square:", "whether somebody is known of square:"]
    {
        assert!(problems.iter().any(|one| one.starts_with(what)), "{what} {problems:?}");
    }
    let problems = audited_without(|one| one.topic == "customer.created").await;
    assert!(problems.iter().any(|one| one.starts_with("square record")), "{problems:?}");
}

#[test]
fn deliveries_of_one_order_keep_together_what_a_repeat_repeats() {
    let (_, year) = year(3);
    let people = people::everybody(&year);
    for (index, person) in people.iter().enumerate() {
        let deliveries = schedule::of(&year, person, index);
        assert!(deliveries.is_sorted_by_key(|one| one.at));
        for repeat in deliveries.iter().filter(|one| one.repeat) {
            let first = deliveries.iter().find(|one| {
                !one.repeat && (one.topic, one.triggered_at) == (repeat.topic, repeat.triggered_at)
            });
            assert_eq!(first.unwrap().subject, repeat.subject);
        }
    }
}

#[test]
fn nothing_happens_outside_the_year() {
    let (_, year) = year(3);
    let inside = |at: Timestamp| year.start <= at && at < year.end;
    for person in people::everybody(&year) {
        for order in &person.orders {
            assert!(order.steps.iter().all(|step| inside(step.at)));
            assert!(order.steps.is_sorted_by_key(|step| step.at));
        }
        for payment in &person.payments {
            assert!(payment.steps.iter().all(|step| inside(step.at)));
            assert!(payment.steps.is_sorted_by(|a, b| a.at < b.at), "each picture has its time");
        }
        assert!(person.till.steps.iter().all(|step| inside(step.at)));
    }
}

/// A whole year of many.
fn many() -> Vec<Person> {
    let (_, short) = year(1);
    let start = short.end.checked_sub(jiff::SignedDuration::from_hours(24 * 365)).unwrap();
    people::everybody(&Year { customers: 300, start, ..short })
}

#[test]
fn half_of_the_sales_are_the_tills_and_half_the_web_shops() {
    let people = many();
    let web: usize = people.iter().map(|person| person.orders.len()).sum();
    let till: usize = people.iter().map(|person| person.payments.len()).sum();
    // Who comes back after an absence buys more.
    assert!((7_000..11_000).contains(&(web + till)), "{web} and {till}");
    assert!((40..=60).contains(&(till * 100 / (web + till))), "{web} and {till}");
}

#[test]
fn the_year_has_everything_that_the_till_can_do() {
    use crate::square::{Change, RefundStatus, Tender};
    let people = many();
    let payments = || people.iter().flat_map(|person| &person.payments);
    let some =
        |is: &dyn Fn(&crate::square::Payment) -> bool| payments().filter(|one| is(one)).count() > 5;
    let did = |is: fn(&Change) -> bool| some(&|one| one.steps.iter().any(|step| is(&step.change)));
    assert!(some(&|one| one.tender == Tender::Cash) && some(&|one| one.tender == Tender::GiftCard));
    assert!(some(&|one| one.tip > 0) && some(&|one| one.customer.is_some()));
    assert!(did(|change| matches!(change, Change::Named(_))));
    assert!(did(|change| matches!(change, Change::Settled)));
    assert!(did(|change| matches!(change, Change::Voided)));
    assert!(did(|change| matches!(change, Change::Refund(_, RefundStatus::Completed))));
    assert!(did(|change| matches!(change, Change::Refund(_, RefundStatus::Rejected))));
    let visits: std::collections::BTreeSet<_> = payments().map(|one| &one.order).collect();
    assert!(payments().count() > visits.len() + 50, "some visits are paid in two parts");
    let merged = people.iter().filter(|person| person.till.were_merged()).count();
    assert!(merged > 5, "{merged} had their records merged");
    let copied = people.iter().flat_map(|person| &person.orders);
    let copied = copied.filter(|order| order.channel != crate::shopify::Channel::Web).count();
    assert!((3..60).contains(&copied), "{copied} only mirror");
}

#[test]
fn a_copy_of_a_sale_is_of_the_same_amount_a_moment_later() {
    for person in many() {
        for copy in person.orders.iter().filter(|one| one.channel != crate::shopify::Channel::Web) {
            let (at, total) = (copy.steps[0].at, copy.at_last().total());
            let sale = person.payments.iter().find(|payment| {
                let after = at.duration_since(payment.steps[0].at).as_secs();
                (0..180).contains(&after)
            });
            assert_eq!(sale.unwrap().total(), total);
        }
    }
}

/// A small year's mail as it went out, and the same with a change.
async fn looked_over(change: impl Fn(&mut Vec<testkit::ses::Mail>)) -> Vec<String> {
    let (program, year) = year(7);
    let year = Year { customers: 40, ..year };
    let mut home = Home::open(&Data::Memory, &nothing).await.unwrap();
    let play = Play::on(&mut home, &program, year, PUBLIC_URL.to_owned()).await.unwrap();
    let mut play = Arc::new(play);
    let mut room = Mailroom::open(&home, &play).await.unwrap();
    let bar = ProgressBar::hidden();
    deliver::everything(&home, &mut play, &bar, Some(&mut room)).await.unwrap();
    let mut mails = room.cloud.ses.mails();
    assert!(mails.len() > 20, "{}", mails.len());
    change(&mut mails);
    mailroom::look_over(&mails, &play, 40).problems
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mailboxes_of_a_small_year_are_right_and_a_wrong_mail_is_noticed() {
    assert_eq!(looked_over(|_| {}).await, Vec::<String>::new());
    let twice = looked_over(|mails| mails.push(mails[0].clone())).await;
    assert!(twice[0].contains("sent twice"), "{twice:?}");
    let unasked = looked_over(|mails| {
        for mail in mails {
            mail.text = Some("Welcome to Corner Bakery Regulars".to_owned());
        }
    });
    let unasked = unasked.await;
    assert!(unasked.iter().any(|one| one.contains("marketing unasked")), "{unasked:?}");
    let astray = looked_over(|mails| mails[0].to = vec!["nobody@example.com".to_owned()]).await;
    assert!(astray[0].contains("nobody known"), "{astray:?}");
}

/// Twelve weeks of some who all fall silent in the fourth.
async fn silent(home: &mut Home<'_>) -> Play {
    let (program, year) = days(5, 84);
    let silent = year.start + jiff::SignedDuration::from_hours(26 * 24);
    let year = Year { customers: 24, ..year };
    let mut play = Play::on(home, &program, year, PUBLIC_URL.to_owned()).await.unwrap();
    for (index, person) in play.people.iter_mut().enumerate() {
        // Nobody goes without being asked, so that there is somebody to test.
        person.consents = person.account.is_some().then_some(true);
        if person.known == people::Known::WalkIn {
            (person.orders, person.payments) = (Vec::new(), Vec::new());
        }
        person.orders.retain(|order| order.steps[0].at < silent);
        person.payments.retain(|payment| payment.steps[0].at < silent);
        person.silent_from = Some(silent);
        play.deliveries[index] = schedule::of(&play.year, person, index);
    }
    play
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nights_miss_who_fell_silent_and_what_comes_after_a_letter_is_delivered_and_right() {
    let mut home = Home::open(&Data::Memory, &nothing).await.unwrap();
    let mut play = Arc::new(silent(&mut home).await);
    let before: usize = play.deliveries.iter().map(Vec::len).sum();
    let mut room = Mailroom::open(&home, &play).await.unwrap();
    let bar = ProgressBar::hidden();
    let delivered = deliver::everything(&home, &mut play, &bar, Some(&mut room)).await.unwrap();
    assert_eq!(delivered.refused, [""; 0]);
    assert!(delivered.deliveries > u64::try_from(before).unwrap(), "nobody came back");
    let back = |person: &&Person| person.absences > 0 && person.visits > 1;
    assert!(play.people.iter().filter(back).count() >= 2);
    let audited = audit::everything(&home, &play).await.unwrap();
    assert_eq!(audited.problems, [""; 0]);

    let tested = &room.lives.tested;
    let of = |held: bool| tested.iter().filter(move |one| one.held == held);
    assert!(of(true).count() >= 1 && of(false).count() >= 1, "{tested:?}");
    assert!(of(true).all(|one| !one.written_to));
    assert!(of(false).any(|one| one.written_to), "{tested:?}");
    // Somebody may only be thought to be gone: a letter adds nothing to her.
    assert!(tested.iter().any(|one| one.effect > 0), "{tested:?}");
    let nights = room.nights(&play).await.unwrap();
    assert_eq!(nights.nights, 84);
    assert!(nights.looked_at > 0 && nights.decisions["win-back"]["held out"] > 0);
    let mails = room.look_over(&play, 24);
    assert_eq!(mails.problems, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_seed_makes_the_same_customers_so_that_a_test_draws_the_same() {
    let mut customers = Vec::new();
    for _ in 0..2 {
        let (program, year) = year(3);
        let mut home = Home::open(&Data::Memory, &nothing).await.unwrap();
        let play = Play::on(&mut home, &program, year, PUBLIC_URL.to_owned()).await.unwrap();
        let mut play = Arc::new(play);
        let bar = ProgressBar::hidden();
        deliver::everything(&home, &mut play, &bar, None).await.unwrap();
        customers.push(audit::everything(&home, &play).await.unwrap().customers);
    }
    assert!(customers[0].len() > 5);
    assert_eq!(customers[0], customers[1]);
}

#[test]
fn who_comes_back_buys_in_orders_of_their_own_within_the_year() {
    let (_, year) = days(5, 300);
    let year = Year { customers: 40, ..year };
    let mut silent = 0;
    for (place, mut person) in people::everybody(&year).into_iter().enumerate() {
        let Some(from) = person.silent_from else { continue };
        let index = u32::try_from(place).unwrap();
        let at = from + jiff::SignedDuration::from_hours(30 * 24);
        if at >= year.end {
            continue;
        }
        silent += 1;
        let before = person.clone();
        let places = person.comes_back(&year, index, at);
        assert_eq!(places, (before.orders.len(), before.payments.len()));
        assert!(person.visits > before.visits && person.absences == 1);
        let ids: std::collections::BTreeSet<_> = person.orders.iter().map(|one| one.id).collect();
        assert_eq!(ids.len(), person.orders.len());
        let until = person.silent_from.unwrap_or(year.end);
        let times = person.orders[places.0..].iter().map(|order| order.steps[0].at);
        let times = times.chain(person.payments[places.1..].iter().map(|one| one.steps[0].at));
        let times: Vec<Timestamp> = times.collect();
        assert!(times.iter().all(|time| at <= *time && *time < until.max(at) + DAY), "{times:?}");
        assert!(schedule::since(&year, &person, place, places).iter().all(|one| one.at >= at));
    }
    assert!(silent > 10, "{silent}");
}

const DAY: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);
