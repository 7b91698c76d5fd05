//! What every mail is held to, whatever its kind, language, preset and brand.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use loyalty::survey::Question;

use super::*;
use crate::brand::{CONTRAST, Theme};

/// Nothing of this kind is said to anybody: pressure, guilt, watching, nobody to answer.
const NEVER_SAID: &[&str] = &[
    "no-reply",
    "noreply",
    "do not reply",
    "don't reply",
    "nicht antworten",
    "hurry",
    "last chance",
    "only today",
    "only until",
    "left!",
    "days left",
    "hours left",
    "running out",
    "don't miss",
    "act now",
    "letzte chance",
    "nur noch",
    "nur heute",
    "beeil",
    "verpass",
    "noch tage",
    "we miss",
    "vermissen",
    "you missed",
    "we noticed",
    "we saw",
    "rhythm",
    "rhythmus",
    "aufgefallen",
    "bemerkt",
    "click here",
    "hier klicken",
    "unfortunately you",
    "lose out",
];

const PRESETS: [&str; 7] = ["us", "us-ny", "ca", "ca-qc", "uk", "eu", "de"];

fn of_preset(preset: &str) -> Program {
    let text = CORNER_BAKERY.replace("\"us-ny\"", &format!("\"{preset}\""));
    let text = match preset {
        "eu" => text.replace("[shop]\n", "[shop]\ncountry = \"IE\"\n"),
        _ => text,
    };
    let joins = ["eu", "de"].contains(&preset);
    let text = if joins { text.replace("\"automatic\"", "\"join\"") } else { text };
    Program::parse(&text).unwrap()
}

/// One of all the mails there are.
struct Mail {
    /// For a failing test to say.
    what: String,
    kind: Kind,
    language: Language,
    preset: &'static str,
    logo: Option<String>,
    written: Written,
}

/// Each mail there is: the full ones with a logo, the bare ones without. Where answers are
/// asked from 0 to 10 there are eleven scores.
static ALL: LazyLock<Vec<Mail>> = LazyLock::new(|| {
    let mut all = Vec::new();
    for preset in PRESETS {
        let mut program = of_preset(preset);
        if ["us-ny", "eu"].contains(&preset) {
            program.survey.question = Question::Nps;
        }
        for (language, kind) in
            Language::ALL.into_iter().flat_map(|language| Kind::ALL.map(|kind| (language, kind)))
        {
            for logo in [None, Some("https://shop.example/logo.png".to_owned())] {
                let mut case = Case::new(kind, language, &program);
                if logo.is_none() {
                    case.sections = vec![Section::bare(kind, &program, &case.locale)];
                }
                case.brand.imprint = Some("https://shop.example/imprint".to_owned());
                case.brand.accent = "#fff7cc".parse().unwrap();
                case.brand.logo.clone_from(&logo);
                let what = format!("{} {} {preset}", kind.as_str(), language.as_str());
                all.push(Mail { what, kind, language, preset, logo, written: case.write() });
            }
        }
    }
    all
});

/// The value of an attribute in a tag.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    Some(rest.split_once('"')?.0)
}

/// The links of HTML: where each leads, and its words, as they are read out.
fn links_of(html: &str) -> Vec<(&str, &str)> {
    html.split("<a ")
        .skip(1)
        .map(|rest| {
            let (tag, rest) = rest.split_once('>').unwrap();
            let (_, url) = tag.split_once("href=\"").unwrap();
            let seen = rest.split_once("</a>").unwrap().0;
            (url.split_once('"').unwrap().0, attribute(tag, "aria-label").unwrap_or(seen))
        })
        .collect()
}

#[test]
fn no_mail_presses_hides_or_asks_in_a_form() {
    for Mail { what, written, .. } in ALL.iter() {
        let Written { subject, preheader, text, html, .. } = written;
        let all = format!("{subject}\n{preheader}\n{text}\n{}", read(html)).to_lowercase();
        for never in NEVER_SAID {
            assert!(!all.contains(never), "{what} says {never}: {all}");
        }
        assert!(!all.contains("{{") && !all.contains("{%") && !all.contains("}}"), "{what}");
        let forbidden =
            ["<form", "<input", "<button", "<script", "<link", "<iframe", "@import", "src=\"http:"];
        for element in forbidden {
            assert!(!html.contains(element), "{what} has {element}");
        }
        let links = links_of(html);
        assert!(links.iter().all(|(url, _)| !url.starts_with("http:")), "{what}: {links:?}");
        assert!(!all.contains("  ") && !text.contains("\n\n\n"), "{what}: {all}");
    }
}

#[test]
fn every_mail_is_a_whole_document_for_every_reader() {
    for Mail { what, language, logo, written, .. } in ALL.iter() {
        let Written { subject, preheader, html, broken, .. } = written;
        let language = language.as_str();
        assert!(html.contains(&format!("<html lang=\"{language}\" dir=\"ltr\"")), "{what}");
        let title = markdown::escaped(subject);
        assert!(html.contains(&format!("<title>{title}</title>")), "{what}");
        assert!((1..=78).contains(&subject.chars().count()), "{what}: {subject}");
        assert!((1..=120).contains(&preheader.chars().count()), "{what}: {preheader}");
        assert!(html.len() < 100_000, "{what}: Gmail cuts what is longer");
        assert_eq!(broken, &[]);
        // The layout was used, and not what stands in for it.
        assert!(
            html.contains("class=\"card\"") && html.contains("name=\"color-scheme\""),
            "{what}"
        );
        for image in tags(html).into_iter().filter(|tag| tag.starts_with("img")) {
            assert_eq!(attribute(image, "alt"), Some("Corner Bakery"), "{what}");
            assert_eq!(attribute(image, "src"), logo.as_deref(), "{what}");
        }
        assert_eq!(html.contains("<img"), logo.is_some(), "{what}");
        for table in tags(html).into_iter().filter(|tag| tag.starts_with("table")) {
            assert_eq!(attribute(table, "role"), Some("presentation"), "{what}");
        }
    }
}

#[test]
fn text_and_html_say_the_same() {
    for Mail { what, written: Written { text, html, .. }, .. } in ALL.iter() {
        let seen = |text: &str| text.split_whitespace().collect::<String>();
        let read = seen(&read(html));
        for line in text.lines().filter(|line| *line != "-- ") {
            // A link's words and where it leads stand apart in HTML.
            let words = line.trim_start_matches("- ").trim_start_matches('>');
            let (words, url) = words.split_once("https://").unwrap_or((words, ""));
            let words = words.trim_end().trim_end_matches(':');
            assert!(read.contains(&seen(words)), "{what}: {words}");
            assert!(html.contains(&markdown::escaped(url)), "{what}: {url}");
        }
    }
}

#[test]
fn links_make_sense_alone() {
    for Mail { what, written: Written { html, .. }, .. } in ALL.iter() {
        let links = links_of(html);
        let words: BTreeSet<&str> = links.iter().map(|(_, words)| *words).collect();
        assert_eq!(words.len(), links.len(), "{what}: two links of the same words");
        for (url, words) in links {
            let many = words.split_whitespace().count() >= 2;
            assert!(many || url == format!("mailto:{words}"), "{what}: {words}");
            assert!(!["here", "hier", "link"].contains(&words.to_lowercase().as_str()), "{what}");
        }
    }
}

#[test]
fn a_footer_says_who_it_is_from_why_it_came_and_how_to_stop_it() {
    for Mail { what, kind, language, preset, written, .. } in ALL.iter() {
        let Written { text, html, .. } = written;
        let (_, foot) = text.split_once("\n-- \n").unwrap();
        let german = *language == Language::De;
        let says = |english: &str, in_german: &str| {
            foot.contains(if german { in_german } else { english })
        };
        assert!(
            foot.starts_with("Corner Bakery, 12 Corner Street, Brooklyn, NY 11201\n"),
            "{what}"
        );
        let to_owner = kind.class() == Class::Owner;
        let answered = says("Answer this mail, and a person reads it", "ein Mensch liest sie");
        assert_eq!(answered, !to_owner, "{what}");
        let own = says("to Corner Bakery’s own people", "den Leuten von Corner Bakery selbst");
        assert_eq!(own, to_owner, "{what}: {foot}");
        assert_eq!(foot.contains("https://shop.example/imprint"), !to_owner, "{what}");
        let contact = preset.starts_with("ca") && !to_owner;
        assert_eq!(foot.contains("hello@corner.example"), contact, "{what}");

        let asked_for = kind.class() <= Class::AskedFor;
        for door in ["why", "p", "u"] {
            let url = format!("https://regulars.example/{door}/T0ken");
            assert_eq!(
                (foot.contains(&url), html.contains(&url)),
                (!asked_for, !asked_for),
                "{what}"
            );
        }
        let class = kind.class();
        let is = |right: bool, said: bool| assert_eq!(right, said, "{what}: {foot}");
        is(class == Class::Marketing, says("No more mail like this", "Keine solche Mail mehr"));
        is(
            class == Class::Account && kind.has_switch(),
            says("No more mail of this kind", "Keine Mail dieser Art mehr"),
        );
        let owed = class == Class::Account && !kind.has_switch();
        is(owed, says("we owe you this mail", "Diese Mail schulden wir dir"));
        is(owed, says("No more news and offers", "Keine Neuigkeiten und Angebote mehr"));
        let automatic = !["eu", "de"].contains(preset);
        is(
            class == Class::Account && automatic,
            says("answer with “leave”", "antworte mit „raus“"),
        );
        is(class == Class::Marketing, says("because you agreed to", "weil du ihnen zugestimmt"));
        let bought = ["us", "us-ny", "uk"].contains(preset);
        is(
            class == Class::Marketing && bought,
            says("or bought something here", "oder bei uns gekauft"),
        );
    }
}

#[test]
fn what_a_shop_lacks_is_left_out() {
    let program = bakery();
    let mut case = Case::new(Kind::Receipt, Language::En, &program);
    case.brand.postal_address = None;
    case.brand.contact = None;
    case.name = None;
    let text = case.write().text;
    assert!(text.starts_with("Hello,\n\n"), "{text}");
    assert!(text.contains("\n-- \nCorner Bakery\n\nAnswer this mail"), "{text}");
    let nothing = Case { sections: Vec::new(), ..case };
    assert_eq!(write_nothing(&nothing).subject, "");
}

fn write_nothing(case: &Case<'_>) -> Written {
    write(&Occasion {
        locale: &case.locale,
        brand: &case.brand,
        program: case.program,
        name: None,
        balance: None,
        sections: &[],
        links: Links::NONE,
        to_owner: false,
        marketing_allowed: false,
    })
}

#[test]
fn a_personal_offer_says_how_it_was_chosen() {
    let written = sample(Kind::WinBack, Language::En);
    let why = "chosen automatically because your last visit was in March";
    assert!(written.text.contains(why) && read(&written.html).contains(why));
    let german = sample(Kind::WinBack, Language::De).text;
    assert!(german.contains("automatisch ausgewählt, weil dein letzter Besuch im März war"));
}

#[test]
fn every_colour_a_shop_may_have_can_be_read_on_what_it_stands_on() {
    let program = bakery();
    for accent in ["#ffffff", "#000000", "#fff7cc", "#777777", "#00ff00", "#9a3412"] {
        let mut case = Case::new(Kind::Survey, Language::En, &program);
        case.brand.accent = accent.parse().unwrap();
        let html = case.write().html;
        let colour = |text: &str| text.get(..7).unwrap().parse::<Colour>().unwrap();
        let after = |html: &str, key: &str| colour(html.split_once(key).unwrap().1);
        let (light, dark) = html.split_once("prefers-color-scheme: dark").unwrap();
        for (css, theme) in [(light, Theme::Light), (dark, Theme::Dark)] {
            let heading = match theme {
                Theme::Light => after(css, "\n      a { color: ").min_contrast(theme),
                Theme::Dark => after(css, ".shop div { color: ").min_contrast(theme),
            };
            assert!(heading >= CONTRAST, "{accent} {theme:?} {heading}");
        }
        let button = after(dark, ".button td, .button a { background: ");
        let (_, label) = dark.split_once(".button td, .button a { background: ").unwrap();
        assert!(button.contrast(after(label, "color: ")) >= CONTRAST, "{accent}");
        let (_, button) = html.split_once("target=\"_self\"").unwrap();
        let background = after(button, "background:");
        assert!(background.contrast(after(button, ";color:")) >= CONTRAST, "{accent}");
    }
    let fixed = [
        ("#26231f", Theme::Light),
        ("#57524b", Theme::Light),
        ("#f0ece6", Theme::Dark),
        ("#b8b1a7", Theme::Dark),
    ];
    let html = sample(Kind::Survey, Language::En).html;
    for (colour, theme) in fixed {
        assert!(html.contains(colour), "{colour} is used no more");
        assert!(colour.parse::<Colour>().unwrap().min_contrast(theme) >= CONTRAST, "{colour}");
    }
}

impl Colour {
    /// The least contrast it has with what text stands on.
    fn min_contrast(self, theme: Theme) -> f32 {
        theme.surfaces().iter().map(|surface| self.contrast(*surface)).fold(21.0, f32::min)
    }
}

#[test]
fn several_things_are_one_mail_and_the_first_is_its_subject() {
    let program = bakery();
    let mut case = Case::new(Kind::TierReached, Language::En, &program);
    case.sections.push(Section::Receipt { points: Points(1), purchases: 2 });
    let written = case.write();
    assert_eq!(written.subject, "You are Gold now");
    assert!(written.text.contains("You are Gold now. Thank you!"), "{}", written.text);
    assert!(written.text.contains("Thank you for 2 purchases. They brought you 1 point."));
    assert_eq!(written.text.matches("Hello Ada,").count(), 1);
    // With a welcome in it, it is marketing.
    case.sections.push(Section::bare(Kind::Welcome, &program, &case.locale));
    assert!(case.write().text.contains("No more mail like this"));
}

#[test]
fn mail_to_the_owner_says_that_nothing_is_live() {
    let program = bakery();
    let mut case = Case::new(Kind::Receipt, Language::De, &program);
    case.to_owner = true;
    assert_eq!(case.write().subject, "[not live] 450 Punkte von Corner Bakery");
}

#[test]
fn a_shop_whose_name_is_html_shows_its_name() {
    let program = bakery();
    let mut case = Case::new(Kind::Receipt, Language::En, &program);
    case.brand.shop = "<b>Tom & \"Jerry\"'s</b> **{{ x }}**".to_owned();
    case.brand.logo = Some("https://shop.example/logo.png".to_owned());
    let html = case.write().html;
    let shown = "&lt;b&gt;Tom &amp; &quot;Jerry&quot;&#39;s&lt;/b&gt; **{{ x }}**";
    assert!(html.contains(&format!("alt=\"{shown}\"")), "{html}");
    assert!(html.contains(&format!("<strong>{shown}</strong>, 12 Corner")), "{html}");
    assert!(html.contains("class=\"card\""));
}
