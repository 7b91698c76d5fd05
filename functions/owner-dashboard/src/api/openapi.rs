//! The API's own description, as OpenAPI 3.1. Paths come from the router itself, so what
//! is mounted is described and the other way round.

use axum::Json;
use serde::Serialize;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{OpenApi as Document, RefOr, Schema};
use utoipa::{IntoResponses, Modify, OpenApi, ToSchema};

/// Where the document is.
pub(super) const PATH: &str = "/api/v1/openapi.json";

/// The name of the security scheme.
const BEARER: &str = "bearer";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Regulars: the owner's API",
        version = "1",
        description = "What a shop knows of its customers' points, and the few things that only a \
                       person can say.\n\n\
                       Amounts are decimal strings with the places of their currency, points are \
                       whole numbers, times are RFC 3339 in UTC, days are the shop's own. A field \
                       is always there; null says that it isn't known or doesn't apply. Whatever \
                       goes wrong is a problem as in RFC 9457, whose `detail` says what to do.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    servers((url = "/", description = "Where this document was read")),
    // The name of the scheme below; a macro takes only the letters themselves.
    security(("bearer" = [])),
    // What the answers below refer to is collected by itself, the refusals' isn't.
    components(schemas(Problem)),
    tags(
        (name = "customers", description = "People, their points and tiers"),
        (name = "orders", description = "Sales and what they are worth"),
        (name = "mail", description = "What goes out to customers"),
        (name = "nights", description = "What the nights decided, and what waits for the owner"),
        (name = "surveys", description = "What customers answered, and low scores"),
        (name = "document", description = "This document"),
    ),
)]
struct Frame;

/// The whole document.
pub(crate) fn openapi() -> Document {
    let mut document = Frame::openapi();
    for routes in [super::guarded(), super::open()] {
        document.merge(routes.into_openapi());
    }
    Bearer.modify(&mut document);
    EveryField.modify(&mut document);
    document
}

/// This document
#[utoipa::path(
    get,
    path = PATH,
    tag = "document",
    operation_id = "get_openapi",
    responses((status = 200, description = "An OpenAPI 3.1 document", body = Object)),
    security(()),
)]
pub(super) async fn document() -> Json<Document> {
    Json(openapi())
}

/// Adds the security scheme.
struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut Document) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("A token of the secret `api`; `regulars secrets set` makes one."))
            .build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme(BEARER, SecurityScheme::Http(scheme));
    }
}

/// Says that an answer has all its fields: what isn't known is null, never missing. What is
/// asked for may leave some out: it is told apart by taking no field it doesn't know.
struct EveryField;

impl Modify for EveryField {
    fn modify(&self, document: &mut Document) {
        let components = document.components.get_or_insert_default();
        for schema in components.schemas.values_mut() {
            if let RefOr::T(Schema::Object(object)) = schema
                && object.additional_properties.is_none()
            {
                object.required = object.properties.keys().cloned().collect();
            }
        }
    }
}

/// What is wrong, and what to do about it (RFC 9457).
// Stands in the document for the platform's Problem; a test holds the two together.
#[derive(Serialize, ToSchema)]
pub(super) struct Problem {
    /// The kind of problem, stable across versions.
    #[serde(rename = "type")]
    #[schema(format = "uri", example = "about:blank#unknown-customer")]
    kind: String,
    /// The same for people.
    #[schema(example = "Not Found")]
    title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599, example = 404)]
    status: u16,
    /// What is wrong this time, and what to do about it.
    detail: String,
}

/// What a request that can't be answered is answered.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "stands in the document for what Refusal answers")]
pub(super) enum Refusals {
    /// Something in the path or the query can't be read; `detail` says what is allowed.
    #[response(status = 400, content_type = "application/problem+json")]
    Unreadable(Problem),
    /// No token, or not one of this deployment's.
    #[response(
        status = 401,
        content_type = "application/problem+json",
        headers(("WWW-Authenticate" = String, description = "Always `Bearer`")),
    )]
    Unauthorized(Problem),
    /// The shop, or what was asked for in it, isn't known.
    #[response(status = 404, content_type = "application/problem+json")]
    Unknown(Problem),
    /// Something stored can't be read; asking again won't help.
    #[response(status = 500, content_type = "application/problem+json")]
    Broken(Problem),
    /// It can't be done as things stand; `detail` says why.
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(Problem),
    /// The table didn't answer in time; ask again.
    #[response(
        status = 503,
        content_type = "application/problem+json",
        headers(("Retry-After" = u32, description = "Seconds to wait")),
    )]
    Unavailable(Problem),
}
