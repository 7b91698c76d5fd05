use super::*;
use crate::identity::Kind;
use crate::store::table::{INDEXES, key_attributes};

#[test]
fn every_key_of_every_entity() {
    let shop: ShopId = "corner-bakery".parse().unwrap();
    let (anna, ben): (CustomerId, CustomerId) = ("anna".parse().unwrap(), "ben".parse().unwrap());
    let order = OrderRef { source: Source::Shopify, id: "820982911946154508".parse().unwrap() };
    let email = Identity { kind: Kind::Email, digest: "lR8x".to_owned() };
    let date = jiff::civil::date(2026, 11, 22);
    let at: Timestamp = "2026-11-22T08:30:00.123Z".parse().unwrap();
    let month = Month::of(date);
    let entities = [
        Entity::Settings,
        Entity::MailSettings,
        Entity::Status,
        Entity::Drained,
        Entity::Heard,
        Entity::Reconciled(Source::Shopify),
        Entity::Reconciliation(date),
        Entity::Backfill(Source::Square),
        Entity::Program(7),
        Entity::Run(Nightly::Mail, date),
        Entity::Run(Nightly::Points, date),
        Entity::Shards,
        Entity::Rhythm,
        Entity::Walk("program 2"),
        Entity::Account(&anna),
        Entity::Contact(&anna),
        Entity::Ledger(&anna, 42),
        Entity::Decision(&anna, date, "win-back"),
        Entity::Message(&anna, "birthday 2026"),
        Entity::Withdrawal(&anna, at),
        Entity::Survey(&anna, &order),
        Entity::CounterAnswer(at, 7),
        Entity::Order(&order),
        Entity::Voucher("ABC-DEF"),
        Entity::Identity(&email),
        Entity::Tombstone(&email),
        Entity::ConsentProof(&email, at, "subscribed"),
        Entity::FollowUp("f1"),
        Entity::Approval(date, "win-back"),
        Entity::MergeCandidate(&ben, &anna),
        Entity::Said("2026-10"),
        Entity::Test("t1"),
        Entity::DeadLetter("d1", 2),
        Entity::Task("customers/redact", "5f70"),
        Entity::TaskPart("5f70", 2),
        Entity::SignIn("h1"),
        Entity::Session("h2"),
        Entity::ApiToken("h3"),
        Entity::Idempotency("r1"),
        Entity::Rate("survey", "2026-11-22T08:30"),
        Entity::Stock("cake"),
        Entity::Metrics(month),
        Entity::Audit(at, "a1"),
    ];
    let mut text = String::new();
    for entity in entities {
        let Key { pk, sk } = entity.key(&shop);
        writeln!(text, "{pk:<52} {sk}").unwrap();
    }
    let lists = [
        List::Customers(month),
        List::OrdersOf(&anna),
        List::Unclaimed(month),
        List::OpenTasks,
        List::MergeCandidates,
        List::DeadLetters(month),
        List::Decisions { awaiting: false, date },
        List::Decisions { awaiting: true, date },
        List::Surveys(month),
        List::OpenFollowUps,
        List::ClosedFollowUps(month),
        List::Messages { troubled: false, month },
        List::Messages { troubled: true, month },
    ];
    writeln!(text, "\nlist").unwrap();
    for list in lists {
        let Listed { list, place } = list.place(&shop, at, "id");
        writeln!(text, "{list:<52} {place}").unwrap();
    }
    writeln!(text, "\ndue_mail, due_points\n{}", due_bucket(&shop, date, 0)).unwrap();
    writeln!(text, "\ndue_send\n{}", send_bucket(&shop, at)).unwrap();
    writeln!(text, "\nkey attributes {:?}", key_attributes()).unwrap();
    for index in INDEXES {
        writeln!(text, "{:<12} {} {}", index.name, index.partition, index.sort).unwrap();
    }
    insta::assert_snapshot!(text);
}

#[test]
fn free_text_cannot_leave_its_place() {
    let shop: ShopId = "a".parse().unwrap();
    let key = Entity::Voucher("x#CUST#1/ü").key(&shop);
    assert_eq!(key.pk, "SHOP#a#VOUCHER#x%23CUST%231%2F%C3%BC");
}
