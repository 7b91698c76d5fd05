//! How a history's mail ends: nothing goes wrong any more, and time passes until everything
//! is settled.

use std::time::Duration;

use testkit::faults;

use platform::store::keys::Nightly;

use super::{Batch, Chore, Post, chore};
use crate::simulate::history::History;
use crate::simulate::model::{Progress, Violation};
use crate::simulate::play::{LAST_FAULTY_ATTEMPT, Subject};

/// The number of what is done at the end, which is no delivery of the history.
const TAIL: u32 = u32::MAX;

const HOUR: u64 = 3_600;

/// When the drain runs, in seconds from the beginning: after the claims of the last morning
/// have ended, and in the mornings of New York until nothing makes sense any more.
const DRAINS: [u64; 4] = [24 * HOUR, 47 * HOUR, 71 * HOUR, 8 * 24 * HOUR];

/// The last moment of a history with mail, in milliseconds from its beginning.
pub(crate) fn last_moment(history: &History) -> u64 {
    let days = history.days_with_nights().saturating_add(8);
    days.saturating_mul(24 * HOUR * 1_000)
}

/// Batches of the stream until there is nothing new: what is planned changes the table.
const BATCHES: u32 = 8;

/// Lets time pass.
pub(crate) async fn tail<S: Subject>(
    subject: &S,
    post: &Post,
    history: &History,
    progress: &Progress,
) -> Result<(), Violation> {
    let mut hand = Hand { subject, made: 0 };
    hand.read_out(post).await?;
    for seconds in history.clean_nights() {
        post.wait_until(Duration::from_secs(seconds)).await;
        hand.does(Chore::Night(Nightly::Points)).await?;
        hand.does(Chore::Night(Nightly::Mail)).await?;
        hand.read_out(post).await?;
    }
    let days = history.days_with_nights().saturating_mul(24 * HOUR);
    for seconds in DRAINS.map(|seconds| seconds.saturating_add(days)) {
        if !is_open(post).await? {
            break;
        }
        post.wait_until(Duration::from_secs(seconds)).await;
        hand.does(Chore::HoursPass).await?;
        hand.does(Chore::Feedback(seconds)).await?;
        hand.does(Chore::Drain).await?;
        post.look(history, progress).await?;
        hand.read_out(post).await?;
    }
    Ok(())
}

/// Does what is left to do.
struct Hand<'a, S> {
    subject: &'a S,
    made: u32,
}

impl<S: Subject> Hand<'_, S> {
    async fn does(&mut self, what: Chore) -> Result<(), Violation> {
        self.made = self.made.saturating_add(1);
        let attempt = LAST_FAULTY_ATTEMPT.saturating_add(self.made);
        let event = chore(what);
        match faults::attempt(TAIL, attempt, Box::pin(self.subject.take(&event))).await {
            Some(200) => Ok(()),
            ended => Err(format!("P5: {what:?} ends with {ended:?}, and nothing is wrong")),
        }
    }

    /// Hands over the stream to its end.
    async fn read_out(&mut self, post: &Post) -> Result<(), Violation> {
        for _ in 0..BATCHES {
            if post.read_on().await? == 0 && post.is_worked_off() {
                return Ok(());
            }
            self.does(Chore::Stream(Batch::Whole)).await?;
        }
        Err("P5: the stream never ends: planning goes on causing changes".to_owned())
    }
}

/// Whether a message waits or is claimed.
async fn is_open(post: &Post) -> Result<bool, Violation> {
    let messages = post.raw().messages(&post.shop).await?;
    Ok(messages.iter().any(|one| one.due.is_some()))
}
