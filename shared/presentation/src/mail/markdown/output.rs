//! Blocks as text and as HTML.

use serde::Serialize;

use super::{Block, Choice, Inline};
use crate::mail::facts::is_seen;

/// A block as the layout takes it: ready HTML, or what a button is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "lowercase")]
pub(in crate::mail) enum Piece {
    /// Text as HTML.
    Text {
        /// The HTML.
        html: String,
    },
    /// A button.
    Button {
        /// What it does.
        label: String,
        /// Where it leads.
        url: String,
    },
    /// Links to choose from.
    Choices {
        /// Each, as HTML shows it.
        choices: Vec<Choice>,
    },
    /// An image.
    Image {
        /// What it shows.
        alt: String,
        /// Where it is.
        url: String,
    },
}

/// Blocks as text, one line a paragraph: a mailbox wraps it as wide as it is. Links one
/// after the other stay together.
pub(in crate::mail) fn text(blocks: &[Block]) -> String {
    let is_link = |block: &Block| matches!(block, Block::Button { .. } | Block::Choices(_));
    let mut text = String::new();
    let mut before: Option<&Block> = None;
    for block in blocks {
        if let Some(before) = before {
            let is_quote = |block: &Block| matches!(block, Block::Quote(_));
            text.push_str(match () {
                () if is_link(before) && is_link(block) => "\n",
                () if is_quote(before) && is_quote(block) => "\n>\n",
                () => "\n\n",
            });
        }
        text.push_str(&block_text(block));
        before = Some(block);
    }
    text
}

fn block_text(block: &Block) -> String {
    match block {
        Block::Paragraph(inlines) | Block::Heading(inlines) => plain(inlines),
        Block::List(items) => {
            let items = items.iter().map(|item| format!("- {}", plain(item)));
            items.collect::<Vec<_>>().join("\n")
        }
        Block::Quote(inlines) => format!("> {}", plain(inlines).replace('\n', "\n> ")),
        Block::Choices(choices) => {
            let choices = choices.iter().map(|choice| link_text(&choice.label, &choice.url));
            choices.collect::<Vec<_>>().join("\n")
        }
        Block::Button { label, url } => link_text(label, url),
        Block::Image { alt, .. } => format!("[{alt}]"),
    }
}

fn link_text(label: &str, url: &str) -> String {
    let colon = if label.ends_with(['?', '!', ':', '.']) { "" } else { ":" };
    format!("{label}{colon} {url}")
}

/// A line as text: a link is its words and where it leads.
pub(in crate::mail) fn plain(inlines: &[Inline]) -> String {
    let one = |inline: &Inline| match inline {
        Inline::Text(text) => text.clone(),
        Inline::Strong(inner) | Inline::Emphasis(inner) => plain(inner),
        Inline::Link(label, url, _) => {
            let label = plain(label);
            match url.trim_start_matches("mailto:") == label {
                true => label,
                false => link_text(&label, url),
            }
        }
        Inline::Image(alt, _) => alt.clone(),
        Inline::Break => "\n".to_owned(),
    };
    inlines.iter().map(one).collect()
}

/// Blocks as the layout takes them; text between buttons and images is one piece.
pub(in crate::mail) fn pieces(blocks: &[Block]) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for block in blocks {
        match (pieces.last_mut(), piece(block)) {
            (Some(Piece::Text { html }), Piece::Text { html: more }) => html.push_str(&more),
            (_, piece) => pieces.push(piece),
        }
    }
    pieces
}

fn piece(block: &Block) -> Piece {
    let html = match block {
        Block::Paragraph(inlines) => format!("<p>{}</p>", html(inlines)),
        Block::Heading(inlines) => format!("<h1>{}</h1>", html(inlines)),
        Block::List(items) => {
            let item = |item: &Vec<Inline>| format!("<li>{}</li>", html(item));
            format!("<ul>{}</ul>", items.iter().map(item).collect::<String>())
        }
        Block::Quote(inlines) => format!("<blockquote><p>{}</p></blockquote>", html(inlines)),
        Block::Choices(choices) => {
            let choices = choices.iter().map(escaped_choice).collect();
            return Piece::Choices { choices };
        }
        Block::Button { label, url } => {
            return Piece::Button { label: escaped(label), url: escaped(url) };
        }
        Block::Image { alt, url } => return Piece::Image { alt: escaped(alt), url: escaped(url) },
    };
    Piece::Text { html }
}

/// A footer as HTML: its links are lines to tap on, not buttons.
pub(in crate::mail) fn foot_html(blocks: &[Block]) -> String {
    let one = |block: &Block| match piece(block) {
        Piece::Text { html } => html,
        Piece::Choices { choices } => plain_choices(&choices),
        Piece::Button { label, url } => {
            format!("<p class=\"door\"><a href=\"{url}\">{label}</a></p>")
        }
        Piece::Image { alt, .. } => format!("<p>{alt}</p>"),
    };
    blocks.iter().map(one).collect()
}

fn escaped_choice(choice: &Choice) -> Choice {
    let Choice { label, title, url } = choice;
    Choice { label: escaped(label), title: escaped(title), url: escaped(url) }
}

/// Choices, as HTML already, where nothing makes buttons of them.
pub(in crate::mail) fn plain_choices(choices: &[Choice]) -> String {
    let one = |Choice { label, url, .. }: &Choice| format!("<a href=\"{url}\">{label}</a>");
    format!("<p>{}</p>", choices.iter().map(one).collect::<Vec<_>>().join(" "))
}

/// A line as HTML.
pub(in crate::mail) fn html(inlines: &[Inline]) -> String {
    let one = |inline: &Inline| match inline {
        Inline::Text(text) => escaped(text),
        Inline::Strong(inner) => format!("<strong>{}</strong>", html(inner)),
        Inline::Emphasis(inner) => format!("<em>{}</em>", html(inner)),
        Inline::Link(label, url, _) => format!("<a href=\"{}\">{}</a>", escaped(url), html(label)),
        Inline::Image(alt, _) => escaped(alt),
        Inline::Break => "<br />".to_owned(),
    };
    inlines.iter().map(one).collect()
}

/// Text that HTML shows as it is, within elements and attributes.
pub(in crate::mail) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' => escaped.push('\n'),
            c if is_seen(c) => escaped.push(c),
            _ => {}
        }
    }
    escaped
}

/// Where the links and images of blocks lead.
pub(in crate::mail) fn urls(blocks: &[Block]) -> Vec<String> {
    fn of(inlines: &[Inline], urls: &mut Vec<String>) {
        for inline in inlines {
            match inline {
                Inline::Link(_, url, _) | Inline::Image(_, url) => urls.push(url.clone()),
                Inline::Strong(inner) | Inline::Emphasis(inner) => of(inner, urls),
                Inline::Text(_) | Inline::Break => {}
            }
        }
    }
    let mut urls = Vec::new();
    for block in blocks {
        match block {
            Block::Paragraph(inlines) | Block::Heading(inlines) | Block::Quote(inlines) => {
                of(inlines, &mut urls);
            }
            Block::Choices(choices) => urls.extend(choices.iter().map(|one| one.url.clone())),
            Block::List(items) => items.iter().for_each(|item| of(item, &mut urls)),
            Block::Button { url, .. } | Block::Image { url, .. } => urls.push(url.clone()),
        }
    }
    urls
}

/// The words of blocks alone, without where their links lead.
pub(in crate::mail) fn said(blocks: &[Block]) -> String {
    fn of(inlines: &[Inline], words: &mut String) {
        for inline in inlines {
            match inline {
                Inline::Text(text) | Inline::Image(text, _) => words.push_str(text),
                Inline::Strong(inner) | Inline::Emphasis(inner) | Inline::Link(inner, ..) => {
                    of(inner, words);
                }
                Inline::Break => words.push('\n'),
            }
        }
    }
    let mut words = String::new();
    for block in blocks {
        match block {
            Block::Paragraph(inlines) | Block::Heading(inlines) | Block::Quote(inlines) => {
                of(inlines, &mut words);
            }
            Block::Choices(choices) => {
                for choice in choices {
                    words.push_str(&format!("{} {}\n", choice.label, choice.title));
                }
            }
            Block::List(items) => {
                for item in items {
                    of(item, &mut words);
                    words.push('\n');
                }
            }
            Block::Button { label, .. } => words.push_str(label),
            Block::Image { alt, .. } => words.push_str(alt),
        }
        words.push('\n');
    }
    words
}
