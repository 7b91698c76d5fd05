//! Plans mail from what changes in the table, and sends what is due.
//!
//! The table's stream carries every change here ([`stream`]): each is planned into messages
//! by trigger and told on the bus, and nothing is sent. A drain ([`drain`]) works off what is
//! due: it claims a message, sends it and settles it, and looks orders up at their sources.
//! Planning again after everything is written yields nothing.
//!
//! Somebody whose mail asked about an order is kept as asked, and a low score is told to the
//! shop's own people until somebody looks after it ([`follow_up`]).
//!
//! It also notes when a shop's purchases were last heard of, and once an hour looks for shops
//! that have been silent for too many opening hours ([`heard`]).

mod attempt;
pub mod drain;
mod follow_up;
mod heard;
pub mod invoke;
mod letter;
mod lookout;
pub mod stream;
mod tell;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use loyalty::ids::ShopId;
use platform::Services;
use platform::bus::Bus;
use platform::mail::Mail;
use platform::store::TemplateFault;
use sources::api::{SetupError, ShopifyAccess};
use sources::lookup::Lookups;
use sources::withdrawals::Withdrawals;

/// The mailer, and what it works with.
#[derive(Debug, Clone)]
pub struct Mailer {
    /// The table, secrets, clock.
    pub services: Services,
    /// SES.
    pub mail: Mail,
    /// The event bus.
    pub bus: Bus,
    /// What each shop's configuration set is named by; `None`: mail goes without one.
    configuration_sets: Option<String>,
    lookups: Arc<Lookups>,
    withdrawals: Arc<Withdrawals>,
    told_faults: Arc<ToldFaults>,
    heard: Arc<heard::Noted>,
}

/// Faults in the owner's own words that this process has told her of: each mail of the kind
/// would tell it again.
#[derive(Debug, Default)]
struct ToldFaults(Mutex<BTreeSet<(ShopId, TemplateFault)>>);

impl ToldFaults {
    fn is_new(&self, shop: &ShopId, fault: &TemplateFault) -> bool {
        let mut told = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        told.insert((shop.clone(), fault.clone()))
    }
}

impl Mailer {
    /// A mailer.
    pub fn new(services: Services, mail: Mail, bus: Bus) -> Result<Self, SetupError> {
        let shopify = ShopifyAccess::new()?;
        let lookups = Arc::new(Lookups::over(&shopify));
        let withdrawals = Arc::new(Withdrawals::over(&shopify));
        let (told_faults, heard) = Default::default();
        let configuration_sets = None;
        Ok(Self {
            services,
            mail,
            bus,
            configuration_sets,
            lookups,
            withdrawals,
            told_faults,
            heard,
        })
    }

    /// The same, whose mail names its shop's configuration set, `<prefix>-<shop>`, so that SES
    /// tells what becomes of it.
    pub fn with_configuration_sets(mut self, prefix: Option<String>) -> Self {
        self.configuration_sets = prefix;
        self
    }
}

#[cfg(test)]
mod tests;
