//! The door: a bearer token that is one of the secret `api`.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use platform::problem::Problem;
use platform::{Secrets, Services};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

/// The secret that lists the tokens.
const SECRET: &str = "api";

/// Lets a request with a good token through, and nothing else.
pub(super) async fn check(
    State(services): State<Services>,
    request: Request,
    next: Next,
) -> Response {
    let Some(token) = bearer(request.headers()) else {
        return refused("no bearer token came with this request");
    };
    let secrets = &services.secrets;
    // A failed check may only mean that the token is newer than what we have loaded.
    let good = opens(secrets, token)
        || (secrets.refresh(services.clock.now()).await && opens(secrets, token));
    if !good {
        platform::count!("api.token_refused");
        return refused("the bearer token isn't one of this deployment's");
    }
    let mut response = next.run(request).await;
    // Answers are about people: no cache on the way may keep them.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn refused(why: &str) -> Response {
    let detail = format!(
        "{why}: send `Authorization: Bearer <token>` with a token of the secret `{SECRET}`, \
         which `regulars secrets set` makes"
    );
    Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", detail).into_response()
}

/// The token of `Authorization: Bearer <token>`; the scheme's case doesn't matter.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Whether a token is one of the secret's. Hashes of equal length are compared, each to
/// its end and all of them: how long it takes says nothing about any of them.
fn opens(secrets: &Secrets, token: &str) -> bool {
    let offered = Sha256::digest(token);
    let fits = |secret: &secrecy::SecretString| {
        Sha256::digest(secret.expose_secret()).as_slice().ct_eq(offered.as_slice())
    };
    let none = Choice::from(0);
    secrets.named(SECRET).iter().fold(none, |any, secret| any | fits(secret)).into()
}
