//! The words of the pages: a table per language, in which none can be missing.

mod de;
mod en;

use loyalty::Language;
use loyalty::consent::Teller;
use loyalty::mail::{Kind, WhyNot};
use loyalty::program::ConsentGrade;

use crate::unsubscribe::Stops;

/// The words of a language.
#[derive(Debug)]
pub(crate) struct Words {
    /// A kind of mail, by what it tells.
    pub(crate) kind: fn(Kind) -> &'static str,
    pub(crate) account: &'static str,
    pub(crate) account_owed: &'static str,
    pub(crate) offers: &'static str,
    pub(crate) offers_none: &'static str,
    pub(crate) save: &'static str,
    pub(crate) preferences_link: &'static str,

    // Unsubscribing.
    /// The heading and the button of what a link stops.
    pub(crate) stop: fn(Stops) -> [&'static str; 2],
    /// What pressing does; with the shop's name.
    pub(crate) stops: fn(Stops, &str) -> String,
    /// What goes on nevertheless.
    pub(crate) goes_on: fn(Stops) -> &'static str,
    pub(crate) stopped_title: &'static str,
    /// What is stopped; with the shop's name and the day.
    pub(crate) stopped: fn(Stops, &str, &str) -> String,
    pub(crate) instead: &'static str,
    pub(crate) undo: &'static str,
    pub(crate) undo_monthly: &'static str,
    pub(crate) undo_pause: &'static str,
    pub(crate) switch_on: &'static str,
    pub(crate) more_choices: &'static str,

    // Preferences.
    pub(crate) preferences_title: &'static str,
    /// With the day.
    pub(crate) offers_stopped: fn(&str) -> String,
    pub(crate) often: &'static str,
    pub(crate) as_it_comes: &'static str,
    pub(crate) monthly: &'static str,
    pub(crate) pause_title: &'static str,
    pub(crate) pause_text: &'static str,
    /// With the day it ends.
    pub(crate) paused: fn(&str) -> String,
    pub(crate) pause: &'static str,
    pub(crate) resume: &'static str,
    pub(crate) nothing_title: &'static str,
    pub(crate) nothing_text: &'static str,
    pub(crate) nothing: &'static str,
    /// With the day.
    pub(crate) complained: fn(&str) -> String,
    /// With the day.
    pub(crate) bounced: fn(&str) -> String,
    pub(crate) saved: &'static str,
    pub(crate) is_on: &'static str,
    pub(crate) is_off: &'static str,
    pub(crate) unchanged: &'static str,
    pub(crate) nothing_saved: &'static str,
    pub(crate) monthly_saved: &'static str,
    pub(crate) as_it_comes_saved: &'static str,
    /// With the day it ends.
    pub(crate) pause_saved: fn(&str) -> String,
    pub(crate) resume_saved: &'static str,
    pub(crate) birthday_title: &'static str,
    /// What it is for; with the shop's name.
    pub(crate) birthday_why: fn(&str) -> String,
    /// With the day.
    pub(crate) birthday_known: fn(&str) -> String,
    /// With the day it can be changed again.
    pub(crate) birthday_waits: fn(&str) -> String,
    pub(crate) birthday_day: &'static str,
    pub(crate) birthday_month: &'static str,
    pub(crate) birthday_none: &'static str,
    pub(crate) birthday_save: &'static str,
    pub(crate) birthday_forget: &'static str,
    pub(crate) birthday_half: &'static str,
    pub(crate) birthday_no_day: &'static str,
    /// With the day.
    pub(crate) birthday_saved: fn(&str) -> String,
    pub(crate) birthday_gone: &'static str,

    // Why.
    pub(crate) why_title: &'static str,
    pub(crate) why_unknown: &'static str,
    /// With the day of the purchase.
    pub(crate) by_order: fn(&str) -> String,
    /// With the week's first day.
    pub(crate) by_week: fn(&str) -> String,
    /// With the day.
    pub(crate) by_return: fn(&str) -> String,
    /// With the day.
    pub(crate) by_request: fn(&str) -> String,
    /// With the shop's name.
    pub(crate) by_import: fn(&str) -> String,
    /// With the day of the year, where it is still known.
    pub(crate) by_birthday: fn(Option<&str>) -> String,
    /// With the years, and the program's name.
    pub(crate) by_anniversary: fn(i16, &str) -> String,
    /// With the day of the last purchase.
    pub(crate) by_absence: fn(&str) -> String,
    pub(crate) by_visit: &'static str,
    pub(crate) by_low_score: &'static str,
    pub(crate) by_answer: &'static str,
    pub(crate) by_voices: &'static str,
    /// With the tier, and the day of its review.
    pub(crate) by_review: fn(&str, &str) -> String,
    /// With the points, where they are still there, and the day.
    pub(crate) by_expiry: fn(Option<&str>, &str) -> String,
    pub(crate) fact_what: &'static str,
    pub(crate) fact_state: &'static str,
    pub(crate) fact_tier: &'static str,
    pub(crate) fact_allowed: &'static str,
    pub(crate) waiting: &'static str,
    pub(crate) on_its_way: &'static str,
    /// With the day.
    pub(crate) sent_to_owner: fn(&str) -> String,
    pub(crate) sent_or_not: &'static str,
    pub(crate) failed: &'static str,
    pub(crate) dropped: &'static str,
    pub(crate) why_not: fn(WhyNot) -> &'static str,
    pub(crate) allowed_asked: &'static str,
    /// With the program's name.
    pub(crate) allowed_member: fn(&str) -> String,
    /// With the day, how, and who told.
    pub(crate) allowed_yes: fn(&str, &str, &str) -> String,
    pub(crate) allowed_unsaid: &'static str,
    pub(crate) grade: fn(ConsentGrade) -> &'static str,
    pub(crate) teller: fn(Teller) -> &'static str,
    pub(crate) used: &'static str,
    /// Names of columns, and whether they hold numbers.
    pub(crate) columns: [(&'static str, bool); 3],
    pub(crate) purchase: &'static str,
    pub(crate) went_back: &'static str,
    pub(crate) gift: &'static str,
    pub(crate) goodwill: &'static str,
    pub(crate) stop_title: &'static str,
    pub(crate) stop_offers: &'static str,
    pub(crate) stop_kind: &'static str,

    // Confirming a consent.
    /// With the shop's name.
    pub(crate) confirm_title: fn(&str) -> String,
    /// With the shop's name.
    pub(crate) confirm_lead: fn(&str) -> String,
    pub(crate) yes: &'static str,
    pub(crate) confirm_or_not: &'static str,
    pub(crate) confirmed_title: &'static str,
    /// With the shop's name.
    pub(crate) confirmed: fn(&str) -> String,
    pub(crate) confirmed_stop: &'static str,
}

impl Words {
    /// The words of a language.
    pub(crate) fn of(language: Language) -> &'static Self {
        match language {
            Language::En => &en::WORDS,
            Language::De => &de::WORDS,
        }
    }
}
