//! A shop as it shows itself, with colours that can be read.

use std::fmt;
use std::str::FromStr;

use palette::color_difference::Wcag21RelativeContrast;
use palette::{FromColor, IntoColor, Oklch, Srgb};
use thiserror::Error;

/// WCAG 2.2, 1.4.3: contrast of text with what it stands on, at the least.
pub const CONTRAST: f32 = 4.5;

/// A shop as mail and pages show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brand {
    /// Its name.
    pub shop: String,
    /// Its program's name.
    pub program: String,
    /// Its colour; ours where it has none.
    pub accent: Colour,
    /// Where its logo is, an `https` URL. Its name stands for it where images are off.
    pub logo: Option<String>,
    /// Its postal address, on one line.
    pub postal_address: Option<String>,
    /// Where a person reads what is written to it.
    pub contact: Option<String>,
    /// Its page that says who is behind it, an `https` URL.
    pub imprint: Option<String>,
}

/// A colour as screens have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour(Srgb<u8>);

/// A text that is no colour.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("is no colour: write # and six hexadecimal digits, such as #9a3412")]
pub struct ColourError;

/// Light or dark, as the reader's device has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// Dark text on light.
    Light,
    /// Light text on dark.
    Dark,
}

impl Theme {
    /// What text stands on: the page, and a card on it.
    pub fn surfaces(self) -> [Colour; 2] {
        match self {
            Self::Light => [Colour::rgb(0xfa, 0xf8, 0xf5), Colour::rgb(0xff, 0xff, 0xff)],
            Self::Dark => [Colour::rgb(0x1a, 0x18, 0x16), Colour::rgb(0x26, 0x23, 0x20)],
        }
    }
}

impl Colour {
    /// What a shop has that chose no colour: a warm brown.
    pub const DEFAULT: Self = Self::rgb(0x9a, 0x34, 0x12);
    /// White.
    pub const WHITE: Self = Self::rgb(0xff, 0xff, 0xff);
    /// Almost black.
    pub const INK: Self = Self::rgb(0x1a, 0x18, 0x16);

    /// A colour by its parts.
    pub const fn rgb(red: u8, green: u8, blue: u8) -> Self {
        Self(Srgb::new(red, green, blue))
    }

    /// The contrast of two colours by WCAG, from 1 to 21.
    pub fn contrast(self, other: Self) -> f32 {
        let (one, two): (Srgb<f32>, Srgb<f32>) = (self.0.into_format(), other.0.into_format());
        one.relative_contrast(two)
    }

    /// The colour nearest to it that can be read in a theme, as text on every surface.
    #[expect(clippy::float_arithmetic, reason = "a colour's lightness is no money")]
    pub fn readable(self, theme: Theme) -> Self {
        let readable = |colour: Self| {
            theme.surfaces().iter().all(|surface| colour.contrast(*surface) >= CONTRAST)
        };
        let base = Oklch::from_color(self.0.into_format::<f32>());
        let steps = (0_u16..=100).map(|step| f32::from(step) / 100.0);
        let shades = steps.map(|step| {
            let l = match theme {
                Theme::Light => base.l * (1.0 - step),
                Theme::Dark => base.l + (1.0 - base.l) * step,
            };
            let shade: Srgb<f32> = Oklch { l, ..base }.into_color();
            Self(shade.into_format())
        });
        // At the end of the steps stands black or white, which can be read.
        shades.into_iter().find(|shade| readable(*shade)).unwrap_or(match theme {
            Theme::Light => Self::INK,
            Theme::Dark => Self::WHITE,
        })
    }

    /// What can be read on it: white or ink, whichever more.
    pub fn text_on(self) -> Self {
        if self.contrast(Self::WHITE) >= self.contrast(Self::INK) { Self::WHITE } else { Self::INK }
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:x}", self.0)
    }
}

impl FromStr for Colour {
    type Err = ColourError;

    fn from_str(text: &str) -> Result<Self, ColourError> {
        let text = text.trim();
        let is_full = text.len() == 7 && text.starts_with('#');
        if !is_full {
            return Err(ColourError);
        }
        text.parse().map(Self).map_err(|_| ColourError)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_colour_reads_as_it_prints() {
        for text in ["#9a3412", "#000000", "#ffffff", "#00ff0a"] {
            assert_eq!(text.parse::<Colour>().unwrap().to_string(), text);
        }
        assert_eq!(" #9A3412 ".parse(), Ok(Colour::DEFAULT));
        for none in ["", "red", "9a3412", "#9a341", "#9a34122", "#gggggg", "#9a3412;x", "#äöü"] {
            assert_eq!(none.parse::<Colour>(), Err(ColourError), "{none}");
        }
    }

    #[test]
    fn what_can_be_read_stays_as_it_is() {
        assert_eq!(Colour::DEFAULT.readable(Theme::Light), Colour::DEFAULT);
        let pale: Colour = "#fde68a".parse().unwrap();
        assert_eq!(pale.readable(Theme::Dark), pale);
        assert_ne!(pale.readable(Theme::Light), pale);
    }

    proptest! {
        #[test]
        fn every_colour_can_be_read_in_both_themes(red: u8, green: u8, blue: u8) {
            let colour = Colour::rgb(red, green, blue);
            for theme in [Theme::Light, Theme::Dark] {
                let readable = colour.readable(theme);
                for surface in theme.surfaces() {
                    prop_assert!(readable.contrast(surface) >= CONTRAST, "{colour} {readable}");
                }
                prop_assert!(readable.contrast(readable.text_on()) >= CONTRAST);
            }
        }
    }
}
