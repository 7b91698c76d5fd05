//! The claims of the rules page, as properties over random histories of one order, and
//! as examples of whole accounts.

mod asking;

use jiff::Timestamp;
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;
use crate::account::Facts;
use crate::ids::Source;
use crate::order::{
    Charge, Line, LineKind, Payment, Refund, RefundPayment, RefundState, Sale, Stamp, Stamped,
};
use crate::program::ProgramVersion;
use crate::testing::{at, program, version};

fn sale(total: i64, payment: Payment) -> Sale {
    Sale {
        currency: "USD".parse().unwrap(),
        payment,
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

fn goods(price: i64) -> Vec<Line> {
    vec![Line {
        id: 1.into(),
        quantity: 1,
        price,
        discount: 0,
        tax: 0,
        kind: LineKind::Goods,
        product: None,
        sku: None,
    }]
}

fn seen(second: i64, total: i64, payment: Payment) -> Order {
    let updated_at = at("2026-03-03T12:00:00Z") + jiff::SignedDuration::from_secs(second);
    let stamp = Stamp { updated_at, triggered_at: None };
    Order::observed(stamp, sale(total, payment), Some(goods(total)))
}

fn refund(id: u8, cents: i64, state: RefundState, second: i64) -> Order {
    let updated_at = at("2026-03-05T12:00:00Z") + jiff::SignedDuration::from_secs(second);
    let payment =
        RefundPayment { state, amount: Decimal::new(cents, 2), currency: None, updated_at };
    let refund = Refund {
        created_at: Some(updated_at),
        named: None,
        payments: [(format!("t{id}"), payment)].into(),
    };
    Order { refunds: [(id.to_string(), refund)].into(), ..Order::default() }
}

fn order_ref(id: usize) -> OrderRef {
    OrderRef { source: Source::Shopify, id: id.to_string().parse().unwrap() }
}

fn bakery() -> Programs {
    Programs::new(vec![version(crate::program::CORNER_BAKERY)])
}

/// One customer, her orders, and everything ever entered.
struct Shop {
    programs: Programs,
    account: Account,
    orders: Vec<Record>,
    entries: Vec<Entry>,
    now: Timestamp,
}

impl Shop {
    fn under(programs: Programs) -> Self {
        Self {
            programs,
            account: Account::default(),
            orders: Vec::new(),
            entries: Vec::new(),
            now: at("2026-03-10T12:00:00Z"),
        }
    }

    #[track_caller]
    fn deliver(&mut self, order: usize, observation: Order) {
        if self.orders.len() <= order {
            self.orders.resize(order + 1, Record::default());
        }
        let id = order_ref(order);
        let origin = Origin::Live;
        let context =
            Context { programs: &self.programs, order: &id, now: self.now, origin, twin: false };
        let record = &mut self.orders[order];
        let before = record.state.clone();
        record.state = before.clone().merge(observation);
        record.customer = Some("c1".parse().unwrap());
        let posted = post(&context, &before, record, &mut self.account);
        self.entries.extend(posted.unwrap());
        self.check();
    }

    /// What must hold after every commit.
    #[track_caller]
    fn check(&self) {
        let wallet = &self.account.wallet;
        let sum: i64 = self.entries.iter().map(|entry| entry.delta.0).sum();
        assert_eq!(sum, wallet.balance().unwrap().0, "the ledger adds up");
        assert!(self.entries.is_sorted_by(|a, b| a.number < b.number), "numbers count up");
        for record in &self.orders {
            let standing = record.standing(&self.programs, Some(&self.account));
            assert_eq!(record.posted(), standing.target, "posted = target(final state)");
        }
        let counted = self.orders.iter().filter_map(|record| record.counted.as_ref());
        let fold = Facts::of(counted, Month::of(jiff::civil::date(2026, 3, 10))).unwrap();
        assert_eq!(self.account.facts, fold, "the fold is the incremental");
    }

    fn balance(&self) -> i64 {
        self.account.wallet.balance().unwrap().0
    }

    fn tier(&self) -> &str {
        self.account.tier.as_ref().unwrap().id.as_str()
    }
}

#[test]
fn a_purchase_earns_once_however_often_it_is_told() {
    let mut shop = Shop::under(bakery());
    for _ in 0..10 {
        shop.deliver(0, seen(1, 4995, Payment::Paid));
    }
    assert_eq!((shop.balance(), shop.entries.len()), (499, 1));
    let receipt = shop.entries[0].receipt.as_ref().unwrap();
    assert_eq!(receipt.rate, ["10 per 1.00"]);
    assert_eq!(receipt.rounding, "floor: 499.5 → 499");
    assert_eq!(receipt.tier.as_ref().unwrap().id.as_str(), "bronze");
}

#[test]
fn a_refund_that_arrives_before_its_order_counts_all_the_same() {
    let mut shop = Shop::under(bakery());
    shop.deliver(0, refund(1, 1000, RefundState::Succeeded, 1));
    assert_eq!(shop.balance(), 0);
    shop.deliver(0, seen(1, 4995, Payment::Paid));
    assert_eq!(shop.balance(), 399);
}

#[test]
fn a_cancellation_after_a_refund_takes_the_rest() {
    let mut shop = Shop::under(bakery());
    shop.deliver(0, seen(1, 4995, Payment::Paid));
    shop.deliver(0, refund(1, 1000, RefundState::Succeeded, 1));
    shop.deliver(0, Order { cancelled: true, ..Order::default() });
    assert_eq!(shop.balance(), 0);
    let what: Vec<_> = shop.entries.iter().map(|entry| (entry.delta.0, &entry.cause)).collect();
    let cause = |what| Cause::Order { order: order_ref(0), what };
    assert_eq!(
        what,
        [
            (499, &cause(Change::Paid)),
            (-100, &cause(Change::Refunded)),
            (-399, &cause(Change::Cancelled)),
        ]
    );
}

#[test]
fn the_purchase_that_reaches_a_threshold_promotes_at_once_and_the_next_earns_more() {
    let mut shop = Shop::under(bakery());
    shop.deliver(0, seen(1, 50_000, Payment::Paid));
    assert_eq!((shop.balance(), shop.tier()), (5000, "silver"));
    let promotion = shop.entries[0].promotion.as_ref().unwrap();
    assert_eq!((promotion.from.as_str(), promotion.to.as_str()), ("bronze", "silver"));
    let held = shop.account.tier.as_ref().unwrap();
    assert_eq!(held.review_on.unwrap().to_string(), "2027-03-10");
    assert_eq!(held.by, Some(order_ref(0)));
    shop.deliver(1, seen(2, 1000, Payment::Paid));
    assert_eq!(shop.balance(), 5125);
}

#[test]
fn a_skipped_tier_is_passed_through_once() {
    let mut shop = Shop::under(bakery());
    shop.deliver(0, seen(1, 120_000, Payment::Paid));
    let promotions: Vec<_> = shop.entries.iter().filter_map(|e| e.promotion.as_ref()).collect();
    assert_eq!((shop.tier(), promotions.len()), ("gold", 1));
}

#[test]
fn a_refund_of_the_promoting_order_does_not_demote_at_once() {
    let mut shop = Shop::under(bakery());
    shop.deliver(0, seen(1, 50_000, Payment::Paid));
    shop.deliver(0, refund(1, 50_000, RefundState::Succeeded, 1));
    assert_eq!((shop.balance(), shop.tier()), (0, "silver"));
}

#[test]
fn an_order_paid_before_the_program_began_earns_nothing_and_says_why() {
    let mut late = version(crate::program::CORNER_BAKERY);
    late.effective_from = at("2026-03-09T00:00:00Z");
    let mut shop = Shop::under(Programs::new(vec![late]));
    shop.deliver(0, seen(1, 4995, Payment::Paid));
    let standing = shop.orders[0].standing(&shop.programs, Some(&shop.account));
    assert_eq!((shop.balance(), standing.because), (0, Some(Because::NoProgram)));
}

#[test]
fn an_old_order_touched_today_counts_for_the_day_it_was_sold() {
    let mut shop = Shop::under(bakery());
    shop.deliver(0, seen(400 * 86_400, 4995, Payment::Paid));
    assert_eq!(shop.entries[0].fact_at, Some(at("2026-03-03T12:00:00Z")));
}

#[test]
fn an_order_seen_unpaid_counts_for_the_day_it_was_paid() {
    let mut shop = Shop::under(bakery());
    shop.deliver(0, seen(1, 4995, Payment::Unpaid));
    assert_eq!(shop.entries.len(), 0);
    shop.deliver(0, seen(2 * 86_400, 4995, Payment::Paid));
    assert_eq!(shop.entries[0].fact_at, Some(at("2026-03-05T12:00:00Z")));
}

#[test]
fn who_joins_within_the_claim_days_gets_her_earlier_orders() {
    let toml = program("points = 1\namount = '1.00'").replace("'automatic'", "'join'");
    let mut shop = Shop::under(Programs::new(vec![version(&toml)]));
    shop.deliver(0, seen(1, 4995, Payment::Paid));
    let standing = shop.orders[0].standing(&shop.programs, Some(&shop.account));
    assert_eq!((shop.balance(), standing.because), (0, Some(Because::NotAMember)));
    assert_eq!(shop.account.facts, Facts::default());

    shop.account.join(at("2026-05-30T12:00:00Z"));
    shop.deliver(0, Order::default());
    assert_eq!(shop.balance(), 49);

    let mut late = Shop::under(Programs::new(vec![version(&toml)]));
    late.deliver(0, seen(1, 4995, Payment::Paid));
    late.account.join(at("2026-06-30T12:00:00Z"));
    late.deliver(0, Order::default());
    assert_eq!(late.balance(), 0);
}

#[test]
fn an_order_that_turns_out_to_be_somebody_elses_leaves_no_trace_in_the_sums() {
    let mut shop = Shop::under(bakery());
    shop.deliver(0, seen(1, 4995, Payment::Paid));
    let alone = shop.account.facts.clone();
    shop.deliver(1, seen(2, 2000, Payment::Paid));
    let id = order_ref(1);
    let origin = Origin::Live;
    let context =
        Context { programs: &shop.programs, order: &id, now: shop.now, origin, twin: false };
    let others = [shop.orders[0].counted.unwrap()];
    let entries = release(&context, &mut shop.orders[1], &mut shop.account, &others).unwrap();
    shop.entries.extend(entries);
    assert_eq!((shop.balance(), &shop.account.facts), (499, &alone));
    assert_eq!(shop.orders[1].posted(), Points::ZERO);
}

fn observation() -> impl Strategy<Value = Order> {
    let payment = prop_oneof![
        Just(Payment::Unpaid),
        Just(Payment::Deposit),
        Just(Payment::Paid),
        Just(Payment::Paid)
    ];
    let state = prop_oneof![
        Just(RefundState::Failed),
        Just(RefundState::Pending),
        Just(RefundState::Succeeded)
    ];
    prop_oneof![
        4 => (0..6_i64, 0..200_000_i64, payment).prop_map(|(s, t, p)| seen(s, t, p)),
        3 => (0..4_u8, 0..60_000_i64, state, 0..4_i64).prop_map(|(i, c, s, t)| refund(i, c, s, t)),
        1 => Just(Order { cancelled: true, ..Order::default() }),
        1 => (0..9_i64, "[ab]").prop_map(|(s, id)| {
            let updated_at = at("2026-03-03T12:00:00Z") + jiff::SignedDuration::from_secs(s);
            let stamp = Stamp { updated_at, triggered_at: None };
            Order { customer: Some(Stamped { stamp, value: id }), ..Order::default() }
        }),
    ]
}

proptest! {
    #[test]
    fn merging_is_commutative_associative_and_idempotent(
        a in observation(), b in observation(), c in observation(), d in observation(),
    ) {
        let ab = a.clone().merge(b.clone());
        let cd = c.clone().merge(d.clone());
        prop_assert_eq!(&ab, &b.clone().merge(a.clone()));
        prop_assert_eq!(&ab.clone().merge(ab.clone()), &ab);
        prop_assert_eq!(&ab.clone().merge(a.clone()), &ab);
        prop_assert_eq!(
            ab.clone().merge(cd.clone()),
            a.merge(b.merge(c).merge(d))
        );
        prop_assert_eq!(ab.clone().merge(cd.clone()), cd.merge(ab));
    }

    #[test]
    fn posted_is_the_target_of_the_final_state_under_any_delivery(
        deliveries in prop::collection::vec((0..3_usize, observation()), 1..24),
    ) {
        let mut shop = Shop::under(bakery());
        for (order, observation) in &deliveries {
            // `deliver` checks every invariant after each commit.
            shop.deliver(*order, observation.clone());
        }
        // The same observations joined at once are the same final states.
        for order in 0..shop.orders.len() {
            let own = deliveries.iter().filter(|(of, _)| *of == order).map(|(_, seen)| seen);
            let joined = own.cloned().fold(Order::default(), Order::merge);
            prop_assert_eq!(&joined, &shop.orders[order].state);
        }
        // And delivering all of it again changes nothing.
        let (entries, account) = (shop.entries.len(), shop.account.clone());
        for (order, observation) in deliveries {
            shop.deliver(order, observation);
        }
        prop_assert_eq!(shop.entries.len(), entries);
        prop_assert_eq!(shop.account, account);
    }

    #[test]
    fn a_stored_record_reads_back_as_it_was(
        deliveries in prop::collection::vec(observation(), 1..6),
    ) {
        let mut shop = Shop::under(bakery());
        for observation in deliveries {
            shop.deliver(0, observation);
        }
        let text = serde_json::to_string(&shop.orders[0]).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Record>(&text).unwrap(), &shop.orders[0]);
        let text = serde_json::to_string(&shop.account).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Account>(&text).unwrap(), &shop.account);
    }
}

#[test]
fn a_mirror_that_the_program_ignores_holds_no_sale_back() {
    let ignoring =
        crate::program::CORNER_BAKERY.replacen("[base]\n", "[base]\nignore = ['42']\n", 1);
    let programs = Programs::new(vec![version(&ignoring)]);
    let mut account = Account::default();
    let mut posted = |source, channel: Option<&str>| {
        let order = OrderRef { source, id: "1".parse().unwrap() };
        let (now, origin) = (at("2026-03-10T12:00:00Z"), Origin::Live);
        let context = Context { programs: &programs, order: &order, now, origin, twin: false };
        let mut state = seen(1, 4995, Payment::Paid);
        state.sale.as_mut().unwrap().value.channel = channel.map(str::to_owned);
        let mut record =
            Record { state, customer: Some("c1".parse().unwrap()), ..Record::default() };
        post(&context, &Order::default(), &mut record, &mut account).unwrap();
        let standing = record.standing(&programs, Some(&account));
        (record.posted().0, standing.because)
    };
    let mirrored = Because::Unworthy(Unworthy::Mirrored("42".to_owned()));
    assert_eq!(posted(Source::Shopify, Some("42")), (0, Some(mirrored.clone())));
    assert_eq!(posted(Source::Square, None), (499, None));
    // Nor does it wait for a person's word itself where it comes second.
    assert_eq!(posted(Source::Shopify, Some("42")), (0, Some(mirrored)));
}

#[test]
fn a_sale_from_before_the_program_counts_for_her_facts_and_earns_only_if_that_was_chosen() {
    let toml = program("points = 1\namount = '1.00'");
    let mut first = version(&toml);
    first.effective_from = at("2026-04-01T00:00:00Z");
    let programs = Programs::new(vec![first]);
    let brought = |earns| {
        let order = OrderRef { source: Source::Shopify, id: "1".parse().unwrap() };
        let (now, origin) = (at("2026-04-10T12:00:00Z"), Origin::Backfill);
        let context = Context { programs: &programs, order: &order, now, origin, twin: false };
        let state = seen(1, 4995, Payment::Paid);
        let customer = Some("c1".parse().unwrap());
        let mut record = Record { state, customer, ..Record::default() };
        let mut account = Account::default();
        post(&context, &Order::default(), &mut record, &mut account).unwrap();
        assert_eq!(record.snapshot, None, "no program was in force");
        record.take_history(&programs, earns);
        let mut post = |record: &mut Record| {
            let before = record.state.clone();
            post(&context, &before, record, &mut account).unwrap();
            (account.wallet.balance().unwrap().0, account.facts.clone())
        };
        let (points, facts) = post(&mut record);
        let because = record.standing(&programs, Some(&Account::default())).because;
        record.state = record.state.merge(refund(1, 1995, RefundState::Succeeded, 1));
        let after = post(&mut record);
        (points, facts, because, after)
    };
    let (points, facts, because, after) = brought(false);
    assert_eq!((points, because), (0, Some(Because::FactsOnly)));
    assert_eq!((after.0, after.1 == facts), (0, false), "a refund takes no points, and counts");
    let (points, same_facts, because, after) = brought(true);
    assert_eq!((points, because, after.0), (49, None, 30));
    // Her facts are the same but for the points.
    assert_eq!((same_facts.first, same_facts.days), (facts.first, facts.days));
}

#[test]
fn what_is_known_later_than_the_books_is_believed() {
    let books = |second, received| {
        let updated_at = at("2026-03-03T12:00:00Z") + jiff::SignedDuration::from_secs(second);
        let stamp = Stamp { updated_at, triggered_at: None };
        let books = crate::order::Books { received, refunded: 0 };
        Order { books: Some(Stamped { stamp, value: books }), ..Order::default() }
    };
    let told = |order: &Order| worth::books(order).map(|books| books.received);
    let unpaid = seen(1, 4995, Payment::Unpaid).merge(books(1, 2000));
    assert_eq!(told(&unpaid), Some(2000));
    assert_eq!(told(&unpaid.clone().merge(seen(2, 4995, Payment::Paid))), Some(4995));
    let later = unpaid.merge(seen(2, 4995, Payment::Paid)).merge(books(3, 4990));
    assert_eq!(told(&later), Some(4990));
}

/// A customer who paid 50.00 under one point per dollar, and versions of two and of none.
fn corrected(spent: i64, to: u32, insists: bool) -> (Result<Corrected, NotCorrected>, Account) {
    let rules = |points: &str| program(&format!("points = {points}\namount = '1.00'"));
    let numbered = |number, points| ProgramVersion { number, ..version(&rules(points)) };
    let dearer = program("points = 1\namount = '10.00'");
    let third = ProgramVersion { number: 3, ..version(&dearer) };
    let late = ProgramVersion { effective_from: at("2026-10-01T00:00:00Z"), ..numbered(2, "2") };
    let late_too = ProgramVersion { effective_from: at("2026-11-01T00:00:00Z"), ..third };
    let programs = Programs::new(vec![numbered(1, "1"), late, late_too]);
    let (order, origin) = (order_ref(1), Origin::Live);
    let now = at("2026-03-03T12:00:00Z");
    let context = Context { programs: &programs, order: &order, now, origin, twin: false };
    let customer = Some("ada".parse().unwrap());
    let mut record = Record { state: seen(0, 5_000, Payment::Paid), customer, ..Record::default() };
    let mut account = Account::default();
    post(&context, &Order::default(), &mut record, &mut account).unwrap();
    account.wallet.spend(Points(spent)).unwrap();
    let context = Context { origin: Origin::Correct, ..context };
    let done = correct(&context, &mut record, &mut account, to, insists);
    if done.is_ok() {
        assert_eq!(record.snapshot.as_ref().unwrap().program, to);
        let again = correct(&context, &mut record, &mut account, to, insists).unwrap();
        assert_eq!((again.delta, again.entries), (Points::ZERO, Vec::new()));
        // What happens to the order afterwards is counted by the same rules.
        let target = record.standing(&programs, Some(&account)).target;
        assert_eq!(record.posted(), target);
    }
    (done, account)
}

#[test]
fn a_correction_posts_the_difference_that_another_version_makes() {
    let (done, account) = corrected(0, 2, false);
    let done = done.unwrap();
    assert_eq!((done.from, done.delta), (1, Points(50)));
    let [entry] = &done.entries[..] else { panic!("one entry") };
    assert_eq!((entry.delta, entry.origin), (Points(50), Origin::Correct));
    assert_eq!(entry.cause, Cause::Order { order: order_ref(1), what: Change::Corrected });
    assert_eq!(entry.receipt.as_ref().unwrap().program_version, 2);
    assert_eq!(account.wallet.available().unwrap(), Points(100));
}

#[test]
fn a_correction_goes_downward_only_if_insisted_on_and_never_into_debt() {
    assert_eq!(corrected(0, 3, false).0, Err(NotCorrected::Downward(Points(-45))));
    assert_eq!(corrected(0, 3, true).0.unwrap().delta, Points(-45));
    assert_eq!(corrected(20, 3, true).0, Err(NotCorrected::BelowZero(Points(-15))));
    assert_eq!(corrected(0, 9, true).0, Err(NotCorrected::NoVersion(9)));
    let told = NotCorrected::Downward(Points(-45)).to_string();
    assert!(told.contains("worth 45 points less"), "{told}");
}

#[test]
fn what_was_never_counted_cannot_be_corrected() {
    let programs = bakery();
    let order = order_ref(1);
    let (now, origin) = (at("2026-03-03T12:00:00Z"), Origin::Correct);
    let context = Context { programs: &programs, order: &order, now, origin, twin: false };
    let done = correct(&context, &mut Record::default(), &mut Account::default(), 1, true);
    assert_eq!(done, Err(NotCorrected::NotCounted));
}
