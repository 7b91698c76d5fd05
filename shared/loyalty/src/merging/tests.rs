use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::account::{Counted, LotKey};
use crate::ids::{OrderRef, Source};
use crate::order::{Charge, Order, Payment, Sale, Stamp};
use crate::posting::{Context, Record, post, welcome};
use crate::testing::{at, program, version};

const NOW: &str = "2026-03-10T12:00:00Z";

/// Two customers, the first of whom the second may be merged into.
struct Shop {
    programs: Programs,
    ids: [CustomerId; 2],
    accounts: [Account; 2],
    orders: Vec<(usize, Record)>,
    /// Every entry, with whose ledger it stands in.
    ledger: Vec<(usize, Entry)>,
}

impl Shop {
    fn under(toml: &str) -> Self {
        let programs = Programs::new(vec![version(toml)]);
        let mut accounts = [Account::default(), Account::default()];
        for account in &mut accounts {
            welcome(&programs, account, at(NOW));
        }
        let ids = ["anna", "ben"].map(|id| id.parse().unwrap());
        Self { programs, ids, accounts, orders: Vec::new(), ledger: Vec::new() }
    }

    fn occasion(&self) -> Occasion<'_> {
        Occasion { programs: &self.programs, now: at(NOW), origin: Origin::Merge }
    }

    /// The account that stands for a customer.
    fn stands_for(&self, who: usize) -> usize {
        if self.accounts[who].merged.is_some() { 0 } else { who }
    }

    /// A customer pays for an order, or it is called off.
    fn order(&mut self, number: usize, who: usize, cents: i64, cancelled: bool) {
        let id = OrderRef { source: Source::Shopify, id: number.to_string().parse().unwrap() };
        let placed_at = at(NOW) + SignedDuration::from_secs(i64::try_from(number).unwrap());
        let sale = Sale {
            currency: "USD".parse().unwrap(),
            payment: Payment::Paid,
            test: false,
            total: cents,
            current_total: None,
            outstanding: 0,
            refunded: 0,
            taxes_included: false,
            shipping: Charge::default(),
            tip: 0,
            presentment: None,
            placed_at,
            location: None,
            channel: None,
            visit: None,
        };
        let stamp = Stamp { updated_at: placed_at, triggered_at: None };
        let seen = Order { cancelled, ..Order::observed(stamp, sale, None) };
        if self.orders.len() <= number {
            self.orders.resize_with(number + 1, || (who, Record::default()));
        }
        let (who, record) = &mut self.orders[number];
        record.customer = Some(self.ids[*who].clone());
        let before = record.state.clone();
        record.state = before.clone().merge(seen);
        let (now, origin) = (at(NOW), Origin::Live);
        let context = Context { programs: &self.programs, order: &id, now, origin, twin: false };
        let account = if self.accounts[*who].merged.is_some() { 0 } else { *who };
        let entries = post(&context, &before, record, &mut self.accounts[account]).unwrap();
        self.ledger.extend(entries.into_iter().map(|entry| (account, entry)));
        self.check();
    }

    fn merge(&mut self) {
        let [anna, ben] = &mut self.accounts;
        let (id_a, id_b) = (self.ids[0].clone(), self.ids[1].clone());
        let occasion = Occasion { programs: &self.programs, now: at(NOW), origin: Origin::Merge };
        let (mut kept, mut gone) =
            (Party { id: &id_a, account: anna }, Party { id: &id_b, account: ben });
        let [taken, handed] = merge(&occasion, &mut kept, &mut gone).unwrap();
        self.ledger.extend([(0, taken), (1, handed)]);
        self.check();
    }

    fn undo(&mut self) {
        let merged = self.accounts[1].merged.clone().unwrap();
        let bens = |entry: &Entry| match &entry.cause {
            Cause::Order { order, .. } => {
                let number: usize = order.id.as_str().parse().unwrap();
                Some(number).filter(|number| self.orders[*number].0 == 1)
            }
            _ => None,
        };
        let since =
            self.ledger.iter().filter(|(in_, entry)| *in_ == 0 && entry.number > merged.entry);
        let moved = since.filter_map(|(_, entry)| {
            let snapshot = self.orders[bens(entry)?].1.snapshot.as_ref()?;
            let place = Place { lot: LotKey::from(snapshot.lot), matures: snapshot.matures };
            Some((place, entry.delta))
        });
        let since =
            Since { moved: moved.collect(), facts: self.facts_of(1), rest: self.facts_of(0) };
        let occasion = self.occasion();
        let (id_a, id_b) = (&self.ids[0], &self.ids[1]);
        let [mut anna, mut ben] = self.accounts.clone();
        let (mut kept, mut gone) =
            (Party { id: id_a, account: &mut anna }, Party { id: id_b, account: &mut ben });
        let [gave, got] = undo(&occasion, &mut kept, &mut gone, since).unwrap().unwrap();
        self.accounts = [anna, ben];
        self.ledger.extend([(0, gave), (1, got)]);
        self.check();
    }

    fn facts_of(&self, who: usize) -> Facts {
        let counted: Vec<&Counted> = self
            .orders
            .iter()
            .filter(|(whose, _)| *whose == who)
            .filter_map(|(_, record)| record.counted.as_ref())
            .collect();
        Facts::of(counted, Month::of(jiff::civil::date(2026, 3, 10))).unwrap()
    }

    /// What must hold after every commit.
    #[track_caller]
    fn check(&self) {
        for (who, account) in self.accounts.iter().enumerate() {
            let entries: Vec<&Entry> =
                self.ledger.iter().filter(|(in_, _)| *in_ == who).map(|(_, entry)| entry).collect();
            let sum: i64 = entries.iter().map(|entry| entry.delta.0).sum();
            assert_eq!(sum, account.wallet.balance().unwrap().0, "the ledger of {who} adds up");
            assert!(entries.is_sorted_by(|a, b| a.number < b.number), "numbers count up");
            if let Some(last) = entries.last() {
                assert_eq!(last.balance_after.0, sum);
            }
        }
    }

    fn balances(&self) -> [i64; 2] {
        self.accounts.each_ref().map(|account| account.wallet.balance().unwrap().0)
    }
}

/// Points by the amount alone: no tier makes an order worth more for one who was merged.
fn flat() -> String {
    program("points = 1\namount = '1.00'\n[[tier]]\nid = 'all'\nname = 'All'\nrate = '1.0'")
}

#[test]
fn merging_moves_everything_and_orders_go_on_under_the_one_that_stays() {
    let mut shop = Shop::under(&flat());
    shop.order(0, 0, 1_000, false);
    shop.order(1, 1, 2_000, false);
    shop.merge();
    assert_eq!(shop.balances(), [30, 0]);
    assert_eq!(shop.stands_for(1), 0);
    shop.order(2, 1, 500, false);
    shop.order(1, 1, 2_000, true);
    assert_eq!(shop.balances(), [15, 0]);
    let counts = shop.accounts[0].facts.ever;
    assert_eq!((counts.spend, counts.orders), (1_500, 2));
}

#[test]
fn undoing_gives_each_what_her_own_orders_made() {
    let mut shop = Shop::under(&flat());
    shop.order(0, 0, 1_000, false);
    shop.order(1, 1, 2_000, false);
    shop.merge();
    shop.order(2, 1, 500, false);
    shop.order(3, 0, 700, false);
    shop.undo();
    assert_eq!(shop.balances(), [17, 25]);
    assert_eq!(shop.accounts[0].facts, shop.facts_of(0));
    assert_eq!(shop.accounts[1].facts, shop.facts_of(1));
    assert!(shop.accounts[0].stands_for.is_empty());
    shop.order(4, 1, 100, false);
    assert_eq!(shop.balances(), [17, 26]);
}

#[test]
fn what_was_spent_together_is_not_given_back() {
    let mut shop = Shop::under(&flat());
    shop.order(0, 0, 1_000, false);
    shop.order(1, 1, 2_000, false);
    shop.merge();
    // Not an entry of an order, so it stays hers; the test's ledger is told of it.
    shop.accounts[0].wallet.spend(Points(25)).unwrap().unwrap();
    let mut spent = shop.ledger[0].1.clone();
    shop.accounts[0].version += 1;
    spent.number = shop.accounts[0].version;
    (spent.delta, spent.balance_after) = (Points(-25), Points(5));
    shop.ledger.push((0, spent));
    shop.undo();
    assert_eq!(shop.balances(), [0, 5]);
}

#[test]
fn a_debt_paid_by_merging_stands_again_when_it_is_undone() {
    let mut shop = Shop::under(&flat());
    shop.order(0, 0, 1_000, false);
    shop.accounts[0].wallet.spend(Points(10)).unwrap().unwrap();
    let mut spent = shop.ledger[0].1.clone();
    shop.accounts[0].version += 1;
    spent.number = shop.accounts[0].version;
    (spent.delta, spent.balance_after) = (Points(-10), Points(0));
    shop.ledger.push((0, spent));
    shop.order(0, 0, 1_000, true);
    shop.order(1, 1, 3_000, false);
    assert_eq!(shop.balances(), [-10, 30]);
    shop.merge();
    assert_eq!(shop.balances(), [20, 0]);
    shop.undo();
    assert_eq!(shop.balances(), [-10, 30]);
}

#[test]
fn of_two_that_are_one_the_earlier_order_is_asked_about_and_a_low_score_of_either_holds_mail() {
    let mut shop = Shop::under(&flat());
    shop.order(0, 1, 1000, false);
    shop.order(1, 0, 1000, false);
    let asked = |shop: &Shop, who: usize| {
        let ask = shop.accounts[who].letters.ask.as_ref();
        ask.map(|(order, _)| order.to_string())
    };
    assert_eq!(asked(&shop, 0).as_deref(), Some("shopify:1"));
    let (until, later) = (at("2026-03-20T12:00:00Z"), at("2026-04-01T12:00:00Z"));
    let (earlier, _) = shop.accounts[1].letters.ask.take().unwrap();
    shop.accounts[1].letters.ask = Some((earlier, jiff::civil::date(2026, 3, 9)));
    shop.accounts[1].held_until = Some(until);
    shop.merge();
    assert_eq!(asked(&shop, 0).as_deref(), Some("shopify:0"));
    assert_eq!(shop.accounts[0].held_until, Some(until));
    shop.accounts[0].held_until = Some(later);
    shop.undo();
    let [anna, ben] = &shop.accounts;
    assert_eq!((anna.held_until, ben.held_until), (Some(later), Some(later)));
    assert_eq!((asked(&shop, 0).as_deref(), asked(&shop, 1)), (Some("shopify:0"), None));
}

#[test]
fn both_together_may_reach_a_tier_and_the_higher_of_two_is_kept() {
    let mut shop = Shop::under(crate::program::CORNER_BAKERY);
    shop.order(0, 0, 30_000, false);
    shop.order(1, 1, 30_000, false);
    shop.merge();
    let tier = |shop: &Shop, who: usize| shop.accounts[who].tier.clone().unwrap().id.to_string();
    assert_eq!(tier(&shop, 0), "silver");
    assert!(shop.ledger.iter().any(|(_, entry)| entry.promotion.is_some()));
    shop.undo();
    assert_eq!((tier(&shop, 0).as_str(), tier(&shop, 1).as_str()), ("silver", "bronze"));
}

proptest! {
    /// Merged, fifty orders, undone: the same points as never merged.
    #[test]
    fn merging_and_undoing_leaves_what_there_would_have_been(
        before in proptest::collection::vec((0..2_usize, 1..9_000_i64), 0..10),
        during in proptest::collection::vec((0..2_usize, 1..9_000_i64, any::<bool>()), 50),
        after in proptest::collection::vec((0..2_usize, 1..9_000_i64), 0..5),
    ) {
        let mut merged = Shop::under(&flat());
        let mut never = Shop::under(&flat());
        let mut number = 0;
        for (who, cents) in before {
            merged.order(number, who, cents, false);
            never.order(number, who, cents, false);
            number += 1;
        }
        merged.merge();
        for (index, (who, cents, called_off)) in during.into_iter().enumerate() {
            merged.order(number, who, cents, false);
            never.order(number, who, cents, false);
            if called_off {
                // Some order, from before the merge or after it.
                let which = (index * 7) % (number + 1);
                let cents = 1;
                merged.order(which, 0, cents, true);
                never.order(which, 0, cents, true);
            }
            number += 1;
        }
        merged.undo();
        for (who, cents) in after {
            merged.order(number, who, cents, false);
            never.order(number, who, cents, false);
            number += 1;
        }
        prop_assert_eq!(merged.balances(), never.balances());
        for who in 0..2 {
            let (one, other) = (&merged.accounts[who], &never.accounts[who]);
            prop_assert_eq!(&one.facts, &other.facts);
            prop_assert_eq!(one.wallet.earned(), other.wallet.earned());
            prop_assert_eq!(one.wallet.lots().collect::<Vec<_>>(), other.wallet.lots().collect::<Vec<_>>());
        }
    }
}
