//! What SES may answer instead of accepting, in its words.

use crate::aws::Reply;

/// What SES may answer instead of accepting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// More a second than it takes.
    Rate,
    /// Too many requests, of whatever kind.
    TooManyRequests,
    /// More in 24 hours than the account may.
    DailyQuota,
    /// A failure of its own.
    Internal,
    /// The content isn't taken.
    Rejected,
    /// The sender isn't verified.
    NotVerified,
    /// Sending is paused.
    Paused,
    /// The account is suspended.
    Suspended,
    /// The MAIL FROM domain isn't verified.
    MailFrom,
    /// There is no such configuration set.
    NoConfigurationSet,
    /// The request is wrong.
    BadRequest,
    /// The caller may not send.
    AccessDenied,
    /// Anything else.
    Other {
        /// HTTP's status.
        status: u16,
        /// The error's code.
        code: String,
        /// Its text.
        message: String,
    },
}

impl Refusal {
    pub(super) fn reply(&self) -> Reply {
        match self {
            Self::Rate => {
                Reply::error(429, "TooManyRequestsException", "Maximum sending rate exceeded.")
            }
            Self::TooManyRequests => {
                Reply::error(429, "TooManyRequestsException", "Too many requests.")
            }
            Self::DailyQuota => {
                Reply::error(400, "LimitExceededException", "Daily message quota exceeded.")
            }
            Self::Internal => Reply::error(500, "InternalFailure", "Internal failure."),
            Self::Rejected => Reply::error(400, "MessageRejected", "Invalid email content."),
            Self::NotVerified => Reply::error(
                400,
                "MessageRejected",
                "Email address is not verified. The following identities failed the check in \
                 region US-EAST-1: hello@example.com",
            ),
            Self::Paused => Reply::error(
                400,
                "SendingPausedException",
                "Email sending is disabled for this account or configuration set.",
            ),
            Self::Suspended => {
                Reply::error(400, "AccountSuspendedException", "The account is suspended.")
            }
            Self::MailFrom => Reply::error(
                400,
                "MailFromDomainNotVerifiedException",
                "The MAIL FROM domain isn't verified.",
            ),
            Self::NoConfigurationSet => {
                Reply::error(404, "NotFoundException", "Configuration set does not exist.")
            }
            Self::BadRequest => bad_request("The request is wrong."),
            Self::AccessDenied => Reply::error(
                403,
                "AccessDeniedException",
                "Not authorized to perform ses:SendEmail",
            ),
            Self::Other { status, code, message } => Reply::error(*status, code, message),
        }
    }
}

pub(super) fn bad_request(message: &str) -> Reply {
    Reply::error(400, "BadRequestException", message)
}
