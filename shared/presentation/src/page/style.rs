//! The stylesheet of a page, in the shop's colour, and what the page may load.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use crate::brand::Theme;
use crate::{Brand, Colour};

/// What is the same for every shop.
const SHEET: &str = include_str!("style.css");

/// The stylesheet in a shop's colour; ours where none is known.
pub(super) fn sheet(brand: Option<&Brand>) -> String {
    let accent = brand.map_or(Colour::DEFAULT, |brand| brand.accent);
    let (light, dark) = (colours(accent, Theme::Light), colours(accent, Theme::Dark));
    format!("{light}@media (prefers-color-scheme:dark){{{dark}}}\n{SHEET}")
}

fn colours(accent: Colour, theme: Theme) -> String {
    let [ground, card] = theme.surfaces();
    let accent = accent.readable(theme);
    let on_accent = accent.text_on();
    format!(":root{{--ground:{ground};--card:{card};--accent:{accent};--on-accent:{on_accent}}}")
}

/// Where a URL leads, as a policy names it: `https://cdn.example.com`. `None` for what isn't
/// plain enough to stand in one.
pub(super) fn origin(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    let plain = host.bytes().all(|c| c.is_ascii_alphanumeric() || b".-:".contains(&c));
    let length = url.len().checked_sub(rest.len())?.checked_add(host.len())?;
    url.get(..length).filter(|_| plain && !host.is_empty())
}

/// What the page may load and do: its own stylesheet, the shop's logo, forms to where it
/// came from.
pub(super) fn policy(style: &str, logo: Option<&str>) -> String {
    let hash = BASE64_STANDARD.encode(Sha256::digest(style));
    let images = logo.map(|host| format!("; img-src {host}")).unwrap_or_default();
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'{images}; form-action 'self'; base-uri \
         'none'; frame-ancestors 'none'"
    )
}
