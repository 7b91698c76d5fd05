//! Answering: what is kept, what follows, and what a second answer does.

use loyalty::survey::{AnswerBy, HELD_FOR};

use super::{NOW, Room, at, encoded};

#[tokio::test]
async fn the_tapped_score_is_chosen_and_only_sending_records_it() {
    let room = Room::open().await;
    let before = room.table().await;
    let path = format!("{}?score=4", room.csat());
    let page = room.get(&path).await;
    assert_eq!((page.status.as_u16(), page.chosen()), (200, Some("4")));
    page.says("It is about your order of November 22 at Corner Bakery.").says("Maria reads it.");
    page.says_nothing_of("May Maria answer you?");
    assert_eq!(room.table().await, before);
    let thanks = room.press(&room.csat(), "score=4&comment=Lovely+bread").await;
    thanks.says("Your answer is saved: 4, good.");
    assert_eq!(room.answers().await, [(4, Some("Lovely bread".to_owned()))]);
    assert_eq!((room.follow_up().await, room.held_until().await), (None, None));
}

#[tokio::test]
async fn a_tapped_score_that_the_question_has_not_got_chooses_nothing_and_names_the_range() {
    let room = Room::open().await;
    for (path, range) in [
        (format!("{}?score=6", room.csat()), "from 1 to 5"),
        (format!("{}?score=", room.csat()), "from 1 to 5"),
        (format!("{}?score=4%20", room.csat()), "from 1 to 5"),
        (format!("{}?score=-1", room.nps()), "from 0 to 10"),
        (format!("{}?score=99999999999", room.nps()), "from 0 to 10"),
    ] {
        let page = room.get(&path).await;
        assert_eq!((page.status.as_u16(), page.chosen()), (200, None), "{path}");
        page.says("role=\"alert\"").says(&format!("Choose a score {range}."));
    }
    let page = room.get(&room.csat()).await;
    assert_eq!(page.chosen(), None);
    page.says_nothing_of("role=\"alert\"");
}

#[tokio::test]
async fn a_low_score_opens_a_follow_up_and_holds_marketing() {
    let room = Room::open().await;
    let tapped = room.get(&format!("{}?score=2", room.csat())).await;
    tapped
        .says("May Maria answer you?")
        .says("We don&#39;t have your number: add it to what you write.");
    assert_eq!(tapped.body.matches(" checked").count(), 1, "nothing is ticked for her");
    let body = "score=2&comment=Dry+loaf&answer_by=mail";
    let thanks = room.press(&room.csat(), body).await;
    thanks.says("Maria is being told now, and answers you by mail.");
    thanks.says("you get no offers from us").says_nothing_of("May Maria answer you?");
    let follow_up = room.follow_up().await.unwrap();
    assert_eq!((follow_up.score, follow_up.with_words, follow_up.round), (2, true, 1));
    assert_eq!((follow_up.answer_by, follow_up.closed_at), (Some(AnswerBy::Mail), None));
    assert_eq!(room.survey().await.unwrap().follow_up, Some(follow_up.id));
    assert_eq!(room.held_until().await, Some(at(NOW) + HELD_FOR));
}

#[tokio::test]
async fn how_she_may_be_answered_is_asked_after_a_low_score_where_she_did_not_say() {
    let room = Room::open().await;
    let thanks = room.press(&room.nps(), "score=6&comment=").await;
    thanks.says("Your answer is saved: 6 of 10.").says("May Maria answer you?");
    assert!(!thanks.body.contains(" checked"), "{}", thanks.body);
    let odd = room.post(&room.nps(), "answer_by=pigeon").await;
    assert_eq!(odd.status, 422);
    odd.says("Choose by mail, by phone or no").says("May Maria answer you?");
    assert_eq!(room.follow_up().await.unwrap().answer_by, None);
    let told = room.press(&room.nps(), "answer_by=phone").await;
    told.says("and calls you").says_nothing_of("May Maria answer you?");
    let follow_up = room.follow_up().await.unwrap();
    assert_eq!((follow_up.answer_by, follow_up.version), (Some(AnswerBy::Phone), 2));
    room.press(&room.nps(), "answer_by=phone").await;
    assert_eq!(room.follow_up().await, Some(follow_up));
    assert_eq!(room.answers().await, [(6, None)]);
}

#[tokio::test]
async fn how_she_may_be_answered_says_nothing_without_a_low_score() {
    let room = Room::open().await;
    let before = room.table().await;
    assert_eq!(room.post(&room.csat(), "answer_by=mail").await.status, 422);
    assert_eq!(room.table().await, before);
    room.press(&room.csat(), "score=5").await;
    let before = room.table().await;
    room.press(&room.csat(), "answer_by=mail").await.says("5, very good");
    assert_eq!(room.table().await, before);
}

#[tokio::test]
async fn a_second_answer_replaces_the_first_and_both_are_kept() {
    let room = Room::open().await;
    room.press(&room.csat(), "score=2&comment=Dry").await;
    room.shop.set_now("2026-12-01T09:00:00Z");
    let page = room.get(&room.csat()).await;
    assert_eq!(page.chosen(), Some("2"));
    page.says("You answered on November 25, 2026: 2, not good.").says(">\nDry</textarea>");
    room.press(&room.csat(), "score=5&comment=All+well+now").await.says("5, very good");
    let survey = room.survey().await.unwrap();
    assert_eq!((survey.answered, survey.score().unwrap().value()), (2, 5));
    assert_eq!(room.answers().await.len(), 2);
    // Somebody was to look after her: that stays open, with the new score on it.
    let follow_up = room.follow_up().await.unwrap();
    assert!(follow_up.is_open());
    assert_eq!((follow_up.score, follow_up.round), (5, 1));
    assert_eq!(room.held_until().await, Some(at(NOW) + HELD_FOR));
}

#[tokio::test]
async fn the_same_answer_again_writes_nothing() {
    let room = Room::open().await;
    room.press(&room.csat(), "score=2&comment=Dry&answer_by=no").await;
    let before = room.table().await;
    room.shop.set_now("2026-11-26T09:00:00Z");
    room.press(&room.csat(), "score=2&comment=+Dry%0D%0A&answer_by=no").await;
    room.press(&room.csat(), "score=2&comment=Dry").await;
    assert_eq!(room.table().await, before);
    room.close("2026-11-26T10:00:00Z").await;
    let before = room.table().await;
    room.press(&room.csat(), "score=2&comment=Dry").await.says("Maria reads it.");
    assert_eq!(room.table().await, before);
}

#[tokio::test]
async fn a_low_answer_after_it_was_closed_opens_the_follow_up_again() {
    let room = Room::open().await;
    room.press(&room.csat(), "score=2&answer_by=no").await;
    room.close("2026-11-26T10:00:00Z").await;
    room.shop.set_now("2026-11-28T09:00:00Z");
    room.press(&room.csat(), "score=4").await;
    assert!(!room.follow_up().await.unwrap().is_open(), "a better score opens nothing");
    room.press(&room.csat(), "score=1&comment=Dry+again").await.says("May Maria answer you?");
    let follow_up = room.follow_up().await.unwrap();
    assert_eq!((follow_up.round, follow_up.score, follow_up.answer_by), (2, 1, None));
    assert_eq!(follow_up.opened_at, at("2026-11-28T09:00:00Z"));
    assert_eq!(room.held_until().await, Some(follow_up.holds_until()));
}

#[tokio::test]
async fn a_survey_closes_after_two_weeks_and_says_how_to_reach_the_shop() {
    let room = Room::open().await;
    let path = room.csat();
    room.shop.set_now("2026-12-09T14:59:59Z");
    assert_eq!(room.get(&path).await.status, 200);
    room.press(&path, "score=3").await;
    let before = room.table().await;
    room.shop.set_now("2026-12-09T15:00:00Z");
    for page in [
        room.get(&path).await,
        room.get(&format!("{path}?thanks")).await,
        room.post(&path, "score=1").await,
        room.post(&path, "answer_by=mail").await,
    ] {
        assert_eq!(page.status, 410);
        page.says("This survey has closed").says("maria@corner-bakery.example");
    }
    assert_eq!(room.table().await, before);
}

#[tokio::test]
async fn sixteen_answers_at_once_are_one_survey_with_one_follow_up() {
    let room = Room::open().await;
    let path = room.csat();
    let bodies: Vec<String> =
        (0..16).map(|n| format!("score={}&comment=answer+{n}", 1 + n % 2)).collect();
    let (path, room) = (&path, &room);
    let mut posts = Vec::new();
    for body in &bodies {
        posts.push(async move { room.post(path, body).await.status.as_u16() });
    }
    let statuses = all(posts).await;
    let kept = statuses.iter().filter(|status| **status == 303).count();
    assert_eq!(kept, 16, "{statuses:?}");
    let survey = room.survey().await.unwrap();
    assert_eq!((survey.answered, survey.version, survey.answers.len()), (16, 16, 10));
    let last = survey.answer().unwrap();
    let follow_up = room.follow_up().await.unwrap();
    assert_eq!((follow_up.round, follow_up.score), (1, last.score));
    let follow_ups = room.table().await.iter().filter(|item| item.contains("FOLLOWUP#")).count();
    assert_eq!(follow_ups, 1);
}

/// Runs all of them at once.
async fn all<T>(futures: Vec<impl Future<Output = T>>) -> Vec<T> {
    let mut open: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut done = Vec::new();
    std::future::poll_fn(|context| {
        open.retain_mut(|one| match one.as_mut().poll(context) {
            std::task::Poll::Ready(value) => {
                done.push(value);
                false
            }
            std::task::Poll::Pending => true,
        });
        match open.is_empty() {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        }
    })
    .await;
    done
}

#[tokio::test]
async fn html_and_emoji_are_kept_as_text_and_shown_as_text() {
    let room = Room::open().await;
    let said = "<script>alert('🥐')</script>\n& \"more\"\u{202e}";
    let body = format!("score=4&comment={}", encoded(&format!("\u{0}{said}\u{7}")));
    room.press(&room.csat(), &body).await;
    assert_eq!(room.answers().await, [(4, Some(said.to_owned()))]);
    let page = room.get(&room.csat()).await;
    page.says("&#60;script&#62;alert(&#39;🥐&#39;)").says_nothing_of("<script");
    page.says("<textarea id=\"comment\" name=\"comment\" rows=\"5\" dir=\"auto\"");
}

#[tokio::test]
async fn what_is_wrong_is_said_beside_what_she_wrote() {
    let room = Room::open().await;
    let before = room.table().await;
    for (body, says) in [
        ("", "Choose a score from 1 to 5."),
        ("comment=Dry", "Choose a score from 1 to 5."),
        ("score=0&comment=Dry", "Choose a score from 1 to 5."),
        ("score=ten&comment=Dry", "Choose a score from 1 to 5."),
        ("score=2&comment=Dry&answer_by=pigeon", "Choose by mail, by phone or no"),
        ("%ff=%ff&score=%00", "Choose a score from 1 to 5."),
    ] {
        let page = room.post(&room.csat(), body).await;
        assert_eq!(page.status, 422, "{body}");
        page.says("role=\"alert\"").says(says);
        if body.contains("Dry") {
            page.says(">\nDry</textarea>");
        }
        if body.starts_with("score=2") {
            assert_eq!(page.chosen(), Some("2"));
            page.says("href=\"#answer_by-mail\"");
        } else {
            page.says("href=\"#score-1\"").says("id=\"score-1\"").says("id=\"score-error\"");
        }
    }
    assert_eq!(room.table().await, before);
}

#[tokio::test]
async fn a_comment_that_is_too_long_says_how_long_it_is_and_keeps_her_words() {
    let room = Room::open().await;
    let before = room.table().await;
    for (length, written) in [(2_001, "2,001"), (100_000, "100,000")] {
        let text = "a".repeat(length);
        let page = room.post(&room.csat(), &format!("score=4&comment={text}")).await;
        assert_eq!((page.status.as_u16(), page.chosen()), (422, Some("4")));
        page.says(&format!("Your text has {written} characters, and 2,000 fit."));
        page.says(&format!(">\n{text}</textarea>")).says("aria-invalid=\"true\"");
    }
    let page = room.post(&room.csat(), &format!("comment={}", "a".repeat(300_000))).await;
    assert_eq!(page.status, 413);
    page.says("nothing was changed");
    assert_eq!(room.table().await, before);
    let fits = format!("score=4&comment={}", encoded(&"ü".repeat(2_000)));
    room.press(&room.csat(), &fits).await;
    assert_eq!(room.answers().await.len(), 1);
}

#[tokio::test]
async fn the_review_line_is_the_last_and_the_same_for_every_score() {
    let mut lines = std::collections::BTreeSet::new();
    for score in 1..=5 {
        let room = Room::open().await;
        let thanks = room.press(&room.csat(), &format!("score={score}")).await;
        let (main, _) = thanks.body.split_once("</main>").unwrap();
        let line = main.trim_end().lines().last().unwrap().to_owned();
        assert!(line.contains("https://reviews.example/corner-bakery"), "{line}");
        lines.insert(line);
    }
    assert_eq!(lines.len(), 1, "{lines:?}");
    let room = Room::asking("").await;
    let thanks = room.press(&room.csat(), "score=5").await;
    thanks.says_nothing_of("review");
}
