//! The mailbox as pages: a list, and a mail as it looks with its text beside it.

use std::fmt::{self, Display, Write};

use testkit::ses::Mail;

use super::Wanted;

/// The pages' one stylesheet.
pub(super) const STYLE: &str = include_str!("style.css");

/// Mails on one page of the list.
const A_PAGE: usize = 100;

/// A text in HTML, in quotes too.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// A text as a part of a query.
fn in_query(text: &str) -> String {
    let mut query = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                query.push(char::from(byte));
            }
            byte => {
                let _ = write!(query, "%{byte:02X}");
            }
        }
    }
    query
}

fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta \
         name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta \
         name=\"robots\" content=\"noindex\">\n<title>{}</title>\n<link rel=\"stylesheet\" \
         href=\"/_local/mailbox/style.css\">\n</head>\n<body>\n<main>\n{body}</main>\n</body>\n\
         </html>\n",
        Escaped(title)
    )
}

/// The list, the newest mail first; `mails` are those wanted of `all`, the newest last.
pub(super) fn list(mails: &[Mail], all: usize, wanted: &Wanted) -> String {
    let (to, kind) = (Escaped(wanted.to.trim()), Escaped(wanted.kind.trim()));
    let mut body = format!(
        "<h1>Mailbox</h1>\n<p class=\"soft\">Mail of this system. It stays on this machine and \
         goes to nobody.</p>\n<form>\n<label>To <input name=\"to\" value=\"{to}\" \
         autocomplete=\"off\"></label>\n<label>Kind <input name=\"kind\" value=\"{kind}\" \
         autocomplete=\"off\"></label>\n<button>Find</button>\n</form>\n"
    );
    let found = match (mails.len(), all) {
        (0, 0) => "Nothing has been sent yet.".to_owned(),
        (0, _) => "No mail is like this. <a href=\"/_local/mailbox/\">Show all</a>".to_owned(),
        (1, 1) => "1 mail".to_owned(),
        (found, all) if found == all => format!("{all} mails"),
        (found, all) => format!("{found} of {all} mails"),
    };
    let _ = writeln!(body, "<p>{found}</p>\n<ul class=\"mails\">");
    for mail in mails.iter().rev().skip(wanted.skip).take(A_PAGE) {
        let _ = writeln!(
            body,
            "<li><a href=\"/_local/mailbox/{}\">{}</a>\n<p>{}</p>\n<p class=\"soft\">{}{}</p></li>",
            Escaped(&mail.id),
            Escaped(subject(mail)),
            Escaped(&mail.to.join(", ")),
            mail.at.strftime("%-d %B %Y, %H:%M UTC"),
            mail.kind().map(|kind| format!(" · {}", Escaped(kind))).unwrap_or_default(),
        );
    }
    body.push_str("</ul>\n");
    body.push_str(&turn(mails.len(), wanted));
    page("Mailbox", &body)
}

/// The ways to newer and older mail, if there are any.
fn turn(found: usize, wanted: &Wanted) -> String {
    let link = |skip: usize, name: &str| {
        let (to, kind) = (in_query(wanted.to.trim()), in_query(wanted.kind.trim()));
        let query = format!("to={to}&amp;kind={kind}&amp;skip={skip}");
        format!("<a href=\"/_local/mailbox/?{query}\">{name}</a>\n")
    };
    let older = wanted.skip.saturating_add(A_PAGE);
    let mut links = String::new();
    if wanted.skip > 0 {
        links.push_str(&link(wanted.skip.saturating_sub(A_PAGE), "Newer"));
    }
    if older < found {
        links.push_str(&link(older, "Older"));
    }
    if links.is_empty() { links } else { format!("<nav aria-label=\"Pages\">\n{links}</nav>\n") }
}

/// One mail.
pub(super) fn mail(mail: &Mail) -> String {
    let subject = subject(mail);
    let mut body = format!(
        "<nav><a href=\"/_local/mailbox/\">Mailbox</a></nav>\n<h1>{}</h1>\n<dl>\n",
        Escaped(subject)
    );
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(body, "<dt>{}</dt><dd>{}</dd>", Escaped(name), Escaped(value));
    };
    row("From", &mail.sender());
    row("To", &mail.to.join(", "));
    if !mail.reply_to.is_empty() {
        row("Reply to", &mail.reply_to.join(", "));
    }
    row("Sent", &mail.at.strftime("%-d %B %Y, %H:%M:%S UTC").to_string());
    body.push_str("</dl>\n");
    body.push_str(&parts(mail));
    let mut details = String::new();
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(details, "<dt>{}</dt><dd>{}</dd>", Escaped(name), Escaped(value));
    };
    row("Id", &mail.id);
    for (name, value) in &mail.headers {
        row(name, value);
    }
    for (name, value) in &mail.tags {
        row(&format!("Tag {name}"), value);
    }
    if let Some(set) = &mail.configuration_set {
        row("Configuration set", set);
    }
    let _ = writeln!(body, "<h2>Headers and tags</h2>\n<dl>\n{details}</dl>");
    page(subject, &body)
}

/// The HTML in a frame that runs no script, and the text beside it.
fn parts(mail: &Mail) -> String {
    let mut parts = String::new();
    if mail.html.is_some() {
        let address = format!("/_local/mailbox/{}/html", Escaped(&mail.id));
        let _ = writeln!(
            parts,
            "<section>\n<h2>As it looks</h2>\n<iframe title=\"The mail as it looks\" \
             sandbox=\"allow-popups allow-popups-to-escape-sandbox\" src=\"{address}\"></iframe>\n\
             <p class=\"soft\"><a href=\"{address}\">Alone</a>. Pictures from other hosts aren’t \
             loaded.</p>\n</section>"
        );
    }
    if let Some(text) = &mail.text {
        // A first line break in `pre` is dropped; ours, so that the mail's own stays.
        let _ = writeln!(
            parts,
            "<section>\n<h2>As text</h2>\n<pre tabindex=\"0\">\n{}</pre>\n</section>",
            Escaped(text)
        );
    }
    let both = if mail.html.is_some() && mail.text.is_some() { " two" } else { "" };
    format!("<div class=\"parts{both}\">\n{parts}</div>\n")
}

/// A mail whose links open in a tab of their own, as a mail program's do: the pages they lead
/// to refuse to stand in a frame.
pub(super) fn linking_out(html: &str) -> String {
    html.replacen("<head>", "<head><base target=\"_blank\">", 1)
}

/// Where there is no such mail.
pub(super) fn no_mail() -> String {
    let body = "<h1>No such mail</h1>\n<p>The link may be from before the data was cleared. \
                <a href=\"/_local/mailbox/\">Show all mail</a></p>\n";
    page("No such mail", body)
}

fn subject(mail: &Mail) -> &str {
    if mail.subject.trim().is_empty() { "(no subject)" } else { &mail.subject }
}
