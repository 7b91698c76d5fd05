//! Looked-up sales: their lines, and what they come to.

use loyalty::order::LineKind;
use serde_json::{Value, json};

use crate::Unreadable;
use crate::square::{SquareOrder, order_answer};

/// A looked-up order.
fn order(lines: Value, taxes: Value, total: i64) -> Value {
    json!({"order": {
        "id": "SALE1", "line_items": lines, "taxes": taxes, "updated_at": "2026-11-20T14:01:00Z",
        "total_money": {"amount": total, "currency": "USD"},
        "total_tip_money": {"amount": 200, "currency": "USD"}
    }})
}

fn usd(cents: i64) -> Value {
    json!({"amount": cents, "currency": "USD"})
}

fn item(quantity: &str, gross: i64) -> Value {
    json!({"uid": "U1", "quantity": quantity, "item_type": "ITEM", "catalog_object_id": "LOAF",
        "gross_sales_money": usd(gross), "total_money": usd(gross)})
}

fn looked_up(order: &Value) -> SquareOrder {
    order_answer(order.to_string().as_bytes()).unwrap()
}

/// Quantity, price, discount and tax of the first line.
fn first(order: &Value) -> (i64, i64, i64, i64) {
    let line = looked_up(order).lines.remove(0);
    (line.quantity, line.price, line.discount, line.tax)
}

#[test]
fn a_looked_up_order_has_lines_and_a_basket_without_tips() {
    let mut card = item("1", 5000);
    card["item_type"] = json!("GIFT_CARD");
    let custom = json!({"uid": "U3", "quantity": "1", "item_type": "CUSTOM_AMOUNT",
        "gross_sales_money": usd(300)});
    let found = looked_up(&order(json!([item("2", 1000), card, custom]), json!([]), 6800));
    assert_eq!((found.basket.total, found.basket.taxes_included), (6600, false));
    assert_eq!(found.updated_at.to_string(), "2026-11-20T14:01:00Z");
    let kinds: Vec<_> = found.lines.iter().map(|line| line.kind).collect();
    assert_eq!(kinds, [LineKind::Goods, LineKind::GiftCard, LineKind::Goods]);
    let loaf = &found.lines[0];
    assert_eq!((&loaf.id, loaf.product.as_ref()), (&"U1".into(), Some(&"LOAF".into())));
    assert_eq!((loaf.quantity, loaf.price, &loaf.sku), (2, 500, &None));
}

#[test]
fn what_does_not_divide_is_one_of_its_whole_price() {
    for (quantity, gross, expected) in [
        ("3", 900, (3, 300)),
        ("3", 1000, (1, 1000)),
        ("3.0000", 900, (3, 300)),
        ("0.755", 1234, (1, 1234)),
        ("1.5", 900, (1, 900)),
        ("0", 0, (1, 0)),
    ] {
        let (quantity, price, ..) = first(&order(json!([item(quantity, gross)]), json!([]), 5000));
        assert_eq!((quantity, price), expected);
    }
    for odd in ["", "two", "-1", "1e3"] {
        let body = order(json!([item(odd, 100)]), json!([]), 5000).to_string();
        let Unreadable(reason) = order_answer(body.as_bytes()).unwrap_err();
        assert!(reason.starts_with("`order.line_items.quantity`: "), "{reason}");
    }
}

#[test]
fn added_tax_stands_beside_the_price() {
    let mut line = item("1", 1000);
    line["total_discount_money"] = usd(100);
    line["total_tax_money"] = usd(72);
    line["total_money"] = usd(972);
    line["applied_taxes"] = json!([{"tax_uid": "T1", "applied_money": usd(72)}]);
    let body = order(json!([line]), json!([{"uid": "T1", "type": "ADDITIVE"}]), 1172);
    assert_eq!(first(&body), (1, 1000, 100, 72));
    assert!(!looked_up(&body).basket.taxes_included);
}

/// A line of 11.90 that includes 1.90 of tax; its gross as the country has it.
fn included(gross: i64, total: i64) -> Value {
    let mut line = item("1", gross);
    line["total_tax_money"] = usd(190);
    line["total_money"] = usd(total);
    line["applied_taxes"] = json!([{"tax_uid": "T1", "applied_money": usd(190)}]);
    line
}

#[test]
fn included_tax_is_in_the_price_whichever_way_the_country_counts_gross_sales() {
    let taxes = json!([{"uid": "T1", "type": "INCLUSIVE"}, {"uid": "T2", "type": "ADDITIVE",
        "applied_money": usd(0)}]);
    for gross in [1190, 1000] {
        let body = order(json!([included(gross, 1190)]), taxes.clone(), 1390);
        assert_eq!(first(&body), (1, 1190, 0, 190), "gross sales of {gross}");
        assert!(looked_up(&body).basket.taxes_included);
    }
}

#[test]
fn a_service_charge_on_a_line_is_no_part_of_its_price() {
    let mut line = included(1000, 1290);
    line["total_service_charge_money"] = usd(100);
    let body = order(json!([line]), json!([{"uid": "T1", "type": "INCLUSIVE"}]), 1490);
    assert_eq!(first(&body), (1, 1190, 0, 190));
    assert_eq!(looked_up(&body).basket.total, 1290);
}

#[test]
fn where_some_tax_is_added_the_included_part_counts_as_price() {
    let mut line = included(1190, 1240);
    line["total_tax_money"] = usd(240);
    line["applied_taxes"]
        .as_array_mut()
        .unwrap()
        .push(json!({"tax_uid": "T2", "applied_money": usd(50)}));
    let taxes = json!([{"uid": "T1", "type": "INCLUSIVE"}, {"uid": "T2", "type": "ADDITIVE"}]);
    let body = order(json!([line]), taxes, 1440);
    assert_eq!(first(&body), (1, 1190, 0, 50));
    assert!(!looked_up(&body).basket.taxes_included);
}

#[test]
fn an_order_that_can_not_be_is_refused_by_its_path() {
    let mut tipped = order(json!([]), json!([]), 100);
    tipped["order"]["total_tip_money"] = usd(101);
    let mut foreign = item("1", 100);
    foreign["total_tax_money"] = json!({"amount": 1, "currency": "EUR"});
    let mut timeless = order(json!([]), json!([]), 200);
    timeless["order"]["updated_at"] = json!(null);
    for (body, reason) in [
        (tipped, "`order.total_tip_money`: more than the total"),
        (timeless, "`order.updated_at`: missing"),
        (
            order(json!([foreign]), json!([]), 200),
            "`order.line_items.total_tax_money.currency`: another currency than the rest",
        ),
        (json!({"order": {}}), "`order.total_money`: missing"),
        (json!({"payment": {}}), "`.`: missing, or of another type than expected"),
    ] {
        assert_eq!(order_answer(body.to_string().as_bytes()).unwrap_err().0, reason);
    }
}
