//! The section `[survey]`.

use super::reader::{Checker, shown};
use crate::Points;
use crate::program::file::SurveyFile;
use crate::program::survey::AFTER_DAYS;
use crate::program::{LetterRules, SurveyRules};
use crate::survey::{LATEST, Question};

/// The most points an answer may bring. More is a slip of the pen.
const MAX_POINTS: i64 = 10_000;
/// The longest address of a page, in characters.
const MAX_URL: usize = 500;

impl Checker {
    /// `[survey]`: its rules, and how its letter goes.
    pub(super) fn survey(&mut self, file: SurveyFile) -> Option<(SurveyRules, LetterRules)> {
        let questions = Question::ALL.map(|question| (question.as_str(), question));
        let default = Some(Question::default());
        let question =
            self.choice("survey.question", file.question.as_deref(), &questions, default);
        let days = 1..=i64::from(LATEST);
        let after_days = self.whole("survey.after_days", file.after_days, days, Some(AFTER_DAYS));
        let letter = self.letter("survey", file.send, None);
        let points = self.whole("survey.points", file.points, 0..=MAX_POINTS, Some(0));
        let review_url = file.review_url.map(|url| self.review_url("survey.review_url", url));
        let rules = SurveyRules {
            question: question?,
            after_days: after_days?,
            points: Points(points?),
            review_url: review_url.map_or(Some(None), |url| url.map(Some))?,
            counter: file.counter.unwrap_or(true),
        };
        Some((rules, letter?))
    }

    /// Where reviews are written: an address of the web, and not at Yelp.
    fn review_url(&mut self, key: &str, url: String) -> Option<String> {
        let wanted = format!(
            "an address of at most {MAX_URL} characters that begins with https://, such as \
             \"https://g.page/r/corner-bakery/review\""
        );
        let Some(host) = host(&url).filter(|_| url.chars().count() <= MAX_URL) else {
            self.report(key, format!("found {}; write {wanted}", shown(&url)));
            return None;
        };
        if host.to_ascii_lowercase().split('.').any(|label| label == "yelp") {
            let message = format!(
                "found {}, but Yelp asks businesses not to ask for reviews, and may warn your \
                 customers if you do; name another page, or leave it out",
                shown(&url)
            );
            self.report(key, message);
            return None;
        }
        Some(url)
    }
}

/// The host of an `https` address of printable ASCII, without name and password; `None`: it is
/// none that a page may link to.
fn host(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://")?;
    let odd = |c: char| !c.is_ascii_graphic() || "\"'<>\\^`{|}".contains(c);
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.split_once(':').map_or(authority, |(host, _)| host);
    let port = authority.split_once(':').map(|(_, port)| port);
    let is_port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
    let is_label = |label: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=63).contains(&label.len()) && label.bytes().all(plain)
    };
    // The dot that may end a name is no label.
    let name = host.strip_suffix('.').unwrap_or(host);
    let fits = name.contains('.') && name.split('.').all(is_label) && port.is_none_or(is_port);
    (fits && !url.contains(odd)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{SMALLEST, check};
    use super::*;
    use crate::program::{CORNER_BAKERY, Program, Sending};

    fn read(section: &str) -> Program {
        Program::parse(&format!("{SMALLEST}{section}")).unwrap()
    }

    #[test]
    fn a_program_that_says_nothing_asks_from_1_to_5_after_three_days_and_pays_nothing() {
        let rules = SurveyRules {
            question: Question::Csat,
            after_days: 3,
            points: Points::ZERO,
            review_url: None,
            counter: true,
        };
        assert_eq!(read("").survey, rules);
        assert_eq!(read("[survey]\n").survey, rules);
        assert_eq!(read("").mail.survey, LetterRules::default());
    }

    #[test]
    fn every_key_of_the_section_is_read() {
        let program = read(
            "[survey]\nquestion = \"nps\"\nafter_days = 7\nsend = \"approve\"\npoints = 20\n\
             review_url = \"https://Reviews.example.com:8443/corner?lang=en#write\"\n\
             counter = false\n",
        );
        let review_url = "https://Reviews.example.com:8443/corner?lang=en#write".to_owned();
        let rules = SurveyRules {
            question: Question::Nps,
            after_days: 7,
            points: Points(20),
            review_url: Some(review_url),
            counter: false,
        };
        assert_eq!(program.survey, rules);
        let letter = program.mail.letter(crate::mail::Kind::Survey).unwrap();
        assert_eq!(*letter, LetterRules { send: Some(Sending::Approve), offer: None });
    }

    #[test]
    fn the_section_of_the_sample_program_reads_as_it_stands_there() {
        let (_, section) = CORNER_BAKERY.split_once("# [survey]\n").unwrap();
        let lines = section.lines().filter_map(|line| line.strip_prefix("# "));
        let section: String = lines.map(|line| format!("{line}\n")).collect();
        let survey = read(&format!("[survey]\n{section}")).survey;
        let review_url = Some("https://g.page/r/corner-bakery/review".to_owned());
        assert_eq!(survey, SurveyRules { review_url, ..SurveyRules::default() });
    }

    #[test]
    fn a_wrong_value_is_told_what_is_allowed() {
        check(
            "[survey]\nquestion = \"stars\"",
            "survey.question: found \"stars\"; write one of \"csat\", \"nps\"",
        );
        for days in [0, 31] {
            check(
                &format!("[survey]\nafter_days = {days}"),
                &format!("survey.after_days: found {days}; write a whole number from 1 to 30"),
            );
        }
        check(
            "[survey]\nsend = \"later\"",
            "survey.send: found \"later\"; write one of \"auto\", \"approve\"",
        );
        check(
            "[survey]\npoints = 10001",
            "survey.points: found 10001; write a whole number from 0 to 10000",
        );
        check(
            "[[survey]]\npoints = 1",
            "survey: found `[[survey]]` in line 16; this needs to be one section, [survey]",
        );
        check(
            "[survey]\noffer = \"A cake\"",
            "survey.offer: unknown key in line 17; allowed here: `question`, `after_days`, \
             `send`, `points`, `review_url`, `counter`",
        );
    }

    #[test]
    fn a_review_page_is_an_https_address() {
        for url in [
            "",
            "http://g.page/r/corner",
            "HTTPS://g.page",
            "https://",
            "https://corner",
            "https://g.page:0/",
            "https://g.page:x/",
            "https://me@g.page/",
            "https://g..page/",
            "https://g.page/a b",
            "https://g.page/<b>",
            "https://bäcker.example/",
            "javascript:alert(1)",
        ] {
            check(
                &format!("[survey]\nreview_url = '{url}'"),
                &format!(
                    "survey.review_url: found {}; write an address of at most 500 characters that \
                     begins with https://, such as \"https://g.page/r/corner-bakery/review\"",
                    shown(url)
                ),
            );
        }
        let long = |length: usize| format!("https://g.page/{}", "a".repeat(length - 15));
        let parse =
            |url: String| Program::parse(&format!("{SMALLEST}[survey]\nreview_url = '{url}'"));
        assert!(parse(long(500)).is_ok());
        assert!(parse(long(501)).is_err());
    }

    #[test]
    fn a_page_of_yelp_is_refused_with_the_reason() {
        for host in
            ["www.yelp.com", "YELP.de", "m.yelp.co.uk", "yelp.to", "biz.yelp.com.", "yelp.com:443"]
        {
            check(
                &format!("[survey]\nreview_url = 'https://{host}/biz/corner'"),
                &format!(
                    "survey.review_url: found \"https://{host}/biz/corner\", but Yelp asks \
                     businesses not to ask for reviews, and may warn your customers if you do; \
                     name another page, or leave it out"
                ),
            );
        }
        for host in ["yelping.example", "not-yelp.example"] {
            read(&format!("[survey]\nreview_url = 'https://{host}/yelp.com'"));
        }
    }
}
