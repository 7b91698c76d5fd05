//! What starts a nightly function: the hourly schedule, or a run that goes on.

use std::time::Duration;

use loyalty::ids::ShopId;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use thiserror::Error;
use tokio::time::Instant;

use super::{Ended, Work, work_off};
use crate::Services;
use crate::bus::{Bus, BusEvent};
use crate::store::StoreError;
use crate::store::keys::Nightly;
use crate::telemetry::chain;

/// What our event is called on the bus that a night's run goes on in another invocation.
pub const NIGHT_GOES_ON: &str = "NightGoesOn";

/// Why a nightly function was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// The hour: every shop is looked at.
    Hour,
    /// A shop's run goes on.
    GoesOn(ShopId),
}

/// An event wasn't worked off. Lambda tries again, and then keeps it.
#[derive(Debug, Error)]
pub enum CallError {
    /// It is nothing that a nightly function takes.
    #[error(
        "a nightly function takes the hourly schedule's {{\"hourly\": …}} and the bus event \
         {NIGHT_GOES_ON}"
    )]
    Unknown,
    /// It looks like one of those and can't be read.
    #[error("the event can't be read")]
    Unreadable(#[source] serde_json::Error),
    /// The table didn't answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Deserialize)]
struct Probe {
    #[serde(rename = "detail-type")]
    detail_type: Option<String>,
    detail: Option<Detail>,
    hourly: Option<serde::de::IgnoredAny>,
}

/// What our event says.
#[derive(Debug, Deserialize, Serialize)]
struct Detail {
    function: String,
    shop: ShopId,
}

impl Call {
    /// Tells what an event asks for.
    pub fn read(payload: &RawValue) -> Result<Self, CallError> {
        let probe: Probe = serde_json::from_str(payload.get()).map_err(CallError::Unreadable)?;
        match (probe.detail_type.as_deref(), probe.detail, probe.hourly) {
            (Some(NIGHT_GOES_ON), Some(detail), _) => Ok(Self::GoesOn(detail.shop)),
            (_, _, Some(_)) => Ok(Self::Hour),
            _ => Err(CallError::Unknown),
        }
    }

    /// The shops it is about.
    pub fn shops(&self, services: &Services) -> Vec<ShopId> {
        match self {
            Self::Hour => services.secrets.shops(),
            Self::GoesOn(shop) => vec![shop.clone()],
        }
    }

    /// Does what is asked for within `budget`, and gives the shops whose run goes on. A shop
    /// that fails keeps no other from its night.
    pub async fn answer<W: Work>(
        &self,
        services: &Services,
        work: &W,
        budget: Duration,
    ) -> Result<Vec<ShopId>, CallError> {
        let until = Instant::now().checked_add(budget).unwrap_or_else(Instant::now);
        let shops = self.shops(services);
        let (mut unfinished, mut failed) = (Vec::new(), None);
        for shop in shops {
            let ended = work_off(&services.store, &services.clock, work, &shop, until).await;
            match ended {
                Ok(Ended::Done { looked: 0 } | Ended::Nothing) => {}
                Ok(Ended::Done { looked }) => tracing::info!(%shop, looked, "the night is over"),
                Ok(Ended::Unfinished) => unfinished.push(shop),
                Err(error) => {
                    tracing::error!(%shop, error = error.chain(), "a night isn't over");
                    failed = Some(error);
                }
            }
        }
        match failed {
            // What could be done is done, and the hour looks again.
            Some(error) if unfinished.is_empty() => Err(error.into()),
            _ => Ok(unfinished),
        }
    }
}

/// Has another invocation go on with these shops' runs. The hour would find them anyway, so
/// that nothing is lost where this fails.
pub async fn wake(bus: &Bus, function: Nightly, shops: &[ShopId], now: jiff::Timestamp) {
    let event = |shop: &ShopId| {
        let detail = Detail { function: function.deployed().to_owned(), shop: shop.clone() };
        let detail = serde_json::to_string(&detail).ok()?;
        Some(BusEvent { detail_type: NIGHT_GOES_ON.to_owned(), detail, time: now })
    };
    let events: Vec<BusEvent> = shops.iter().filter_map(event).collect();
    for error in bus.put(&events).await.into_iter().filter_map(Result::err) {
        tracing::warn!(error = chain(&error), "a night wasn't woken: it goes on with the hour");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOURLY: [&str; 2] = [
        include_str!("../../../../events/reengagement-scan/hourly.json"),
        include_str!("../../../../events/tier-recalculation/hourly.json"),
    ];
    const GOES_ON: [(Nightly, &str); 2] = [
        (Nightly::Mail, include_str!("../../../../events/reengagement-scan/night-goes-on.json")),
        (Nightly::Points, include_str!("../../../../events/tier-recalculation/night-goes-on.json")),
    ];

    fn read(event: &str) -> Result<Call, CallError> {
        Call::read(&RawValue::from_string(event.trim().to_owned()).unwrap())
    }

    #[test]
    fn the_hour_and_a_night_that_goes_on_are_taken_as_they_come() {
        for hourly in HOURLY {
            assert_eq!(read(hourly).unwrap(), Call::Hour);
        }
        for (_, event) in GOES_ON {
            assert_eq!(read(event).unwrap(), Call::GoesOn("corner-bakery".parse().unwrap()));
        }
    }

    #[test]
    fn a_night_that_goes_on_names_its_function_as_it_is_deployed() {
        for (function, event) in GOES_ON {
            let event: serde_json::Value = serde_json::from_str(event).unwrap();
            assert_eq!(event["source"], "regulars");
            assert_eq!(event["detail-type"], NIGHT_GOES_ON);
            assert_eq!(event["detail"]["function"], function.deployed());
        }
    }

    #[test]
    fn what_is_nothing_of_a_nights_is_refused() {
        for event in ["{}", r#"{"detail-type":"WorkDue","detail":{"function":"a","shop":"b"}}"#] {
            assert!(matches!(read(event), Err(CallError::Unknown)), "{event}");
        }
        let nobody = r#"{"detail-type":"NightGoesOn","detail":{"function":"a","shop":"No Shop"}}"#;
        assert!(matches!(read(nobody), Err(CallError::Unreadable(_))));
    }
}
