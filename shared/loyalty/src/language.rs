//! The languages that people are written to in.

use serde::{Deserialize, Serialize};

/// A language that we have words in.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// German.
    De,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::En, Self::De];

    /// As `lang` has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
        }
    }

    /// Its own name, in itself.
    pub fn name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::De => "Deutsch",
        }
    }

    /// The language of a BCP 47 tag such as `de-AT` (or `de_AT`, as some write it); `None`:
    /// it is none that we have words in.
    pub fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next()?;
        Self::ALL.into_iter().find(|language| language.as_str().eq_ignore_ascii_case(primary))
    }

    /// What a country's shops speak, as far as nobody says otherwise.
    pub fn of_country(country: &str) -> Self {
        match country {
            "DE" | "AT" | "CH" | "LI" => Self::De,
            _ => Self::En,
        }
    }

    /// The first language of an `Accept-Language` header that we have words in, by its
    /// weights.
    pub fn accepted(header: &str) -> Option<Self> {
        let weighed = header.split(',').filter_map(|one| {
            let (tag, parameters) = one.split_once(';').unwrap_or((one, ""));
            let language = Self::of_tag(tag)?;
            let weight = parameters.trim().strip_prefix("q=").unwrap_or("1");
            // A weight has at most three decimals: as text they compare as they stand.
            (!weight.trim_matches(['0', '.']).is_empty()).then_some((weight.to_owned(), language))
        });
        let mut weighed: Vec<_> = weighed.collect();
        weighed.sort_by(|one, other| other.0.cmp(&one.0));
        weighed.first().map(|(_, language)| *language)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_known_by_its_tag_and_else_by_the_country() {
        assert_eq!(Language::of_tag("de-AT"), Some(Language::De));
        assert_eq!(Language::of_tag("DE_de"), Some(Language::De));
        for unknown in ["fr", "", "tlh-Latn", "d", "deu", "\u{202e}ed"] {
            assert_eq!(Language::of_tag(unknown), None, "{unknown}");
        }
        assert_eq!(Language::of_country("CH"), Language::De);
        assert_eq!(Language::of_country("US"), Language::En);
    }

    #[test]
    fn a_browser_says_by_weights_what_it_reads() {
        assert_eq!(Language::accepted("fr-CH, fr;q=0.9, en;q=0.3, de;q=0.7"), Some(Language::De));
        assert_eq!(Language::accepted("de-DE,de;q=0.9,en;q=0.8"), Some(Language::De));
        assert_eq!(Language::accepted("de;q=0, en;q=0.1"), Some(Language::En));
        for none in ["", "fr", "*", "de;q=0.000", ";;;,,,q="] {
            assert_eq!(Language::accepted(none), None, "{none}");
        }
    }
}
