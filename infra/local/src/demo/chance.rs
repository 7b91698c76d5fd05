//! Chance that a seed decides, for work that draws from its thread's generator.

use std::future::{Future, poll_fn};
use std::pin::pin;

/// Does some work whose random numbers, those of new customers' ids among them, follow from
/// `seed`, on whatever threads it goes on: the draw of a test is by such ids, and the same year
/// is to draw the same.
pub(super) async fn seeded<F: Future>(seed: u64, work: F) -> F::Output {
    let mut work = pin!(work);
    let mut own = seed;
    poll_fn(|context| {
        let others = fastrand::get_seed();
        fastrand::seed(own);
        let polled = work.as_mut().poll(context);
        own = fastrand::get_seed();
        fastrand::seed(others);
        polled
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn work_beside_other_work_draws_by_its_seed_alone() {
        let draws = |seed| async move {
            let mut drawn = Vec::new();
            for _ in 0..50 {
                drawn.push(fastrand::u64(..));
                tokio::task::yield_now().await;
            }
            (seed, drawn)
        };
        let work = |seed| tokio::spawn(seeded(seed, draws(seed)));
        let (first, other, again) = tokio::join!(work(1), work(2), work(1));
        let (first, other, again) = (first.unwrap(), other.unwrap(), again.unwrap());
        assert_eq!(first, again);
        assert_ne!(first.1, other.1);
    }
}
