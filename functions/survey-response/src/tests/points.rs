//! Points for answers, where the program gives any.

use loyalty::ledger::{Cause, Occasion};

use super::{REVIEWS, Room, points};

/// A program that gives 20 points for an answer.
pub(super) const TWENTY: &str = "points = 20";

#[tokio::test]
async fn only_the_first_answer_brings_points_whatever_its_score() {
    let room = Room::asking(TWENTY).await;
    let before = room.shop.ledger(&room.ada).await;
    room.press(&room.csat(), "score=1").await.says("You got 20 points for answering.");
    room.press(&room.csat(), "score=5").await.says("You got 20 points for answering.");
    let ledger = room.shop.ledger(&room.ada).await;
    assert_eq!(ledger.len(), before.len() + 1);
    assert_eq!(ledger.last().unwrap().0, 20);
    let page = room.shop.services.store.ledger(&room.shop.id, &room.ada, None, 1).await.unwrap();
    assert_eq!(page.entries[0].cause, Cause::Gift { occasion: Occasion::Answer });
    assert_eq!(room.survey().await.unwrap().points, Some(points(20)));
}

#[tokio::test]
async fn where_answers_are_paid_for_nobody_is_asked_for_a_review() {
    let room = Room::asking(&format!("{TWENTY}\n{REVIEWS}")).await;
    let thanks = room.press(&room.csat(), "score=5").await;
    thanks.says("You got 20 points for answering.").says_nothing_of("review");
}

#[tokio::test]
async fn first_answers_at_once_bring_points_once() {
    let room = Room::asking(TWENTY).await;
    let before = room.shop.ledger(&room.ada).await.len();
    let path = room.csat();
    let posts: Vec<String> = (0..6).map(|n| format!("score=4&comment=answer+{n}")).collect();
    let [a, b, c, d, e, f] = posts.try_into().unwrap();
    let post = |body: String| {
        let (room, path) = (&room, &path);
        async move { room.post(path, &body).await.status }
    };
    let done = tokio::join!(post(a), post(b), post(c), post(d), post(e), post(f));
    assert_eq!([done.0, done.1, done.2, done.3, done.4, done.5], [http::StatusCode::SEE_OTHER; 6]);
    assert_eq!(room.shop.ledger(&room.ada).await.len(), before + 1);
    assert_eq!(room.survey().await.unwrap().answered, 6);
}
