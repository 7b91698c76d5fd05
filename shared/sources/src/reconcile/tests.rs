//! Against servers that list what changed as the sources do, on a real table.

mod history;
mod shopify;
mod source;
mod square;
