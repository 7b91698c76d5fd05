//! What surveys ask, and their scores in words.

use loyalty::survey::{Question, Score};

use crate::Language;

/// What is asked, as one sentence.
pub fn asks(question: Question, shop: &str, language: Language) -> String {
    match (question, language) {
        (Question::Csat, Language::En) => "How did you like it?".to_owned(),
        (Question::Csat, Language::De) => "Wie hat es dir gefallen?".to_owned(),
        (Question::Nps, Language::En) => {
            format!("How likely are you to recommend {shop} to a friend?")
        }
        (Question::Nps, Language::De) => {
            format!("Wie wahrscheinlich ist es, dass du {shop} weiterempfiehlst?")
        }
    }
}

/// What a score means. Of 0 to 10 only the ends have words.
pub fn means(score: Score, language: Language) -> Option<&'static str> {
    let (english, german) = match (score.question(), score.value()) {
        (Question::Csat, 1) => ("very bad", "sehr schlecht"),
        (Question::Csat, 2) => ("not good", "nicht gut"),
        (Question::Csat, 3) => ("all right", "in Ordnung"),
        (Question::Csat, 4) => ("good", "gut"),
        (Question::Csat, 5) => ("very good", "sehr gut"),
        (Question::Nps, 0) => ("not at all likely", "ganz unwahrscheinlich"),
        (Question::Nps, 10) => ("extremely likely", "äußerst wahrscheinlich"),
        _ => return None,
    };
    Some(match language {
        Language::En => english,
        Language::De => german,
    })
}

/// A score with what it means: `4, good`; `7 of 10` where the number alone means something.
pub fn label(score: Score, language: Language) -> String {
    let (value, best) = (score.value(), score.question().best());
    let of = match language {
        Language::En => "of",
        Language::De => "von",
    };
    let plain = || format!("{value} {of} {best}");
    means(score, language).map_or_else(plain, |means| format!("{value}, {means}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_score_has_its_own_label_in_each_language() {
        for language in Language::ALL {
            for question in Question::ALL {
                let labels: std::collections::BTreeSet<String> =
                    question.scores().map(|score| label(score, language)).collect();
                assert_eq!(labels.len(), question.scores().count(), "{labels:?}");
            }
        }
        let labels = |question: Question| -> Vec<String> {
            question.scores().map(|score| label(score, Language::En)).collect()
        };
        assert_eq!(labels(Question::Csat)[3], "4, good");
        let nps = labels(Question::Nps);
        assert_eq!((nps[0].as_str(), nps[7].as_str()), ("0, not at all likely", "7 of 10"));
    }
}
