//! What a night costs: by who is due, whoever else there is.

use loyalty::account::Due;
use testkit::crowd::{Model, ORDERS};

use super::*;

/// The night that finds Ada gone for three weeks.
const NIGHT: Date = date(2026, 3, 16);

/// The bakery with Ada, who is due that night, and so many like her: the first `due` of them
/// that night too, the others on some day after.
async fn crowd(customers: u64, due: u64) -> Bakery {
    let bakery = Bakery::open().await;
    let orders: u64 = ORDERS.parse().unwrap();
    for (number, day) in (1..).zip(WEEKLY) {
        let at = noon(day);
        bakery.shop.set_now(&at);
        bakery.shop.buys(orders * 10 + number, 10, &at).await;
    }
    bakery.ada_agrees().await;
    let model = Model::of(&bakery.shop, &bakery.ada().await).await;
    let on = |number| {
        let later = NIGHT + (1 + i64::try_from(number % 60).unwrap()).days();
        Due { mail: Some(if number < due { NIGHT } else { later }), points: None }
    };
    model.copy(0..customers, on).await;
    bakery
}

/// What a night costs in read units and write units, both in tenths. What the shop itself
/// costs, for itself.
async fn costs(bakery: &Bakery) -> (u64, u64) {
    let store = &bakery.shop.services.store;
    let (read, written) = (store.read_units_x10(), store.write_units_x10());
    bakery.nights(NIGHT, NIGHT).await;
    (store.read_units_x10() - read, store.write_units_x10() - written)
}

#[tokio::test]
async fn a_night_reads_at_most_three_units_for_each_customer_who_is_due() {
    let ada_alone = costs(&crowd(0, 0).await).await;
    let bakery = crowd(200, 100).await;
    let of_101 = costs(&bakery).await;
    let letters = bakery.shop.services.store.messages(&bakery.shop.id, &Model::customer(7)).await;
    assert_eq!(letters.unwrap()[0].trigger(), "win-back after 2026-02-23 1");
    let later = bakery.shop.services.store.messages(&bakery.shop.id, &Model::customer(107)).await;
    assert_eq!(later.unwrap(), []);
    let reads_each = (of_101.0 - ada_alone.0).div_ceil(100);
    assert!((10..=30).contains(&reads_each), "{reads_each} tenths, {ada_alone:?}, {of_101:?}");
    assert!(of_101.1 > ada_alone.1, "what is written is counted too: {of_101:?}");
}

#[tokio::test]
async fn who_is_not_due_costs_a_night_nothing() {
    assert_eq!(costs(&crowd(200, 0).await).await, costs(&crowd(0, 0).await).await);
}
