//! Records of the stream: poison, repeats, and events on the bus.

use super::*;

fn poison(shop: &str) -> Value {
    json!({"eventID": "1", "eventName": "INSERT", "dynamodb": {
        "SequenceNumber": "7",
        "Keys": {"pk": {"S": format!("SHOP#{shop}#CUST#c1")}, "sk": {"S": "LEDGER#0000000001"}},
        "NewImage": {"pk": {"S": format!("SHOP#{shop}#CUST#c1")}, "sk": {"S": "LEDGER#0000000001"},
            "d": {"S": "not a number"}, "secret": {"S": "ada@example.com"}},
    }})
}

#[tokio::test(start_paused = true)]
async fn a_poison_record_is_kept_by_its_keys_and_its_neighbours_go_on() {
    let mut room = Room::open().await;
    room.shop.buys(1, 10, MORNING).await;
    let mut records = room.records().await;
    let shop = room.shop.id.to_string();
    records.insert(0, poison(&shop));
    records.insert(2, json!({"eventID": "2", "dynamodb": "nonsense"}));
    assert_eq!(room.hand(&records).await, Vec::<String>::new());
    room.pump().await;
    assert_eq!(room.kinds(), ["receipt"]);
    let store = &room.shop.services.store;
    let month = loyalty::month::Month::of(jiff::civil::date(2026, 11, 1));
    let letters = store.dead_letters(&room.shop.id, month).await.unwrap();
    assert_eq!(letters.len(), 1);
    let now = room.shop.services.clock.now();
    let (letter, body) =
        store.dead_letter(&room.shop.id, &letters[0].id, now).await.unwrap().unwrap();
    let body = String::from_utf8(body).unwrap();
    assert!(body.contains("LEDGER#0000000001") && !body.contains("ada@"), "{body}");
    assert!(!letter.reason.contains("ada@"), "{}", letter.reason);
}

#[tokio::test(start_paused = true)]
async fn what_happens_is_told_on_the_bus_and_told_again_under_the_same_id() {
    let mut room = Room::open().await;
    room.shop.buys(1, 600, MORNING).await;
    let records = room.records().await;
    room.pump().await;
    room.hand(&records).await;
    let told = |kind: &str| {
        let entries = room.cloud.bus.entries();
        let found = entries.into_iter().filter(|entry| entry.detail_type == kind);
        found.map(|entry| entry.detail["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for kind in ["PurchaseRecorded", "PointsChanged", "TierChanged"] {
        let ids = told(kind);
        assert_eq!(ids.len(), 2, "{kind}");
        assert_eq!(ids[0], ids[1], "{kind}");
    }
    assert_eq!(told("MessageSent").len(), 1);
    let personal =
        room.cloud.bus.entries().iter().any(|one| one.detail.to_string().contains("ada@"));
    assert!(!personal);
}

#[tokio::test(start_paused = true)]
async fn where_the_bus_fails_the_record_comes_again() {
    let room = Room::open().await;
    room.shop.buys(1, 10, MORNING).await;
    let records = room.records().await;
    room.cloud.bus.fail_next((0..40).map(|_| Some("InternalFailure")));
    let again = room.hand(&records).await;
    assert!(!again.is_empty());
    for _ in 0..40 {
        if room.hand(&records).await.is_empty() {
            return;
        }
    }
    panic!("the bus is well again, and the record isn't worked off");
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_nothing_of_ours_is_refused_with_what_is_taken() {
    let room = Room::open().await;
    let refused = room.invoke(&json!({"source": "aws.ec2", "detail-type": "Started"})).await;
    let told = refused.unwrap_err().to_string();
    assert!(told.contains("WorkDue") && told.contains("hourly"), "{told}");
}
