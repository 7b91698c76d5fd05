//! Against a server that grants and refuses tokens as Shopify does.

use testkit::shop::TestShop;
use wiremock::matchers::{body_partial_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;

const GRANTS: &str = "/admin/oauth/access_token";
const ORDER: &str = "/admin/api/2026-07/orders/17.json";

/// A shop with an app of its own, whose Shopify is a stand-in.
struct Shop {
    shop: TestShop,
    server: MockServer,
    access: ShopifyAccess,
}

impl Shop {
    async fn open(secrets: &[(&str, &str)]) -> Self {
        let mut shop = TestShop::open().await;
        let named =
            |(kind, list): &(&str, &str)| (format!("corner-bakery/{kind}"), (*list).to_owned());
        shop.services.secrets = Secrets::from_lists(secrets.iter().map(named));
        let server = MockServer::start().await;
        shop.services.sites = Arc::new(platform::Sites {
            shopify_api: Some(server.uri()),
            ..platform::Sites::default()
        });
        Self { shop, server, access: ShopifyAccess::new().unwrap() }
    }

    /// One whose secret is being rotated.
    async fn with_app() -> Self {
        Self::open(&[("shopify-client-id", "app-1"), ("shopify", "old, new")]).await
    }

    /// What the app is granted by a secret, at most so often.
    async fn grants(&self, secret: &str, answer: ResponseTemplate, times: u64) {
        let asked = json!({
            "client_id": "app-1", "client_secret": secret, "grant_type": "client_credentials"
        });
        Mock::given(method("POST"))
            .and(path(GRANTS))
            .and(body_partial_json(asked))
            .respond_with(answer)
            .up_to_n_times(times)
            .mount(&self.server)
            .await;
    }

    /// Orders are shown to who has this token.
    async fn opens_to(&self, token: &str) {
        let body = json!({"order": {
            "id": 17, "updated_at": "2026-11-20T14:00:00-05:00",
            "created_at": "2026-11-20T14:00:00-05:00", "currency": "USD",
            "financial_status": "paid", "total_price": "12.00", "line_items": [], "refunds": []
        }});
        Mock::given(method("GET"))
            .and(path(ORDER))
            .and(header("x-shopify-access-token", token))
            .respond_with(ResponseTemplate::new(200).set_body_json(body))
            .mount(&self.server)
            .await;
        Mock::given(path(ORDER))
            .respond_with(ResponseTemplate::new(401))
            .with_priority(200)
            .mount(&self.server)
            .await;
    }

    async fn asks(&self) -> Result<(), ApiError> {
        let api = self.access.api(&self.shop.services, &self.shop.id).unwrap();
        match api.order(17).await {
            // What an order has to have is for others to say.
            Ok(_) | Err(ApiError::Unreadable(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// What was asked so far, by path.
    async fn asked(&self, at: &str) -> usize {
        let asked = self.server.received_requests().await.unwrap();
        asked.iter().filter(|request| request.url.path() == at).count()
    }
}

fn granted(token: &str) -> ResponseTemplate {
    let body = json!({"access_token": token, "scope": "read_orders", "expires_in": 86399});
    ResponseTemplate::new(200).set_body_json(body)
}

/// As Shopify refuses: a page with the code in it.
fn refused(code: &str) -> ResponseTemplate {
    let page = format!("<html>Oauth error {code}: ada@example.com</html>");
    ResponseTemplate::new(400).set_body_string(page)
}

#[tokio::test]
async fn a_token_is_granted_by_the_secret_that_works_and_kept_until_shortly_before_it_ends() {
    let shop = Shop::with_app().await;
    shop.grants("old", refused("application_cannot_be_found"), 1).await;
    shop.grants("new", granted("first"), 1).await;
    shop.opens_to("first").await;
    for _ in 0..3 {
        shop.asks().await.unwrap();
    }
    assert_eq!((shop.asked(GRANTS).await, shop.asked(ORDER).await), (2, 3));

    shop.shop.set_now("2026-11-23T11:54:00Z");
    shop.asks().await.unwrap();
    assert_eq!(shop.asked(GRANTS).await, 2, "five minutes before its end it is good yet");
    shop.shop.set_now("2026-11-23T11:55:00Z");
    shop.grants("old", granted("second"), 1).await;
    shop.opens_to("second").await;
    shop.asks().await.unwrap();
    assert_eq!(shop.asked(GRANTS).await, 3);
}

#[tokio::test]
async fn a_token_that_ends_midway_is_asked_for_anew_once() {
    let shop = Shop::with_app().await;
    shop.grants("old", granted("first"), 1).await;
    shop.opens_to("first").await;
    shop.asks().await.unwrap();

    shop.server.reset().await;
    shop.grants("old", granted("second"), 1).await;
    shop.opens_to("second").await;
    shop.asks().await.unwrap();
    assert_eq!((shop.asked(GRANTS).await, shop.asked(ORDER).await), (1, 2));

    shop.server.reset().await;
    shop.grants("old", granted("third"), 5).await;
    shop.opens_to("nobody").await;
    assert!(matches!(shop.asks().await, Err(ApiError::Unauthorized)));
    assert_eq!((shop.asked(GRANTS).await, shop.asked(ORDER).await), (1, 2), "not for ever");
}

#[tokio::test]
async fn a_refusal_says_what_to_do_and_nothing_it_was_told() {
    for (code, words, asked) in [
        ("shop_not_permitted", "of the shop's own organisation", 1),
        ("app_not_installed", "install it from the Dev Dashboard", 1),
        ("invalid_client", "copy both again", 2),
    ] {
        let shop = Shop::with_app().await;
        for secret in ["old", "new"] {
            shop.grants(secret, refused(code), 1).await;
        }
        let error = shop.asks().await.unwrap_err();
        assert!(matches!(error, ApiError::NotGranted(_)) && !error.is_transient());
        let text = platform::telemetry::chain(&error);
        assert!(text.contains(words), "{text}");
        assert!(!text.contains("ada@") && !text.contains("old"), "{text}");
        assert_eq!((shop.asked(GRANTS).await, shop.asked(ORDER).await), (asked, 0));
    }
}

#[tokio::test]
async fn a_shopify_that_is_busy_or_down_is_asked_again_later() {
    let shop = Shop::with_app().await;
    shop.grants("old", ResponseTemplate::new(429).insert_header("retry-after", "2.0"), 1).await;
    match shop.asks().await {
        Err(ApiError::Throttled { wait }) => assert_eq!(wait.as_secs(), 2),
        other => panic!("{other:?}"),
    }
    shop.grants("old", ResponseTemplate::new(503), 1).await;
    assert!(shop.asks().await.unwrap_err().is_transient());
}

#[tokio::test]
async fn a_permanent_token_goes_first_and_without_either_nothing_is_asked() {
    let all = [("shopify-token", "kept"), ("shopify-client-id", "app-1"), ("shopify", "s")];
    let shop = Shop::open(&all).await;
    shop.opens_to("kept").await;
    shop.asks().await.unwrap();
    assert_eq!(shop.asked(GRANTS).await, 0);

    let shop = Shop::open(&[("shopify", "signs-webhooks")]).await;
    let none = shop.access.api(&shop.shop.services, &shop.shop.id).unwrap_err();
    assert!(matches!(none, NoAccess::NoToken), "{none}");
    let mut shop = Shop::with_app().await;
    shop.shop.services.sites = Arc::default();
    let none = shop.access.api(&shop.shop.services, &shop.shop.id).unwrap_err();
    assert!(matches!(none, NoAccess::NoDomain), "{none}");
    assert!(none.to_string().contains("REGULARS_SHOPIFY_SHOPS"));
}

#[tokio::test]
async fn nothing_secret_is_shown() {
    let shop = Shop::with_app().await;
    shop.grants("old", granted("first"), 1).await;
    shop.opens_to("first").await;
    shop.asks().await.unwrap();
    let api = shop.access.api(&shop.shop.services, &shop.shop.id).unwrap();
    let shown = format!("{:?} {api:?}", shop.access);
    for secret in ["app-1", "old", "first"] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
}
