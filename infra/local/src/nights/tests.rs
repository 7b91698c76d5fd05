use jiff::civil::date;

use super::*;

fn args(data: &std::path::Path, from: Date, to: Date) -> NightsArgs {
    NightsArgs { from, to, shop: None, data: data.to_owned() }
}

/// A directory with a shop, and nothing sold yet.
async fn bakery() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut home = Home::open(&Data::Dir(dir.path().to_owned()), &|_| None).await.unwrap();
    let now = "2025-12-01T12:00:00Z".parse().unwrap();
    home.apply(&serve::sample().unwrap(), now).await.unwrap();
    dir
}

#[tokio::test]
async fn every_night_of_a_span_is_lived_once_also_where_the_clocks_change() {
    let dir = bakery().await;
    // New York's clocks go forward on 8 March 2026.
    let (from, to) = (date(2026, 3, 6), date(2026, 3, 10));
    let text = told(&args(dir.path(), from, to), &|_| None).await.unwrap();
    insta::assert_snapshot!(text, @r"
    corner-bakery, 2026-03-06 to 2026-03-10

      reengagement-scan    5 nights, 0 accounts looked at
      tier-recalculation   5 nights, 0 accounts looked at
      mail                 0 sent
    ");
    let again = told(&args(dir.path(), from, to), &|_| None).await.unwrap();
    assert_eq!(again, text, "what was lived stays so");
    let earlier = args(dir.path(), date(2026, 2, 1), date(2026, 2, 2));
    let text = told(&earlier, &|_| None).await.unwrap();
    assert!(text.contains("No night of these was left to live"), "{text}");
}

#[tokio::test]
async fn a_span_that_is_none_and_data_that_are_not_there_are_refused() {
    let dir = bakery().await;
    let backwards = args(dir.path(), date(2026, 3, 10), date(2026, 3, 6));
    let refused = told(&backwards, &|_| None).await.unwrap_err().to_string();
    assert!(refused.contains("isn't a span of 1 to 400 days"), "{refused}");
    let empty = tempfile::tempdir().unwrap();
    let nowhere = args(empty.path(), date(2026, 3, 6), date(2026, 3, 6));
    let refused = told(&nowhere, &|_| None).await.unwrap_err().to_string();
    assert!(refused.contains("there is no data"), "{refused}");
}
