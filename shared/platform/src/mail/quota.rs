//! How much SES lets us send, as its `GetAccount` says.

use std::time::Duration;

use aws_sdk_sesv2::operation::get_account::GetAccountOutput;
use jiff::{SignedDuration, Timestamp};

/// SES answers such questions once a second and account, and what it says changes slowly.
const KEPT_FOR: SignedDuration = SignedDuration::from_mins(5);

/// Without an answer, it is asked for sooner.
const UNKNOWN_FOR: SignedDuration = SignedDuration::from_mins(1);

/// What every account may send, were it the smallest.
const SLOWEST: Duration = Duration::from_secs(1);

/// What may be sent now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// The time between the beginnings of two sends.
    pub pause: Duration,
    /// How many more today, that is before what was sent is 24 hours old; `None` is as
    /// many as one likes, or not known.
    pub left_today: Option<u64>,
    /// Out of SES's sandbox, which reaches verified addresses only.
    pub production: bool,
    /// SES sends for this account at all.
    pub sending: bool,
    /// SES said so; else this is what is safe to assume.
    pub known: bool,
}

impl Quota {
    /// What is safe to assume when SES doesn't say.
    pub(super) const UNKNOWN: Self =
        Self { pause: SLOWEST, left_today: None, production: true, sending: true, known: false };

    /// What SES says; `None` if it can't be made sense of.
    pub(super) fn told(account: &GetAccountOutput) -> Option<Self> {
        let quota = account.send_quota()?;
        let a_day = whole(quota.max24_hour_send())?;
        let left_today = match u64::try_from(a_day) {
            Ok(most) => {
                let sent = u64::try_from(whole(quota.sent_last24_hours())?).unwrap_or(0);
                Some(most.saturating_sub(sent))
            }
            // -1 says that there is no limit.
            Err(_) => None,
        };
        Some(Self {
            pause: between(quota.max_send_rate())?,
            left_today,
            production: account.production_access_enabled(),
            sending: account.sending_enabled(),
            known: true,
        })
    }
}

/// The whole part of a number that SES writes as a fraction.
fn whole(number: f64) -> Option<i64> {
    format!("{number:.0}").parse().ok()
}

/// The pause that keeps to a rate a second.
fn between(rate: f64) -> Option<Duration> {
    let thousandths: u64 = format!("{rate:.3}").replace('.', "").parse().ok()?;
    // 10⁹ ns a second, and a thousand thousandths of a send.
    1_000_000_000_000_u64.checked_div(thousandths).map(Duration::from_nanos)
}

/// The latest answer, and what was sent since.
#[derive(Debug, Default)]
pub(super) struct Kept {
    latest: Option<(Timestamp, Quota)>,
    /// All sends of this process.
    sent: u64,
    /// Those of them that the answer may know of.
    sent_before: u64,
}

impl Kept {
    /// Counts one more.
    pub(super) fn count(&mut self) {
        self.sent = self.sent.saturating_add(1);
    }

    /// How many were counted.
    pub(super) fn sent(&self) -> u64 {
        self.sent
    }

    /// What holds now, if it needn't be asked for.
    pub(super) fn fresh(&self, now: Timestamp) -> Option<Quota> {
        let (at, quota) = self.latest?;
        let keep = if quota.known { KEPT_FOR } else { UNKNOWN_FOR };
        // An answer of the future is of a clock that was put back.
        let age = now.duration_since(at);
        (!age.is_negative() && age < keep).then(|| self.less(quota))
    }

    /// Keeps an answer to a question asked when `sent_before` were counted.
    pub(super) fn keep(&mut self, now: Timestamp, quota: Quota, sent_before: u64) -> Quota {
        self.latest = Some((now, quota));
        self.sent_before = sent_before;
        self.less(quota)
    }

    fn less(&self, quota: Quota) -> Quota {
        let since = self.sent.saturating_sub(self.sent_before);
        let left_today = quota.left_today.map(|left| left.saturating_sub(since));
        Quota { left_today, ..quota }
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_sesv2::types::SendQuota;

    use super::*;

    fn account(a_day: f64, a_second: f64, sent: f64) -> GetAccountOutput {
        let quota = SendQuota::builder()
            .max24_hour_send(a_day)
            .max_send_rate(a_second)
            .sent_last24_hours(sent);
        GetAccountOutput::builder()
            .send_quota(quota.build())
            .production_access_enabled(true)
            .sending_enabled(true)
            .build()
    }

    #[test]
    fn fractions_become_pauses_and_counts() {
        let quota = Quota::told(&account(50_000.0, 14.0, 49_990.0)).unwrap();
        assert_eq!(quota.left_today, Some(10));
        assert_eq!(quota.pause, Duration::from_nanos(71_428_571));
        let slow = Quota::told(&account(200.0, 0.5, 0.0)).unwrap();
        assert_eq!((slow.pause, slow.left_today), (Duration::from_secs(2), Some(200)));
        assert_eq!(Quota::told(&account(-1.0, 1.0, 7.0)).unwrap().left_today, None);
        assert_eq!(Quota::told(&account(200.0, 1.0, 201.0)).unwrap().left_today, Some(0));
    }

    #[test]
    fn what_makes_no_sense_is_not_known() {
        for (a_day, a_second) in [(f64::NAN, 1.0), (1.0, f64::INFINITY), (1.0, 0.0), (1.0, -1.0)] {
            assert_eq!(Quota::told(&account(a_day, a_second, 0.0)), None);
        }
        assert_eq!(Quota::told(&GetAccountOutput::builder().build()), None);
    }

    #[test]
    fn an_answer_is_kept_five_minutes_and_counts_what_went_since() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let quota = Quota::told(&account(10.0, 1.0, 0.0)).unwrap();
        let mut kept = Kept::default();
        kept.count();
        assert_eq!(kept.keep(now, quota, 1).left_today, Some(10));
        for _ in 0..4 {
            kept.count();
        }
        let later = now + SignedDuration::from_secs(299);
        assert_eq!(kept.fresh(later).unwrap().left_today, Some(6));
        assert_eq!(kept.fresh(now + SignedDuration::from_mins(5)), None);
        assert_eq!(kept.fresh(now - SignedDuration::from_secs(1)), None);
    }

    #[test]
    fn what_went_while_ses_answered_counts_too() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let quota = Quota::told(&account(10.0, 1.0, 0.0)).unwrap();
        let mut kept = Kept::default();
        let asked_at = kept.sent();
        kept.count();
        assert_eq!(kept.keep(now, quota, asked_at).left_today, Some(9));
    }
}
