//! What people agree to, word for word: the same in the mail that asks, on the page that
//! records, and in the proof.

use crate::{Language, Locale};

/// What somebody says yes to who wants marketing mail of a shop.
pub fn wording(locale: &Locale, shop: &str) -> String {
    match locale.language {
        Language::En => format!(
            "I would like to get offers and news from {shop} by e-mail, at the address this \
             was sent to. I can stop at any time, by a link in every mail."
        ),
        Language::De => format!(
            "Ich möchte Angebote und Neuigkeiten von {shop} per E-Mail bekommen, an die \
             Adresse, an die das hier ging. Ich kann das jederzeit beenden, mit einem Link in \
             jeder Mail."
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wording_says_who_what_how_and_how_to_stop() {
        for (language, words) in [
            (Language::En, ["offers and news", "Corner Bakery", "e-mail", "stop at any time"]),
            (Language::De, ["Angebote und Neu", "Corner Bakery", "E-Mail", "jederzeit beenden"]),
        ] {
            let wording = wording(&Locale::new(language, "US"), "Corner Bakery");
            assert!(words.iter().all(|word| wording.contains(word)), "{wording}");
        }
    }
}
