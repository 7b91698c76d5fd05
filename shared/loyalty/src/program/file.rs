//! The program file as it is written: TOML, one struct per section.
//!
//! Every key is optional here and holds what TOML holds, so that one reading finds all
//! there is; `check` says what is missing, what is allowed and what a value means.

mod shape;

use serde::Deserialize;
use toml::value::Datetime;

use self::shape::Shape;
use super::check::{self, Problem};
use super::{Program, ProgramError};

/// The longest file, in bytes. A version is stored as one item, which may have 400 KB.
const MAX_BYTES: usize = 256 * 1024;

impl Program {
    /// Reads and checks a program file as a whole.
    ///
    /// # Errors
    ///
    /// [`ProgramError::Syntax`] where the text isn't TOML. Else
    /// [`ProgramError::Invalid`] with every problem of the file at once: unknown keys,
    /// values of the wrong kind, and what the rules or the preset don't allow.
    pub fn parse(text: &str) -> Result<Self, ProgramError> {
        if text.len() > MAX_BYTES {
            let found = text.len();
            let message = format!("has {found} bytes, more than the {MAX_BYTES} allowed");
            return Err(ProgramError::Invalid(vec![Problem::new("the file", message)]));
        }
        let Shape { file, problems, dropped } = shape::read(text)?;
        check::program(file, problems, dropped)
    }
}

/// A whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) shop: Option<ShopFile>,
    pub(super) program: Option<ProgramFile>,
    pub(super) base: Option<BaseFile>,
    #[serde(default)]
    pub(super) earn: Vec<EarnFile>,
    #[serde(default)]
    pub(super) category: Vec<CategoryFile>,
    #[serde(default)]
    pub(super) multiplier: Vec<MultiplierFile>,
    pub(super) tiers: Option<TiersFile>,
    #[serde(default)]
    pub(super) tier: Vec<TierFile>,
    #[serde(default)]
    pub(super) reward: Vec<RewardFile>,
    pub(super) expiry: Option<ExpiryFile>,
    pub(super) mail: Option<MailFile>,
    pub(super) survey: Option<SurveyFile>,
}

/// `[shop]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShopFile {
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) preset: Option<String>,
    pub(super) currency: Option<String>,
    pub(super) timezone: Option<String>,
    pub(super) country: Option<String>,
    #[serde(default)]
    pub(super) closed: Vec<Datetime>,
    pub(super) silent_after: Option<i64>,
    pub(super) hours: Option<HoursFile>,
}

/// `[shop.hours]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HoursFile {
    pub(super) mon: Option<String>,
    pub(super) tue: Option<String>,
    pub(super) wed: Option<String>,
    pub(super) thu: Option<String>,
    pub(super) fri: Option<String>,
    pub(super) sat: Option<String>,
    pub(super) sun: Option<String>,
}

/// `[program]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProgramFile {
    pub(super) name: Option<String>,
    pub(super) effective_from: Option<Datetime>,
    pub(super) membership: Option<String>,
    pub(super) claim_days: Option<i64>,
    pub(super) pending_days: Option<i64>,
    pub(super) rounding: Option<String>,
}

/// `[base]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BaseFile {
    pub(super) tax: Option<String>,
    pub(super) shipping: Option<bool>,
    pub(super) tip: Option<bool>,
    #[serde(default)]
    pub(super) exclude: Vec<String>,
    #[serde(default)]
    pub(super) ignore: Vec<String>,
}

/// `[[earn]]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EarnFile {
    pub(super) per: Option<String>,
    pub(super) points: Option<i64>,
    pub(super) amount: Option<String>,
    pub(super) at_least: Option<String>,
    #[serde(default)]
    pub(super) products: Vec<toml::Value>,
    #[serde(default)]
    pub(super) skus: Vec<String>,
    #[serde(default)]
    pub(super) categories: Vec<String>,
    pub(super) multiply: Option<bool>,
}

/// `[[category]]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CategoryFile {
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) products: Vec<toml::Value>,
    #[serde(default)]
    pub(super) skus: Vec<String>,
}

/// `[[multiplier]]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MultiplierFile {
    pub(super) id: Option<String>,
    pub(super) factor: Option<String>,
    #[serde(default)]
    pub(super) categories: Vec<String>,
    #[serde(default)]
    pub(super) locations: Vec<toml::Value>,
    #[serde(default)]
    pub(super) weekdays: Vec<String>,
    pub(super) from: Option<Datetime>,
    pub(super) until: Option<Datetime>,
    pub(super) first_day: Option<Datetime>,
    pub(super) last_day: Option<Datetime>,
}

/// `[tiers]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TiersFile {
    pub(super) qualify: Option<String>,
    pub(super) window: Option<String>,
    pub(super) downgrade: Option<String>,
}

/// `[[tier]]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TierFile {
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    /// Text for money, a number for points and orders.
    pub(super) threshold: Option<toml::Value>,
    pub(super) rate: Option<String>,
    #[serde(default)]
    pub(super) perks: Vec<String>,
    #[serde(default)]
    pub(super) replaces: Vec<String>,
}

/// `[[reward]]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RewardFile {
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) points: Option<i64>,
    pub(super) kind: Option<String>,
    pub(super) amount: Option<String>,
    pub(super) percent: Option<String>,
    pub(super) tier: Option<String>,
    pub(super) stock: Option<i64>,
    pub(super) first_day: Option<Datetime>,
    pub(super) last_day: Option<Datetime>,
}

/// `[expiry]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpiryFile {
    pub(super) rule: Option<String>,
    pub(super) months: Option<i64>,
}

/// `[mail]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MailFile {
    pub(super) receipts: Option<String>,
    #[serde(default)]
    pub(super) off: Vec<String>,
    pub(super) approve_days: Option<i64>,
    #[serde(rename = "win-back")]
    pub(super) win_back: Option<WinBackFile>,
    pub(super) birthday: Option<DayFile>,
    pub(super) anniversary: Option<DayFile>,
    #[serde(rename = "tier-at-risk")]
    pub(super) tier_at_risk: Option<TierAtRiskFile>,
    #[serde(default)]
    pub(super) template: Vec<TemplateFile>,
}

/// `[mail.win-back]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WinBackFile {
    pub(super) rhythm: Option<String>,
    pub(super) days: Option<i64>,
    pub(super) offer: Option<String>,
    pub(super) send: Option<String>,
}

/// `[mail.birthday]`, `[mail.anniversary]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DayFile {
    pub(super) points: Option<i64>,
    pub(super) offer: Option<String>,
    pub(super) send: Option<String>,
}

/// `[mail.tier-at-risk]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TierAtRiskFile {
    pub(super) send: Option<String>,
}

/// `[survey]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SurveyFile {
    pub(super) question: Option<String>,
    pub(super) after_days: Option<i64>,
    pub(super) send: Option<String>,
    pub(super) points: Option<i64>,
    pub(super) review_url: Option<String>,
    pub(super) counter: Option<bool>,
}

/// `[[mail.template]]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TemplateFile {
    pub(super) kind: Option<String>,
    pub(super) language: Option<String>,
    pub(super) subject: Option<String>,
    pub(super) preheader: Option<String>,
    pub(super) body: Option<String>,
}
