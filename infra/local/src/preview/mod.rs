//! `regulars preview` and `regulars send-test`: what a mail looks like, before anybody gets
//! it.
//!
//! The facts are made up from the shop's own program; the words, the look and, with
//! `--customer`, her name, language and balance are what she would get.

mod eml;
mod sample;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use loyalty::Language;
use loyalty::mail::Kind;
use platform::aws::Connection;
use platform::mail::{Letter, Mail};
use platform::{Clock, Config};

use self::sample::Sample;
use crate::cli::{Environment, PreviewArgs, SendTestArgs};
use crate::console;
use crate::failure::Failure;

/// Where links lead where nothing says where the system is.
const NOWHERE: &str = "http://127.0.0.1:8787";

/// Writes previews.
pub(crate) async fn run(args: &PreviewArgs, environment: Environment<'_>) -> Result<(), Failure> {
    let now = Clock::system().now();
    console::say(told(args, environment, now).await?);
    Ok(())
}

/// Writes previews, and tells where they are and what is wrong with the words.
async fn told(
    args: &PreviewArgs,
    environment: Environment<'_>,
    now: Timestamp,
) -> Result<String, Failure> {
    let sample = Sample::open(&args.sample, environment, (NOWHERE, now)).await?;
    let kinds: Vec<Kind> = match args.kind {
        Some(kind) => vec![kind],
        None => Kind::ALL.to_vec(),
    };
    let languages: Vec<Language> = match (args.sample.language, args.all) {
        (None, true) => Language::ALL.to_vec(),
        (chosen, _) => vec![chosen.unwrap_or_else(|| sample.language())],
    };
    let cannot =
        |error| Failure::because(format!("cannot write to {}", args.out.display()), &error);
    std::fs::create_dir_all(&args.out).map_err(cannot)?;
    let mut lines = Vec::new();
    for kind in kinds {
        for language in &languages {
            let (letter, broken) = sample.letter(kind, *language, "ada@example.com")?;
            let file = |extension: &str| args.out.join(name(kind, *language, extension));
            let mut written = vec![keep(&file("txt"), text(&letter).as_bytes())?];
            written.push(keep(&file("html"), letter.html.as_deref().unwrap_or("").as_bytes())?);
            if args.eml {
                written.push(keep(&file("eml"), &eml::write(&letter, now)?)?);
            }
            lines.push(format!("{}: {}", kind.as_str(), written.join(", ")));
            lines.extend(broken.iter().map(|broken| format!("  {broken}")));
        }
    }
    Ok(lines.join("\n"))
}

/// Sends one.
pub(crate) async fn send(args: &SendTestArgs, environment: Environment<'_>) -> Result<(), Failure> {
    let url = args.url.trim_end_matches('/');
    let sample = Sample::open(&args.sample, environment, (url, Clock::system().now())).await?;
    let language = args.sample.language.unwrap_or_else(|| sample.language());
    let (letter, broken) = sample.letter(args.kind, language, &args.address)?;
    let config = match args.aws {
        true => aws(environment)?,
        false => local(url)?,
    };
    let sent = Mail::new(Connection::from(&config).ses()).send(&letter).await;
    let hint = match args.aws {
        true => String::new(),
        false => format!(" (does `regulars serve` run at {url}?)"),
    };
    sent.map_err(|error| Failure::new(format!("it wasn't sent: {}{hint}", error.reason())))?;
    for broken in broken {
        console::say(broken);
    }
    let found = match args.aws {
        true => String::new(),
        false => format!("; it is at {url}/_local/mailbox/"),
    };
    console::say(format_args!("Sent to {}{found}", letter.to));
    Ok(())
}

/// SES as the environment names it. The rest of a function's configuration isn't used.
fn aws(environment: Environment<'_>) -> Result<Config, Failure> {
    let config = Config::from_env(|name| environment(name).or_else(|| unused(name)));
    config.map_err(|error| Failure::because("Amazon SES can't be asked", &error))
}

/// SES as a running server of ours plays it.
fn local(url: &str) -> Result<Config, Failure> {
    let ses = format!("{url}/_local/aws/ses");
    let variable = |name: &str| match name {
        "AWS_ENDPOINT_URL_SESV2" => Some(ses.clone()),
        "AWS_REGION" | "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("local".to_owned()),
        _ => unused(name),
    };
    Config::from_env(variable).map_err(|error| Failure::because("SES can't be asked", &error))
}

fn unused(name: &str) -> Option<String> {
    matches!(name, "REGULARS_TABLE" | "REGULARS_SECRETS_PATH").then(|| "unused".to_owned())
}

fn name(kind: Kind, language: Language, extension: &str) -> String {
    format!("{}.{}.{extension}", kind.as_str(), language.as_str())
}

fn text(letter: &Letter) -> String {
    format!("Subject: {}\n\n{}", letter.subject, letter.text)
}

fn keep(path: &PathBuf, bytes: &[u8]) -> Result<String, Failure> {
    let cannot = |error| Failure::because(format!("cannot write {}", Path::display(path)), &error);
    std::fs::write(path, bytes).map_err(cannot)?;
    Ok(path.display().to_string())
}
