//! The owner's own words of mail that couldn't be used: noted once each, as a task.

use std::fmt;

use jiff::Timestamp;
use loyalty::ids::ShopId;
use presentation::mail::Broken;
use serde::{Deserialize, Serialize};

use super::{Store, StoreError};

/// The topic of tasks that ask the owner to mend her own words of a mail.
pub const MAIL_TEMPLATE: &str = "mail-template";

/// Words of the owner's that couldn't be used in a mail. Ours went out instead.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TemplateFault {
    /// The program version they stand in.
    pub program_version: u32,
    /// The kind of mail.
    pub kind: String,
    /// The language.
    pub language: String,
    /// Which part of it, and what is wrong there. No personal data: names of variables, not
    /// what they stood for.
    pub message: String,
}

impl TemplateFault {
    /// A fault that was found while a mail was written.
    pub fn of(program_version: u32, broken: &Broken) -> Self {
        let (kind, language) =
            (broken.kind.as_str().to_owned(), broken.language.as_str().to_owned());
        Self { program_version, kind, language, message: broken.to_string() }
    }
}

impl fmt::Display for TemplateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { program_version, kind, language, message } = self;
        write!(f, "version {program_version}, {kind} ({language}): {message}")
    }
}

impl Store {
    /// Notes a fault for the owner; one that is noted already stays as it is.
    pub async fn keep_template_fault(
        &self,
        shop: &ShopId,
        fault: &TemplateFault,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let body = serde_json::json!(fault).to_string();
        self.keep_task(shop, MAIL_TEMPLATE, &body, now).await.map(|_| ())
    }

    /// Faults of a program version that nobody has mended yet, oldest first.
    pub async fn template_faults(
        &self,
        shop: &ShopId,
        program_version: u32,
    ) -> Result<Vec<(Timestamp, TemplateFault)>, StoreError> {
        let tasks = self.open_tasks(shop).await?.into_iter();
        let tasks = tasks.filter(|task| task.topic == MAIL_TEMPLATE && !task.done);
        let read = |task: super::Task| Some((task.at, serde_json::from_str(&task.body).ok()?));
        let faults = tasks.filter_map(read);
        Ok(faults
            .filter(|(_, fault): &(_, TemplateFault)| fault.program_version == program_version)
            .collect())
    }
}
