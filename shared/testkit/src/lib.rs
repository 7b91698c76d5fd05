//! What tests and the local system share: the embedded DynamoDB beneath the real SDK,
//! a shop on it, and the bodies its sources send.

pub mod embedded;
pub mod faults;
pub mod shop;
pub mod shopify;
pub mod square;
