//! The sections `[[earn]]`, `[[category]]` and `[[multiplier]]`.

use jiff::civil::Weekday;
use rust_decimal::Decimal;

use super::Known;
use super::reader::{Checker, MAX_NAME};
use crate::Points;
use crate::program::file::{CategoryFile, EarnFile, MultiplierFile};
use crate::program::{Category, Earn, Goods, Multiplier, Per};

/// The most ways to earn.
const MAX_EARN: usize = 20;
/// The most categories.
const MAX_CATEGORIES: usize = 200;
/// The most campaigns.
const MAX_MULTIPLIERS: usize = 50;
/// The most points each time.
const MAX_POINTS: i64 = 1_000_000;
/// The largest factor of a campaign or a tier.
pub(super) const MAX_FACTOR: Decimal = Decimal::ONE_HUNDRED;

/// The days by their short names. The long ones do as well.
const WEEKDAYS: &[(&str, Weekday)] = &[
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];
const LONG_NAMES: [(&str, &str); 7] = [
    ("monday", "mon"),
    ("tuesday", "tue"),
    ("wednesday", "wed"),
    ("thursday", "thu"),
    ("friday", "fri"),
    ("saturday", "sat"),
    ("sunday", "sun"),
];
/// The most days of the week.
const MAX_WEEKDAYS: usize = 7;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Amount,
    Order,
    Item,
}

const KINDS: &[(&str, Kind)] =
    &[("amount", Kind::Amount), ("order", Kind::Order), ("item", Kind::Item)];

impl Checker {
    pub(super) fn earn(&mut self, mut files: Vec<EarnFile>, known: &Known) -> Vec<Earn> {
        if files.is_empty() {
            self.missing("earn", "at least one [[earn]], without which nobody gets points");
        }
        self.at_most("earn", &mut files, MAX_EARN);
        let earn = files.into_iter().enumerate();
        earn.filter_map(|(index, file)| self.one_earn(&format!("earn[{index}]"), file, known))
            .collect()
    }

    fn one_earn(&mut self, at: &str, file: EarnFile, known: &Known) -> Option<Earn> {
        let kind = self.choice(&format!("{at}.per"), file.per.as_deref(), KINDS, None);
        let points = self.whole(&format!("{at}.points"), file.points, 1..=MAX_POINTS, None::<i64>);
        let multiply = file.multiply.unwrap_or(kind == Some(Kind::Amount));
        let per = self.per(at, kind?, file, known);
        Some(Earn { per: per?, points: Points(points?), multiply })
    }

    fn per(&mut self, at: &str, kind: Kind, file: EarnFile, known: &Known) -> Option<Per> {
        let [amount, at_least] = ["amount", "at_least"].map(|name| format!("{at}.{name}"));
        if kind != Kind::Amount {
            self.only_with(&amount, file.amount.is_some(), "per = \"amount\"");
        }
        if kind != Kind::Order {
            self.only_with(&at_least, file.at_least.is_some(), "per = \"order\"");
        }
        if kind != Kind::Item {
            let lists = [
                ("products", file.products.is_empty()),
                ("skus", file.skus.is_empty()),
                ("categories", file.categories.is_empty()),
            ];
            for (name, is_empty) in lists {
                self.only_with(&format!("{at}.{name}"), !is_empty, "per = \"item\"");
            }
        }
        match kind {
            Kind::Amount => {
                let amount = self.amount(&amount, file.amount.as_deref(), known.currency, 1)?;
                Some(Per::Amount { amount })
            }
            Kind::Order => {
                let least = self.amount(&at_least, file.at_least.as_deref(), known.currency, 1)?;
                Some(Per::Order { at_least: least })
            }
            Kind::Item => {
                if file.products.is_empty() && file.skus.is_empty() && file.categories.is_empty() {
                    self.lacks(at, "names no products, skus or categories, so no item would earn");
                }
                let goods = Goods {
                    products: self.source_ids(&format!("{at}.products"), file.products),
                    skus: self.skus(&format!("{at}.skus"), file.skus),
                    categories: self.in_categories(
                        &format!("{at}.categories"),
                        file.categories,
                        known,
                    ),
                };
                Some(Per::Item { goods })
            }
        }
    }

    pub(super) fn categories(&mut self, mut files: Vec<CategoryFile>) -> Vec<Category> {
        self.at_most("category", &mut files, MAX_CATEGORIES);
        self.unique("category", files.iter().map(|file| file.id.as_deref()));
        let categories = files.into_iter().enumerate();
        categories
            .filter_map(|(index, file)| self.category(&format!("category[{index}]"), file))
            .collect()
    }

    fn category(&mut self, at: &str, file: CategoryFile) -> Option<Category> {
        let id = self.id(&format!("{at}.id"), file.id.as_deref());
        let name = self.text(&format!("{at}.name"), file.name.as_deref(), MAX_NAME);
        if file.products.is_empty() && file.skus.is_empty() {
            self.lacks(at, "names no products or skus, so nothing would belong to it");
        }
        let goods = Goods {
            products: self.source_ids(&format!("{at}.products"), file.products),
            skus: self.skus(&format!("{at}.skus"), file.skus),
            categories: Vec::new(),
        };
        Some(Category { id: id?, name: name?, goods })
    }

    pub(super) fn multipliers(
        &mut self,
        mut files: Vec<MultiplierFile>,
        known: &Known,
    ) -> Vec<Multiplier> {
        self.at_most("multiplier", &mut files, MAX_MULTIPLIERS);
        self.unique("multiplier", files.iter().map(|file| file.id.as_deref()));
        let multipliers = files.into_iter().enumerate();
        multipliers
            .filter_map(|(index, file)| {
                self.multiplier(&format!("multiplier[{index}]"), file, known)
            })
            .collect()
    }

    fn multiplier(&mut self, at: &str, file: MultiplierFile, known: &Known) -> Option<Multiplier> {
        let id = self.id(&format!("{at}.id"), file.id.as_deref());
        let factor = self.decimal(
            &format!("{at}.factor"),
            file.factor.as_deref(),
            Decimal::ONE..=MAX_FACTOR,
        );
        let categories = self.in_categories(&format!("{at}.categories"), file.categories, known);
        let locations = self.source_ids(&format!("{at}.locations"), file.locations);
        let weekdays = self.weekdays(&format!("{at}.weekdays"), file.weekdays);
        let from = self.time(&format!("{at}.from"), file.from);
        let until = self.time(&format!("{at}.until"), file.until);
        if let Some(from) = from
            && until == Some(from)
        {
            let message = format!("found {from}, the same as from; for all day leave both out");
            self.report(&format!("{at}.until"), message);
        }
        let (first_day, last_day) = self.days(at, file.first_day, file.last_day);
        Some(Multiplier {
            id: id?,
            factor: factor?,
            categories,
            locations,
            weekdays,
            from,
            until,
            first_day,
            last_day,
        })
    }

    fn weekdays(&mut self, key: &str, mut values: Vec<String>) -> Vec<Weekday> {
        self.at_most(key, &mut values, MAX_WEEKDAYS);
        let days = values.iter().enumerate().filter_map(|(index, value)| {
            let word = value.to_ascii_lowercase();
            let short = LONG_NAMES.iter().find(|(long, _)| *long == word);
            let word = short.map_or(word.as_str(), |(_, short)| short);
            self.choice(&format!("{key}[{index}]"), Some(word), WEEKDAYS, None)
        });
        days.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, check_line};

    #[test]
    fn an_amount_is_one_of_the_shops_currency() {
        check_line(
            "\"1.00\"",
            "\"0.00\"",
            "earn[0].amount: found \"0.00\"; write an amount from \"0.01\" to \"1000000000.00\" \
             with at most 2 decimal places, because it is in USD",
        );
        check_line(
            "\"1.00\"",
            "\"1.005\"",
            "earn[0].amount: found \"1.005\"; write an amount from \"0.01\" to \
             \"1000000000.00\" with at most 2 decimal places, because it is in USD",
        );
        check_line(
            "\"1.00\"",
            "\"1,00\"",
            "earn[0].amount: found \"1,00\"; write an amount such as \"10.00\"",
        );
        check_line(
            "\"1.00\"",
            "\"1000000000.01\"",
            "earn[0].amount: found \"1000000000.01\"; write an amount from \"0.01\" to \
             \"1000000000.00\" with at most 2 decimal places, because it is in USD",
        );
        check_line(
            "amount = \"1.00\"",
            "",
            "earn[0].amount: is missing: write an amount in quotes, such as \"10.00\"",
        );
    }

    #[test]
    fn each_way_to_earn_has_its_own_keys() {
        check(
            "at_least = \"5.00\"",
            "earn[0].at_least: has no meaning here: it belongs to per = \"order\"",
        );
        check("skus = [\"A\"]", "earn[0].skus: has no meaning here: it belongs to per = \"item\"");
        check(
            "[[earn]]\nper = \"order\"\npoints = 1\n",
            "earn[1].at_least: is missing: write an amount in quotes, such as \"10.00\"",
        );
        check(
            "[[earn]]\nper = \"item\"\npoints = 1\n",
            "earn[1]: names no products, skus or categories, so no item would earn",
        );
        check(
            "[[earn]]\npoints = 1\n",
            "earn[1].per: is missing: write one of \"amount\", \"order\", \"item\"",
        );
    }

    #[test]
    fn a_category_is_known_has_one_id_and_something_in_it() {
        let coffee = "[[category]]\nid = \"coffee\"\nname = \"Coffee\"\nproducts = [1]\n";
        check(
            "[base]\nexclude = [\"tea\"]\n",
            "base.exclude[0]: found \"tea\", which is no category; the program has no \
             [[category]]",
        );
        check(
            &format!("{coffee}[base]\nexclude = [\"coffee\", \"tea\"]\n"),
            "base.exclude[1]: found \"tea\", which is no category; write one of \"coffee\"",
        );
        check(
            &format!("{coffee}{coffee}"),
            "category[1].id: found \"coffee\", which category[0] has already",
        );
        check(
            "[[category]]\nid = \"coffee\"\nname = \"Coffee\"\n",
            "category[0]: names no products or skus, so nothing would belong to it",
        );
    }

    #[test]
    fn nobody_is_told_twice_of_one_mistake() {
        // the id isn't text, so nobody knows whether `tea` is this category
        let tea = "[[category]]\nid = 5\nname = \"Tea\"\nskus = [\"T\"]\n";
        check(
            &format!("{tea}[base]\nexclude = [\"tea\"]\n"),
            "category[0].id: found `5` in line 17; this needs text in quotes: \"5\"",
        );
        // this is no list, but the goods aren't missing either
        check(
            "[[earn]]\nper = \"item\"\npoints = 1\nskus = \"T\"\n",
            "earn[1].skus: found `\"T\"` in line 19; this needs a list in brackets, such as [1, \
             2] or [\"a\", \"b\"]",
        );
        check(
            "[multiplier]\nid = \"x\"\n",
            "multiplier: found `[multiplier]` in line 16; this needs double brackets, because \
             there may be several: [[multiplier]]",
        );
    }

    #[test]
    fn a_campaign_has_a_factor_and_times_in_order() {
        let campaign = "[[multiplier]]\nid = \"tuesday\"\nfactor = \"2\"\n";
        check(
            "[[multiplier]]\nid = \"tuesday\"\nfactor = \"0.99\"",
            "multiplier[0].factor: found \"0.99\"; write a number from 1 to 100 in quotes, with \
             at most 4 decimal places",
        );
        check(
            "[[multiplier]]\nid = \"tuesday\"\nfactor = \"101\"",
            "multiplier[0].factor: found \"101\"; write a number from 1 to 100 in quotes, with \
             at most 4 decimal places",
        );
        check(
            &format!("{campaign}weekdays = [\"Tuesday\", \"Dienstag\"]"),
            "multiplier[0].weekdays[1]: found \"dienstag\"; write one of \"mon\", \"tue\", \
             \"wed\", \"thu\", \"fri\", \"sat\", \"sun\"",
        );
        check(
            &format!("{campaign}locations = [0]"),
            "multiplier[0].locations[0]: found 0; write an id above 0, or one in quotes, such as \
             \"S8GWD5R9QB376\"",
        );
        check(
            &format!("{campaign}locations = [\"two words\"]"),
            "multiplier[0].locations[0]: found \"two words\"; write an id above 0, or one in \
             quotes, such as \"S8GWD5R9QB376\"",
        );
        check(
            &format!("{campaign}from = 10:00:00\nuntil = 10:00:00"),
            "multiplier[0].until: found 10:00:00, the same as from; for all day leave both out",
        );
        check(
            &format!("{campaign}from = 2026-01-01"),
            "multiplier[0].from: found 2026-01-01; write a time of day alone, such as 14:00:00",
        );
        check(
            &format!("{campaign}first_day = 2026-02-01\nlast_day = 2026-01-31"),
            "multiplier[0].last_day: found 2026-01-31; it must not be before first_day, \
             2026-02-01",
        );
    }
}
