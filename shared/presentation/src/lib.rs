//! What people read: languages and their formats, a shop's look, mail and pages.
//!
//! Nothing here does I/O: it turns what is known into text and HTML. [`locale`] writes
//! numbers, money and dates as a language does; [`brand`] is the shop as it shows itself,
//! with colours that can be read; [`page`] is what every page is made of; [`consent`] what people
//! agree to; [`survey`] what they are asked.

pub mod brand;
pub mod consent;
pub mod locale;
pub mod mail;
pub mod page;
pub mod survey;

pub use brand::{Brand, Colour};
pub use locale::{Language, Locale};
