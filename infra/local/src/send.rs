//! `regulars send`: signs a body as Shopify does and posts it to a server.

mod client;
mod event;

use std::path::Path;

use http::{HeaderName, HeaderValue, Method, Request};
use loyalty::ids::ShopId;
use platform::{Clock, signature};
use secrecy::SecretString;

use self::event::Event;
use crate::cli::{Environment, SendArgs};
use crate::console;
use crate::failure::Failure;
use crate::secrets::LocalSecrets;

/// Runs the command.
pub(crate) async fn run(args: SendArgs, environment: Environment<'_>) -> Result<(), Failure> {
    let file = args.file.display();
    let bytes = std::fs::read(&args.file)
        .map_err(|error| Failure::because(format!("cannot read {file}"), &error))?;
    let event = Event::read(&bytes, args.topic.as_deref())
        .map_err(|reason| Failure::new(format!("cannot send {file}: {reason}")))?;
    let shop = args.shop.or_else(|| event.shop.clone());
    let shop = shop.ok_or_else(|| Failure::new("say which shop's webhook it is: --shop SHOP"))?;
    let secret = secret(&args.data, &shop, environment)?;
    let target = client::Target::parse(&args.url)?;
    let request = signed(&event, &shop, &secret, &target)?;
    let (status, answer) = client::send(&target, request).await?;
    console::say(format_args!("{status}\n{}", answer.trim_end()));
    if status.is_success() {
        Ok(())
    } else {
        Err(Failure::new(format!("the server didn't take {file}: {status}")))
    }
}

/// The secret to sign with, from the environment or the data directory.
fn secret(
    data: &Path,
    shop: &ShopId,
    environment: Environment<'_>,
) -> Result<SecretString, Failure> {
    let secrets = LocalSecrets::read(data, environment)?;
    secrets.signs(loyalty::ids::Source::Shopify, shop).ok_or_else(|| {
        let variable = platform::config::secret_variable(shop, "shopify");
        let known: Vec<&str> = secrets.shops().map(ShopId::as_str).collect();
        let known = if known.is_empty() {
            "it has none".to_owned()
        } else {
            format!("it knows {}", known.join(", "))
        };
        Failure::new(format!(
            "there is no Shopify secret of `{shop}`: set {variable}, or give the server's --data \
             ({} was looked at; {known})",
            secrets.path().display()
        ))
    })
}

fn signed(
    event: &Event,
    shop: &ShopId,
    secret: &SecretString,
    target: &client::Target,
) -> Result<Request<String>, Failure> {
    let signature = signature::sign_shopify(secret, event.body.as_bytes());
    let path = target.path(&format!("/webhooks/shopify/{shop}"));
    let mut request = Request::builder().method(Method::POST).uri(path);
    let headers = event.headers(shop, Clock::system().now());
    let headers = headers.into_iter().chain([("x-shopify-hmac-sha256".to_owned(), signature)]);
    for (name, value) in headers {
        let unfit = || Failure::new(format!("the header {name} of the event can't be sent"));
        let value = HeaderValue::from_str(&value).map_err(|_| unfit())?;
        request = request.header(HeaderName::try_from(&name).map_err(|_| unfit())?, value);
    }
    request
        .body(event.body.clone())
        .map_err(|error| Failure::because("the request can't be made", &error))
}
