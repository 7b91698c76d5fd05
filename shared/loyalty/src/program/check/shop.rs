//! The sections `[shop]`, `[program]`, `[base]` and `[expiry]`.

use iso_currency::{Country, Currency};
use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::Known;
use super::reader::{Checker, MAX_NAME, shown};
use crate::CurrencyCode;
use crate::ids::ShopId;
use crate::program::file::{BaseFile, ExpiryFile, ProgramFile, ShopFile};
use crate::program::{Base, Expiry, Membership, Preset, Rounding, Shop, TaxRule};

/// Days within which somebody who joins still gets an order's points, if unsaid.
const CLAIM_DAYS: u16 = 90;
/// The most of them: ten years.
const MAX_CLAIM_DAYS: i64 = 3650;
/// The most days points may be pending: a year.
const MAX_PENDING_DAYS: i64 = 365;
/// The most months after which points expire: ten years. Longer is never.
const MAX_MONTHS: i64 = 120;

const MEMBERSHIP: &[(&str, Membership)] =
    &[("automatic", Membership::Automatic), ("join", Membership::Join)];
const ROUNDING: &[(&str, Rounding)] = &[("floor", Rounding::Floor), ("half-up", Rounding::HalfUp)];
const TAX: &[(&str, TaxRule)] = &[
    ("as-priced", TaxRule::AsPriced),
    ("counts", TaxRule::Counts),
    ("left-out", TaxRule::LeftOut),
];

/// What `[program]` says.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) name: String,
    pub(super) effective_from: Option<Date>,
    pub(super) membership: Membership,
    pub(super) claim_days: u16,
    pub(super) pending_days: u16,
    pub(super) rounding: Rounding,
}

impl Checker {
    pub(super) fn preset(&mut self, value: Option<&str>) -> Option<Preset> {
        self.choice("shop.preset", value, Preset::NAMES, None)
    }

    /// A currency one can pay in: ISO lists others too, such as gold, without a minor
    /// unit.
    pub(super) fn currency(&mut self, value: Option<&str>) -> Option<CurrencyCode> {
        let wanted = "the three letters of ISO 4217, such as \"USD\"";
        let Some(value) = value else {
            self.missing("shop.currency", wanted);
            return None;
        };
        let code: Option<CurrencyCode> = value.parse().ok();
        let is_paid_in = |code: &CurrencyCode| {
            Currency::from_code(code.as_str()).is_some_and(|known| known.exponent().is_some())
        };
        let code = code.filter(is_paid_in);
        if code.is_none() {
            self.report("shop.currency", format!("found {}; write {wanted}", shown(value)));
        }
        code
    }

    pub(super) fn shop(&mut self, file: ShopFile, known: &Known) -> Option<Shop> {
        let id = self.shop_id(file.id.as_deref());
        let name = self.text("shop.name", file.name.as_deref(), MAX_NAME);
        let zone = self.zone(file.timezone.as_deref());
        let country = self.country(file.country.as_deref(), known.preset);
        let hours = self.hours(file.hours, file.silent_after);
        let closed = self.closed(file.closed);
        Some(Shop {
            id: id?,
            name: name?,
            preset: known.preset?,
            currency: known.currency?,
            zone: zone?,
            country: country?,
            hours: hours?,
            closed,
        })
    }

    fn shop_id(&mut self, value: Option<&str>) -> Option<ShopId> {
        let Some(value) = value else {
            self.missing("shop.id", "1 to 40 of a-z, 0-9 and -, such as \"corner-bakery\"");
            return None;
        };
        value.parse().map_err(|error| self.report("shop.id", format!("{error}"))).ok()
    }

    /// A zone of the database that is built in: the same everywhere, whatever the
    /// machine has.
    fn zone(&mut self, value: Option<&str>) -> Option<TimeZone> {
        let wanted = "a name of the IANA time zone database, such as \"America/New_York\" or \
                      \"Europe/Berlin\"";
        let Some(value) = value else {
            self.missing("shop.timezone", wanted);
            return None;
        };
        let zone = TimeZoneDatabase::bundled().get(value).ok().filter(|zone| !zone.is_unknown());
        if zone.is_none() {
            self.report("shop.timezone", format!("found {}; write {wanted}", shown(value)));
        }
        zone
    }

    fn country(&mut self, value: Option<&str>, preset: Option<Preset>) -> Option<String> {
        let wanted = "the two letters of ISO 3166, such as \"IE\" for Ireland";
        let Some(value) = value else {
            let default = preset?.default_country();
            if default.is_none() {
                self.missing("shop.country", wanted);
            }
            return default.map(str::to_owned);
        };
        // the list also has an empty code, for no country at all
        if value.len() != 2 || value.parse::<Country>().is_err() {
            self.report("shop.country", format!("found {}; write {wanted}", shown(value)));
            return None;
        }
        Some(value.to_owned())
    }

    pub(super) fn settings(&mut self, file: ProgramFile, known: &Known) -> Option<Settings> {
        let name = self.text("program.name", file.name.as_deref(), MAX_NAME);
        let effective_from = self.day("program.effective_from", file.effective_from);
        let membership = self.membership(file.membership.as_deref(), known.preset);
        let claim_days =
            self.whole("program.claim_days", file.claim_days, 0..=MAX_CLAIM_DAYS, Some(CLAIM_DAYS));
        let pending_days =
            self.whole("program.pending_days", file.pending_days, 0..=MAX_PENDING_DAYS, Some(0));
        let rounding = self.choice(
            "program.rounding",
            file.rounding.as_deref(),
            ROUNDING,
            Some(Rounding::Floor),
        );
        Some(Settings {
            name: name?,
            effective_from,
            membership: membership?,
            claim_days: claim_days?,
            pending_days: pending_days?,
            rounding: rounding?,
        })
    }

    fn membership(&mut self, value: Option<&str>, preset: Option<Preset>) -> Option<Membership> {
        let key = "program.membership";
        let membership = self.choice(key, value, MEMBERSHIP, Some(Membership::Join))?;
        if let Some(preset) = preset
            && membership == Membership::Automatic
            && !preset.automatic_membership()
        {
            self.report(
                key,
                format!(
                    "found \"automatic\", which preset {preset} doesn't allow: there, people \
                     have to join; write \"join\""
                ),
            );
        }
        Some(membership)
    }

    pub(super) fn base(&mut self, file: BaseFile, known: &Known) -> Option<Base> {
        let tax = self.choice("base.tax", file.tax.as_deref(), TAX, Some(TaxRule::AsPriced));
        let exclude = self.in_categories("base.exclude", file.exclude, known);
        Some(Base {
            tax: tax?,
            shipping: file.shipping.unwrap_or(false),
            tip: file.tip.unwrap_or(false),
            exclude,
            ignore: self.channels("base.ignore", file.ignore),
        })
    }

    pub(super) fn expiry(&mut self, file: Option<ExpiryFile>, known: &Known) -> Option<Expiry> {
        let Some(file) = file else { return Some(Expiry::None) };
        let rules =
            [("none", Rule::None), ("inactivity", Rule::Inactivity), ("months", Rule::Months)];
        let rule = self.choice("expiry.rule", file.rule.as_deref(), &rules, None)?;
        let limit = known.preset.map(Preset::expiry_limit);
        let least = match rule {
            Rule::None => {
                self.only_with(
                    "expiry.months",
                    file.months.is_some(),
                    "rule = \"inactivity\" and rule = \"months\"",
                );
                return Some(Expiry::None);
            }
            Rule::Inactivity => limit.map_or(1, |limit| limit.inactivity),
            Rule::Months => match limit.map(|limit| limit.by_time) {
                Some(None) => {
                    let preset = known.preset.map_or("", Preset::as_str);
                    self.report(
                        "expiry.rule",
                        format!(
                            "found \"months\", but under preset {preset} points don't expire by \
                             time alone; write \"none\" or \"inactivity\""
                        ),
                    );
                    return None;
                }
                Some(Some(least)) => least,
                None => 1,
            },
        };
        let months =
            self.whole("expiry.months", file.months, i64::from(least)..=MAX_MONTHS, None::<u16>)?;
        Some(match rule {
            Rule::None => Expiry::None,
            Rule::Inactivity => Expiry::Inactivity { months },
            Rule::Months => Expiry::Months { months },
        })
    }
}

#[derive(Debug, Clone, Copy)]
enum Rule {
    None,
    Inactivity,
    Months,
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, check_line, check_preset};

    #[test]
    fn a_shop_has_a_known_preset_currency_zone_and_country() {
        check_line(
            "\"us\"",
            "\"us-ca\"",
            "shop.preset: found \"us-ca\"; write one of \"us\", \"us-ny\", \"ca\", \"ca-qc\", \
             \"uk\", \"eu\", \"de\"",
        );
        check_line(
            "\"us\"",
            "\"eu\"",
            "shop.country: is missing: write the two letters of ISO 3166, such as \"IE\" for \
             Ireland",
        );
        check_line(
            "\"us\"",
            "\"us\"\ncountry = \"UK\"",
            "shop.country: found \"UK\"; write the two letters of ISO 3166, such as \"IE\" for \
             Ireland",
        );
        check_line(
            "\"USD\"",
            "\"BTC\"",
            "shop.currency: found \"BTC\"; write the three letters of ISO 4217, such as \
             \"USD\"",
        );
        check_line(
            "\"USD\"",
            "\"XAU\"",
            "shop.currency: found \"XAU\"; write the three letters of ISO 4217, such as \
             \"USD\"",
        );
        check_line(
            "America/New_York",
            "New York",
            "shop.timezone: found \"New York\"; write a name of the IANA time zone database, \
             such as \"America/New_York\" or \"Europe/Berlin\"",
        );
        check_line(
            "America/New_York",
            "Etc/Unknown",
            "shop.timezone: found \"Etc/Unknown\"; write a name of the IANA time zone database, \
             such as \"America/New_York\" or \"Europe/Berlin\"",
        );
        check_line(
            "\"corner\"",
            "\"Corner Bakery\"",
            "shop.id: `Corner Bakery` is not a shop id: use 1 to 40 of a-z, 0-9 and -, such as \
             corner-bakery",
        );
        check_line(
            "\"Corner\"",
            "\" \"",
            "shop.name: found \"\"; write a line of 1 to 80 characters in quotes",
        );
    }

    #[test]
    fn a_first_day_is_a_day() {
        check_line(
            "[program]",
            "[program]\neffective_from = 2026-01-01T10:00:00Z",
            "program.effective_from: found 2026-01-01T10:00:00Z; write a day alone, such as \
             2026-01-31, from 2000 to 2199",
        );
        check_line(
            "[program]",
            "[program]\neffective_from = 0026-01-01",
            "program.effective_from: found 0026-01-01; write a day alone, such as 2026-01-31, \
             from 2000 to 2199",
        );
        check_line(
            "[program]",
            "[program]\neffective_from = 10:00:00",
            "program.effective_from: found 10:00:00; write a day alone, such as 2026-01-31, \
             from 2000 to 2199",
        );
    }

    #[test]
    fn the_preset_decides_on_membership_and_expiry() {
        check_preset("us", "[program]\nmembership = \"automatic\"", None);
        check_preset(
            "de",
            "[program]\nmembership = \"automatic\"",
            Some(
                "program.membership: found \"automatic\", which preset de doesn't allow: there, \
                 people have to join; write \"join\"",
            ),
        );
        check_preset(
            "de",
            "[expiry]\nrule = \"months\"\nmonths = 35\n[program]",
            Some("expiry.months: found 35; write a whole number from 36 to 120"),
        );
        check_preset("ca", "[expiry]\nrule = \"inactivity\"\nmonths = 12\n[program]", None);
        check_preset(
            "ca",
            "[expiry]\nrule = \"months\"\nmonths = 120\n[program]",
            Some(
                "expiry.rule: found \"months\", but under preset ca points don't expire by time \
                 alone; write \"none\" or \"inactivity\"",
            ),
        );
    }

    #[test]
    fn expiry_has_a_rule_and_its_months() {
        check(
            "[expiry]\nmonths = 12",
            "expiry.rule: is missing: write one of \"none\", \"inactivity\", \"months\"",
        );
        check(
            "[expiry]\nrule = \"none\"\nmonths = 12",
            "expiry.months: has no meaning here: it belongs to rule = \"inactivity\" and rule = \
             \"months\"",
        );
        check(
            "[expiry]\nrule = \"inactivity\"",
            "expiry.months: is missing: write a whole number from 12 to 120",
        );
        check(
            "[expiry]\nrule = \"inactivity\"\nmonths = 11",
            "expiry.months: found 11; write a whole number from 12 to 120",
        );
        check(
            "[expiry]\nrule = \"months\"\nmonths = 121",
            "expiry.months: found 121; write a whole number from 12 to 120",
        );
    }
}
