//! The words around every page.

use crate::Language;

/// The words of a language. One that is missing doesn't compile.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) skip: &'static str,
    pub(super) shop: &'static str,
    pub(super) contact: &'static str,
    pub(super) imprint: &'static str,
}

const EN: Words = Words {
    skip: "Skip to the content",
    shop: "About the shop",
    contact: "Write to us:",
    imprint: "Who is behind this shop",
};

const DE: Words = Words {
    skip: "Zum Inhalt springen",
    shop: "Über das Geschäft",
    contact: "Schreib uns:",
    imprint: "Impressum",
};

impl Words {
    pub(super) fn of(language: Language) -> &'static Self {
        match language {
            Language::En => &EN,
            Language::De => &DE,
        }
    }
}
