//! Every kind, language, preset and name, through [`write`].

mod overrides;
mod rules;

use std::sync::LazyLock;

use loyalty::program::CORNER_BAKERY;
use loyalty::survey::{AnswerBy, Question};
use proptest::prelude::*;

use super::*;
use crate::{Colour, Language};

fn bakery() -> Program {
    Program::parse(CORNER_BAKERY).unwrap()
}

fn brand() -> Brand {
    Brand {
        shop: "Corner Bakery".to_owned(),
        program: "Corner Bakery Regulars".to_owned(),
        accent: Colour::DEFAULT,
        logo: None,
        postal_address: Some("12 Corner Street, Brooklyn, NY 11201".to_owned()),
        contact: Some("hello@corner.example".to_owned()),
        imprint: None,
    }
}

fn links(kind: Kind) -> Links {
    if kind.class() <= Class::AskedFor {
        return Links::NONE;
    }
    let link = |path: &str| Some(format!("https://regulars.example/{path}/T0ken"));
    Links { why: link("why"), preferences: link("p"), unsubscribe: link("u") }
}

fn locale(language: Language) -> Locale {
    Locale::new(language, if language == Language::De { "DE" } else { "US" })
}

/// A mail to write; each test changes what it is about.
struct Case<'a> {
    program: &'a Program,
    locale: Locale,
    brand: Brand,
    name: Option<&'a str>,
    sections: Vec<Section>,
    to_owner: bool,
    marketing_allowed: bool,
}

impl<'a> Case<'a> {
    fn new(kind: Kind, language: Language, program: &'a Program) -> Self {
        let locale = locale(language);
        let sections = vec![Section::sample(kind, program, &locale)];
        let (name, brand) = (Some("Ada"), brand());
        Self { program, locale, brand, name, sections, to_owner: false, marketing_allowed: false }
    }

    fn write(&self) -> Written {
        let kind = self.sections[0].kind();
        write(&Occasion {
            locale: &self.locale,
            brand: &self.brand,
            program: self.program,
            name: self.name,
            balance: Some(Points(1_240)).filter(|_| kind.class() != Class::AskedFor),
            sections: &self.sections,
            links: links(kind),
            to_owner: self.to_owner,
            marketing_allowed: self.marketing_allowed,
        })
    }
}

fn sample(kind: Kind, language: Language) -> Written {
    Case::new(kind, language, &bakery()).write()
}

#[test]
fn each_kind_in_each_language_says_this() {
    for language in Language::ALL {
        let mut all = String::new();
        for kind in Kind::ALL {
            let Written { subject, preheader, text, .. } = sample(kind, language);
            let head = format!("Subject: {subject}\nPreheader: {preheader}");
            all.push_str(&format!("===== {} =====\n{head}\n\n{text}\n", kind.as_str()));
        }
        insta::assert_snapshot!(format!("words_{}", language.as_str()), all);
    }
}

#[test]
fn what_is_asked_or_known_otherwise_says_this() {
    let mut all = String::new();
    let mut program = bakery();
    program.survey.question = Question::Nps;
    for language in Language::ALL {
        let mut case = Case::new(Kind::Survey, language, &program);
        let survey = case.write();
        case.sections = vec![Section::bare(Kind::LowScore, &program, &case.locale)];
        let bare = case.write();
        let mut low_score = Section::sample(Kind::LowScore, &program, &case.locale);
        if let Section::LowScore(told) = &mut low_score {
            (told.answer_by, told.notice, told.orders) = (Some(AnswerBy::Phone), 2, 1);
        }
        case.sections = vec![low_score];
        let phone = case.write();
        if let Section::LowScore(told) = &mut case.sections[0] {
            told.score = Question::Csat.score(5).unwrap();
            told.answer_by = Some(AnswerBy::No);
        }
        for Written { subject, preheader, text, .. } in [survey, bare, phone, case.write()] {
            all.push_str(&format!("=====\nSubject: {subject}\nPreheader: {preheader}\n\n{text}\n"));
        }
    }
    insta::assert_snapshot!("other_words", all);
    let html = sample_of(&program, Kind::Survey).html;
    insta::assert_snapshot!("survey_nps_html", lines(&html));
}

fn sample_of(program: &Program, kind: Kind) -> Written {
    Case::new(kind, Language::En, program).write()
}

#[test]
fn what_a_customer_wrote_to_the_owner_is_a_quotation_and_nothing_else() {
    let program = bakery();
    let mut case = Case::new(Kind::LowScore, Language::En, &program);
    if let Section::LowScore(told) = &mut case.sections[0] {
        let comment = "<b>Dry</b> [x](https://evil.example)\n\n{{ name }} 🥖";
        (told.comment, told.who) = (Some(comment.to_owned()), Some("evil.example".to_owned()));
    }
    let Written { subject, text, html, .. } = case.write();
    assert!(text.contains("> <b>Dry</b> [x](https://evil.example)\n>\n> {{ name }} 🥖"), "{text}");
    assert!(html.contains("<blockquote><p>&lt;b&gt;Dry&lt;/b&gt;"), "{html}");
    assert!(!html.contains("evil.example\"") && !html.contains("<b>"), "{html}");
    assert!(subject.starts_with("A customer gave 2 of 5"), "{subject}");
}

#[test]
fn a_receipt_and_a_survey_look_like_this() {
    insta::assert_snapshot!("receipt_html", lines(&sample(Kind::Receipt, Language::En).html));
    insta::assert_snapshot!("survey_html", lines(&sample(Kind::Survey, Language::De).html));
    insta::assert_snapshot!("low_score_html", lines(&sample(Kind::LowScore, Language::En).html));
}

/// HTML with a line for each element that begins a block.
fn lines(html: &str) -> String {
    ["<table", "<div", "<p>", "<h1", "<ul", "<style", "<meta", "<body", "</head"]
        .iter()
        .fold(html.to_owned(), |html, tag| html.replace(tag, &format!("\n{tag}")))
}

fn tags(html: &str) -> Vec<&str> {
    html.split('<').skip(1).map(|rest| rest.split('>').next().unwrap()).collect()
}

/// What of HTML is read, without its head.
fn read(html: &str) -> String {
    let body = html.split_once("<body").unwrap().1;
    let text: String =
        body.split('<').skip(1).filter_map(|rest| Some(rest.split_once('>')?.1)).collect();
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    text.replace("&#39;", "'").replace("&amp;", "&")
}

proptest! {
    // Each writes a whole mail.
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn whatever_a_name_is_it_is_only_a_name(name in any::<String>()) {
        check_name(&name);
    }

    #[test]
    fn whatever_signs_a_name_has_it_is_only_a_name(name in "[\\[\\]()!*_`<>&#~+.0-9a{}%| \u{5d0}-]{1,90}") {
        check_name(&name);
    }
}

/// The mail of somebody with an ordinary name.
static PLAIN: LazyLock<Written> = LazyLock::new(|| sample(Kind::TierReached, Language::En));

#[track_caller]
fn check_name(name: &str) {
    let program = bakery();
    let case = Case::new(Kind::TierReached, Language::En, &program);
    let plain = &*PLAIN;
    let named = Case { name: Some(name), ..case }.write();
    let shown = facts::shortened(name, 60);
    let is_a_name = facts::is_a_name(&shown);
    let shown =
        if facts::is_right_to_left(&shown) { format!("\u{2068}{shown}\u{2069}") } else { shown };
    let greeting = if !is_a_name { "Hello,".to_owned() } else { format!("Hello {shown},") };
    assert_eq!(tags(&named.html), tags(&plain.html), "{name:?}");
    assert_eq!(read(&named.html), read(&plain.html).replace("Hello Ada,", &greeting), "{name:?}");
    assert_eq!(named.text, plain.text.replace("Hello Ada,", &greeting), "{name:?}");
    assert_eq!((&named.subject, &named.preheader), (&plain.subject, &plain.preheader));
}

#[test]
fn a_name_with_html_is_only_a_name_and_so_are_others() {
    for name in [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "&lt;b&gt;",
        "🧁 Ada 👩‍🍳",
        "עדה",
        "\u{202e}adA",
        "{{ balance }}{% for a in b %}",
        "[click](https://evil.example)",
        "![](https://evil.example/p.png)",
        "**Ada** _A_ `a` # 1. - +",
        "https://evil.example",
        "Ada\r\nBcc: all@example.com",
        "O'Neill & Söhne",
        "]]> --> <!--",
        "\u{fffe}\u{ffff}\u{7f}\u{85}\u{feff}x\u{1f}\u{e000}",
        &"a".repeat(400),
        "",
        " ",
    ] {
        check_name(name);
    }
}

#[test]
fn what_a_person_wrote_is_her_text_and_no_markdown() {
    let program = bakery();
    let mut case = Case::new(Kind::FollowUpAnswer, Language::En, &program);
    let text = "# Sorry\n\n- [x](https://evil.example) <b>{{ name }}</b>\n\n    1. code `a` \\ *b*";
    case.sections =
        vec![Section::FollowUpAnswer { text: text.to_owned(), points: loyalty::Points::ZERO }];
    let written = case.write();
    let said = "# Sorry\n\n- [x](https://evil.example) <b>{{ name }}</b>\n\n1. code `a` \\ *b*";
    assert!(written.text.contains(said), "{}", written.text);
    assert!(!written.html.contains("evil.example\"") && !written.html.contains("<b>"));
}
