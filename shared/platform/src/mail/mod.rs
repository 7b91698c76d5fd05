//! Mail through SES: one letter to one person, sent once or not, and never in doubt
//! without saying so.
//!
//! SES has no idempotency token, so nothing is tried again in here: whoever sends learns
//! whether it was accepted, surely wasn't, or may have been.

mod address;
mod letter;
mod quota;

use std::sync::{Arc, Mutex, MutexGuard};

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::config::retry::RetryConfig;
use aws_sdk_sesv2::error::{ErrorMetadata, SdkError};
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use jiff::Timestamp;
use thiserror::Error;

pub use self::address::{AddressError, Mailbox, address};
pub use self::letter::Letter;
pub use self::quota::Quota;

use self::quota::Kept;
use crate::telemetry::chain;

/// A letter wasn't accepted, or it isn't known whether it was.
///
/// Reasons are our own sentences: what SES writes may quote an address.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SendError {
    /// Surely not accepted; may be in a moment.
    #[error("SES takes no more at the moment: {reason}")]
    Throttled {
        /// Why.
        reason: String,
    },
    /// Surely not accepted; may be later, once somebody has done something.
    #[error("the letter waits: {reason}")]
    Held {
        /// Why, and what to do.
        reason: String,
    },
    /// Surely not accepted, and never will be.
    #[error("the letter can't be sent: {reason}")]
    Refused {
        /// Why.
        reason: String,
    },
    /// SES may have accepted it. Its events tell.
    #[error("it isn't known whether the letter was sent: {reason}")]
    Unknown {
        /// Why.
        reason: String,
    },
}

impl SendError {
    /// Why, without the person.
    pub fn reason(&self) -> &str {
        match self {
            Self::Throttled { reason }
            | Self::Held { reason }
            | Self::Refused { reason }
            | Self::Unknown { reason } => reason,
        }
    }

    fn throttled(reason: impl Into<String>) -> Self {
        Self::Throttled { reason: reason.into() }
    }

    fn held(reason: impl Into<String>) -> Self {
        Self::Held { reason: reason.into() }
    }

    fn refused(reason: impl Into<String>) -> Self {
        Self::Refused { reason: reason.into() }
    }

    fn unknown(reason: impl Into<String>) -> Self {
        Self::Unknown { reason: reason.into() }
    }
}

/// SES. Clones share what they know of its quota.
#[derive(Debug, Clone)]
pub struct Mail {
    client: Client,
    kept: Arc<Mutex<Kept>>,
}

impl Mail {
    /// Mail through this client, whatever its retries are: here there are none.
    pub fn new(client: Client) -> Self {
        let config = client.config().to_builder().retry_config(RetryConfig::disabled());
        Self { client: Client::from_conf(config.build()), kept: Arc::default() }
    }

    /// Sends a letter, in one attempt; answers with SES's id of it.
    pub async fn send(&self, letter: &Letter) -> Result<String, SendError> {
        let sent = letter.request()?.send_with(&self.client).await;
        let told = match sent {
            Ok(answer) => answer
                .message_id
                .ok_or_else(|| SendError::unknown("SES answered without the message's id")),
            Err(error) => Err(told(&error)),
        };
        if matches!(told, Ok(_) | Err(SendError::Unknown { .. })) {
            self.kept().count();
        }
        told
    }

    /// What may be sent now: asked of SES at most every five minutes, less what was sent
    /// since. If SES doesn't say, one a second.
    pub async fn quota(&self, now: Timestamp) -> Quota {
        let sent_before = {
            let kept = self.kept();
            if let Some(quota) = kept.fresh(now) {
                return quota;
            }
            kept.sent()
        };
        let quota = match self.client.get_account().send().await {
            Ok(account) => Quota::told(&account).ok_or_else(|| "no quota in it".to_owned()),
            Err(error) => Err(chain(&error)),
        };
        let quota = quota.unwrap_or_else(|error| {
            tracing::warn!(error, "SES doesn't tell its quota: one mail a second until it does");
            Quota::UNKNOWN
        });
        self.kept().keep(now, quota, sent_before)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// What became of the letter, by what the SDK met.
fn told(error: &SdkError<SendEmailError, HttpResponse>) -> SendError {
    match error {
        SdkError::ConstructionFailure(_) => SendError::held(
            "the request to SES couldn't be made: check the function's region and credentials",
        ),
        SdkError::DispatchFailure(failure) if failure.is_user() && !given_up(error) => {
            SendError::held("the request to SES couldn't be made: check its endpoint")
        }
        SdkError::DispatchFailure(_) => SendError::unknown("the connection to SES failed"),
        SdkError::TimeoutError(_) => SendError::unknown("SES didn't answer in time"),
        SdkError::ServiceError(answer) => {
            refusal(answer.raw().status().as_u16(), answer.err().meta())
        }
        // An answer that can't be read may well say that it was accepted.
        _ => SendError::unknown("SES's answer couldn't be read"),
    }
}

/// The HTTP client counts a request whose connection's task ended among the caller's own
/// mistakes; that one may have been sent.
fn given_up(error: &SdkError<SendEmailError, HttpResponse>) -> bool {
    chain(error).contains("dispatch task")
}

/// What SES's refusal means, by status, code, and the few texts that tell more than their
/// code does.
fn refusal(status: u16, error: &ErrorMetadata) -> SendError {
    const QUOTA: &str = "the daily quota at SES is used up: ask AWS for more, or wait";
    let (code, text) = (error.code().unwrap_or_default(), error.message().unwrap_or_default());
    let says = |part: &str| text.contains(part);
    if status >= 500 {
        return SendError::unknown("SES failed inside");
    }
    if says("Daily message quota exceeded") {
        return SendError::held(QUOTA);
    }
    if says("Maximum sending rate exceeded") {
        return SendError::throttled("more a second than SES takes");
    }
    match code {
        "TooManyRequestsException" | "ThrottlingException" | "Throttling" => {
            SendError::throttled("more requests than SES takes")
        }
        "LimitExceededException" => SendError::held(QUOTA),
        "SendingPausedException" => SendError::held(
            "sending is paused at SES, for the account or the shop's configuration set: resume it \
             there",
        ),
        "AccountSuspendedException" => {
            SendError::held("AWS has suspended this account's sending for good: write to AWS")
        }
        "MailFromDomainNotVerifiedException" => SendError::held(
            "the sender's MAIL FROM domain isn't verified at SES: see to its DNS records",
        ),
        "NotFoundException" => SendError::held(NO_CONFIGURATION_SET),
        "BadRequestException" if says("onfiguration set") && says("does not exist") => {
            SendError::held(NO_CONFIGURATION_SET)
        }
        // The one rejection that isn't about the letter.
        "MessageRejected" if says("not verified") => SendError::held(
            "the sender's address or domain isn't verified at SES, or the account is in the \
             sandbox, where the recipient's must be too",
        ),
        "MessageRejected" => SendError::refused("SES rejected what the letter holds"),
        "BadRequestException" | "ValidationException" | "ValidationError" => {
            SendError::refused("SES can't use the request")
        }
        "AccessDeniedException"
        | "AccessDenied"
        | "NotAuthorized"
        | "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "ExpiredTokenException"
        | "ExpiredToken" => SendError::held(NOT_ALLOWED),
        _ => match status {
            429 => SendError::throttled("more requests than SES takes"),
            401 | 403 => SendError::held(NOT_ALLOWED),
            _ => SendError::unknown(format!("SES answered with status {status}")),
        },
    }
}

const NO_CONFIGURATION_SET: &str = "the shop's configuration set isn't at SES: create it, or \
                                    see to REGULARS_CONFIGURATION_SETS";

const NOT_ALLOWED: &str = "AWS doesn't let this function send: its role needs ses:SendEmail for \
                           the sender's identity";
