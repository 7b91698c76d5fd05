//! Who is asked about an order, and when.

use loyalty::mail::{About, Kind, WhyNot};
use platform::store::Decided;

use super::*;

/// A bakery that asks three days after an order, and writes to nobody who stays away.
async fn asking() -> Bakery {
    let program = at_once().replace("off = [\"survey\"]", "off = [\"win-back\"]");
    let bakery = Bakery::with_program(&program).await;
    bakery.goes_live("2026-01-01T12:00:00Z").await;
    bakery
}

#[tokio::test]
async fn an_order_is_asked_about_after_three_days_and_the_next_90_days_later_at_the_earliest() {
    let bakery = asking().await;
    bakery.ada_agrees().await;
    let mut number = 0;
    for day in date(2026, 2, 2).series(1.day()).take_while(|day| *day <= date(2026, 5, 20)) {
        bakery.hour(&four(day)).await.unwrap();
        if day.weekday() == jiff::civil::Weekday::Monday {
            number += 1;
            bakery.shop.set_now(&noon(day));
            bakery.shop.buys(number, 10, &noon(day)).await;
        }
    }
    // Three days after Monday 2 February is the 5th; 90 days after that, 6 May. The first
    // Monday that is three days before or later is 4 May.
    assert_eq!(bakery.triggers().await, ["survey shopify:1", "survey shopify:14"]);
    let nights: Vec<Date> = bakery.decisions().await.iter().map(|one| one.date).collect();
    assert_eq!(nights, [date(2026, 2, 5), date(2026, 5, 7)]);
    let first = &bakery.messages().await[0].draft;
    assert_eq!(first.sections, [Kind::Survey]);
    assert!(matches!(&first.about, About::Night { reasons, .. } if reasons.len() == 1));
}

#[tokio::test]
async fn an_order_that_was_given_back_in_time_is_not_asked_about() {
    let bakery = asking().await;
    bakery.ada_agrees().await;
    bakery.ada_comes(&[date(2026, 2, 2)]).await;
    bakery.shop.refunds(1, 10, &noon(date(2026, 2, 3))).await;
    bakery.nights(date(2026, 2, 3), date(2026, 2, 10)).await;
    assert_eq!(bakery.triggers().await, Vec::<String>::new());
    assert_eq!(bakery.decisions().await.len(), 0);
}

#[tokio::test]
async fn who_did_not_agree_to_letters_is_not_asked() {
    let bakery = asking().await;
    bakery.ada_comes(&[date(2026, 2, 2)]).await;
    bakery.nights(date(2026, 2, 3), date(2026, 2, 5)).await;
    assert_eq!(bakery.triggers().await, Vec::<String>::new());
    let [decision] = &bakery.decisions().await[..] else { panic!("one decision") };
    assert_eq!((decision.outcome, decision.why), (Decided::Skipped, Some(WhyNot::NoConsent)));
}
