//! Components, and the page around them.

use super::*;
use crate::Colour;

fn bakery() -> Brand {
    Brand {
        shop: "Corner Bakery".to_owned(),
        program: "Regulars".to_owned(),
        accent: Colour::DEFAULT,
        logo: Some("https://cdn.corner.example:8443/logo.png?v=1".to_owned()),
        postal_address: Some("5 Main Street".to_owned()),
        contact: Some("bea@corner.example".to_owned()),
        imprint: None,
    }
}

fn document(brand: Option<&Brand>, text: &str) -> Document {
    let main = Notice { tone: Tone::Info, text };
    Page { brand, language: Language::En, title: "A page", main }.document().unwrap()
}

fn policy(document: &Document) -> &str {
    let found = document.headers.iter().find(|(name, _)| *name == "content-security-policy");
    &found.unwrap().1
}

const HOSTILE: &str = "\"><script>alert('1')</script>&";

#[test]
fn what_a_component_is_given_is_only_text() {
    let (label, help, value) = (HOSTILE, Some(HOSTILE), HOSTILE);
    let choices = [Choice { value, label, help }];
    let columns = [Column { name: HOSTILE, numeric: false }];
    let rows = vec![vec![HOSTILE.to_owned()]];
    let (name, kind, autocomplete) = (HOSTILE, "text", "off");
    let (error, chosen) = (help, Some(HOSTILE));
    let sends = Some((HOSTILE, HOSTILE));
    for html in [
        Notice { tone: Tone::Error, text: HOSTILE }.to_string(),
        Button { label, look: Look::Primary, sends }.to_string(),
        Facts { facts: vec![(HOSTILE, HOSTILE.to_owned())] }.to_string(),
        Table { caption: HOSTILE, columns: &columns, rows }.to_string(),
        Checkbox { name, value, label, help, checked: true }.to_string(),
        RadioGroup { name, legend: HOSTILE, choices: &choices, chosen }.to_string(),
        TextField { name, kind, label, help, error, value, autocomplete, required: true }
            .to_string(),
        TextArea { name, label, help, error, value }.to_string(),
        Scores {
            name,
            legend: HOSTILE,
            error,
            choices: vec![ScoreChoice { value: 1, word: help }],
            chosen: Some(1),
        }
        .to_string(),
        Select {
            name,
            label,
            options: &[(HOSTILE.to_owned(), HOSTILE.to_owned())],
            none: HOSTILE,
            chosen,
            wrong: true,
            described_by: help,
            autocomplete,
        }
        .to_string(),
        document(Some(&Brand { shop: HOSTILE.to_owned(), ..bakery() }), HOSTILE).html,
    ] {
        assert!(!html.contains("<script") && !html.contains("alert('1')"), "{html}");
        assert!(html.contains("&#60;script"), "{html}");
    }
}

#[test]
fn a_field_with_a_mistake_names_it_and_keeps_what_she_wrote() {
    let field = TextField {
        name: "email",
        kind: "email",
        label: "Your address",
        help: Some("Where mail goes"),
        error: Some("This is no address: write one such as ada@example.com"),
        value: "ada@",
        autocomplete: "email",
        required: true,
    };
    insta::assert_snapshot!(field.to_string());
}

#[test]
fn one_of_several_is_chosen_and_a_box_has_its_label() {
    let choice = |value, label| Choice { value, label, help: Some("more") };
    let choices = [choice("a", "One"), choice("b", "Two")];
    let group =
        RadioGroup { name: "often", legend: "How often?", choices: &choices, chosen: Some("b") };
    let one = Checkbox { name: "kind", value: "x", label: "X", help: None, checked: false };
    insta::assert_snapshot!(format!("{group}\n{one}"));
}

#[test]
fn a_list_keeps_what_she_chose_and_names_what_is_wrong_with_it() {
    let options = [("4".to_owned(), "April".to_owned()), ("5".to_owned(), "May".to_owned())];
    let select = Select {
        name: "month",
        label: "Month",
        options: &options,
        none: "Choose",
        chosen: Some("4"),
        wrong: true,
        described_by: Some("birthday-error birthday-help"),
        autocomplete: "bday-month",
    };
    insta::assert_snapshot!(select.to_string());
}

#[test]
fn a_table_names_each_cell_for_a_phone() {
    let columns =
        [Column { name: "Day", numeric: false }, Column { name: "Points", numeric: true }];
    let rows = vec![vec!["22 November".to_owned(), "600".to_owned()]];
    let table = Table { caption: "What it counts", columns: &columns, rows };
    insta::assert_snapshot!(table.to_string());
}

#[test]
fn a_page_has_one_heading_its_landmarks_and_the_shop() {
    let html = document(Some(&bakery()), "Fine.").html;
    let (style, rest) = html.split_once("</style>").unwrap();
    insta::assert_snapshot!(rest);
    assert!(style.contains("<title>A page · Corner Bakery</title>"));
    assert!(style.contains("<html lang=\"en\">"));
}

#[test]
fn the_policy_allows_this_stylesheet_and_the_logos_host_and_nothing_else() {
    use base64::Engine;
    use sha2::{Digest, Sha256};
    let document = document(Some(&bakery()), "Fine.");
    let style = document.html.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
    let hash = base64::prelude::BASE64_STANDARD.encode(Sha256::digest(style));
    assert_eq!(
        policy(&document),
        format!(
            "default-src 'none'; style-src 'sha256-{hash}'; img-src https://cdn.corner.example:8443; \
             form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
    );
}

#[test]
fn a_logo_that_could_widen_the_policy_is_not_shown() {
    for logo in [
        "http://corner.example/logo.png",
        "https://corner.example; script-src *",
        "https://*/logo.png",
        "https://a@b/logo.png",
        "https:///logo.png",
        "data:image/png,x",
        "",
    ] {
        let brand = Brand { logo: Some(logo.to_owned()), ..bakery() };
        let document = document(Some(&brand), "Fine.");
        assert!(!document.html.contains("<img"), "{logo}");
        assert!(!policy(&document).contains("img-src"), "{logo}");
    }
}

#[test]
fn a_page_of_no_shop_names_none() {
    let html = document(None, "Fine.").html;
    assert!(html.contains("<title>A page</title>"));
    assert!(!html.contains("<header") && !html.contains("<footer"));
}

#[test]
fn nothing_in_a_page_runs_or_comes_from_elsewhere() {
    let html = document(Some(&bakery()), "Fine.").html;
    let style = include_str!("style.css");
    assert!(!style.contains("url(") && !style.contains("@import") && !style.contains('<'));
    for word in ["<script", "<link", " style=", "javascript:", " onclick"] {
        assert!(!html.contains(word), "{word}");
    }
}

#[test]
fn what_stands_on_both_grounds_can_be_read() {
    use crate::brand::{CONTRAST, Theme};
    let style = include_str!("style.css");
    for name in ["--ink", "--soft", "--wrong"] {
        let pair = style.split_once(&format!("{name}: light-dark(")).unwrap().1;
        let (pair, _) = pair.split_once(')').unwrap();
        let colours = pair.split(", ").map(|colour| colour.parse::<Colour>().unwrap());
        for (colour, theme) in colours.zip([Theme::Light, Theme::Dark]) {
            for surface in theme.surfaces() {
                assert!(colour.contrast(surface) >= CONTRAST, "{name} {colour} {surface}");
            }
        }
    }
}
