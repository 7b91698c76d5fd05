//! Look-ups at the sources, worked off beside the server as the drain does it in AWS.

use std::time::Duration;

use loyalty::ids::ShopId;
use platform::Services;
use platform::telemetry::chain;
use sources::lookup::Lookups;

use crate::server::Stop;

/// How often work that is due is looked for.
const EVERY: Duration = Duration::from_secs(2);

/// Look-ups taken at once.
const AT_ONCE: usize = 100;

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
        loop {
            for shop in &shops {
                let due = services.store.due_work(shop, AT_ONCE, services.clock.now()).await;
                let worked = match due {
                    Ok(due) => lookups.work_off(&services, shop, due.lookups).await.map(|_| ()),
                    Err(error) => Err(error),
                };
                if let Err(error) = worked {
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
