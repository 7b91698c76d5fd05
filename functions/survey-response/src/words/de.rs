//! German.

use loyalty::survey::{AnswerBy, Question};

use super::Words;

pub(super) const WORDS: Words = Words {
    title: |question| match question {
        Question::Csat => "Wie war es?",
        Question::Nps => "Würdest du uns empfehlen?",
    },
    range: |question| match question {
        Question::Csat => "Von 1 bis 5.",
        Question::Nps => "Von 0 bis 10.",
    },
    about_order: |shop, day| match day {
        Some(day) => format!("Es geht um deine Bestellung vom {day} bei {shop}."),
        None => format!("Es geht um deine Bestellung bei {shop}."),
    },
    about_visit: |shop| format!("Es geht um deinen Besuch bei {shop}."),
    comment: "Möchtest du noch etwas sagen? (freiwillig)",
    comment_help: |most| format!("Bis zu {most} Zeichen."),
    reads: |who| format!("Das liest {who}."),
    reads_anonymous: |who| {
        format!("Das liest {who}, ohne zu erfahren, wer du bist: Antworten kann dir hier niemand.")
    },
    send: "Abschicken",
    before: |score, day| {
        format!(
            "Du hast am {day} geantwortet: {score}. Schickst du etwas anderes ab, dann gilt das."
        )
    },

    may_answer: |who| format!("Darf {who} dir antworten?"),
    by: |by| match by {
        AnswerBy::Mail => "Ja, per E-Mail",
        AnswerBy::Phone => "Ja, per Telefon",
        AnswerBy::No => "Nein",
    },
    no_number: "Wir haben deine Nummer nicht: Schreib sie zu deiner Antwort.",
    tell: "Abschicken",

    wrong_score: |question| match question {
        Question::Csat => "Wähle eine Bewertung von 1 bis 5.",
        Question::Nps => "Wähle eine Bewertung von 0 bis 10.",
    },
    wrong_comment: |length, most| {
        format!(
            "Dein Text hat {length} Zeichen, und {most} passen. Er steht noch da: Kürze ihn und \
             schick ihn noch einmal ab."
        )
    },
    wrong_by: "Wähle E-Mail, Telefon oder nein, oder lass das offen.",

    thanks: "Danke",
    kept: |score| format!("Deine Antwort ist gespeichert: {score}."),
    kept_anonymous: "Deine Antwort ist gespeichert.",
    next: |who, by| match by {
        None => format!("{who} erfährt es jetzt gleich und liest es."),
        Some(AnswerBy::Mail) => {
            format!("{who} erfährt es jetzt gleich und antwortet dir per E-Mail.")
        }
        Some(AnswerBy::Phone) => format!("{who} erfährt es jetzt gleich und ruft dich an."),
        Some(AnswerBy::No) => format!(
            "{who} erfährt es jetzt gleich und liest es. Wie du möchtest, antwortet dir niemand."
        ),
    },
    no_offers: "Bis das geklärt ist, höchstens 30 Tage, bekommst du keine Angebote von uns.",
    read_by: |who| format!("Das liest {who}."),
    points: |points| format!("Für deine Antwort hast du {points} bekommen."),
    change: |day| format!("Antwort ändern, bis zum {day}"),
    review: ("Wenn du magst, erzähl es anderen:", "eine Rezension schreiben"),

    closed_title: "Diese Umfrage ist vorbei",
    closed: |day, contact| match contact {
        Some(contact) => format!(
            "Sie lief bis zum {day}. Wir hören trotzdem gern von dir: Schreib an {contact}, ein \
             Mensch liest das."
        ),
        None => format!(
            "Sie lief bis zum {day}. Wir hören trotzdem gern von dir: Sag es uns im Geschäft, \
             oder antworte auf unsere Mail."
        ),
    },

    off_title: "Hier nehmen wir keine Antworten an",
    off: "Dieses Geschäft nimmt über diesen Link keine Antworten an. Sag es uns persönlich: Wir \
          freuen uns darüber.",
    full: "Gerade antworten viele. Noch ist nichts gespeichert, und deine Antwort steht noch da: \
           Schick sie in einer Minute noch einmal ab, oder sag es uns persönlich.",
    card: "Wie war es? Scann das und sag es uns. Es dauert nur einen Moment, und du musst nicht \
           sagen, wer du bist.",
    card_label: |url| format!("Ein QR-Code, der zu {url} führt"),
    card_how: "Druck diese Seite: Sie ist eine Karte in A6 (105 × 148 mm) für deinen Tresen.",
};
