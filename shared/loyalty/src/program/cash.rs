//! What points are worth in money, where the program sells money for them.

use super::{Program, Reward, RewardKind};
use crate::{Money, Points};

impl Program {
    /// What points are worth by the reward for everybody that gives most money for them,
    /// rounded down; `None`: no reward is an amount of money, or they are worth nothing yet.
    pub fn worth(&self, points: Points) -> Option<Money> {
        let share = |reward: &Reward| match reward.kind {
            RewardKind::AmountOff(minor) => {
                points.0.checked_mul(minor)?.checked_div(reward.points.0)
            }
            _ => None,
        };
        let for_all = self.rewards.iter().filter(|reward| reward.tier.is_none());
        let minor = for_all.filter_map(share).max().filter(|minor| *minor > 0)?;
        Some(Money { minor, currency: self.shop.currency })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{program, version};

    fn worth(points: i64, rewards: &str) -> Option<i64> {
        let version = version(&format!("{}{rewards}", program("points = 10\namount = '1.00'")));
        version.program.worth(Points(points)).map(|money| money.minor)
    }

    fn off(id: &str, points: i64, amount: &str) -> String {
        format!(
            "[[reward]]\nid = '{id}'\nname = 'R'\npoints = {points}\nkind = 'amount-off'\n\
             amount = '{amount}'\n"
        )
    }

    #[test]
    fn points_are_worth_what_the_best_amount_off_gives_for_them() {
        let both = format!("{}{}", off("five", 1000, "5.00"), off("twenty", 3000, "20.00"));
        assert_eq!(worth(480, &off("five", 1000, "5.00")), Some(240));
        assert_eq!(worth(480, &both), Some(320));
        assert_eq!(worth(1, &both), None, "less than a cent");
    }

    #[test]
    fn points_that_buy_no_money_have_no_worth_in_money() {
        let coffee = "[[reward]]\nid = 'c'\nname = 'C'\npoints = 350\nkind = 'free-item'\n";
        assert_eq!(worth(480, coffee), None);
    }
}
