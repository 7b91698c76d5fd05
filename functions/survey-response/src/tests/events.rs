//! The sample events, as an HTTP API hands them over.

use std::path::Path;

use platform::invoke;
use serde_json::Value;

use super::Room;

#[tokio::test]
async fn every_sample_event_is_answered_as_its_name_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/survey-response");
    let room = Room::open().await;
    let mut seen = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let event = std::fs::read_to_string(&path).unwrap();
        let event = serde_json::from_str(&event).unwrap();
        let answer = invoke::http(room.router.clone(), event).await.unwrap();
        let answer: Value = serde_json::to_value(answer).unwrap();
        seen.push((name, answer["statusCode"].as_u64().unwrap()));
    }
    seen.sort();
    let seen: Vec<_> = seen.iter().map(|(name, status)| (name.as_str(), *status)).collect();
    let expected = [
        ("counter-answered", 303),
        ("counter-card", 200),
        ("counter-opened", 200),
        ("link-forged", 404),
        ("scanner-head", 404),
    ];
    assert_eq!(seen, expected);
    assert!(room.table().await.iter().any(|item| item.contains("Lovely bread, Bäcker!")));
}
