use super::*;

fn nothing(_: &str) -> Option<String> {
    None
}

fn year(seed: u64) -> (ProgramFile, Year) {
    let program = serve::sample().unwrap();
    let args = DemoArgs {
        days: 20,
        customers: 10,
        seed,
        no_serve: true,
        json: false,
        listen: crate::cli::DEFAULT_LISTEN,
    };
    let year = Year::ending(&program, "2026-11-22T12:00:00Z".parse().unwrap(), &args).unwrap();
    (program, year)
}

async fn played(seed: u64) -> Report {
    let (program, year) = year(seed);
    let mut home = Home::open(&Data::Memory, &nothing).await.unwrap();
    play(&mut home, &program, year).await.unwrap()
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
    assert_eq!(first.figures.delivered_again.ledger_changes, 0);
    assert_ne!(first.figures, played(8).await.figures);
}

/// What the audit says where some deliveries were lost.
async fn audited_without(lost: impl Fn(&Delivery) -> bool) -> Vec<String> {
    let (program, year) = year(7);
    let year = Year { customers: 40, ..year };
    let mut home = Home::open(&Data::Memory, &nothing).await.unwrap();
    let mut play = Play::on(&mut home, &program, year).await.unwrap();
    for own in &mut play.deliveries {
        own.retain(|one| !lost(one));
    }
    let play = Arc::new(play);
    deliver::everything(&home, &play, &ProgressBar::hidden()).await.unwrap();
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
    for order in people::everybody(&year).iter().flat_map(|person| &person.orders) {
        assert!(order.steps.iter().all(|step| year.start <= step.at && step.at < year.end));
        assert!(order.steps.is_sorted_by_key(|step| step.at));
    }
}
