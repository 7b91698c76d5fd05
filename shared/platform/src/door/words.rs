//! What troubled pages say: a heading, and what to do.

use loyalty::Language;

use super::Trouble;

/// The heading and the text of a trouble's page.
pub(super) fn trouble(language: Language, trouble: Trouble) -> [&'static str; 2] {
    match language {
        Language::En => en(trouble),
        Language::De => de(trouble),
    }
}

fn en(trouble: Trouble) -> [&'static str; 2] {
    match trouble {
        Trouble::Forged => [
            "This link doesn't work",
            "It isn't complete, or was changed on its way. Open the link in the mail again, or \
             answer the mail: a person reads it.",
        ],
        Trouble::OtherDoor => [
            "This link is for something else",
            "It is one of ours, at the wrong place. Open the link in the mail again, or answer \
             the mail: a person reads it.",
        ],
        Trouble::Expired => [
            "This link's time is over",
            "The question was open for 30 days. Nothing happened since, and without your yes \
             nobody writes to you. If you would like mail after all, answer the mail: a person \
             reads it.",
        ],
        Trouble::NoShop => [
            "This shop isn't here any more",
            "Nothing is sent for it any more. You don't have to do anything.",
        ],
        Trouble::Gone => [
            "Nothing is kept of you",
            "We have no address of yours any more, and no mail goes out to you. You don't have \
             to do anything.",
        ],
        Trouble::OtherAddress => [
            "Your address has changed",
            "This question went to an address that isn't the one we know of you now, so an \
             answer here counts for nothing. Write to us if you would like mail: a person reads \
             it.",
        ],
        Trouble::Method => [
            "This doesn't work like that",
            "Open the link in the mail again, and use the buttons there.",
        ],
        Trouble::TooLarge => [
            "That was too much",
            "More was sent than this page asks for, so nothing was changed. Open the link in the \
             mail again, and press the button there.",
        ],
        Trouble::Busy => [
            "It didn't work just now",
            "We couldn't save or show it, and it isn't your fault. Go back in a minute and press \
             the button again, or open the link again. Or answer the mail: a person reads it.",
        ],
        Trouble::Broken => [
            "Something is broken here",
            "It isn't your fault, and trying again won't help. Answer the mail, and a person sees \
             to it.",
        ],
    }
}

fn de(trouble: Trouble) -> [&'static str; 2] {
    match trouble {
        Trouble::Forged => [
            "Dieser Link funktioniert nicht",
            "Er ist unvollständig oder wurde unterwegs verändert. Öffne den Link in der Mail noch \
             einmal, oder antworte auf die Mail: Ein Mensch liest das.",
        ],
        Trouble::OtherDoor => [
            "Dieser Link ist für etwas anderes",
            "Er ist von uns, aber am falschen Ort. Öffne den Link in der Mail noch einmal, oder \
             antworte auf die Mail: Ein Mensch liest das.",
        ],
        Trouble::Expired => [
            "Die Zeit für diesen Link ist vorbei",
            "Die Frage galt 30 Tage. Seitdem ist nichts passiert, und ohne dein Ja schreibt dir \
             niemand. Möchtest du doch Mails, dann antworte auf die Mail: Ein Mensch liest das.",
        ],
        Trouble::NoShop => [
            "Dieses Geschäft gibt es hier nicht mehr",
            "Es verschickt über uns nichts mehr. Du musst nichts tun.",
        ],
        Trouble::Gone => [
            "Von dir ist nichts gespeichert",
            "Wir haben keine Adresse von dir mehr, und es geht keine Mail an dich hinaus. Du \
             musst nichts tun.",
        ],
        Trouble::OtherAddress => [
            "Deine Adresse hat sich geändert",
            "Diese Frage ging an eine andere Adresse als die, die wir jetzt von dir kennen. Eine \
             Antwort hier gilt darum nicht. Schreib uns, wenn du Mails möchtest: Ein Mensch \
             liest das.",
        ],
        Trouble::Method => [
            "So geht das nicht",
            "Öffne den Link in der Mail noch einmal und nimm die Knöpfe dort.",
        ],
        Trouble::TooLarge => [
            "Das war zu viel",
            "Es kam mehr an, als diese Seite fragt; darum ist nichts geändert. Öffne den Link in \
             der Mail noch einmal und drück dort auf den Knopf.",
        ],
        Trouble::Busy => [
            "Das hat gerade nicht geklappt",
            "Wir konnten es nicht speichern oder zeigen, und es liegt nicht an dir. Geh in einer \
             Minute zurück und drück noch einmal auf den Knopf, oder öffne den Link noch einmal. \
             Oder antworte auf die Mail: Ein Mensch liest das.",
        ],
        Trouble::Broken => [
            "Hier ist etwas kaputt",
            "Es liegt nicht an dir, und noch ein Versuch hilft nicht. Antworte auf die Mail, dann \
             kümmert sich ein Mensch darum.",
        ],
    }
}
