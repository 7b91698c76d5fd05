//! Look-ups at the sources, worked off beside the server as the drain does it in AWS.

use std::time::Duration;

use loyalty::ids::ShopId;
use platform::Services;
use platform::telemetry::chain;
use sources::lookup::Lookups;

use crate::server::Stop;

/// How often work that is due is looked for.
const EVERY: Duration = Duration::from_secs(2);

/// Once in so many times the hours further back are looked at too.
const SELDOM: u32 = 900;

/// Longer than any look-up is tried.
const ALL_HOURS: u16 = 8 * 24;

/// Works look-ups off until the process is told to stop. A failure is logged, and what is
/// due stays due.
pub(crate) async fn keep_working(services: Services, shops: Vec<ShopId>, stop: Stop) {
    let lookups = match Lookups::new() {
        Ok(lookups) => lookups,
        Err(error) => {
            tracing::error!(error = chain(&error), "nothing is looked up at the sources");
            return;
        }
    };
    let work = async {
        for round in (0..SELDOM).cycle() {
            let hours = if round == 0 { ALL_HOURS } else { 1 };
            for shop in &shops {
                if let Err(error) = lookups.work_off(&services, shop, hours).await {
                    tracing::error!(%shop, error = error.chain(), "look-ups not worked off");
                }
            }
            tokio::time::sleep(EVERY).await;
        }
    };
    tokio::select! {
        () = work => {}
        () = stop.told() => {}
    }
}
