//! Reads like the rules page: its worked examples, and the questions they leave.

use jiff::Timestamp;

use super::*;
use crate::month::Month;
use crate::order::{Basket, Books, Charge, Line, LineKind, NamedLine, Presentment, Stamp, Stamped};
use crate::program::Programs;
use crate::testing::{at, decimal, program, version};

/// A sale of these lines, all of them paid.
fn sale(total: i64) -> Sale {
    Sale {
        currency: "USD".parse().unwrap(),
        payment: Payment::Paid,
        test: false,
        total,
        current_total: None,
        outstanding: 0,
        refunded: 0,
        taxes_included: false,
        shipping: Charge::default(),
        tip: 0,
        presentment: None,
        placed_at: at("2026-03-03T12:00:00Z"),
        location: None,
        channel: None,
        visit: None,
    }
}

fn line(id: u64, price: i64) -> Line {
    Line {
        id: id.into(),
        quantity: 1,
        price,
        discount: 0,
        tax: 0,
        kind: LineKind::Goods,
        product: None,
        sku: None,
    }
}

fn order(sale: Sale, lines: Vec<Line>) -> Order {
    let stamp = Stamp { updated_at: at("2026-03-03T12:00:01Z"), triggered_at: None };
    Order::observed(stamp, sale, Some(lines))
}

/// `order` with a successful refund of `amount` that names `lines` as (line, subtotal, tax).
fn refunded(order: Order, id: &str, amount: &str, lines: &[(u64, &str, &str)]) -> Order {
    refund_at(order, id, Some(amount), lines, at("2026-03-04T12:00:00Z"))
}

fn refund_at(
    order: Order,
    id: &str,
    amount: Option<&str>,
    lines: &[(u64, &str, &str)],
    created: Timestamp,
) -> Order {
    let row = |(line, subtotal, tax): &(u64, &str, &str)| NamedLine {
        line: (*line).into(),
        quantity: 1,
        subtotal: decimal(subtotal),
        tax: decimal(tax),
    };
    let named = Named { lines: lines.iter().map(row).collect(), ..Named::default() };
    let payment = |amount: &str| RefundPayment {
        state: RefundState::Succeeded,
        amount: decimal(amount),
        currency: None,
        updated_at: created,
    };
    let stamp = Stamp { updated_at: created, triggered_at: None };
    let refund = Refund {
        created_at: Some(created),
        named: Some(Stamped { stamp, value: named }),
        payments: amount.map(|amount| (format!("t{id}"), payment(amount))).into_iter().collect(),
    };
    order.merge(Order { refunds: [(id.to_owned(), refund)].into(), ..Order::default() })
}

#[track_caller]
fn worth_under(program: &str, order: &Order) -> Worth {
    let version = version(program);
    let snapshot = Snapshot::taken(&version, order.paid_at().unwrap());
    worth(order, &snapshot, &version.program).unwrap()
}

/// Kept and points under `1 per 1.00`, floor.
#[track_caller]
fn check(order: &Order, kept: i64, points: i64) {
    let worth = worth_under(&program("points = 1\namount = '1.00'"), order);
    assert_eq!((worth.kept, worth.points), (kept, Points(points)));
}

#[test]
fn worked_tax_added_and_not_counted() {
    let goods = Line { discount: 1000, tax: 1194, ..line(1, 59_700) };
    let sold = order(Sale { shipping: Charge::default(), ..sale(59_894) }, vec![goods]);
    check(&sold, 58_700, 587);
    check(&refunded(sold, "1", "209.00", &[(1, "391.33", "7.96")]), 38_217, 382);
}

#[test]
fn worked_tax_included_and_not_counted_takes_shippings_tax_once() {
    let toml = program("points = 1\namount = '1.00'\n[base]\ntax = 'left-out'");
    let shipping = Charge { amount: 595, tax: 95 };
    let goods = |id| Line { tax: 190, ..line(id, 1190) };
    let one = order(Sale { taxes_included: true, shipping, ..sale(1785) }, vec![goods(1)]);
    let worth = worth_under(&toml, &one);
    assert_eq!((worth.kept, worth.points), (1000, Points(10)));

    let two = Sale { taxes_included: true, shipping, ..sale(2975) };
    let two = order(two, vec![goods(1), goods(2)]);
    let left = worth_under(&toml, &refunded(two, "1", "11.90", &[(2, "11.90", "1.90")]));
    assert_eq!((left.kept, left.points), (1000, Points(10)));
}

#[test]
fn worked_a_gift_card_beside_goods_refunded() {
    let card = Line { kind: LineKind::GiftCard, ..line(2, 5000) };
    let sold = order(sale(7000), vec![line(1, 2000), card]);
    check(&sold, 2000, 20);
    check(&refunded(sold, "1", "50.00", &[(2, "50.00", "0")]), 2000, 20);
}

#[test]
fn worked_two_refunds_take_what_they_return() {
    let paid = order(sale(4995), vec![line(1, 4995)]);
    check(&paid, 4995, 49);
    let once = refunded(paid, "1", "10.00", &[]);
    check(&once, 3995, 39);
    check(&refunded(once, "2", "39.95", &[]), 0, 0);
}

#[test]
fn worked_one_per_ten_rounds_the_order_and_never_a_refund() {
    let toml = program("points = 1\namount = '10.00'");
    let points = |order: &Order| worth_under(&toml, order).points.0;
    let paid = order(sale(2190), vec![line(1, 2190)]);
    assert_eq!(points(&paid), 2);
    assert_eq!(points(&refunded(paid, "1", "10.00", &[])), 1);

    let mut twenty = order(sale(2000), vec![line(1, 2000)]);
    let mut seen = vec![points(&twenty)];
    for id in ["1", "2", "3", "4"] {
        twenty = refunded(twenty, id, "5.00", &[]);
        seen.push(points(&twenty));
    }
    assert_eq!(seen, [2, 1, 1, 0, 0]);
    let at_once = refunded(order(sale(2000), vec![line(1, 2000)]), "1", "20.00", &[]);
    assert_eq!(points(&at_once), 0);
}

#[test]
fn worked_edited_down_before_payment() {
    let goods = vec![line(1, 6000), line(2, 4000)];
    let pending = order(Sale { payment: Payment::Unpaid, ..sale(10_000) }, goods.clone());
    let before = at("2026-03-03T11:00:00Z");
    let edited = refund_at(pending, "1", None, &[(2, "40.00", "0")], before);
    let money = received(&edited, "USD".parse().unwrap()).unwrap();
    assert_eq!(money.received, 0);
    check(&edited.merge(order(sale(10_000), goods)), 6000, 60);
}

#[test]
fn a_gift_card_taken_off_before_payment_leaves_the_goods_whole() {
    let goods = vec![line(1, 2000), Line { kind: LineKind::GiftCard, ..line(2, 5000) }];
    let before = at("2026-03-03T11:00:00Z");
    let edited = refund_at(order(sale(7000), goods), "1", None, &[(2, "50.00", "0")], before);
    check(&edited, 2000, 20);
}

#[test]
fn goods_given_back_without_money_change_nothing() {
    let paid = order(sale(2000), vec![line(1, 2000)]);
    let after = at("2026-03-09T11:00:00Z");
    check(&refund_at(paid, "1", None, &[(1, "20.00", "0")], after), 2000, 20);
}

#[test]
fn a_deposit_counts_what_is_not_outstanding() {
    let deposit = Sale {
        payment: Payment::Deposit,
        current_total: Some(10_000),
        outstanding: 7_000,
        ..sale(10_000)
    };
    check(&order(deposit, vec![line(1, 10_000)]), 3000, 30);
}

#[test]
fn a_cancelled_order_is_worth_nothing_even_before_its_money_is_back() {
    let cancelled = Order { cancelled: true, ..Order::default() };
    check(&order(sale(2000), vec![line(1, 2000)]).merge(cancelled), 0, 0);
}

#[test]
fn a_refund_in_the_buyers_currency_goes_by_the_orders_own_rate() {
    let presentment = Some(Presentment {
        currency: "EUR".parse().unwrap(),
        theirs: decimal("90.00"),
        ours: decimal("100.00"),
    });
    let sold = order(Sale { presentment, ..sale(10_000) }, vec![line(1, 10_000)]);
    let mut back = refunded(sold, "1", "45.00", &[]);
    for refund in back.refunds.values_mut() {
        for payment in refund.payments.values_mut() {
            payment.currency = Some("EUR".parse().unwrap());
        }
    }
    check(&back, 5000, 50);
}

#[test]
fn one_transaction_listed_by_two_refunds_counts_once() {
    let paid = order(sale(2000), vec![line(1, 2000)]);
    let once = refunded(paid, "1", "5.00", &[]);
    let mut twice = refunded(once, "2", "5.00", &[]);
    let payment = twice.refunds["1"].payments["t1"].clone();
    twice.refunds.get_mut("2").unwrap().payments = [("t1".to_owned(), payment)].into();
    check(&twice, 1500, 15);
}

#[test]
fn the_sources_own_books_overrule() {
    let books = Books { received: 1000, refunded: 400 };
    let stamp = Stamp { updated_at: at("2026-03-05T00:00:00Z"), triggered_at: None };
    let books = Order { books: Some(Stamped { stamp, value: books }), ..Order::default() };
    check(&order(sale(2000), vec![line(1, 2000)]).merge(books), 600, 6);
}

#[test]
fn without_lines_the_amount_is_the_base_and_the_receipt_says_so() {
    let stamp = Stamp { updated_at: at("2026-03-03T12:00:01Z"), triggered_at: None };
    let sold = Order::observed(stamp, sale(1234), None);
    check(&sold, 1234, 12);
    let worth = worth_under(&program("points = 1\namount = '1.00'"), &sold);
    assert!(!worth.receipt.from_lines);
}

/// One of two halves that a sale of 20.00 was paid in, with a tip of 3.00 of its own.
fn half(lines: bool) -> Order {
    let stamp = Stamp { updated_at: at("2026-03-03T12:00:01Z"), triggered_at: None };
    let basket = Basket { total: 2000, taxes_included: false };
    let lines =
        lines.then(|| vec![line(1, 1500), Line { kind: LineKind::GiftCard, ..line(2, 500) }]);
    let basket = lines.as_ref().map(|_| Stamped { stamp, value: basket });
    Order { basket, ..Order::observed(stamp, Sale { tip: 300, ..sale(1000) }, lines) }
}

#[test]
fn one_payment_of_several_has_its_part_of_the_sales_lines() {
    check(&half(true), 750, 7);
    check(&half(false), 1000, 10);
    check(&refunded(half(true), "1", "5.00", &[]), 375, 3);
}

#[test]
fn a_payments_tip_is_its_own_and_no_part_of_the_sales() {
    let on = program("points = 1\namount = '1.00'\n[base]\ntip = true");
    assert_eq!(worth_under(&on, &half(true)).kept, 1050);
    assert_eq!(worth_under(&on, &half(false)).kept, 1300);
}

#[test]
fn what_a_program_ignores_is_worth_nothing_and_says_why() {
    let ignoring = version(&program("points = 1\namount = '1.00'\n[base]\nignore = ['42']"));
    let copied = order(Sale { channel: Some("42".to_owned()), ..sale(2000) }, vec![line(1, 2000)]);
    let snapshot = Snapshot::taken(&ignoring, copied.paid_at().unwrap());
    let why = worth(&copied, &snapshot, &ignoring.program).unwrap_err();
    assert_eq!(why.to_string(), "it only mirrors a sale made elsewhere: the program ignores `42`");
}

#[test]
fn a_second_payment_of_a_visit_is_no_order_of_its_own() {
    let per_order = version(&program(
        "points = 1\namount = '1.00'\n[[earn]]\nper = 'order'\npoints = 5\nat_least = '1.00'",
    ));
    let paid = order(sale(2000), vec![line(1, 2000)]);
    let snapshot = Snapshot::taken(&per_order, paid.paid_at().unwrap());
    let again = Snapshot { again: true, ..snapshot.clone() };
    let points = |snapshot| worth(&paid, snapshot, &per_order.program).unwrap().points;
    assert_eq!((points(&snapshot), points(&again)), (Points(25), Points(20)));
}

#[test]
fn tips_and_shipping_count_only_where_switched_on() {
    let tipped = Sale { tip: 300, shipping: Charge { amount: 500, tax: 0 }, ..sale(2800) };
    let sold = order(tipped, vec![line(1, 2000)]);
    check(&sold, 2000, 20);
    let on = program("points = 1\namount = '1.00'\n[base]\ntip = true\nshipping = true");
    assert_eq!(worth_under(&on, &sold).points, Points(28));
}

#[test]
fn the_best_single_factor_applies_to_each_line() {
    let toml = program(
        "points = 1\namount = '1.00'\n\
         [base]\nexclude = ['never']\n\
         [[category]]\nid = 'cake'\nname = 'Cake'\nskus = ['CAKE-*']\n\
         [[category]]\nid = 'never'\nname = 'Never'\nskus = ['BAG']\n\
         [[multiplier]]\nid = 'cakes'\nfactor = '3'\ncategories = ['cake']\n\
         [[multiplier]]\nid = 'tuesday'\nfactor = '2'\nweekdays = ['tue']",
    );
    let goods = |id, price, sku: &str| Line { sku: Some(sku.to_owned()), ..line(id, price) };
    let lines = vec![goods(1, 1000, "cake-1"), goods(2, 1000, "LOAF"), goods(3, 1000, "BAG")];
    // 3 March 2026 is a Tuesday: cake 3 × 10, loaf 2 × 10, the bag nothing.
    let sold = order(sale(3000), lines);
    let worth = worth_under(&toml, &sold);
    assert_eq!((worth.kept, worth.points), (3000, Points(50)));
    let ids: Vec<_> = worth.receipt.multipliers.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["cakes", "tuesday"]);
    // The cake comes back: its tripled points go, the others' stay.
    assert_eq!(
        worth_under(&toml, &refunded(sold, "1", "10.00", &[(1, "10.00", "0")])).points.0,
        20
    );
}

#[test]
fn per_order_and_per_item_follow_what_is_kept() {
    let toml = program(
        "points = 5\nat_least = '20.00'\n\
         [[earn]]\nper = 'item'\npoints = 1\nskus = ['COFFEE']",
    )
    .replace("per = 'amount'", "per = 'order'");
    let coffee = Line { quantity: 3, sku: Some("COFFEE".to_owned()), ..line(1, 400) };
    let sold = order(sale(2200), vec![coffee, line(2, 1000)]);
    assert_eq!(worth_under(&toml, &sold).points, Points(8));
    let once = refunded(sold, "1", "4.00", &[(1, "4.00", "0")]);
    assert_eq!(worth_under(&toml, &once).points, Points(2));
}

#[test]
fn test_orders_and_other_currencies_are_worth_nothing_and_say_so() {
    let why =
        |sale| received(&order(sale, vec![]), "USD".parse().unwrap()).unwrap_err().to_string();
    assert_eq!(why(Sale { test: true, ..sale(100) }), "it is a test order");
    assert_eq!(
        why(Sale { currency: "EUR".parse().unwrap(), ..sale(100) }),
        "it is in EUR, but the shop counts in USD: it earns nothing, and is never added up"
    );
}

#[test]
fn numbers_beyond_64_bits_are_an_error_never_a_wrap() {
    let huge = Line { quantity: i64::MAX, ..line(1, i64::MAX) };
    let sold = order(sale(1), vec![huge]);
    let version = version(&program("points = 1000\namount = '0.01'"));
    let snapshot = Snapshot::taken(&version, at("2026-03-03T12:00:00Z"));
    assert_eq!(worth(&sold, &snapshot, &version.program), Err(WorthError::Overflow(Overflow)));
}

#[test]
fn a_snapshot_tells_when_points_mature_and_expire() {
    let toml = program("points = 1\namount = '1.00'\n[expiry]\nrule = 'months'\nmonths = 24")
        .replace("[program]", "[program]\npending_days = 14");
    let version = version(&toml);
    let snapshot = Snapshot::taken(&version, at("2026-03-31T23:30:00Z"));
    assert_eq!(snapshot.lot, Some("2028-03".parse::<Month>().unwrap()));
    assert_eq!(snapshot.matures.unwrap().to_string(), "2026-04-14");
    assert!(Programs::new(vec![version]).in_force(at("2019-01-01T00:00:00Z")).is_none());
}
