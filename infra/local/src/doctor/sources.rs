//! The webhook subscriptions of the shops at Shopify and Square: that everything we take is
//! sent to the deployment.

use loyalty::ids::{ShopId, Source};
use platform::Services;
use secrecy::SecretString;
use sources::api::{
    ApiError, Http, NoAccess, SHOPIFY_TOPICS, SQUARE_EVENTS, SetupError, ShopifyAccess, ShopifyApi,
    SquareApi,
};

use super::report::Report;
use crate::failure::{Failure, chain};
use crate::secrets::random;
use crate::stack::Stack;

/// Square's own address.
const SQUARE: &str = "https://connect.squareup.com";

/// What a subscription that we make is called at Square.
const NAME: &str = "Regulars";

/// Looks at every shop's, and registers what is missing where that is wished.
pub(super) async fn look(
    stack: &Stack,
    services: &Services,
    register: bool,
    report: &mut Report,
) -> Result<(), Failure> {
    let http = Http::new().map_err(|error| Failure::because("nothing can be asked", &error))?;
    let access = ShopifyAccess::over(&http);
    for (shop, of) in &stack.record.shops {
        if let Some(domain) = &of.shopify {
            shopify(stack, (shop, domain), access.api(services, shop), register, report).await;
        }
        let tokens = services.secrets.of_shop(shop, "square-token");
        let token = tokens.first();
        let url = services.sites.square_api.as_deref().unwrap_or(SQUARE);
        if let Some(token) = token {
            square(stack, shop, &http, (url, token), register, report).await?;
        }
    }
    Ok(())
}

async fn shopify(
    stack: &Stack,
    (shop, domain): (&ShopId, &str),
    api: Result<ShopifyApi, NoAccess>,
    register: bool,
    report: &mut Report,
) {
    let check = format!("Shopify of {shop}");
    let api = match api {
        Ok(api) => api,
        Err(NoAccess::NoToken) => {
            let url = stack.record.webhook_url(Source::Shopify, shop);
            report.todo(
                &check,
                format_args!(
                    "without {shop}/shopify-client-id its subscriptions can't be looked at: see \
                     that shopify.app.toml sends every topic of the README to {url}"
                ),
            );
            return;
        }
        Err(error) => {
            report.wrong(&check, chain(&error));
            return;
        }
    };
    let url = stack.record.webhook_url(Source::Shopify, shop);
    let looked = async {
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
