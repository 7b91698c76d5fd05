//! Shops: settings, status, and their program versions.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use loyalty::ids::{ShopId, Source};
use loyalty::program::{Program, ProgramVersion, Programs, starts};
use serde::{Deserialize, Serialize};

use super::item::{self, Put};
use super::keys::{Entity, PROGRAMS};
use super::{Item, MailChange, MailMode, MarketingPause, Store, StoreError, Write, retry, table};

/// How long a shop's rules may be used without looking. A new version starts next day at
/// 04:00, so a minute is nothing.
const RULES_FRESH_FOR: SignedDuration = SignedDuration::from_secs(60);

/// What a shop's orders are counted by.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// Every saved program version.
    pub programs: Programs,
}

/// A shop's settings. They change without a new program version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The shop's name, as customers know it.
    pub name: String,
    /// Country of its phone numbers.
    pub country: String,
    /// IANA name of its time zone.
    pub zone: String,
    /// Its currency.
    pub currency: String,
    /// Its country preset.
    pub preset: String,
}

/// A shop's status.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Counts writes.
    pub version: u64,
    /// Sources that said we are no longer connected to them, and when they did first.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub disconnected: BTreeMap<Source, Timestamp>,
    /// How far its mail is.
    #[serde(default)]
    pub mail_mode: MailMode,
    /// When its mail went live last: only what happened since causes mail. Kept while mail
    /// is off again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live_since: Option<Timestamp>,
    /// The last changes of the mail mode, newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mail_changes: Vec<MailChange>,
    /// Marketing mail that is held; the rest goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marketing_paused: Option<MarketingPause>,
    /// When somebody last let held marketing mail go on: what became of mail before says
    /// nothing of it since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marketing_resumed_at: Option<Timestamp>,
}

/// What applying a program did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    /// It became this version, in force from then on.
    Saved {
        /// Its number.
        version: u32,
        /// From when.
        effective_from: Timestamp,
    },
    /// The latest version already says the same.
    Unchanged {
        /// Its number.
        version: u32,
    },
}

/// A program version as it is stored: the owner's own text, which never changes.
#[derive(Debug, Serialize, Deserialize)]
struct StoredProgram {
    number: u32,
    effective_from: Timestamp,
    toml: String,
}

#[derive(Debug, Clone, Default)]
pub(super) struct RulesCache(Arc<RwLock<BTreeMap<ShopId, Loaded>>>);

/// When rules were loaded, and the rules.
type Loaded = (Timestamp, Arc<Rules>);

impl RulesCache {
    fn fresh(&self, shop: &ShopId, now: Timestamp) -> Option<Arc<Rules>> {
        let known = self.0.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        let (at, rules) = known.get(shop)?;
        let age = now.duration_since(*at);
        (!age.is_negative() && age < RULES_FRESH_FOR).then(|| Arc::clone(rules))
    }

    /// A version that was read before, however long ago: a saved version never changes.
    fn version(&self, shop: &ShopId, number: u32) -> Option<ProgramVersion> {
        let known = self.0.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        known.get(shop)?.1.programs.version(number).cloned()
    }

    fn keep(&self, shop: &ShopId, now: Timestamp, rules: Arc<Rules>) {
        let mut known = self.0.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        known.insert(shop.clone(), (now, rules));
    }

    fn forget(&self, shop: &ShopId) {
        let mut known = self.0.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        known.remove(shop);
    }
}

impl Store {
    /// A shop's rules, at most a minute old. A shop without a program has none.
    pub async fn rules(&self, shop: &ShopId, now: Timestamp) -> Result<Arc<Rules>, StoreError> {
        if let Some(rules) = self.rules.fresh(shop, now) {
            return Ok(rules);
        }
        let versions = self.program_versions(shop).await?;
        let rules = Arc::new(Rules { programs: Programs::new(versions) });
        // A shop without a program may get one any moment, and isn't worth remembering.
        if !rules.programs.is_empty() {
            self.rules.keep(shop, now, Arc::clone(&rules));
        }
        Ok(rules)
    }

    async fn program_versions(&self, shop: &ShopId) -> Result<Vec<ProgramVersion>, StoreError> {
        let mut versions = Vec::new();
        for item in self.stored_programs(shop).await? {
            let number = u32::try_from(item::number(&item, "number")).unwrap_or(u32::MAX);
            if let Some(known) = self.rules.version(shop, number) {
                versions.push(known);
                continue;
            }
            let stored: StoredProgram = item::read(item)?;
            let program = Program::parse(&stored.toml).map_err(|error| {
                let number = stored.number;
                StoreError::Program(format!("program version {number} of {shop}: {error}"))
            })?;
            let (number, effective_from) = (stored.number, stored.effective_from);
            versions.push(ProgramVersion { number, effective_from, program: program.into() });
        }
        Ok(versions)
    }

    async fn stored_programs(&self, shop: &ShopId) -> Result<Vec<Item>, StoreError> {
        self.query_all(&Entity::Settings.key(shop).pk, PROGRAMS).await
    }

    /// Every item of a partition whose sort key begins with `prefix`, read strongly.
    pub(super) async fn query_all(&self, pk: &str, prefix: &str) -> Result<Vec<Item>, StoreError> {
        let mut pages = self
            .query()
            .consistent_read(true)
            .key_condition_expression(format!(
                "{} = :pk AND begins_with({}, :prefix)",
                table::PK,
                table::SK
            ))
            .expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()))
            .expression_attribute_values(":prefix", AttributeValue::S(prefix.to_owned()))
            .into_paginator()
            .send();
        let mut items = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(StoreError::unavailable)?;
            self.has_read(page.consumed_capacity());
            items.extend(page.items.unwrap_or_default());
        }
        Ok(items)
    }

    /// Saves a program as its shop's next version, and the shop's settings with its first.
    /// What the latest version already says is not saved again.
    pub async fn apply_program(&self, toml: &str, now: Timestamp) -> Result<Applied, StoreError> {
        let program =
            Program::parse(toml).map_err(|error| StoreError::Program(error.to_string()))?;
        let shop = program.shop.id.clone();
        for attempt in 0.. {
            let stored = self.stored_programs(&shop).await?;
            let same =
                stored.last().filter(|item| item::text(item, "toml").as_deref() == Some(toml));
            if let Some(latest) = same {
                let version = u32::try_from(item::number(latest, "number")).unwrap_or(u32::MAX);
                return Ok(Applied::Unchanged { version });
            }
            let programs = Programs::new(self.program_versions(&shop).await?);
            let next = successor(&program, &programs, now)?;
            let stored =
                StoredProgram { number: next.0, effective_from: next.1, toml: toml.to_owned() };
            let mut puts = vec![Put::new(Entity::Program(next.0).key(&shop), &stored)?.if_absent()];
            if next.0 == 1 {
                let settings = settings(&program);
                puts.push(Put::new(Entity::Settings.key(&shop), &settings)?);
            }
            if self.write(puts).await? == Write::Done {
                self.rules.forget(&shop);
                return Ok(Applied::Saved { version: next.0, effective_from: next.1 });
            }
            retry::pause(attempt + 1).await?;
        }
        Err(StoreError::Contended { attempts: retry::ATTEMPTS })
    }

    /// A shop's status; the default where nothing has happened yet.
    pub async fn status(&self, shop: &ShopId) -> Result<Status, StoreError> {
        let item = self.get(&Entity::Status.key(shop)).await?;
        item.map_or_else(|| Ok(Status::default()), item::read)
    }

    /// A shop's settings; `None` where no program was ever applied.
    pub async fn settings(&self, shop: &ShopId) -> Result<Option<Settings>, StoreError> {
        self.get(&Entity::Settings.key(shop)).await?.map(item::read).transpose()
    }

    /// Notes that a source says we are no longer connected to it; the first time stands.
    pub async fn disconnected(
        &self,
        shop: &ShopId,
        source: Source,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.change_status(shop, |status| {
            let is_first = !status.disconnected.contains_key(&source);
            status.disconnected.entry(source).or_insert(now);
            is_first
        })
        .await?;
        Ok(())
    }

    /// Changes a shop's status as it stands, which `change` says whether it does; gives what
    /// holds then, and whether this changed it.
    pub(super) async fn change_status(
        &self,
        shop: &ShopId,
        mut change: impl FnMut(&mut Status) -> bool,
    ) -> Result<(Status, bool), StoreError> {
        for attempt in 1.. {
            let mut status = self.status(shop).await?;
            if !change(&mut status) {
                return Ok((status, false));
            }
            let version = status.version;
            status.version = version.saturating_add(1);
            let put = Put::new(Entity::Status.key(shop), &status)?.if_version("version", version);
            if self.put(put).await? == Write::Done {
                return Ok((status, true));
            }
            retry::pause(attempt).await?;
        }
        Err(StoreError::Contended { attempts: retry::ATTEMPTS })
    }
}

/// The number and start of the version that follows `programs`.
fn successor(
    program: &Program,
    programs: &Programs,
    now: Timestamp,
) -> Result<(u32, Timestamp), StoreError> {
    let previous = programs.latest();
    let problems =
        previous.map(|previous| program.check_successor(&previous.program)).unwrap_or_default();
    if !problems.is_empty() {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        return Err(StoreError::Program(lines.join("\n")));
    }
    let effective_from = starts(program, previous, now)
        .map_err(|problem| StoreError::Program(problem.to_string()))?;
    Ok((previous.map_or(1, |previous| previous.number.saturating_add(1)), effective_from))
}

fn settings(program: &Program) -> Settings {
    let shop = &program.shop;
    Settings {
        name: shop.name.clone(),
        country: shop.country.clone(),
        zone: shop.zone.iana_name().unwrap_or_default().to_owned(),
        currency: shop.currency.to_string(),
        preset: shop.preset.to_string(),
    }
}
