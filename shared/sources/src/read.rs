//! Reading JSON, and saying where it fails without repeating what stands there.

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use thiserror::Error;

/// A body can't be read. Says where and why, without any of its values: one of them may
/// be somebody's address.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Unreadable(pub String);

/// Raw JSON that only has to be there.
pub(crate) type Any = Box<RawValue>;

/// A body as text.
pub(crate) fn text(body: &[u8]) -> Result<&str, Unreadable> {
    std::str::from_utf8(body).map_err(|_| Unreadable("the body isn't UTF-8".to_owned()))
}

/// Reads a body. An error of the parser itself would print the value it stumbled over.
pub(crate) fn parse<T: DeserializeOwned>(body: &str) -> Result<T, Unreadable> {
    let mut json = serde_json::Deserializer::from_str(body);
    serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let what = match error.inner().classify() {
            serde_json::error::Category::Data => "missing, or of another type than expected",
            serde_json::error::Category::Eof => "the JSON ends too early",
            _ => "this isn't JSON",
        };
        Unreadable(format!("`{}`: {what}", error.path()))
    })
}

/// A failure at a place in the body.
pub(crate) fn at(path: &str, what: impl std::fmt::Display) -> Unreadable {
    Unreadable(format!("`{path}`: {what}"))
}

/// A text that says something, without the blanks around it.
pub(crate) fn filled(text: &Option<String>) -> Option<String> {
    text.as_ref().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}
