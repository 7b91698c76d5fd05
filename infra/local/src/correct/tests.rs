use loyalty::program::CORNER_BAKERY;
use platform::store::ActWhat;
use testkit::shop::TestShop;

use super::*;
use crate::cli::DEFAULT_DATA;

/// The bakery with 300 dollars of Ada's under version 1, a better version 2 and a worse one 3.
async fn bakery() -> TestShop {
    let shop = TestShop::open().await;
    shop.buys(1, 100, "2026-11-20T12:00:00Z").await;
    shop.buys(2, 200, "2026-11-21T12:00:00Z").await;
    for (points, day) in [(20, "2026-11-22T13:00:00Z"), (5, "2026-11-22T14:00:00Z")] {
        let toml = CORNER_BAKERY.replace("points = 10\n", &format!("points = {points}\n"));
        let now = day.parse().unwrap();
        shop.services.store.apply_program(&toml, now).await.unwrap();
    }
    shop
}

fn args(to_version: u32) -> CorrectArgs {
    CorrectArgs {
        to_version,
        from_version: None,
        paid_from: None,
        paid_to: None,
        insist: None,
        apply: false,
        shop: None,
        data: DEFAULT_DATA.into(),
        stack: None,
    }
}

async fn balance(shop: &TestShop) -> i64 {
    shop.by_email("ada@example.com").await.unwrap().account.wallet.balance().unwrap().0
}

#[tokio::test]
async fn a_correction_is_shown_before_it_is_done_and_done_once() {
    let shop = bakery().await;
    let before = balance(&shop).await;
    let shown = walk(&args(2), &shop.services, &shop.id).await.unwrap();
    assert!(shown.starts_with("Would correct 2 orders of 1 customers"), "{shown}");
    assert!(shown.contains(": +3000 points."), "{shown}");
    assert_eq!(balance(&shop).await, before);
    let apply = CorrectArgs { apply: true, ..args(2) };
    let done = walk(&apply, &shop.services, &shop.id).await.unwrap();
    assert!(done.starts_with("Corrected 2 orders"), "{done}");
    assert_eq!(balance(&shop).await, before + 3000);
    let again = walk(&apply, &shop.services, &shop.id).await.unwrap();
    assert!(again.starts_with("Corrected 0 orders"), "{again}");
    assert!(again.contains("2 are counted by it already"), "{again}");
    let acts = shop.services.store.acts(&shop.id).await.unwrap();
    let corrected = |act: &&platform::store::Act| matches!(act.what, ActWhat::Corrected { .. });
    assert_eq!(acts.iter().filter(corrected).count(), 2);
}

#[tokio::test]
async fn only_chosen_orders_are_corrected() {
    let shop = bakery().await;
    let day = "2026-11-21".parse().unwrap();
    let chosen = CorrectArgs { paid_from: Some(day), ..args(2) };
    let shown = walk(&chosen, &shop.services, &shop.id).await.unwrap();
    assert!(shown.contains("Would correct 1 orders") && shown.contains("+2000"), "{shown}");
    let none = CorrectArgs { from_version: Some(3), ..args(2) };
    let shown = walk(&none, &shop.services, &shop.id).await.unwrap();
    assert!(shown.contains("Would correct 0 orders"), "{shown}");
}

#[tokio::test]
async fn points_are_taken_only_by_who_insists_with_a_reason() {
    let shop = bakery().await;
    let before = balance(&shop).await;
    let apply = CorrectArgs { apply: true, ..args(3) };
    let refused = walk(&apply, &shop.services, &shop.id).await.unwrap();
    assert!(refused.contains("2 stay as they are") && refused.contains("insist"), "{refused}");
    assert_eq!(balance(&shop).await, before);
    let insist = Some("The rate was a typing mistake".to_owned());
    let insists = CorrectArgs { insist, ..apply };
    let done = walk(&insists, &shop.services, &shop.id).await.unwrap();
    assert!(done.contains(": -1500 points."), "{done}");
    assert_eq!(balance(&shop).await, before - 1500);
}

#[tokio::test]
async fn a_version_that_there_is_not_is_refused_with_those_there_are() {
    let shop = bakery().await;
    let refused = walk(&args(9), &shop.services, &shop.id).await.unwrap_err().to_string();
    assert!(refused.contains("no program version 9: it has 1, 2, 3"), "{refused}");
}
