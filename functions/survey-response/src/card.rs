//! A card for the counter: a code that leads to the question, to print.

use std::fmt::Write;

use askama::Template;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use platform::Services;
use platform::door::{Refusal, Trouble, answer, language};
use presentation::page::Page;
use qrcode::{Color, EcLevel, QrCode};

use crate::counter::Counter;

/// Light modules around a code, of both sides together.
const QUIET: usize = 8;

#[derive(Template)]
#[template(path = "card.html")]
struct Card<'a> {
    shop: &'a str,
    sentence: &'static str,
    /// Modules in a row, the quiet ones included.
    size: usize,
    /// The dark modules.
    path: String,
    label: String,
    /// The address, for who can't scan.
    url: &'a str,
    how: &'static str,
}

/// `GET /f/{shop}/card`.
pub(crate) async fn show(
    State(services): State<Services>,
    shop: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    // The card is for the shop's customers, whoever prints it.
    let counter = Counter::open(services, shop, &headers, None).await?;
    let (words, language) = (counter.words, language(&headers));
    let broken = |error: &dyn std::fmt::Display| {
        tracing::error!(%error, shop = %counter.shop, "a counter card can't be made");
        Refusal::plain(Trouble::Broken, language)
    };
    let Some(base) = counter.services.sites.link_url(&counter.shop) else {
        return Err(broken(&"the deployment has no public URL"));
    };
    let url = format!("{base}/f/{}", counter.shop);
    let code = QrCode::with_error_correction_level(&url, EcLevel::M).map_err(|e| broken(&e))?;
    let main = Card {
        shop: &counter.brand.shop,
        sentence: words.card,
        size: code.width().saturating_add(QUIET),
        path: dark(&code.to_colors(), code.width()),
        label: (words.card_label)(&url),
        url: &url,
        how: words.card_how,
    };
    let title = (words.title)(loyalty::survey::Question::Csat);
    let (brand, language) = (Some(&counter.brand), counter.locale.language);
    Ok(answer(StatusCode::OK, &Page { brand, language, title, main }))
}

/// The dark modules of a code as the path of an SVG, a stroke for each run of a row.
fn dark(modules: &[Color], width: usize) -> String {
    let mut path = String::new();
    for (y, row) in modules.chunks(width.max(1)).enumerate() {
        let mut x = 0_usize;
        for run in row.chunk_by(|a, b| a == b) {
            let length = run.len();
            if run.first() == Some(&Color::Dark) {
                // Writing to a String can't fail.
                let _ = write!(path, "M{x},{y}h{length}v1h-{length}z");
            }
            x = x.saturating_add(length);
        }
    }
    path
}
