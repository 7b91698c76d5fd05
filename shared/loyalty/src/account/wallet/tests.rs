use jiff::civil::date;
use proptest::prelude::*;

use super::*;

fn lot(month: &str) -> Place {
    Place { lot: LotKey::Month(month.parse().unwrap()), matures: None }
}

const NEVER: Place = Place { lot: LotKey::Never, matures: None };

fn points(wallet: &Wallet) -> (i64, i64, i64) {
    let available = wallet.available().unwrap().0;
    (available, wallet.pending().unwrap().0, wallet.debt().0)
}

#[test]
fn spending_takes_the_soonest_expiring_lot_first() {
    let mut wallet = Wallet::default();
    wallet.credit(NEVER, Points(5)).unwrap();
    wallet.credit(lot("2027-05"), Points(10)).unwrap();
    wallet.credit(lot("2027-01"), Points(10)).unwrap();
    let taken = wallet.spend(Points(12)).unwrap().unwrap();
    assert_eq!(taken, [(lot("2027-01").lot, Points(10)), (lot("2027-05").lot, Points(2))]);
    assert_eq!(points(&wallet), (13, 0, 0));
}

#[test]
fn a_claw_back_takes_its_own_lot_then_others_then_becomes_debt() {
    let mut wallet = Wallet::default();
    wallet.credit(lot("2027-05"), Points(40)).unwrap();
    wallet.credit(lot("2027-01"), Points(10)).unwrap();
    wallet.spend(Points(15)).unwrap().unwrap();
    wallet.claw_back(lot("2027-05"), Points(40)).unwrap();
    assert_eq!(points(&wallet), (-5, 0, 5));
    assert_eq!(wallet.earned(), Points(10));
}

#[test]
fn a_debt_blocks_spending_and_is_worked_off_first() {
    let mut wallet = Wallet::default();
    wallet.credit(NEVER, Points(40)).unwrap();
    wallet.spend(Points(40)).unwrap().unwrap();
    wallet.claw_back(NEVER, Points(40)).unwrap();
    assert_eq!(wallet.spend(Points(1)).unwrap(), None);
    wallet.credit(NEVER, Points(25)).unwrap();
    assert_eq!(points(&wallet), (-15, 0, 15));
    wallet.credit(NEVER, Points(25)).unwrap();
    assert_eq!(points(&wallet), (10, 0, 0));
}

#[test]
fn a_claw_back_of_expired_points_gives_them_back_first() {
    let mut wallet = Wallet::default();
    wallet.credit(lot("2027-01"), Points(30)).unwrap();
    wallet.credit(lot("2027-05"), Points(10)).unwrap();
    assert_eq!(wallet.expire(LotKey::Month("2027-01".parse().unwrap())).unwrap(), Points(30));
    let met = wallet.claw_back(lot("2027-01"), Points(30)).unwrap();
    assert_eq!(met.expiry_reversed, Points(30));
    assert_eq!((points(&wallet), wallet.expired()), ((10, 0, 0), Points(0)));
}

#[test]
fn pending_points_shrink_with_refunds_and_mature_on_their_day() {
    let mut wallet = Wallet::default();
    let place = Place { lot: LotKey::Never, matures: Some(date(2026, 12, 6)) };
    wallet.credit(place, Points(49)).unwrap();
    wallet.claw_back(place, Points(10)).unwrap();
    assert_eq!(points(&wallet), (0, 39, 0));
    assert_eq!(wallet.mature(date(2026, 12, 5)).unwrap(), Points(0));
    assert_eq!(wallet.mature(date(2026, 12, 6)).unwrap(), Points(39));
    assert_eq!(points(&wallet), (39, 0, 0));
    // Once matured, the order's points live in its lot.
    wallet.claw_back(place, Points(9)).unwrap();
    assert_eq!(points(&wallet), (30, 0, 0));
}

#[test]
fn points_beyond_64_bits_are_an_error() {
    let mut wallet = Wallet::default();
    wallet.credit(NEVER, Points(i64::MAX)).unwrap();
    assert_eq!(wallet.credit(NEVER, Points(1)), Err(Overflow));
}

#[derive(Debug, Clone)]
enum Step {
    Credit(u8, Option<i8>, u16),
    ClawBack(u8, Option<i8>, u16),
    Spend(u16),
    Expire(u8),
    Mature(i8),
}

fn place(month: u8, matures: Option<i8>) -> Place {
    let january = "2027-01".parse::<Month>().unwrap();
    Place {
        lot: if month == 0 { LotKey::Never } else { LotKey::Month(january.plus(month.into())) },
        matures: matures.map(|day| date(2027, 1, day)),
    }
}

fn step() -> impl Strategy<Value = Step> {
    let day = || prop::option::of(1..28_i8);
    prop_oneof![
        (0..4_u8, day(), 0..500_u16).prop_map(|(m, d, p)| Step::Credit(m, d, p)),
        (0..4_u8, day(), 0..500_u16).prop_map(|(m, d, p)| Step::ClawBack(m, d, p)),
        (0..500_u16).prop_map(Step::Spend),
        (1..4_u8).prop_map(Step::Expire),
        (1..28_i8).prop_map(Step::Mature),
    ]
}

proptest! {
    #[test]
    fn lots_less_debt_is_what_is_available_and_nothing_is_lost(steps in prop::collection::vec(step(), 0..40)) {
        let mut wallet = Wallet::default();
        for step in steps {
            match step {
                Step::Credit(m, d, p) => wallet.credit(place(m, d), Points(p.into())).unwrap(),
                Step::ClawBack(m, d, p) => {
                    wallet.claw_back(place(m, d), Points(p.into())).unwrap();
                }
                Step::Spend(p) => { wallet.spend(Points(p.into())).unwrap(); }
                Step::Expire(m) => { wallet.expire(LotKey::Month("2027-01".parse::<Month>().unwrap().plus(m.into()))).unwrap(); }
                Step::Mature(d) => { wallet.mature(date(2027, 1, d)).unwrap(); }
            }
            let lots: i64 = wallet.lots().map(|(_, lot)| lot.points.0).sum();
            let (available, pending, debt) = points(&wallet);
            prop_assert_eq!(lots - debt, available);
            prop_assert!(debt == 0 || lots == 0, "a debt stands beside points");
            prop_assert!(wallet.lots().all(|(_, lot)| lot.points.0 >= 0 && lot.expired.0 >= 0));
            let in_all = wallet.earned().0 - wallet.redeemed().0 - wallet.expired().0;
            prop_assert_eq!(in_all, available + pending);
        }
    }
}

#[test]
fn points_that_stay_expire_no_more_and_what_expired_before_is_still_known() {
    let lot = LotKey::Month("2027-01".parse().unwrap());
    let mut wallet = Wallet::default();
    wallet.credit(Place { lot, matures: None }, Points(30)).unwrap();
    wallet.expire(lot).unwrap();
    wallet.credit(Place { lot, matures: None }, Points(12)).unwrap();
    wallet.stay(lot).unwrap();
    assert_eq!(wallet.next_expiry(), None);
    assert_eq!(wallet.expire(lot).unwrap(), Points::ZERO);
    assert_eq!((wallet.available().unwrap(), wallet.expired()), (Points(12), Points(30)));
}
