//! The AWS side of everything: the store on DynamoDB, mail, the bus, secrets, signatures,
//! identities, doors, configuration, telemetry. The rules themselves are in the crate `loyalty`.

pub mod aws;
pub mod bus;
pub mod clock;
pub mod config;
pub mod door;
pub mod events;
pub mod identity;
pub mod invoke;
pub mod mail;
pub mod nights;
pub mod problem;
pub mod secrets;
pub mod sender;
pub mod signature;
pub mod store;
pub mod telemetry;
pub mod tokens;

use std::sync::Arc;

use loyalty::ids::ShopId;

pub use clock::Clock;
pub use config::{Config, Sites};
pub use secrets::Secrets;
pub use store::Store;

use crate::identity::Identities;
use crate::store::StoreError;
use crate::telemetry::Metrics;

/// What every function works with.
#[derive(Debug, Clone)]
pub struct Services {
    /// The table.
    pub store: Store,
    /// Shop secrets and the deployment's own.
    pub secrets: Secrets,
    /// Where the world reaches this deployment.
    pub sites: Arc<Sites>,
    /// What time it is.
    pub clock: Clock,
    /// Where the numbers go that an alarm waits for.
    pub metrics: Metrics,
}

impl Services {
    /// What turns the addresses and numbers of a shop's people into identities.
    pub async fn identities(&self, shop: &ShopId) -> Result<Identities, StoreError> {
        let now = self.clock.now();
        let rules = self.store.rules(shop, now).await?;
        let current = rules.programs.current(now);
        let country = current.map_or("", |version| version.program.shop.country.as_str());
        Ok(Identities::new(shop.clone(), self.secrets.identity_key()?, country))
    }

    /// Connects to AWS as the configuration says, and loads the secrets, so that the first
    /// request finds connection and keys ready.
    pub async fn connect(config: &Config, clock: Clock) -> Result<Self, secrets::SecretsError> {
        let connection = aws::Connection::from(config);
        let store = Store::new(connection.dynamodb(), config.table.clone());
        let secrets =
            Secrets::from_ssm(connection.ssm(), config.secrets_path.clone(), clock.now()).await?;
        let metrics = Metrics::on_stdout(&config.stack);
        Ok(Self { store, secrets, sites: Arc::new(config.sites.clone()), clock, metrics })
    }
}
