//! The one layout of mail: pieces in, HTML out.

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};
use mrml::prelude::parser::ParserOptions;
use mrml::prelude::render::RenderOptions;

use super::markdown::{Piece, escaped, plain_choices};
use crate::Colour;
use crate::brand::{Brand, Theme};
use crate::locale::Language;

const LAYOUT: &str = include_str!("../../templates/mail/layout.mjml");

/// What the layout frames, as HTML already.
#[derive(Debug)]
pub(super) struct Framed<'a> {
    pub(super) language: Language,
    pub(super) brand: &'a Brand,
    pub(super) subject: &'a str,
    pub(super) preheader: &'a str,
    pub(super) body: Vec<Piece>,
    /// The footer, as HTML.
    pub(super) foot: &'a str,
}

/// The mail as HTML. Should the layout fail, which its tests rule out, the same words
/// without it.
pub(super) fn html(framed: &Framed<'_>) -> String {
    laid_out(framed).unwrap_or_else(|| plain(framed))
}

fn laid_out(framed: &Framed<'_>) -> Option<String> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // What is put in is HTML already.
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    let mjml = environment.render_str(LAYOUT, values(framed)).ok()?;
    let mjml = mrml::parse_with_options(mjml, &ParserOptions::default()).ok()?;
    let options = RenderOptions { fonts: Default::default(), ..RenderOptions::default() };
    mjml.element.render(&options).ok()
}

fn values(framed: &Framed<'_>) -> Value {
    let Brand { shop, logo, accent, .. } = framed.brand;
    let theme = |theme: Theme| {
        let accent = accent.readable(theme);
        let [page, card] = theme.surfaces();
        let colour = |colour: Colour| colour.to_string();
        context! {
            accent => colour(accent), on_accent => colour(accent.text_on()),
            page => colour(page), card => colour(card),
        }
    };
    context! {
        language => framed.language.as_str(),
        shop => escaped(shop),
        logo => logo.as_deref().map(escaped),
        subject => escaped(framed.subject),
        preheader => escaped(framed.preheader),
        body => Value::from(Serde(&framed.body)),
        foot => framed.foot,
        light => theme(Theme::Light),
        dark => theme(Theme::Dark),
    }
}

fn plain(framed: &Framed<'_>) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Text { html } => html.clone(),
        Piece::Choices { choices } => plain_choices(choices),
        Piece::Button { label, url } => format!("<p><a href=\"{url}\">{label}</a></p>"),
        Piece::Image { alt, .. } => format!("<p>{alt}</p>"),
    };
    let (body, foot): (String, _) = (framed.body.iter().map(piece).collect(), framed.foot);
    let (language, subject) = (framed.language.as_str(), escaped(framed.subject));
    format!(
        "<!doctype html><html lang=\"{language}\" dir=\"ltr\"><head><meta charset=\"utf-8\">\
         <title>{subject}</title></head><body>{body}{foot}</body></html>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_the_layout_a_mail_has_its_words_and_links_all_the_same() {
        let brand = Brand {
            shop: "Corner".to_owned(),
            program: "Regulars".to_owned(),
            accent: Colour::DEFAULT,
            logo: None,
            postal_address: None,
            contact: None,
            imprint: None,
        };
        let (label, url) = ("Sign in".to_owned(), "https://a.example/?a&amp;b".to_owned());
        let framed = Framed {
            language: Language::De,
            brand: &brand,
            subject: "Tom & Ada",
            preheader: "",
            body: vec![Piece::Text { html: "<p>Hi</p>".to_owned() }, Piece::Button { label, url }],
            foot: "<p>Corner</p>",
        };
        assert_eq!(
            plain(&framed),
            "<!doctype html><html lang=\"de\" dir=\"ltr\"><head><meta charset=\"utf-8\">\
             <title>Tom &amp; Ada</title></head><body><p>Hi</p><p>\
             <a href=\"https://a.example/?a&amp;b\">Sign in</a></p><p>Corner</p></body></html>"
        );
        // What isn't XML is what the layout would fail at.
        let body = vec![Piece::Text { html: "<p>never closed".to_owned() }];
        let odd = Framed { body, ..framed };
        assert_eq!(laid_out(&odd), None);
        assert_eq!(html(&odd), plain(&odd));
    }
}
