//! An answer to begin with, in her language; the owner changes it as she likes.

use loyalty::Language;
use loyalty::survey::Score;

/// An answer to somebody of this name who gave this score, signed.
pub(super) fn answer(language: Language, name: Option<&str>, score: Score, signed: &str) -> String {
    let (score, best) = (score.value(), score.question().best());
    match language {
        Language::En => {
            let hello = name.map_or_else(|| "Hello,".to_owned(), |name| format!("Hello {name},"));
            format!(
                "{hello}\n\nthank you for telling us: {score} of {best}. I am sorry that it \
                 wasn't better.\n\nWhat would have made it right for you? You can simply reply to \
                 this mail; I read it myself.\n\n{signed}"
            )
        }
        Language::De => {
            let hello = name.map_or_else(|| "Hallo,".to_owned(), |name| format!("Hallo {name},"));
            format!(
                "{hello}\n\ndanke, dass du es uns gesagt hast: {score} von {best}. Es tut mir \
                 leid, dass es nicht besser war.\n\nWas hätten wir besser machen können? Antworte \
                 einfach auf diese E-Mail; ich lese sie selbst.\n\n{signed}"
            )
        }
    }
}
