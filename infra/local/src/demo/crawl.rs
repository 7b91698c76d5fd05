//! Follows every link of the year's mail as mail scanners do, and shows that nothing changes
//! by it; then presses one mail program's button, and shows what does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use jiff::Timestamp;
use platform::{Clock, Services, Store};
use serde::Serialize;
use serde_json::{Value, json};
use testkit::ses::Mail;

use super::Play;
use crate::failure::Failure;
use crate::home::{Home, TABLE};
use crate::server::Functions;
use crate::simulate::raw::{Raw, items, text};

/// Problems told one by one.
const TOLD: usize = 5;

/// What a crawler met.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Crawled {
    /// Links, each once.
    pub(super) links: u64,
    /// Answers to GET and HEAD.
    pub(super) answers: u64,
    /// Items that changed by them.
    pub(super) changed: u64,
    /// Items that one button changed: what she said, and the proof of it.
    pub(super) changed_by_a_button: u64,
    /// Everything that shouldn't be, as sentences.
    #[serde(skip)]
    pub(super) problems: Vec<String>,
}

/// A table's items by their keys, each as it stands.
type Picture = BTreeMap<(String, String), Value>;

/// Follows every link, and presses a button.
pub(super) async fn every_link(
    home: &Home<'_>,
    play: &Play,
    mails: &[Mail],
) -> Result<Crawled, Failure> {
    let crawler = Crawler::new(home, play);
    let links: BTreeSet<String> = mails.iter().flat_map(links).collect();
    let paths: Vec<&str> = links.iter().filter_map(|link| crawler.path(link)).collect();
    let before = picture(home).await;
    let mut crawled = Crawled { links: count(paths.len()), ..Crawled::default() };
    for path in &paths {
        for method in [Method::GET, Method::HEAD] {
            let status = crawler.ask(method.clone(), path, "").await?;
            crawled.answers = crawled.answers.saturating_add(1);
            let page = path.split('/').nth(1).unwrap_or_default();
            // Most of the year's surveys have closed, and their page says so.
            let closed = page == "s" && status == StatusCode::GONE;
            if status != StatusCode::OK && !closed && crawled.problems.len() < TOLD {
                crawled.problems.push(format!("{method} of a link to /{page}/ was {status}"));
            }
        }
    }
    let after = picture(home).await;
    crawled.changed = count(changed(&before, &after).len());
    if crawled.changed > 0 {
        crawled.problems.push(format!("following links changed {} items", crawled.changed));
    }
    crawler.press(home, mails, &after, &mut crawled).await?;
    Ok(crawled)
}

struct Crawler {
    functions: Functions,
    base: String,
}

impl Crawler {
    fn new(home: &Home<'_>, play: &Play) -> Self {
        let end: Timestamp = play.year.end;
        let services = Services {
            store: Store::new(home.store.client().clone(), TABLE),
            secrets: home.secrets.lists(),
            sites: Arc::clone(&play.sites),
            clock: Clock::new(move || end),
            metrics: Default::default(),
        };
        let base = play.sites.public_url.clone().unwrap_or_default();
        Self { functions: Functions::mount(&services), base }
    }

    /// The path of a link to us.
    fn path<'a>(&self, link: &'a str) -> Option<&'a str> {
        link.strip_prefix(self.base.as_str()).filter(|path| path.starts_with('/'))
    }

    async fn ask(&self, method: Method, path: &str, body: &str) -> Result<StatusCode, Failure> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body.to_owned()));
        let request = request.map_err(|error| Failure::because("a link is no URL", &error))?;
        Ok(self.functions.answer(request).await.status())
    }

    /// Presses the button of the first mail that has marketing in it.
    async fn press(
        &self,
        home: &Home<'_>,
        mails: &[Mail],
        before: &Picture,
        crawled: &mut Crawled,
    ) -> Result<(), Failure> {
        let welcomes = |mail: &&Mail| {
            mail.text.as_deref().is_some_and(|text| text.contains("because you agreed"))
        };
        let Some(mail) = mails.iter().find(welcomes) else { return Ok(()) };
        let Some(path) = one_click(mail).and_then(|link| self.path(link)) else {
            crawled.problems.push("a mail with marketing has no button".to_owned());
            return Ok(());
        };
        let status = self.ask(Method::POST, path, "List-Unsubscribe=One-Click").await?;
        if status != StatusCode::OK {
            crawled.problems.push(format!("pressing a button was answered {status}"));
        }
        let keys = changed(before, &picture(home).await);
        crawled.changed_by_a_button = count(keys.len());
        let customer = mail.tags.get("customer").map(String::as_str).unwrap_or_default();
        let hers = |(pk, sk): &(String, String)| pk.ends_with(customer) && sk == "CONTACT";
        let proof = |(pk, _): &(String, String)| pk.contains("#GONE#");
        let as_it_should = keys.iter().filter(|key| hers(key)).count() == 1
            && keys.iter().all(|key| hers(key) || proof(key));
        if !as_it_should {
            let sorts: Vec<&str> = keys.iter().map(|(_, sk)| sk.as_str()).collect();
            crawled.problems.push(format!("one button changed {}", sorts.join(", ")));
        }
        Ok(())
    }
}

/// Every link of a mail: of its text, its HTML and its headers.
fn links(mail: &Mail) -> Vec<String> {
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '<' | '>' | '\'');
    let of = |text: &str| {
        let pieces = text.split(ends).filter(|piece| piece.starts_with("http"));
        pieces.map(|link| link.replace("&amp;", "&")).collect::<Vec<_>>()
    };
    let parts = [mail.text.as_deref(), mail.html.as_deref()].into_iter().flatten();
    let headers = mail.headers.iter().map(|(_, value)| value.as_str());
    parts.chain(headers).flat_map(of).collect()
}

/// Where a mail program's own button posts.
fn one_click(mail: &Mail) -> Option<&str> {
    let header = mail.headers.iter().find(|(name, _)| name == "List-Unsubscribe");
    header?.1.strip_prefix('<')?.strip_suffix('>')
}

/// The whole table, read past everything of ours.
async fn picture(home: &Home<'_>) -> Picture {
    let connector = home.embedded.connector();
    let raw = Raw { connector: &connector, table: TABLE };
    let (mut picture, mut from) = (Picture::new(), Value::Null);
    loop {
        let mut scan = json!({"TableName": TABLE, "ConsistentRead": true});
        if let Some(scan) = scan.as_object_mut().filter(|_| !from.is_null()) {
            scan.insert("ExclusiveStartKey".to_owned(), from);
        }
        let mut page = raw.ask("Scan", &scan).await;
        from = page.get_mut("LastEvaluatedKey").map(Value::take).unwrap_or_default();
        for item in items(page) {
            let key = (text(item.get("pk")), text(item.get("sk")));
            picture.insert((key.0.unwrap_or_default(), key.1.unwrap_or_default()), item);
        }
        if from.is_null() {
            return picture;
        }
    }
}

/// Keys whose items are others, or there at one time only.
fn changed(before: &Picture, after: &Picture) -> BTreeSet<(String, String)> {
    let differs = |key: &&(String, String)| before.get(*key) != after.get(*key);
    before.keys().chain(after.keys()).filter(differs).cloned().collect()
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
