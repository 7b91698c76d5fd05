//! Points that the owner gave with her answer to a low score.

use loyalty::Points;
use loyalty::ids::{OrderRef, Source};
use loyalty::survey::{AnswerBy, Question};
use platform::store::{Answered, Answering, Closing, FollowUpAct, Goodwill, Whence};

use super::{NOW, Portal, at};

impl Portal {
    /// Ada gave a 2, and the owner answered it with 200 points and these words. The page why
    /// she got that answer.
    async fn answered(&self, words: &str) -> String {
        let (store, shop) = (&self.shop.services.store, &self.shop.id);
        let order = OrderRef { source: Source::Shopify, id: "6001".parse().unwrap() };
        let low = Answering {
            shop,
            customer: &self.ada,
            order: &order,
            asked_at: at("2026-11-22T13:00:00Z"),
            score: Question::Csat.score(2).unwrap(),
            comment: None,
            answer_by: Some(AnswerBy::Mail),
            points: Points::ZERO,
            now: at("2026-11-22T14:00:00Z"),
        };
        let kept = store.answer_survey(&low).await.unwrap();
        let Answered::Kept { follow_up: Some(follow_up), .. } = kept else { panic!("{kept:?}") };
        let goodwill = Goodwill { points: Points(200), words: words.to_owned() };
        let act = FollowUpAct::Answer { text: "I am sorry.".to_owned(), goodwill: Some(goodwill) };
        let by = (Whence::Api, at(NOW));
        let id = &follow_up.id;
        store.act_on_follow_up(shop, id, Some(&act), Closing::Answered, by).await.unwrap();
        self.why(&format!("answer {id} 1"))
    }
}

#[tokio::test]
async fn she_reads_the_owners_sentence_beside_the_points_that_came_with_an_answer() {
    let portal = Portal::open().await;
    let path = portal.answered("Sorry for the dry loaf").await;
    let answer = portal.get(&path).await;
    answer.says("Sorry for the dry loaf");
    answer.says("<span>200</span>");
    answer.says_nothing_of("<span>600</span>");
}

#[tokio::test]
async fn points_without_a_sentence_are_from_the_shop() {
    let portal = Portal::open().await;
    let path = portal.answered("").await;
    let answer = portal.get(&path).await;
    answer.says("From us, with our answer");
    answer.says("<span>200</span>");
}
