//! The shop a request is about.

use std::sync::Arc;

use jiff::civil::Date;
use loyalty::ids::ShopId;
use loyalty::program::{Preset, Program, Programs};
use platform::Services;
use platform::identity::Identities;
use platform::sender::Carrier;
use platform::store::{Rules, Settings};

use super::refusal::Refusal;

/// A shop that exists, with its rules.
#[derive(Debug)]
pub(super) struct Shop {
    pub(super) id: ShopId,
    settings: Settings,
    rules: Arc<Rules>,
    /// The rules saved last. What is shown of a customer is shown by these.
    pub(super) program: Arc<Program>,
    /// The local day.
    pub(super) today: Date,
    /// Who carries its mail.
    pub(super) carrier: Carrier,
}

impl Shop {
    /// Looks a shop up; one without settings or without a program isn't known here.
    pub(super) async fn open(services: &Services, id: ShopId) -> Result<Self, Refusal> {
        let now = services.clock.now();
        // Settings first: rules are cached, and nothing should be cached for a name that
        // somebody made up.
        let Some(settings) = services.store.settings(&id).await? else { return Err(unknown(&id)) };
        let rules = services.store.rules(&id, now).await?;
        let Some(latest) = rules.programs.current(now) else { return Err(unknown(&id)) };
        let program = Arc::clone(&latest.program);
        let today = program.local_day(now);
        let carrier = services.sites.carrier;
        Ok(Self { id, settings, rules, program, today, carrier })
    }

    /// Its name, as customers know it.
    pub(super) fn name(&self) -> &str {
        &self.settings.name
    }

    /// What its country asks for.
    pub(super) fn preset(&self) -> Preset {
        self.program.shop.preset
    }

    /// Every version of its program.
    pub(super) fn programs(&self) -> &Programs {
        &self.rules.programs
    }

    /// What turns an address into an identity of this shop.
    pub(super) fn identities(&self, services: &Services) -> Result<Identities, Refusal> {
        let key = services.secrets.identity_key()?;
        Ok(Identities::new(self.id.clone(), key, &self.settings.country))
    }
}

fn unknown(id: &ShopId) -> Refusal {
    let detail = format!("there is no shop `{id}` here: `regulars program apply` opens one");
    Refusal::unknown("unknown-shop", detail)
}
