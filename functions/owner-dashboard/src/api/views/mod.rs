//! What answers look like. Storage may change its names; these stay.

mod approval;
mod customer;
mod decision;
mod follow_up;
mod held;
mod job;
mod ledger;
mod mail;
mod merge;
mod message;
mod order;
mod reconciliation;
mod survey;
mod templates;
mod trial;
mod why;
mod withdrawals;

use loyalty::{CurrencyCode, Money};
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;

pub(super) use self::approval::{Answered, Approval, Approvals};
pub(super) use self::customer::{Customer, Customers};
pub(super) use self::decision::{Decided, Decision, Decisions};
pub(super) use self::follow_up::{FollowUpInFull, FollowUpInShort, FollowUps};
pub(super) use self::held::HeldOrders;
pub(super) use self::job::{MailNight, MailNightOf, PointsNightOf, PointsNightPage};
pub(super) use self::ledger::{Entry, LedgerPage};
pub(super) use self::mail::{MailMode, MailSetting, MailSettings, Marketing};
pub(super) use self::merge::MergeCandidates;
pub(super) use self::message::{CustomerMessages, MessageState, Messages};
pub(super) use self::order::Order;
pub(super) use self::reconciliation::Reconciliations;
pub(super) use self::survey::{
    QuestionResults, SaidPlanned, ScoreCount, SurveyAnswer, SurveyAnswers, SurveyGroup,
    SurveyResults, channel,
};
pub(super) use self::templates::MailTemplates;
pub(super) use self::trial::{Forecast, StartedTrial, Trial, TrialResult, Trials};
pub(super) use self::why::{Gate, Why};
pub(super) use self::withdrawals::Withdrawals;

/// An amount of money.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Amount {
    /// A decimal number with the currency's own places: `49.95`, and `500` for JPY.
    #[schema(example = "49.95")]
    amount: String,
    /// ISO 4217 code.
    #[schema(example = "USD")]
    currency: String,
}

impl From<Money> for Amount {
    fn from(money: Money) -> Self {
        Self { amount: money.decimal(), currency: money.currency.to_string() }
    }
}

/// An amount as a source wrote it, with at least the currency's own places.
fn decimal(amount: Decimal, currency: Option<CurrencyCode>) -> String {
    let mut amount = amount.normalize();
    let places = currency.map_or(0, |currency| currency.exponent());
    if amount.scale() < places {
        amount.rescale(places);
    }
    amount.to_string()
}

/// Gives an enum of the rules a form for answers: the same variants, named in snake case.
macro_rules! mirror {
    ($(#[$doc:meta])* $name:ident = $theirs:path { $($variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, serde::Serialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub(in crate::api) enum $name { $($variant),+ }

        impl From<$theirs> for $name {
            fn from(theirs: $theirs) -> Self {
                use $theirs as Theirs;
                match theirs { $(Theirs::$variant => Self::$variant),+ }
            }
        }
    };
}
use mirror;

mirror!(
    /// Where an order or a customer record comes from.
    Source = loyalty::ids::Source { Shopify, Square }
);

/// An order among all sources of a shop.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OrderName {
    /// The source.
    source: Source,
    /// Its id there.
    #[schema(example = "820982911946154508")]
    id: String,
}

impl From<&loyalty::ids::OrderRef> for OrderName {
    fn from(order: &loyalty::ids::OrderRef) -> Self {
        Self { source: order.source.into(), id: order.id.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(amount: &str, currency: &str, printed: &str) {
        let amount = loyalty::money::parse_decimal(amount).unwrap();
        assert_eq!(decimal(amount, currency.parse().ok()), printed);
    }

    #[test]
    fn an_amount_has_the_places_of_its_currency_and_loses_none_of_its_own() {
        check("10", "USD", "10.00");
        check("10.500", "USD", "10.50");
        check("1000.00", "JPY", "1000");
        check("1.5", "KWD", "1.500");
        check("0.005", "USD", "0.005");
        check("3.10", "", "3.1");
    }
}
