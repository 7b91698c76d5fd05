//! The body of a mail as blocks: read from Markdown once, written as text and as HTML, so
//! that the two can't say different things.

mod output;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use serde::Serialize;

use self::output::plain;
pub(super) use self::output::{Piece, escaped, foot_html, pieces, plain_choices, said, text, urls};

/// A part of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Block {
    /// A paragraph.
    Paragraph(Vec<Inline>),
    /// What is seen first: `45 points`.
    Heading(Vec<Inline>),
    /// Things one under the other.
    List(Vec<Vec<Inline>>),
    /// What somebody else said.
    Quote(Vec<Inline>),
    /// Links that stand together: one to choose.
    Choices(Vec<Choice>),
    /// A link that stands alone.
    Button {
        /// What it does.
        label: String,
        /// Where it leads.
        url: String,
    },
    /// An image that stands alone.
    Image {
        /// What it shows, for who can't see it.
        alt: String,
        /// Where it is.
        url: String,
    },
}

/// One of several links to choose from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Choice {
    /// What is seen of it.
    pub(super) label: String,
    /// What it is where it is read without the others; empty: the same.
    pub(super) title: String,
    /// Where it leads.
    pub(super) url: String,
}

/// A part of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Inline {
    /// Words.
    Text(String),
    /// Important words.
    Strong(Vec<Inline>),
    /// Stressed words.
    Emphasis(Vec<Inline>),
    /// Words that lead somewhere, and what they are called where they stand alone.
    Link(Vec<Inline>, String, String),
    /// An image among words, which mail shows as its description.
    Image(String, String),
    /// The line ends.
    Break,
}

/// Reads Markdown. HTML in it is only text, and a link that leads nowhere mail may lead is
/// only its words.
pub(super) fn read(markdown: &str) -> Vec<Block> {
    let mut reader = Reader::default();
    for event in Parser::new_ext(markdown, Options::empty()) {
        reader.take(event);
    }
    reader.end_paragraph();
    reader.blocks
}

/// How deep spans may stand in each other; deeper ones are only their words.
const MAX_DEPTH: usize = 8;

/// What is being read.
#[derive(Debug, Default)]
struct Reader {
    blocks: Vec<Block>,
    /// Open spans, the innermost last; the first is the line itself.
    open: Vec<(Span, Vec<Inline>)>,
    items: Option<Vec<Vec<Inline>>>,
    lists: usize,
    is_heading: bool,
    quotes: usize,
}

#[derive(Debug)]
enum Span {
    Line,
    Strong,
    Emphasis,
    Link(String, String),
    Image(String),
}

impl Reader {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.push(Inline::Text(text.into_string())),
            // Backslashes that keep values from being Markdown stay visible where nothing
            // is Markdown.
            Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) => {
                self.push(Inline::Text(without_backslashes(&text)));
            }
            Event::SoftBreak => self.push(Inline::Text(" ".to_owned())),
            Event::HardBreak => self.push(Inline::Break),
            Event::Rule => self.end_paragraph(),
            Event::InlineMath(_)
            | Event::DisplayMath(_)
            | Event::FootnoteReference(_)
            | Event::TaskListMarker(_) => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Strong => self.open(Span::Strong),
            Tag::Emphasis => self.open(Span::Emphasis),
            Tag::Link { dest_url, title, .. } => {
                self.open(Span::Link(dest_url.into_string(), title.into_string()));
            }
            Tag::Image { dest_url, .. } => self.open(Span::Image(dest_url.into_string())),
            Tag::List(_) => {
                self.end_paragraph();
                self.lists = self.lists.saturating_add(1);
                self.items.get_or_insert_default();
            }
            Tag::Heading { .. } => {
                self.end_paragraph();
                self.is_heading = true;
            }
            Tag::BlockQuote(_) => {
                self.end_paragraph();
                self.quotes = self.quotes.saturating_add(1);
            }
            _ => self.end_paragraph(),
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Strong | TagEnd::Emphasis | TagEnd::Link | TagEnd::Image => self.close(),
            TagEnd::List(_) => {
                self.end_paragraph();
                self.lists = self.lists.saturating_sub(1);
                if self.lists == 0
                    && let Some(items) = self.items.take().filter(|items| !items.is_empty())
                {
                    self.blocks.push(Block::List(items));
                }
            }
            TagEnd::BlockQuote(_) => {
                self.end_paragraph();
                self.quotes = self.quotes.saturating_sub(1);
            }
            _ => self.end_paragraph(),
        }
    }

    fn open(&mut self, span: Span) {
        self.line();
        let span = if self.open.len() < MAX_DEPTH { span } else { Span::Line };
        self.open.push((span, Vec::new()));
    }

    fn push(&mut self, inline: Inline) {
        self.line();
        if let Some((_, inlines)) = self.open.last_mut() {
            inlines.push(inline);
        }
    }

    fn line(&mut self) {
        if self.open.is_empty() {
            self.open.push((Span::Line, Vec::new()));
        }
    }

    fn close(&mut self) {
        let Some((span, inlines)) = self.open.pop() else { return };
        let closed = match span {
            Span::Strong => vec![Inline::Strong(inlines)],
            Span::Emphasis => vec![Inline::Emphasis(inlines)],
            Span::Link(url, title) if leads_somewhere(&url) => {
                vec![Inline::Link(inlines, url, title)]
            }
            Span::Image(url) if url.starts_with("https://") => {
                vec![Inline::Image(plain(&inlines), url)]
            }
            Span::Link(..) | Span::Image(_) | Span::Line => inlines,
        };
        for inline in closed {
            self.push(inline);
        }
    }

    fn end_paragraph(&mut self) {
        while self.open.len() > 1 {
            self.close();
        }
        let is_heading = std::mem::take(&mut self.is_heading);
        let Some((_, inlines)) = self.open.pop() else { return };
        let inlines = trimmed(inlines);
        if inlines.is_empty() {
            return;
        }
        if let Some(items) = &mut self.items {
            items.push(inlines);
        } else if self.quotes > 0 {
            self.blocks.push(Block::Quote(inlines));
        } else {
            self.blocks.push(block(inlines, is_heading));
        }
    }
}

/// A line as the block it is.
fn block(inlines: Vec<Inline>, is_heading: bool) -> Block {
    if let Some(choices) = choices(&inlines) {
        return Block::Choices(choices);
    }
    match inlines.as_slice() {
        [Inline::Link(label, url, _)] if !plain(label).trim().is_empty() => {
            Block::Button { label: plain(label), url: url.clone() }
        }
        [Inline::Image(alt, url)] if !alt.trim().is_empty() => {
            Block::Image { alt: alt.clone(), url: url.clone() }
        }
        _ if is_heading => Block::Heading(inlines),
        _ => Block::Paragraph(inlines),
    }
}

/// A line of nothing but links, two or more.
fn choices(inlines: &[Inline]) -> Option<Vec<Choice>> {
    let mut choices = Vec::new();
    for inline in inlines {
        match inline {
            Inline::Link(label, url, title) if !plain(label).trim().is_empty() => {
                let (label, title, url) = (plain(label), title.clone(), url.clone());
                choices.push(Choice { label, title, url });
            }
            Inline::Text(text) if text.trim().is_empty() => {}
            Inline::Break => {}
            _ => return None,
        }
    }
    (choices.len() > 1).then_some(choices)
}

/// Without blanks around it; nothing where it is nothing else.
fn trimmed(mut inlines: Vec<Inline>) -> Vec<Inline> {
    let is_blank = |inline: &Inline| match inline {
        Inline::Text(text) => text.trim().is_empty(),
        Inline::Break => true,
        _ => false,
    };
    while inlines.last().is_some_and(is_blank) {
        inlines.pop();
    }
    let blank = inlines.iter().take_while(|inline| is_blank(inline)).count();
    inlines.drain(..blank);
    inlines
}

/// Whether mail may lead there. A URL with blanks or control characters is none.
fn leads_somewhere(url: &str) -> bool {
    let known = ["https://", "http://", "mailto:"];
    let scheme = known.iter().any(|scheme| {
        url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    });
    scheme && !url.chars().any(|c| c.is_control() || c.is_whitespace())
}

fn without_backslashes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.trim_end_matches('\n').chars().peekable();
    while let Some(c) = rest.next() {
        match rest.peek() {
            Some(next) if c == '\\' && next.is_ascii_punctuation() => {
                plain.push(*next);
                rest.next();
            }
            _ => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(markdown: &str, as_text: &str, as_html: &str) {
        let blocks = read(markdown);
        assert_eq!(text(&blocks), as_text);
        let html: Vec<String> = pieces(&blocks)
            .into_iter()
            .map(|piece| match piece {
                Piece::Text { html } => html,
                Piece::Button { label, url } => format!("[button {label} {url}]"),
                Piece::Choices { choices } => {
                    let one = |one: &Choice| format!("[{}|{}|{}]", one.label, one.title, one.url);
                    choices.iter().map(one).collect()
                }
                Piece::Image { alt, url } => format!("[image {alt} {url}]"),
            })
            .collect();
        assert_eq!(html.concat(), as_html);
    }

    #[test]
    fn paragraphs_lists_and_headings_are_what_they_look_like() {
        check(
            "# 45 points\n\nThank **you**\nvery *much*.\n\n- One\n- Two",
            "45 points\n\nThank you very much.\n\n- One\n- Two",
            "<h1>45 points</h1><p>Thank <strong>you</strong> very \
             <em>much</em>.</p><ul><li>One</li><li>Two</li></ul>",
        );
        check(
            "- One\n\n  more\n- Two",
            "- One\n- more\n- Two",
            "<ul><li>One</li><li>more</li><li>Two</li></ul>",
        );
    }

    #[test]
    fn a_link_alone_is_a_button_and_one_among_words_a_link() {
        check(
            "[Sign in](https://a.example/?a=1&b=2)",
            "Sign in: https://a.example/?a=1&b=2",
            "[button Sign in https://a.example/?a=1&amp;b=2]",
        );
        check(
            "See [our terms](https://a.example) or [a@b.example](mailto:a@b.example).",
            "See our terms: https://a.example or a@b.example.",
            "<p>See <a href=\"https://a.example\">our terms</a> or \
             <a href=\"mailto:a@b.example\">a@b.example</a>.</p>",
        );
    }

    #[test]
    fn links_together_are_choices_that_make_sense_alone() {
        check(
            "[0](https://a.example/?a&b \"0, <never>\") [1](https://a.example)",
            "0: https://a.example/?a&b\n1: https://a.example",
            "[0|0, &lt;never&gt;|https://a.example/?a&amp;b][1||https://a.example]",
        );
    }

    #[test]
    fn what_somebody_else_said_is_a_quotation() {
        check(
            "She wrote:\n\n> Dry *loaf*\n> again.\n\n> Bye\n\nWell.",
            "She wrote:\n\n> Dry loaf again.\n>\n> Bye\n\nWell.",
            "<p>She wrote:</p><blockquote><p>Dry <em>loaf</em> again.</p></blockquote>\
             <blockquote><p>Bye</p></blockquote><p>Well.</p>",
        );
    }

    #[test]
    fn an_image_alone_is_one_if_it_says_what_it_shows() {
        check(
            "![Our oven](https://a.example/o.png)",
            "[Our oven]",
            "[image Our oven https://a.example/o.png]",
        );
        check("![](https://a.example/o.png)", "", "<p></p>");
        check("![Our oven](http://a.example/o.png)", "Our oven", "<p>Our oven</p>");
    }

    #[test]
    fn html_is_text_and_a_script_is_no_link() {
        check(
            "<b>Hi</b> & <script>alert(1)</script>",
            "<b>Hi</b> & <script>alert(1)</script>",
            "<p>&lt;b&gt;Hi&lt;/b&gt; &amp; &lt;script&gt;alert(1)&lt;/script&gt;</p>",
        );
        check("<div>\nHi\n</div>", "<div>Hi</div>", "<p>&lt;div&gt;Hi&lt;/div&gt;</p>");
        for nowhere in ["javascript:alert(1)", "data:text/html,x", "/relative", "ftp://a.example"] {
            check(&format!("[Words]({nowhere})"), "Words", "<p>Words</p>");
        }
    }

    #[test]
    fn spans_in_spans_without_end_are_only_their_words() {
        let deep = format!("{}a{}", "*b ".repeat(3_000), " c*".repeat(3_000));
        let blocks = read(&deep);
        assert_eq!(text(&blocks).matches('a').count(), 1);
        assert!(pieces(&blocks).len() == 1);
    }

    #[test]
    fn blanks_between_words_of_different_weight_stay() {
        check(
            "**a** *b* [c d](https://e.example) f",
            "a b c d: https://e.example f",
            "<p><strong>a</strong> <em>b</em> <a href=\"https://e.example\">c d</a> f</p>",
        );
    }
}
