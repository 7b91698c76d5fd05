//! The webhook subscriptions of the shops at Shopify and Square: that everything we take is
//! sent to the deployment.

use loyalty::ids::{ShopId, Source};
use secrecy::SecretString;
use sources::api::{
    ApiError, Http, SHOPIFY_TOPICS, SQUARE_EVENTS, SetupError, ShopifyApi, SquareApi,
};

use super::report::Report;
use super::{Known, first};
use crate::cli::Environment;
use crate::failure::{Failure, chain};
use crate::secrets::random;
use crate::stack::Stack;
use crate::stack::record::Shop;

/// Square's own address.
const SQUARE: &str = "https://connect.squareup.com";

/// What a subscription that we make is called at Square.
const NAME: &str = "Regulars";

/// Looks at every shop's, and registers what is missing where that is wished.
pub(super) async fn look(
    stack: &Stack,
    known: &Known,
    register: bool,
    environment: Environment<'_>,
    report: &mut Report,
) -> Result<(), Failure> {
    let http = Http::new().map_err(|error| Failure::because("nothing can be asked", &error))?;
    let sites = stack.record.sites(environment);
    for (shop, of) in &stack.record.shops {
        if let Some(url) = sites.shopify_url(shop).filter(|_| of.shopify.is_some()) {
            shopify(stack, known, (shop, of), &http, &url, register, report).await;
        }
        let token = first(known, &format!("{shop}/square-token"));
        let url = sites.square_api.as_deref().unwrap_or(SQUARE);
        if let Some(token) = token {
            square(stack, shop, &http, (url, token), register, report).await?;
        }
    }
    Ok(())
}

async fn shopify(
    stack: &Stack,
    known: &Known,
    (shop, of): (&ShopId, &Shop),
    http: &Http,
    at: &str,
    register: bool,
    report: &mut Report,
) {
    let check = format!("Shopify of {shop}");
    let Some(token) = first(known, &format!("{shop}/shopify-token")) else {
        report.todo(
            &check,
            format_args!(
                "without {shop}/shopify-token its subscriptions can't be looked at: see that \
                 shopify.app.toml sends every topic of the README to {}",
                stack.record.webhook_url(Source::Shopify, shop)
            ),
        );
        return;
    };
    let domain = of.shopify.as_deref().unwrap_or_default();
    let url = stack.record.webhook_url(Source::Shopify, shop);
    let looked = async {
        let api = ShopifyApi::over(http, at, token)?;
        let sent = api.topics_sent_to(&url).await?;
        let missing = SHOPIFY_TOPICS.into_iter().filter(|topic| !sent.iter().any(|it| it == topic));
        let missing: Vec<&str> = missing.collect();
        if register {
            for topic in &missing {
                api.subscribe(topic, &url).await?;
            }
        }
        Ok::<_, Trouble>(missing)
    };
    match looked.await {
        Ok(missing) if missing.is_empty() => {
            report.ok(&check, format_args!("{domain} sends every topic to {url}"));
        }
        Ok(missing) if register => {
            report.ok(&check, format_args!("{} topics were registered", missing.len()));
        }
        Ok(missing) => {
            let (missing, name) = (missing.join(", "), &stack.record.stack);
            report.todo(
                &check,
                format_args!(
                    "{missing} aren't registered for {url}: where shopify.app.toml doesn't have \
                     them, `regulars doctor --register --stack {name}` does it"
                ),
            );
        }
        Err(trouble) => report.wrong(&check, trouble.0),
    }
}

async fn square(
    stack: &Stack,
    shop: &ShopId,
    http: &Http,
    (at, token): (&str, &SecretString),
    register: bool,
    report: &mut Report,
) -> Result<(), Failure> {
    let check = format!("Square of {shop}");
    let url = stack.record.webhook_url(Source::Square, shop);
    let (key, name) = (random()?, &stack.record.stack);
    let looked = async {
        let api = SquareApi::over(http, at, token)?;
        let subscriptions = api.subscriptions().await?;
        let ours: Vec<_> = subscriptions.iter().filter(|one| one.notification_url == url).collect();
        if ours.is_empty() && register {
            api.subscribe(NAME, &url, &SQUARE_EVENTS, &key).await?;
            return Ok((true, Vec::new(), true));
        }
        let is_sent = |event: &&str| {
            ours.iter().any(|one| one.enabled && one.event_types.iter().any(|it| it == event))
        };
        let missing = SQUARE_EVENTS.into_iter().filter(|event| !is_sent(event)).collect();
        Ok::<(bool, Vec<&str>, bool), Trouble>((!ours.is_empty(), missing, false))
    };
    match looked.await {
        Ok((_, _, true)) => report.todo(
            &check,
            format_args!(
                "a subscription for {url} was made: its signature key is in Square's Developer \
                 Console; `regulars secrets set {shop}/square --stack {name}`"
            ),
        ),
        Ok((true, missing, _)) if missing.is_empty() => {
            report.ok(&check, format_args!("every event is sent to {url}"));
        }
        Ok((true, missing, _)) => report.todo(
            &check,
            format_args!(
                "{} aren't sent to {url}: turn them on at its subscription in Square's Developer \
                 Console",
                missing.join(", ")
            ),
        ),
        Ok((false, ..)) => report.todo(
            &check,
            format_args!(
                "no subscription for {url}: make it in Square's Developer Console, or by `regulars \
                 doctor --register --stack {name}`"
            ),
        ),
        Err(trouble) => report.wrong(&check, trouble.0),
    }
    Ok(())
}

/// A source didn't do what it was asked, and why.
struct Trouble(String);

impl From<ApiError> for Trouble {
    fn from(error: ApiError) -> Self {
        Self(chain(&error))
    }
}

impl From<SetupError> for Trouble {
    fn from(error: SetupError) -> Self {
        Self(chain(&error))
    }
}
