//! People who are one by the time they answer.

use loyalty::ledger::Origin;
use platform::store::Deed;

use super::points::TWENTY;
use super::{NOW, Room, at};

#[tokio::test]
async fn a_low_score_under_an_old_name_holds_the_mail_of_who_stands_for_her() {
    let room = Room::asking(TWENTY).await;
    room.shop.purchase(2, (6002, 10, "2026-11-23T12:00:00Z"), Origin::Live).await;
    let kept = room.shop.by_email("person-2@example.com").await.unwrap().id;
    let deed = Deed { shop: &room.shop.id, origin: Origin::Merge, now: at(NOW) };
    room.shop.services.store.merge(&deed, &kept, &room.ada).await.unwrap();
    room.press(&room.csat(), "score=1").await.says("Maria is being told now");
    let store = &room.shop.services.store;
    let holder = store.customer(&room.shop.id, &room.ada).await.unwrap().unwrap();
    assert_eq!(holder.id, kept);
    assert!(holder.account.held_until.is_some());
    assert_eq!(room.shop.ledger(&kept).await.last().unwrap().0, 20);
    let last = store.ledger(&room.shop.id, &kept, None, 1).await.unwrap().entries.remove(0);
    assert_eq!(last.of.as_ref(), Some(&room.ada));
    assert_eq!(room.follow_up().await.unwrap().customer, room.ada);
}
