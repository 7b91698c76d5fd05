//! Which orders she is asked about.

use jiff::civil::{Date, date};

use super::*;

const PAID: Date = date(2026, 3, 3);
const NOW: &str = "2026-03-03T15:00:00Z";

/// A shop on the day of its first order.
fn shop(more: &str) -> Shop {
    let toml = format!("{}{more}", program("points = 10\namount = '1.00'"));
    let shop = Shop::under(Programs::new(vec![version(&toml)]));
    Shop { now: at(NOW), ..shop }
}

fn asked(shop: &Shop) -> Option<(OrderRef, Date)> {
    shop.account.letters.ask.clone()
}

fn first() -> Option<(OrderRef, Date)> {
    Some((order_ref(0), PAID))
}

fn paid(shop: &mut Shop, order: usize) {
    shop.deliver(order, seen(1, 4995, Payment::Paid));
}

#[test]
fn a_purchase_is_asked_about_and_the_next_one_is_not() {
    let mut shop = shop("");
    paid(&mut shop, 0);
    paid(&mut shop, 0);
    paid(&mut shop, 1);
    assert_eq!(asked(&shop), first());
}

#[test]
fn an_order_is_asked_about_once_it_is_paid_and_never_for_what_went_back() {
    let mut shop = shop("");
    shop.deliver(0, seen(1, 4995, Payment::Unpaid));
    assert_eq!(asked(&shop), None);
    shop.deliver(0, seen(2, 4995, Payment::Paid));
    assert_eq!(asked(&shop), first());
    shop.deliver(0, refund(1, 1000, RefundState::Succeeded, 1));
    assert_eq!(asked(&shop), first(), "she kept the rest");
    shop.deliver(0, refund(2, 3995, RefundState::Succeeded, 2));
    assert_eq!(asked(&shop), None);
    paid(&mut shop, 1);
    assert_eq!(asked(&shop), Some((order_ref(1), PAID)));
    shop.deliver(1, Order { cancelled: true, ..Order::default() });
    assert_eq!(asked(&shop), None);
}

#[test]
fn an_order_that_brings_no_points_is_asked_about_like_others() {
    let mut shop = shop("");
    shop.deliver(0, seen(1, 5, Payment::Paid));
    assert_eq!((shop.balance(), asked(&shop)), (0, first()));
}

#[test]
fn who_was_asked_within_90_days_is_not_asked_again() {
    for (last, expected) in [(date(2025, 12, 6), first()), (date(2025, 12, 7), None)] {
        let mut shop = shop("");
        shop.account.letters.survey = Some(last);
        paid(&mut shop, 0);
        assert_eq!(asked(&shop), expected, "{last}");
    }
}

#[test]
fn a_program_that_asks_nobody_or_an_order_of_long_ago_asks_about_nothing() {
    let mut off = shop("[mail]\noff = ['survey']\n");
    paid(&mut off, 0);
    assert_eq!(asked(&off), None);
    let mut late = Shop { now: at("2026-03-14T15:00:00Z"), ..shop("") };
    paid(&mut late, 0);
    assert_eq!((late.balance(), asked(&late)), (499, None));
}

#[test]
fn only_what_happens_now_is_asked_about() {
    let told = |origin: Origin, twin: bool| {
        let (mut account, id) = (Account::default(), order_ref(0));
        let programs = shop("").programs;
        let context = Context { programs: &programs, order: &id, now: at(NOW), origin, twin };
        let state = seen(1, 4995, Payment::Paid);
        let customer = Some("c1".parse().unwrap());
        let mut record = Record { state, customer, ..Record::default() };
        post(&context, &Order::default(), &mut record, &mut account).unwrap();
        account.letters.ask
    };
    assert_eq!(told(Origin::Live, false), first());
    assert_eq!(told(Origin::Live, true), None, "it may be another order's sale");
    for origin in [Origin::Import, Origin::Backfill, Origin::Replay, Origin::Reconcile] {
        assert_eq!(told(origin, false), None, "{origin:?}");
    }
}

#[test]
fn an_order_that_turns_out_to_be_somebody_elses_is_not_asked_about() {
    let mut shop = shop("");
    paid(&mut shop, 0);
    paid(&mut shop, 1);
    for (number, left) in [(1, first()), (0, None)] {
        let id = order_ref(number);
        let (programs, origin) = (shop.programs.clone(), Origin::Live);
        let context =
            Context { programs: &programs, order: &id, now: shop.now, origin, twin: false };
        let others: Vec<Counted> = shop.orders.iter().filter_map(|order| order.counted).collect();
        release(&context, &mut shop.orders[number], &mut shop.account, &others[..1]).unwrap();
        assert_eq!(asked(&shop), left);
    }
}
