//! A shop on the embedded DynamoDB, with a clock a test moves.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "only tests use it, and a failure here is a failed test"
)]

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use loyalty::consent::{Act, Fact};
use loyalty::ids::{CustomerId, OrderRef, ShopId, Source};
use loyalty::ledger::Origin;
use loyalty::order::{Charge, Order, Payment, Refund, RefundPayment, RefundState, Sale, Stamp};
use platform::identity::Identities;
use platform::store::{Buyer, Customer, Observation, Person, Scene, StoredOrder, table};
use platform::telemetry::Metrics;
use platform::{Clock, Secrets, Services, Sites, Store};

use crate::embedded::Embedded;

/// The secret that the sample shop's webhooks are signed with.
pub const SECRET: &str = "corner-bakery-sample-secret";

/// The secret that the sample shop's Square webhooks are signed with.
pub const SQUARE_SECRET: &str = "corner-bakery-square-secret";

/// Where the sample deployment is reached.
pub const PUBLIC_URL: &str = "https://regulars.example.com";

/// The table's name.
pub const TABLE: &str = "regulars";

/// A shop with its program, secrets and clock, on a table of its own.
#[derive(Debug, Clone)]
pub struct TestShop {
    /// What functions work with.
    pub services: Services,
    /// Its id.
    pub id: ShopId,
    /// The database.
    pub database: Embedded,
    now: Arc<Mutex<Timestamp>>,
}

impl TestShop {
    /// The corner bakery with the sample program, on 22 November 2026.
    pub async fn open() -> Self {
        Self::with_program(loyalty::program::CORNER_BAKERY).await
    }

    /// A shop with this program.
    pub async fn with_program(toml: &str) -> Self {
        let database = Embedded::temporary().expect("a temporary database");
        let client = database.client();
        table::create(&client, TABLE).await.expect("the table");
        let now = Arc::new(Mutex::new("2026-11-22T12:00:00Z".parse().expect("a time")));
        let clock = {
            let now = Arc::clone(&now);
            Clock::new(move || *now.lock().unwrap())
        };
        let id = loyalty::program::Program::parse(toml).expect("a program").shop.id;
        let secrets = Secrets::from_lists([
            (format!("{id}/shopify"), SECRET.to_owned()),
            (format!("{id}/square"), SQUARE_SECRET.to_owned()),
            ("identity".to_owned(), "identity-key".to_owned()),
            ("api".to_owned(), "api-token".to_owned()),
            ("links".to_owned(), "links-key".to_owned()),
        ]);
        let store = Store::new(client, TABLE);
        store.apply_program(toml, clock.now()).await.expect("the program is saved");
        let domain = format!("{id}.myshopify.com");
        let sites = Sites {
            public_url: Some(PUBLIC_URL.to_owned()),
            shopify: [(domain, id.clone())].into(),
            ..Sites::default()
        };
        let (sites, metrics) = (Arc::new(sites), Metrics::default());
        let services = Services { store, secrets, sites, clock, metrics };
        Self { services, id, database, now }
    }

    /// The same shop with other secrets.
    pub fn with_secrets(mut self, shopify: &str) -> Self {
        self.services.secrets = Secrets::from_lists([
            (format!("{}/shopify", self.id), shopify.to_owned()),
            ("identity".to_owned(), "identity-key".to_owned()),
            ("api".to_owned(), "api-token".to_owned()),
            ("links".to_owned(), "links-key".to_owned()),
        ]);
        self
    }

    /// Moves the clock.
    pub fn set_now(&self, now: &str) {
        *self.now.lock().unwrap() = now.parse().expect("a time");
    }

    /// The shop's identities.
    pub fn identities(&self) -> Identities {
        let key = self.services.secrets.identity_key().expect("an identity key");
        Identities::new(self.id.clone(), key, "US")
    }

    /// An order as it stands in the table.
    pub async fn order(&self, id: u64) -> StoredOrder {
        self.order_of(Source::Shopify, &id.to_string()).await
    }

    /// A payment at Square as it stands in the table.
    pub async fn payment(&self, id: &str) -> StoredOrder {
        self.order_of(Source::Square, id).await
    }

    async fn order_of(&self, source: Source, id: &str) -> StoredOrder {
        let order = OrderRef { source, id: id.parse().expect("an order's id") };
        self.services.store.order(&self.id, &order).await.expect("the store answers")
    }

    /// The customer with this address.
    pub async fn by_email(&self, email: &str) -> Option<Customer> {
        let identity = self.identities().email(email).expect("an address");
        self.by_identity(&identity).await
    }

    /// The customer with this number.
    pub async fn by_phone(&self, phone: &str) -> Option<Customer> {
        let identity = self.identities().phone(phone).expect("a number");
        self.by_identity(&identity).await
    }

    /// The customer with this id at Shopify.
    pub async fn by_shopify_id(&self, id: u64) -> Option<Customer> {
        let identity = self.identities().customer(Source::Shopify, &id.to_string());
        self.by_identity(&identity).await
    }

    /// The customer with this id at Square.
    pub async fn by_square_id(&self, id: &str) -> Option<Customer> {
        let identity = self.identities().customer(Source::Square, id);
        self.by_identity(&identity).await
    }

    async fn by_identity(&self, identity: &platform::identity::Identity) -> Option<Customer> {
        let store = &self.services.store;
        let id: CustomerId = store.find_customer(&self.id, identity).await.unwrap()?;
        store.customer(&self.id, &id).await.unwrap()
    }

    /// A customer's ledger as `(delta, balance after)`, oldest first.
    pub async fn ledger(&self, customer: &CustomerId) -> Vec<(i64, i64)> {
        let page = self.services.store.ledger(&self.id, customer, None, 1000).await.unwrap();
        let entries = page.entries.iter().rev();
        entries.map(|entry| (entry.delta.0, entry.balance_after.0)).collect()
    }

    /// Ada, number 1 at Shopify, buys for so many dollars, which is told as it happens.
    pub async fn buys(&self, id: u64, dollars: i64, at: &str) {
        self.purchase(1, (id, dollars, at), Origin::Live).await;
    }

    /// Somebody, by her number at Shopify, buys: an order's id, dollars, and when it was paid.
    pub async fn purchase(&self, buyer: u64, (id, dollars, at): (u64, i64, &str), origin: Origin) {
        let updated_at = at.parse().expect("a time");
        let stamp = Stamp { updated_at, triggered_at: None };
        let sale = Sale {
            currency: "USD".parse().expect("a currency"),
            payment: Payment::Paid,
            test: false,
            total: dollars * 100,
            current_total: None,
            outstanding: 0,
            refunded: 0,
            taxes_included: false,
            shipping: Charge::default(),
            tip: 0,
            presentment: None,
            placed_at: updated_at,
            location: None,
            channel: None,
            visit: None,
        };
        let buyer = Buyer { record: Some(record(buyer)), ..Buyer::default() };
        let state = Order::observed(stamp, sale, None);
        self.observe(id, state, Some((stamp, buyer)), origin).await;
    }

    /// So many dollars of a purchase go back.
    pub async fn refunds(&self, id: u64, dollars: i64, at: &str) {
        let at: Timestamp = at.parse().expect("a time");
        let payment = RefundPayment {
            state: RefundState::Succeeded,
            amount: dollars.into(),
            currency: None,
            updated_at: at,
        };
        let payments = [("T1".to_owned(), payment)].into();
        let refund = Refund { created_at: Some(at), named: None, payments };
        let refunds = [(format!("R{id}"), refund)].into();
        self.observe(id, Order { refunds, ..Order::default() }, None, Origin::Live).await;
    }

    async fn observe(&self, id: u64, state: Order, buyer: Option<(Stamp, Buyer)>, origin: Origin) {
        let id = id.to_string().parse().expect("an order's id");
        let observation =
            Observation { order: OrderRef { source: Source::Shopify, id }, state, buyer };
        let identities = self.identities();
        let now = self.services.clock.now();
        let (shop, source, identities) = (&self.id, Source::Shopify, &identities);
        let scene = Scene { shop, source, identities, origin, now };
        self.services.store.record(&scene, &observation).await.expect("it is recorded");
    }

    /// Shopify tells Ada's record anew, with her name and language.
    pub async fn ada_is(&self, name: &str, language: &str) {
        let identities = self.identities();
        let now = self.services.clock.now();
        let (shop, source, origin) = (&self.id, Source::Shopify, Origin::Live);
        let scene = Scene { shop, source, identities: &identities, origin, now };
        let (name, language) = (Some(name.to_owned()), Some(language.to_owned()));
        let person = Person { name, language, updated_at: Some(now), ..record(1) };
        let store = &self.services.store;
        store.observe_person(&scene, &person, None).await.expect("she is told of");
    }

    /// Ada says something about mail, or her mailbox answers.
    pub async fn ada_says(&self, at: &str, act: Act) {
        let ada = self.by_email("ada@example.com").await.expect("Ada");
        let fact = Fact { at: at.parse().expect("a time"), act };
        let now = self.services.clock.now();
        self.services.store.hear(&self.id, &ada.id, &fact, now).await.expect("it is heard");
    }
}

/// A record at Shopify: number 1 is Ada's.
fn record(number: u64) -> Person {
    let email = match number {
        1 => "ada@example.com".to_owned(),
        _ => format!("person-{number}@example.com"),
    };
    Person { id: number.to_string(), email: Some(email), email_verified: true, ..Person::default() }
}
