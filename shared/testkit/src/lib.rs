//! What tests and the local system share: the embedded DynamoDB, SES and EventBridge
//! beneath the real SDK, a shop on them, and the bodies its sources send.

pub mod aws;
pub mod bus;
pub mod crowd;
pub mod embedded;
pub mod faults;
mod journal;
pub mod ses;
pub mod shop;
pub mod shopify;
pub mod square;

pub use journal::JournalError;
