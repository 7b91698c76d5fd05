//! The API's routes, each with its description, and what is in front of them all.

mod approvals;
mod auth;
mod birthday;
mod customers;
mod decisions;
mod follow_ups;
mod held;
mod jobs;
mod ledger;
mod mail_mode;
mod mail_settings;
mod marketing;
mod merges;
mod messages;
pub(crate) mod openapi;
mod orders;
mod params;
mod reconciliations;
mod refusal;
mod shop;
mod surveys;
mod templates;
mod trials;
mod views;
mod why;
mod withdrawals;

use axum::Router;
use axum::extract::Request;
use axum::middleware::from_fn_with_state;
use http::StatusCode;
use platform::Services;
use platform::problem::Problem;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Routes that ask for a token. What is mounted here is in the document by that alone.
fn guarded() -> OpenApiRouter<Services> {
    OpenApiRouter::new()
        .routes(routes!(customers::find))
        .routes(routes!(customers::one))
        .routes(routes!(birthday::set))
        .routes(routes!(ledger::page))
        .routes(routes!(orders::one))
        .routes(routes!(merges::candidates))
        .routes(routes!(merges::dismiss))
        .routes(routes!(merges::merge))
        .routes(routes!(merges::undo))
        .routes(routes!(held::list))
        .routes(routes!(held::judge))
        .routes(routes!(reconciliations::list))
        .routes(routes!(templates::list))
        .routes(routes!(withdrawals::list))
        .routes(routes!(withdrawals::done))
        .routes(routes!(mail_mode::show, mail_mode::set))
        .routes(routes!(mail_settings::show, mail_settings::set))
        .routes(routes!(marketing::show, marketing::set))
        .routes(routes!(messages::list))
        .routes(routes!(messages::of_customer))
        .routes(routes!(decisions::list))
        .routes(routes!(why::why))
        .routes(routes!(jobs::mail))
        .routes(routes!(jobs::points))
        .routes(routes!(surveys::results))
        .routes(routes!(surveys::answers))
        .routes(routes!(surveys::say))
        .routes(routes!(follow_ups::list))
        .routes(routes!(follow_ups::one, follow_ups::act))
        .routes(routes!(trials::list, trials::start))
        .routes(routes!(trials::one))
        .routes(routes!(trials::end))
        .routes(routes!(approvals::list))
        .routes(routes!(approvals::one, approvals::answer))
}

/// Routes for anybody.
fn open() -> OpenApiRouter<Services> {
    OpenApiRouter::new().routes(routes!(openapi::document))
}

pub(crate) fn router(services: Services) -> Router {
    let (guarded, _) = guarded().split_for_parts();
    let (open, _) = open().split_for_parts();
    // Asked for a token before anything else, a wrong method included: who has none learns
    // only which paths there are, which the document tells everybody.
    let guarded = guarded
        .method_not_allowed_fallback(wrong_method)
        .route_layer(from_fn_with_state(services.clone(), auth::check));
    // The fallback holds below `/api` alone, so that pages and other functions can be
    // mounted beside it.
    let unknown = Router::new().fallback(unknown_route);
    open.method_not_allowed_fallback(wrong_method)
        .merge(guarded)
        .nest("/api", unknown)
        .with_state(services)
}

async fn unknown_route() -> Problem {
    let detail = format!("there is nothing at this path: {} lists what there is", openapi::PATH);
    Problem::new(StatusCode::NOT_FOUND, "unknown-route", detail)
}

async fn wrong_method(request: Request) -> Problem {
    let method = request.method();
    let detail = format!(
        "{method} does nothing here: what is read is read with GET, and {} says what takes POST",
        openapi::PATH
    );
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "wrong-method", detail)
}
