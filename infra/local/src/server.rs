//! The HTTP server: every function's routes in one process, as the HTTP API in front of
//! the Lambda functions mounts them.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use platform::Services;
use platform::problem::Problem;
use testkit::aws::Cloud;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tower::ServiceExt;

use crate::failure::Failure;
use crate::local;

/// How long requests in flight may go on once the server was told to stop. Shopify
/// waits five seconds at most.
const GRACE: Duration = Duration::from_secs(10);

/// A function, and the paths the HTTP API sends to it.
#[derive(Debug, Clone)]
pub(crate) struct Function {
    /// Its deployed name.
    pub(crate) name: &'static str,
    prefixes: &'static [&'static str],
    pub(crate) router: Router,
    /// What it works with on events of Shopify's bus, if it takes those.
    pub(crate) on_shopifys_bus: Option<Services>,
}

/// The functions of the system.
#[derive(Debug, Clone)]
pub(crate) struct Functions(Vec<Function>);

impl Functions {
    /// Mounts every function.
    pub(crate) fn mount(services: &Services) -> Self {
        let webhooks = purchase_webhook::router(services.clone());
        let api = owner_dashboard::router(services.clone());
        Self(vec![
            Function {
                name: "purchase-webhook",
                prefixes: &["/webhooks/"],
                router: webhooks,
                on_shopifys_bus: Some(services.clone()),
            },
            Function {
                name: "owner-dashboard",
                prefixes: &["/api/"],
                router: api,
                on_shopifys_bus: None,
            },
            Function {
                name: "customer-portal",
                prefixes: &["/u/", "/p/", "/why/", "/c/"],
                router: customer_portal::router(services.clone()),
                on_shopifys_bus: None,
            },
            Function {
                name: "survey-response",
                prefixes: &["/s/", "/f/"],
                router: survey_response::router(services.clone()),
                on_shopifys_bus: None,
            },
        ])
    }

    /// The function of that deployed name.
    pub(crate) fn named(&self, name: &str) -> Option<&Function> {
        self.0.iter().find(|function| function.name == name)
    }

    /// Every function's name.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|function| function.name).collect()
    }

    /// Hands a request to the function its path belongs to. Not by nesting: a function
    /// expects its own paths, and answers unknown ones among them itself.
    pub(crate) async fn answer(&self, request: Request) -> Response {
        match self.at(request.uri().path()) {
            Some(function) => {
                let answer = function.router.clone().oneshot(request).await;
                answer.unwrap_or_else(|never| match never {})
            }
            None => {
                let detail = "nothing is here: try /healthz, /api/v1/, /webhooks/shopify/{shop}, \
                     /webhooks/square/{shop}, /_local/clock, /_local/mailbox/";
                Problem::new(StatusCode::NOT_FOUND, "not-found", detail).into_response()
            }
        }
    }

    fn at(&self, path: &str) -> Option<&Function> {
        let is_its_own =
            |prefix: &&str| path.starts_with(prefix) || prefix.strip_suffix('/') == Some(path);
        let fits = |function: &&Function| function.prefixes.iter().any(is_its_own);
        self.0.iter().find(fits)
    }
}

/// All routes: the functions', `GET /healthz`, and the local control plane with SES and
/// EventBridge.
pub(crate) fn router(services: &Services, time: local::Time, cloud: Cloud) -> Router {
    let functions = Functions::mount(services);
    Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .nest("/_local", local::router(functions.clone(), time, cloud))
        .fallback(hand_over)
        .with_state(functions)
}

async fn hand_over(State(functions): State<Functions>, request: Request) -> Response {
    functions.answer(request).await
}

/// Takes an address, or says why not.
pub(crate) async fn bind(listen: SocketAddr, flag: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(listen).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => Failure::new(format!(
            "{listen} is taken by another program: stop it, or give {flag} another address"
        )),
        _ => Failure::because(format!("cannot listen on {listen}"), &error),
    })
}

/// Resolves once the process is told to stop, by Ctrl-C or SIGTERM; for any number of
/// listeners.
#[derive(Debug, Clone)]
pub(crate) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Starts listening for the signals.
    pub(crate) fn on_signal() -> Result<Self, Failure> {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| {
            signal(kind).map_err(|error| Failure::because("cannot listen for signals", &error))
        };
        let (mut interrupt, mut terminate) =
            (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
        let (told, stop) = watch::channel(false);
        tokio::spawn(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            told.send_replace(true);
            // A second Ctrl-C means it.
            interrupt.recv().await;
            std::process::exit(130);
        });
        Ok(Self(stop))
    }

    /// Waits for it.
    pub(crate) async fn told(mut self) {
        // An error means that nobody can tell any more, which is as good.
        let _ = self.0.wait_for(|told| *told).await;
    }
}

/// Serves until told to stop and the requests in flight are answered.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    stop: Stop,
) -> Result<(), Failure> {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(listener, service).with_graceful_shutdown(stop.clone().told());
    let grace = async {
        stop.told().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = serving => served.map_err(|error| Failure::because("the server failed", &error)),
        () = grace => {
            tracing::warn!("stopped with requests unanswered");
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_in_use_is_told_with_the_flag_to_change_it() {
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = taken.local_addr().unwrap();
        let failure = bind(address, "--listen").await.unwrap_err().to_string();
        assert_eq!(
            failure,
            format!(
                "{address} is taken by another program: stop it, or give --listen another address"
            )
        );
    }
}
