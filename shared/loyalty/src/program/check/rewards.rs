//! The section `[[reward]]`.

use rust_decimal::Decimal;

use super::Known;
use super::reader::{Checker, MAX_NAME};
use super::tiers::MAX_COUNT;
use crate::Points;
use crate::program::file::RewardFile;
use crate::program::{Reward, RewardKind};

/// The most rewards.
const MAX_REWARDS: usize = 100;
/// The most there are of a reward that is counted.
const MAX_STOCK: i64 = 1_000_000;
/// The least percentage off: 0.01.
const LEAST_PERCENT: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    AmountOff,
    PercentOff,
    FreeItem,
    FreeDelivery,
    Donation,
    EarlyAccess,
    Experience,
    Custom,
}

const KINDS: &[(&str, Kind)] = &[
    ("amount-off", Kind::AmountOff),
    ("percent-off", Kind::PercentOff),
    ("free-item", Kind::FreeItem),
    ("free-delivery", Kind::FreeDelivery),
    ("donation", Kind::Donation),
    ("early-access", Kind::EarlyAccess),
    ("experience", Kind::Experience),
    ("custom", Kind::Custom),
];

impl Checker {
    pub(super) fn rewards(&mut self, mut files: Vec<RewardFile>, known: &Known) -> Vec<Reward> {
        self.at_most("reward", &mut files, MAX_REWARDS);
        self.unique("reward", files.iter().map(|file| file.id.as_deref()));
        let rewards = files.into_iter().enumerate();
        rewards
            .filter_map(|(index, file)| self.reward(&format!("reward[{index}]"), file, known))
            .collect()
    }

    fn reward(&mut self, at: &str, file: RewardFile, known: &Known) -> Option<Reward> {
        let id = self.id(&format!("{at}.id"), file.id.as_deref());
        let name = self.text(&format!("{at}.name"), file.name.as_deref(), MAX_NAME);
        let points = self.whole(&format!("{at}.points"), file.points, 1..=MAX_COUNT, None::<i64>);
        let kind = self.reward_kind(at, &file, known);
        if let Some(tier) = &file.tier {
            self.reference(&format!("{at}.tier"), tier, "tier", &known.tiers);
        }
        let stock = file
            .stock
            .and_then(|stock| self.whole(&format!("{at}.stock"), Some(stock), 0..=MAX_STOCK, None));
        let (first_day, last_day) = self.days(at, file.first_day, file.last_day);
        Some(Reward {
            id: id?,
            name: name?,
            points: Points(points?),
            kind: kind?,
            // an id that doesn't parse has its problem where the tier is
            tier: file.tier.and_then(|tier| tier.parse().ok()),
            stock,
            first_day,
            last_day,
        })
    }

    fn reward_kind(&mut self, at: &str, file: &RewardFile, known: &Known) -> Option<RewardKind> {
        let kind = self.choice(&format!("{at}.kind"), file.kind.as_deref(), KINDS, None)?;
        let [amount, percent] = ["amount", "percent"].map(|name| format!("{at}.{name}"));
        if kind != Kind::AmountOff {
            self.only_with(&amount, file.amount.is_some(), "kind = \"amount-off\"");
        }
        if kind != Kind::PercentOff {
            self.only_with(&percent, file.percent.is_some(), "kind = \"percent-off\"");
        }
        match kind {
            Kind::AmountOff => self
                .amount(&amount, file.amount.as_deref(), known.currency, 1)
                .map(RewardKind::AmountOff),
            Kind::PercentOff => self
                .decimal(&percent, file.percent.as_deref(), LEAST_PERCENT..=Decimal::ONE_HUNDRED)
                .map(RewardKind::PercentOff),
            Kind::FreeItem => Some(RewardKind::FreeItem),
            Kind::FreeDelivery => Some(RewardKind::FreeDelivery),
            Kind::Donation => Some(RewardKind::Donation),
            Kind::EarlyAccess => Some(RewardKind::EarlyAccess),
            Kind::Experience => Some(RewardKind::Experience),
            Kind::Custom => Some(RewardKind::Custom),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    const BRONZE: &str = "[[tier]]\nid = \"bronze\"\nname = \"Bronze\"\n";
    const COFFEE: &str = "[[reward]]\nid = \"coffee\"\nname = \"Coffee\"\npoints = 350\n";

    #[test]
    fn a_reward_has_the_keys_of_its_kind() {
        check(
            &format!("{COFFEE}kind = \"coffee\""),
            "reward[0].kind: found \"coffee\"; write one of \"amount-off\", \"percent-off\", \
             \"free-item\", \"free-delivery\", \"donation\", \"early-access\", \"experience\", \
             \"custom\"",
        );
        check(
            &format!("{COFFEE}kind = \"amount-off\""),
            "reward[0].amount: is missing: write an amount in quotes, such as \"10.00\"",
        );
        check(
            &format!("{COFFEE}kind = \"percent-off\"\npercent = \"0\""),
            "reward[0].percent: found \"0\"; write a number from 0.01 to 100 in quotes, with at \
             most 4 decimal places",
        );
        check(
            &format!("{COFFEE}kind = \"free-item\"\namount = \"5.00\""),
            "reward[0].amount: has no meaning here: it belongs to kind = \"amount-off\"",
        );
        check(
            &format!("{COFFEE}kind = \"custom\"\npercent = \"5\""),
            "reward[0].percent: has no meaning here: it belongs to kind = \"percent-off\"",
        );
        check(
            &format!("{COFFEE}kind = \"custom\"\ntier = \"silver\""),
            "reward[0].tier: found \"silver\", which is no tier; the program has no [[tier]]",
        );
        check(
            &format!("{BRONZE}{COFFEE}kind = \"custom\"\ntier = \"silver\""),
            "reward[0].tier: found \"silver\", which is no tier; write one of \"bronze\"",
        );
        check(
            &format!("{COFFEE}kind = \"custom\"\n{COFFEE}kind = \"custom\""),
            "reward[1].id: found \"coffee\", which reward[0] has already",
        );
    }
}
