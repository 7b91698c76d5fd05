//! `regulars send`: signs a body as Shopify or Square does and posts it to a server.

mod client;
mod event;

use std::path::Path;

use http::{HeaderName, HeaderValue, Method, Request, StatusCode};
use loyalty::ids::{ShopId, Source};
use platform::{Clock, Sites, signature};
use secrecy::SecretString;

use self::event::{Event, Parcel, signature_header};
use crate::cli::{Environment, SendArgs};
use crate::console;
use crate::failure::Failure;
use crate::secrets::LocalSecrets;

/// Where a running server takes events that no webhook brings.
const RUN: &str = "/_local/run/purchase-webhook";

/// Runs the command.
pub(crate) async fn run(args: SendArgs, environment: Environment<'_>) -> Result<(), Failure> {
    let file = args.file.display();
    let bytes = std::fs::read(&args.file)
        .map_err(|error| Failure::because(format!("cannot read {file}"), &error))?;
    let parcel = Parcel::read(&bytes, args.topic.as_deref())
        .map_err(|reason| Failure::new(format!("cannot send {file}: {reason}")))?;
    let target = client::Target::parse(&args.url)?;
    let (request, signed_for) = match parcel {
        Parcel::Webhook(event) => {
            let shop = args.shop.or_else(|| event.shop.clone());
            let shop =
                shop.ok_or_else(|| Failure::new("say which shop's webhook it is: --shop SHOP"))?;
            let secret = secret(&args.data, event.source, &shop, environment)?;
            let url = public_url(environment, &args.url)?;
            (
                signed(&event, &shop, &secret, (&target, &url))?,
                (event.source == Source::Square).then_some(url),
            )
        }
        Parcel::OfTheBus(event) => (unsigned(event, &target)?, None),
    };
    let (status, answer) = client::send(&target, request).await?;
    console::say(format_args!("{status}\n{}", answer.trim_end()));
    match signed_for {
        _ if status.is_success() => Ok(()),
        Some(url) if status == StatusCode::UNAUTHORIZED => Err(Failure::new(format!(
            "the server didn't take {file}: {status}. Square signs the address too, and this was \
             signed for {url}: give --url as the server tells it, or the server's \
             REGULARS_PUBLIC_URL"
        ))),
        _ => Err(Failure::new(format!("the server didn't take {file}: {status}"))),
    }
}

/// What the server says of itself where the world reaches it: as its environment has it,
/// else where it listens.
fn public_url(environment: Environment<'_>, url: &str) -> Result<String, Failure> {
    let sites = Sites::from_env(environment)
        .map_err(|error| Failure::because("the configuration can't be read", &error))?;
    Ok(sites.public_url.unwrap_or_else(|| url.trim_end_matches('/').to_owned()))
}

/// The secret to sign with, from the environment or the data directory.
fn secret(
    data: &Path,
    source: Source,
    shop: &ShopId,
    environment: Environment<'_>,
) -> Result<SecretString, Failure> {
    let secrets = LocalSecrets::read(data, environment)?;
    secrets.signs(source, shop).ok_or_else(|| {
        let variable = platform::config::secret_variable(shop, source.as_str());
        let known: Vec<&str> = secrets.shops().map(ShopId::as_str).collect();
        let known = if known.is_empty() {
            "it has none".to_owned()
        } else {
            format!("it knows {}", known.join(", "))
        };
        let name = match source {
            Source::Shopify => "Shopify",
            Source::Square => "Square",
        };
        Failure::new(format!(
            "there is no {name} secret of `{shop}`: set {variable}, or give the server's --data \
             ({} was looked at; {known})",
            secrets.path().display()
        ))
    })
}

fn signed(
    event: &Event,
    shop: &ShopId,
    secret: &SecretString,
    (target, public_url): (&client::Target, &str),
) -> Result<Request<String>, Failure> {
    let source = event.source;
    let path = format!("/webhooks/{source}/{shop}");
    let body = event.body.as_bytes();
    let signature = match source {
        Source::Shopify => signature::sign_shopify(secret, body),
        Source::Square => signature::sign_square(secret, &format!("{public_url}{path}"), body),
    };
    let mut request = Request::builder().method(Method::POST).uri(target.path(&path));
    let headers = event.headers(shop, Clock::system().now());
    let signed = (signature_header(source).to_owned(), signature);
    for (name, value) in headers.into_iter().chain([signed]) {
        let unfit = || Failure::new(format!("the header {name} of the event can't be sent"));
        let value = HeaderValue::from_str(&value).map_err(|_| unfit())?;
        request = request.header(HeaderName::try_from(&name).map_err(|_| unfit())?, value);
    }
    request.body(event.body.clone()).map_err(|error| unmade(&error))
}

/// What came by the bus, for a server of this machine to run the function with.
fn unsigned(event: String, target: &client::Target) -> Result<Request<String>, Failure> {
    let request = Request::builder().method(Method::POST).uri(target.path(RUN));
    request.body(event).map_err(|error| unmade(&error))
}

fn unmade(error: &http::Error) -> Failure {
    Failure::because("the request can't be made", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bakery() -> ShopId {
        "corner-bakery".parse().unwrap()
    }

    #[track_caller]
    fn signed_for(environment: Environment<'_>, given: &str, url: &str) {
        let body = r#"{"merchant_id":"M","event_id":"e","type":"payment.created"}"#;
        let Parcel::Webhook(event) = Parcel::read(body.as_bytes(), None).unwrap() else { panic!() };
        let key = SecretString::from("key");
        let target = client::Target::parse(given).unwrap();
        let public = public_url(environment, given).unwrap();
        let request = signed(&event, &bakery(), &key, (&target, &public)).unwrap();
        assert_eq!(request.uri().path(), "/webhooks/square/corner-bakery");
        let header = request.headers()["x-square-hmacsha256-signature"].to_str().unwrap();
        assert!(signature::square(&[key], url, body.as_bytes(), Some(header)), "{url}");
    }

    #[test]
    fn a_body_of_squares_is_signed_for_the_public_url_of_the_server() {
        let url = "http://127.0.0.1:8787/webhooks/square/corner-bakery";
        signed_for(&|_| None, "http://127.0.0.1:8787", url);
        signed_for(&|_| None, "http://127.0.0.1:8787/", url);
        let public = |name: &str| {
            (name == "REGULARS_PUBLIC_URL").then(|| "https://regulars.example.com".to_owned())
        };
        let url = "https://regulars.example.com/webhooks/square/corner-bakery";
        signed_for(&public, "http://127.0.0.1:8787", url);
    }

    #[test]
    fn a_missing_secret_is_named_by_its_variable() {
        let home = tempfile::tempdir().unwrap();
        let failure = secret(home.path(), Source::Square, &bakery(), &|_| None).unwrap_err();
        assert!(failure.to_string().contains("REGULARS_SECRET_CORNER_BAKERY_SQUARE"), "{failure}");
    }
}
