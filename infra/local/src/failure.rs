//! Why a command ended with exit code 1, in words for the person who typed it.

use std::error::Error;
use std::fmt;

/// One clear sentence, or a list under one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failure(String);

impl Failure {
    /// A failure that is told as it is.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// What couldn't be done, and the whole chain of reasons.
    pub(crate) fn because(what: impl fmt::Display, error: &dyn Error) -> Self {
        Self(format!("{what}: {}", chain(error)))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Failure {}

/// An error and its sources, without those that only repeat the one before.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        let reason = source.to_string();
        if !text.ends_with(&reason) {
            text = format!("{text}: {reason}");
        }
        next = source.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Outer(std::io::Error);

    impl fmt::Display for Outer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("the outer one")
        }
    }

    impl Error for Outer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn a_failure_tells_the_whole_chain_once() {
        let inner = std::io::Error::other("the inner one");
        let failure = Failure::because("cannot do it", &Outer(inner));
        assert_eq!(failure.to_string(), "cannot do it: the outer one: the inner one");
    }
}
