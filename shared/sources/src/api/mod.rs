//! Asking Square and Shopify themselves, where a body told less than is needed.
//!
//! An answer is the same object that webhooks carry and is read by the same code. Nothing
//! here tries again: whoever asks has a queue, and an error says whether and when asking
//! again may help.

mod access;
mod graphql;
mod history;
mod http;
mod shopify;
mod square;
mod subscriptions;
mod wait;

use std::error::Error as StdError;
use std::time::Duration;

use thiserror::Error;

pub use self::access::{NoAccess, NotGranted, ShopifyAccess};
pub use self::history::{Changed, ChangedPage, Listed, Span};
pub use self::http::{Answered, Http};
pub use self::shopify::ShopifyApi;
pub use self::square::SquareApi;
pub use self::subscriptions::{SHOPIFY_TOPICS, SQUARE_EVENTS, SquareSubscription};
use crate::Unreadable;

/// A source didn't answer what it was asked. Says nothing of the token, or of what an
/// answer said.
#[derive(Debug, Error)]
pub enum ApiError {
    /// There is no such thing there, or none that we may see.
    #[error("the source has nothing with this id")]
    NotFound,
    /// The token is missing, revoked or expired, or isn't allowed this.
    #[error("the source doesn't accept the token: connect the shop to it again")]
    Unauthorized,
    /// The token is good, and not for this.
    #[error(
        "the source's token isn't allowed this: give the app the scope {scope} and connect the \
         shop again"
    )]
    Forbidden {
        /// The scope it takes.
        scope: &'static str,
    },
    /// The source grants us no token.
    #[error(transparent)]
    NotGranted(NotGranted),
    /// The source understood, and won't do it.
    #[error("the source refused it ({why})")]
    Refused {
        /// Why: its code and the field it names, no more.
        why: String,
    },
    /// We ask too often.
    #[error("the source asks us to wait {} s", wait.as_secs())]
    Throttled {
        /// How long not to ask.
        wait: Duration,
    },
    /// It couldn't be reached, took too long or has a fault of its own.
    #[error("the source isn't available ({code})")]
    Unavailable {
        /// What went wrong, in a word or two.
        code: String,
        /// The error, where there was no answer at all.
        #[source]
        source: Option<Box<dyn StdError + Send + Sync>>,
    },
    /// Its answer isn't one we know.
    #[error("the source's answer can't be used")]
    Unreadable(#[source] Unreadable),
}

/// What is needed to ask a source can't be made from what was given.
#[derive(Debug, Error)]
pub enum SetupError {
    /// The URL isn't one.
    #[error("this is no URL to ask at: use one such as https://connect.squareup.com")]
    Url,
    /// The token has characters that no token has.
    #[error("the token has characters that can't be sent: copy it again")]
    Token,
    /// There is no HTTP client to be had.
    #[error("the HTTP client couldn't be built")]
    Client(#[source] Box<dyn StdError + Send + Sync>),
}

impl ApiError {
    /// Whether the same may work when asked again, later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Throttled { .. } | Self::Unavailable { .. })
    }
}

impl From<Unreadable> for ApiError {
    fn from(unreadable: Unreadable) -> Self {
        Self::Unreadable(unreadable)
    }
}

#[cfg(test)]
mod tests;
