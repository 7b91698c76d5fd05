//! English.

use loyalty::consent::Teller;
use loyalty::mail::{Kind, WhyNot};
use loyalty::program::ConsentGrade;

use super::Words;
use crate::unsubscribe::Stops;

pub(super) const WORDS: Words = Words {
    kind,
    account: "About your points",
    account_owed: "Whatever you choose, you are told when points are about to expire, when your \
                   tier is about to end and when the program changes or ends: the shop owes you \
                   that. A pause holds that too, and no points expire without it.",
    offers: "Offers and news",
    offers_none: "You don't get any. If you would like to, tick this and save.",
    save: "Save",
    preferences_link: "Choose what mail you get",

    stop,
    stops: |stops, shop| match stops {
        Stops::Kind(one) => format!(
            "Press the button, and {shop} sends you no more mail of this kind: {}.",
            kind(one)
        ),
        _ => format!("Press the button, and {shop} sends you no more offers and news."),
    },
    goes_on,
    stopped_title: "It is stopped",
    stopped: |stops, shop, date| match stops {
        Stops::Kind(one) => {
            format!("{shop} sends you no more mail of this kind: {}.", kind(one))
        }
        _ => format!("{shop} sends you no more offers and news, since {date}."),
    },
    instead: "Did you rather want less?",
    undo: "Undo: write to me as before",
    undo_monthly: "Offers at most once a month",
    undo_pause: "Only a pause of three months",
    switch_on: "Undo: switch it on again",
    more_choices: "More choices: a pause, or nothing at all",

    preferences_title: "What mail would you like?",
    offers_stopped: |date| format!("You stopped offers and news on {date}."),
    often: "How often offers and news?",
    as_it_comes: "As they come, at most one a week",
    monthly: "At most once a month",
    pause_title: "A pause",
    pause_text: "No mail at all for three months. Your points go on.",
    paused: |date| format!("You get no mail until {date}. Your points go on."),
    pause: "Pause for three months",
    resume: "End the pause",
    nothing_title: "Nothing at all",
    nothing_text: "No offers, no news, nothing about your points, except what the shop owes you: \
                   that points are about to expire, that your tier is about to end, or that the \
                   program changes or ends.",
    nothing: "Switch everything off",
    complained: |date| {
        format!(
            "On {date} you marked a mail of ours as spam. Since then you get no offers and \
             nothing about your points, only what you ask for yourself. That can't be changed \
             here. If it was a mistake, write to us: a person reads it."
        )
    },
    bounced: |date| {
        format!(
            "Mail to your address has been coming back since {date}, so none goes out. That \
             can't be changed here: write to us from the address you want mail at, and a person \
             sees to it."
        )
    },
    saved: "Saved.",
    is_on: "on",
    is_off: "off",
    unchanged: "Nothing to save: it is as you want it already.",
    nothing_saved: "Saved. Nothing comes any more, except what the shop owes you.",
    monthly_saved: "Offers and news: at most once a month",
    as_it_comes_saved: "Offers and news: as they come",
    pause_saved: |date| format!("No mail until {date}"),
    resume_saved: "The pause is over",
    birthday_title: "Your birthday",
    birthday_why: |shop| {
        format!(
            "If you tell it, {shop} can wish you well and give you what the program gives on that \
             day. Day and month are enough: no year is asked, and none is kept. You can change it \
             once a year, and remove it at any time."
        )
    },
    birthday_known: |day| format!("We have {day}."),
    birthday_waits: |date| {
        format!(
            "You changed it less than a year ago, so it can be changed again from {date} on. If \
             it is wrong, write to us."
        )
    },
    birthday_day: "Day",
    birthday_month: "Month",
    birthday_none: "Choose",
    birthday_save: "Save my birthday",
    birthday_forget: "Remove my birthday",
    birthday_half: "Your birthday isn't saved: choose both the day and the month.",
    birthday_no_day: "Your birthday isn't saved: that month has no such day. Choose another.",
    birthday_saved: |day| format!("Your birthday: {day}"),
    birthday_gone: "Your birthday isn't kept",

    why_title: "Why you got this mail",
    why_unknown: "Nothing is kept of this mail any more: that is so after 13 months. You can \
                  still choose what mail you get.",
    by_order: |date| format!("You bought something on {date}."),
    by_week: |date| format!("You bought something in the week from {date}."),
    by_return: |date| format!("Something you had bought went back on {date}."),
    by_request: |date| {
        format!("On {date} somebody asked for offers and news at this address: you, we hope.")
    },
    by_birthday: |day| match day {
        Some(day) => format!("Your birthday is on {day}."),
        None => "It was your birthday, as far as we knew it then.".to_owned(),
    },
    by_anniversary: |years, program| match years {
        1 => format!("You had been part of {program} for a year."),
        _ => format!("You had been part of {program} for {years} years."),
    },
    by_absence: |date| {
        format!("This mail was chosen automatically, because your last visit was on {date}.")
    },
    by_visit: "You bought something, and the shop asks how it was.",
    by_low_score: "A low score waits for an answer.",
    by_answer: "You gave us a low score, and somebody answered you.",
    by_voices: "You answered one of our surveys, and this is what became of it.",
    by_review: |tier, date| {
        format!(
            "You were {tier}, and on {date} that is looked at again. As things stood, it would \
             have ended then."
        )
    },
    by_expiry: |points, date| match points {
        Some(points) => format!("{points} of yours expire at the end of {date}."),
        None => format!("Points of yours were to expire at the end of {date}."),
    },
    by_import: |shop| {
        format!(
            "Your address came to us in a list of {shop}, which doesn't show that you said yes \
             to offers and news. So you are asked, once."
        )
    },
    fact_what: "What it tells",
    fact_state: "Sent",
    fact_tier: "Reached",
    fact_allowed: "Why we may write",
    waiting: "Not yet",
    on_its_way: "It is on its way",
    sent_to_owner: |date| format!("On {date}, to the shop's owner as a trial and not to you"),
    sent_or_not: "We don't know whether it went out, and won't try again",
    failed: "It couldn't be sent",
    dropped: "No, it was left out",
    why_not,
    allowed_asked: "You asked, and this is the answer",
    allowed_member: |program| format!("You take part in {program}"),
    allowed_yes: |date, how, who| format!("You said yes on {date}: {how}, {who}"),
    allowed_unsaid: "Only with your yes, which is looked for just before such mail goes out",
    grade,
    teller,
    used: "What it counts",
    columns: [("Day", false), ("What", false), ("Points", true)],
    purchase: "Purchase",
    went_back: "Went back",
    gift: "A gift for your day",
    goodwill: "From us, with our answer",
    stop_title: "Not wanted?",
    stop_offers: "Stop offers and news",
    stop_kind: "Stop mail of this kind",

    confirm_title: |shop| format!("Would you like mail from {shop}?"),
    confirm_lead: |shop| {
        format!("Press the button if you do, and {shop} writes to you now and then:")
    },
    yes: "Yes, write to me",
    confirm_or_not: "If you would rather not, do nothing: without your yes nobody writes to you.",
    confirmed_title: "Thank you",
    confirmed: |shop| format!("You said yes: {shop} writes to you now and then."),
    confirmed_stop: "You can stop at any time, by a link in every mail or here:",
};

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::SignIn => "A link to sign in",
        Kind::ConsentConfirmation => "The question whether you want mail",
        Kind::Export => "Your data, as you asked",
        Kind::Erasure => "That your data will be erased, as you asked",
        Kind::RewardIssued => "A reward you redeemed",
        Kind::LowScore => "A score that asks for an answer",
        Kind::YouSaid => "What became of what you told us",
        Kind::FollowUpAnswer => "An answer to what you wrote",
        Kind::Receipt => "Points for what you bought",
        Kind::PointsTakenBack => "Points that went back",
        Kind::TierReached => "A tier you reached",
        Kind::PointsExpiring => "Points about to expire",
        Kind::TierEnding => "That a tier ends",
        Kind::ProgramChange => "A change of the program",
        Kind::ProgramEnd => "The end of the program",
        Kind::RetentionNotice => "That old data will be erased",
        Kind::Welcome => "Welcome",
        Kind::Birthday => "A mail on your birthday",
        Kind::Anniversary => "A mail on the day you joined",
        Kind::TierAtRisk => "What is missing to keep your tier",
        Kind::WinBack => "A letter after a long time",
        Kind::Survey => "A question about how it was",
    }
}

fn stop(stops: Stops) -> [&'static str; 2] {
    match stops {
        Stops::Kind(_) => ["Stop mail of this kind?", "Stop mail of this kind"],
        _ => ["Stop offers and news?", "Stop offers and news"],
    }
}

fn goes_on(stops: Stops) -> &'static str {
    match stops {
        Stops::Offers => "Mail about your points goes on.",
        Stops::Kind(_) => "Other mail goes on.",
        Stops::OffersNotOwed => {
            "The mail you came from is one the shop owes you, such as a notice that points are \
             about to expire. It has no switch, and it is rare."
        }
        Stops::OffersNotAskedFor => {
            "The mail you came from answers something you asked for. Such mail still comes, only \
             when you ask."
        }
    }
}

fn why_not(why: WhyNot) -> &'static str {
    match why {
        WhyNot::NotLive | WhyNot::BeforeLive => "the shop didn't send mail yet",
        WhyNot::NoNews => "it was nothing new",
        WhyNot::ShopPaused => "the shop's mail is paused",
        WhyNot::MarketingPaused => "the shop's offers are paused",
        WhyNot::FollowUpOpen => "the shop wanted to answer you first",
        WhyNot::Paused => "your mail is paused",
        WhyNot::Unreachable => "there was no address to write to",
        WhyNot::Bounced => "mail to your address came back",
        WhyNot::Complained => "you marked a mail as spam",
        WhyNot::NotAMember => "you don't take part",
        WhyNot::NoConsent => "you didn't say yes to such mail",
        WhyNot::NotSent => "the shop doesn't send this kind",
        WhyNot::SwitchedOff => "you switched this kind off",
        WhyNot::Quiet => "it was night",
        WhyNot::Capped => "you had mail recently",
        WhyNot::Stale => "it came too late to make sense",
        WhyNot::NothingToTell => "what it would have told wasn't so any more, or was told before",
        WhyNot::NotDue => "its time hadn't come",
    }
}

fn grade(grade: ConsentGrade) -> &'static str {
    match grade {
        ConsentGrade::ConfirmedOwnForm => "on the shop's own form, confirmed by a link in a mail",
        ConsentGrade::OwnForm => "on the shop's own form",
        ConsentGrade::Checkout => "by a box at checkout",
        ConsentGrade::ImportWithWording => "on a form whose words are kept",
        ConsentGrade::ExistingCustomer => "by giving your address with a purchase",
    }
}

fn teller(teller: Teller) -> &'static str {
    match teller {
        Teller::Shopify => "as Shopify tells",
        Teller::Square => "as Square tells",
        Teller::Own => "as you told us yourself",
        Teller::Import => "as the shop's own list tells",
    }
}
