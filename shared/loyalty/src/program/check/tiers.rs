//! The sections `[tiers]` and `[[tier]]`.

use rust_decimal::Decimal;
use toml::Value;

use super::Known;
use super::earning::MAX_FACTOR;
use super::reader::{Checker, MAX_NAME, MAX_PERK};
use crate::Money;
use crate::ids::TierId;
use crate::program::file::{TierFile, TiersFile};
use crate::program::{Downgrade, Qualify, Tier, TierRules, Window};

/// The most tiers.
const MAX_TIERS: usize = 10;
/// The most perks of a tier.
const MAX_PERKS: usize = 20;
/// The most tiers of earlier versions that one stands in for.
const MAX_REPLACES: usize = 20;
/// The most points a reward costs or a tier takes, and the most orders.
pub(super) const MAX_COUNT: i64 = 1_000_000_000;

const QUALIFY: &[(&str, Qualify)] =
    &[("spend", Qualify::Spend), ("points", Qualify::Points), ("orders", Qualify::Orders)];
const WINDOW: &[(&str, Window)] =
    &[("rolling", Window::Rolling), ("calendar", Window::Calendar), ("lifetime", Window::Lifetime)];
const DOWNGRADE: &[(&str, Downgrade)] =
    &[("one-down", Downgrade::OneDown), ("to-fit", Downgrade::ToFit)];

impl Checker {
    /// What `[tiers]` says of the measure, apart from the rest: thresholds are in it.
    pub(super) fn qualify(&mut self, file: &TiersFile) -> Option<Qualify> {
        self.choice("tiers.qualify", file.qualify.as_deref(), QUALIFY, Some(Qualify::Spend))
    }

    pub(super) fn tier_rules(
        &mut self,
        file: &TiersFile,
        qualify: Option<Qualify>,
    ) -> Option<TierRules> {
        let window =
            self.choice("tiers.window", file.window.as_deref(), WINDOW, Some(Window::Rolling));
        let downgrade = self.choice(
            "tiers.downgrade",
            file.downgrade.as_deref(),
            DOWNGRADE,
            Some(Downgrade::OneDown),
        );
        Some(TierRules { qualify: qualify?, window: window?, downgrade: downgrade? })
    }

    /// The tiers; where the file has none, the one that everybody is in.
    pub(super) fn tiers(
        &mut self,
        mut files: Vec<TierFile>,
        qualify: Option<Qualify>,
        known: &Known,
    ) -> Vec<Tier> {
        self.at_most("tier", &mut files, MAX_TIERS);
        self.unique("tier", files.iter().map(|file| file.id.as_deref()));
        if files.is_empty() {
            return everybody().into_iter().collect();
        }
        let mut below = None;
        let mut replaced = Vec::new();
        let mut tiers = Vec::new();
        for (index, mut file) in files.into_iter().enumerate() {
            let at = format!("tier[{index}]");
            let given = file.threshold.take();
            let threshold = self.threshold(&at, index, given, qualify, known);
            if let Some(threshold) = threshold {
                self.rises(&at, threshold, below, qualify, known);
                below = Some(threshold);
            }
            tiers.extend(self.tier(&at, file, threshold, &mut replaced, known));
        }
        tiers
    }

    fn tier(
        &mut self,
        at: &str,
        file: TierFile,
        threshold: Option<i64>,
        replaced: &mut Vec<TierId>,
        known: &Known,
    ) -> Option<Tier> {
        let id = match &file.id {
            Some(id) => self.tier_id(&format!("{at}.id"), id),
            None => {
                self.missing(&format!("{at}.id"), "1 to 20 of a-z, 0-9 and -");
                None
            }
        };
        let name = self.text(&format!("{at}.name"), file.name.as_deref(), MAX_NAME);
        let rate = file.rate.as_deref().unwrap_or("1");
        let rate = self.decimal(&format!("{at}.rate"), Some(rate), Decimal::ONE..=MAX_FACTOR);
        let perks = self.perks(&format!("{at}.perks"), file.perks);
        let replaces = self.replaces(&format!("{at}.replaces"), file.replaces, replaced, known);
        Some(Tier { id: id?, name: name?, threshold: threshold?, rate: rate?, perks, replaces })
    }

    fn tier_id(&mut self, key: &str, id: &str) -> Option<TierId> {
        id.parse().map_err(|error| self.report(key, format!("{error}"))).ok()
    }

    fn perks(&mut self, key: &str, mut perks: Vec<String>) -> Vec<String> {
        self.at_most(key, &mut perks, MAX_PERKS);
        let perks = perks.iter().enumerate();
        perks
            .filter_map(|(index, perk)| self.text(&format!("{key}[{index}]"), Some(perk), MAX_PERK))
            .collect()
    }

    /// Tiers of earlier versions: none that is still there, and each stood in for once.
    fn replaces(
        &mut self,
        key: &str,
        mut ids: Vec<String>,
        replaced: &mut Vec<TierId>,
        known: &Known,
    ) -> Vec<TierId> {
        self.at_most(key, &mut ids, MAX_REPLACES);
        let mut own = Vec::new();
        for (index, text) in ids.iter().enumerate() {
            let key = format!("{key}[{index}]");
            let Some(id) = self.tier_id(&key, text) else { continue };
            if known.tiers.contains(text) {
                self.report(&key, format!("found \"{id}\", which is still a tier of its own"));
            } else if replaced.contains(&id) {
                self.report(&key, format!("found \"{id}\", which is replaced once already"));
            }
            replaced.push(id.clone());
            own.push(id);
        }
        own
    }

    fn threshold(
        &mut self,
        at: &str,
        index: usize,
        value: Option<Value>,
        qualify: Option<Qualify>,
        known: &Known,
    ) -> Option<i64> {
        let key = format!("{at}.threshold");
        let qualify = qualify?;
        let (word, wanted) = match qualify {
            Qualify::Spend => ("spend", "an amount in quotes, such as \"500.00\""),
            Qualify::Points => ("points", "a whole number without quotes, such as 500"),
            Qualify::Orders => ("orders", "a whole number without quotes, such as 12"),
        };
        let threshold = match (qualify, value) {
            (_, None) if index == 0 => Some(0),
            (_, None) => {
                self.missing(&key, wanted);
                None
            }
            (Qualify::Spend, Some(Value::String(amount))) => {
                self.amount(&key, Some(&amount), known.currency, 0)
            }
            (Qualify::Points | Qualify::Orders, Some(Value::Integer(count))) => {
                self.whole(&key, Some(count), 0..=MAX_COUNT, None::<i64>)
            }
            (_, Some(other)) => {
                let other = other.to_string();
                let message = format!("found {other}; with qualify = \"{word}\" write {wanted}");
                self.report(&key, message);
                None
            }
        };
        if index == 0 && threshold.is_some_and(|threshold| threshold != 0) {
            let message = "is above 0, but the first tier is where everybody starts; leave it out";
            self.report(&key, message.to_owned());
        }
        threshold
    }

    fn rises(
        &mut self,
        at: &str,
        threshold: i64,
        below: Option<i64>,
        qualify: Option<Qualify>,
        known: &Known,
    ) {
        let Some(below) = below.filter(|below| threshold <= *below) else { return };
        let shown = |measure: i64| match (qualify, known.currency) {
            (Some(Qualify::Spend), Some(currency)) => Money { minor: measure, currency }.decimal(),
            _ => measure.to_string(),
        };
        let (found, below) = (shown(threshold), shown(below));
        self.report(
            &format!("{at}.threshold"),
            format!("found {found}; it must be above {below}, which the tier before it takes"),
        );
    }
}

/// The one tier of a program without tiers.
fn everybody() -> Option<Tier> {
    Some(Tier {
        id: "member".parse().ok()?,
        name: "Member".to_owned(),
        threshold: 0,
        rate: Decimal::ONE,
        perks: Vec::new(),
        replaces: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    const BRONZE: &str = "[[tier]]\nid = \"bronze\"\nname = \"Bronze\"\n";
    const SILVER: &str = "[[tier]]\nid = \"silver\"\nname = \"Silver\"\n";

    #[test]
    fn thresholds_rise_from_nothing() {
        check(
            &format!("{BRONZE}threshold = \"0.01\""),
            "tier[0].threshold: is above 0, but the first tier is where everybody starts; leave \
             it out",
        );
        check(
            &format!("{BRONZE}{SILVER}"),
            "tier[1].threshold: is missing: write an amount in quotes, such as \"500.00\"",
        );
        check(
            &format!("{BRONZE}{SILVER}threshold = \"0\""),
            "tier[1].threshold: found 0.00; it must be above 0.00, which the tier before it \
             takes",
        );
        check(
            &format!("{BRONZE}{SILVER}threshold = 500"),
            "tier[1].threshold: found 500; with qualify = \"spend\" write an amount in quotes, \
             such as \"500.00\"",
        );
        let orders = "[tiers]\nqualify = \"orders\"\n";
        check(
            &format!("{orders}{BRONZE}{SILVER}threshold = \"500.00\""),
            "tier[1].threshold: found \"500.00\"; with qualify = \"orders\" write a whole \
             number without quotes, such as 12",
        );
        check(
            &format!("{orders}{BRONZE}{SILVER}threshold = -1"),
            "tier[1].threshold: found -1; write a whole number from 0 to 1000000000",
        );
    }

    #[test]
    fn a_tier_replaces_only_what_is_gone() {
        let second = format!("{BRONZE}{SILVER}threshold = \"5\"\n");
        check(
            &format!("{second}replaces = [\"bronze\"]"),
            "tier[1].replaces[0]: found \"bronze\", which is still a tier of its own",
        );
        check(
            &format!("{second}replaces = [\"Copper\"]"),
            "tier[1].replaces[0]: `Copper` is not a tier id: use 1 to 20 of a-z, 0-9 and -",
        );
        check(
            &format!("{second}replaces = [\"copper\", \"copper\"]"),
            "tier[1].replaces[1]: found \"copper\", which is replaced once already",
        );
        check(
            &format!("{BRONZE}{BRONZE}threshold = \"5\""),
            "tier[1].id: found \"bronze\", which tier[0] has already",
        );
    }
}
