//! English.

use loyalty::survey::{AnswerBy, Question};

use super::Words;

pub(super) const WORDS: Words = Words {
    title: |question| match question {
        Question::Csat => "How was it?",
        Question::Nps => "Would you recommend us?",
    },
    range: |question| match question {
        Question::Csat => "From 1 to 5.",
        Question::Nps => "From 0 to 10.",
    },
    about_order: |shop, day| match day {
        Some(day) => format!("It is about your order of {day} at {shop}."),
        None => format!("It is about your order at {shop}."),
    },
    about_visit: |shop| format!("It is about your visit to {shop}."),
    comment: "Is there anything you would like to say? (optional)",
    comment_help: |most| format!("Up to {most} characters."),
    reads: |who| format!("{who} reads it."),
    reads_anonymous: |who| {
        format!("{who} reads it, and doesn't learn who you are: nobody can answer you here.")
    },
    send: "Send",
    before: |score, day| {
        format!("You answered on {day}: {score}. If you send something else, it replaces that.")
    },

    may_answer: |who| format!("May {who} answer you?"),
    by: |by| match by {
        AnswerBy::Mail => "Yes, by mail",
        AnswerBy::Phone => "Yes, by phone",
        AnswerBy::No => "No",
    },
    no_number: "We don't have your number: add it to what you write.",
    tell: "Send",

    wrong_score: |question| match question {
        Question::Csat => "Choose a score from 1 to 5.",
        Question::Nps => "Choose a score from 0 to 10.",
    },
    wrong_comment: |length, most| {
        format!(
            "Your text has {length} characters, and {most} fit. It is still here: shorten it and \
             send it again."
        )
    },
    wrong_by: "Choose by mail, by phone or no, or leave that open.",

    thanks: "Thank you",
    kept: |score| format!("Your answer is saved: {score}."),
    kept_anonymous: "Your answer is saved.",
    next: |who, by| match by {
        None => format!("{who} is being told now, and reads it."),
        Some(AnswerBy::Mail) => format!("{who} is being told now, and answers you by mail."),
        Some(AnswerBy::Phone) => format!("{who} is being told now, and calls you."),
        Some(AnswerBy::No) => {
            format!("{who} is being told now, and reads it. As you asked, nobody answers you.")
        }
    },
    no_offers: "Until that is settled, for 30 days at most, you get no offers from us.",
    read_by: |who| format!("{who} reads it."),
    points: |points| format!("You got {points} for answering."),
    change: |day| format!("Change your answer, until {day}"),
    review: ("If you like, tell others:", "write a review"),

    closed_title: "This survey has closed",
    closed: |day, contact| match contact {
        Some(contact) => format!(
            "It was open until {day}. We would still like to hear from you: write to {contact}, a \
             person reads it."
        ),
        None => format!(
            "It was open until {day}. We would still like to hear from you: tell us at the \
             counter, or answer our mail."
        ),
    },

    off_title: "We take no answers here",
    off: "This shop takes no answers by this link. Tell us in person: we are glad to hear it.",
    full: "Many people are answering just now. Nothing is saved yet, and your answer is still \
           here: send it again in a minute, or tell us in person.",
    card: "How was it? Scan this and tell us. It takes a moment, and you needn't say who you are.",
    card_label: |url| format!("A QR code that leads to {url}"),
    card_how: "Print this page; it is a card of A6 size (105 × 148 mm) for your counter.",
};
