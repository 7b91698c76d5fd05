//! What happens at a shop, as its source would tell it.

use jiff::SignedDuration;
use loyalty::consent::{Act, Channel, Fact, State, Teller};
use loyalty::ids::{CustomerId, OrderRef, Source};
use loyalty::ledger::Origin;
use loyalty::order::{
    Charge, Line, LineKind, Named, NamedLine, Order, Payment, Refund, RefundPayment, RefundState,
    Sale, Stamp, Stamped,
};
use loyalty::program::ConsentGrade;
use platform::identity::Identities;
use platform::store::{Buyer, Observation, Person, Recorded, Scene};
use rust_decimal::Decimal;

use super::{Api, NOW, at, shop};

pub(super) const BAKERY: &str = "corner-bakery";

/// Jon's record at Shopify.
pub(super) fn jon() -> Person {
    Person {
        id: "207119551".to_owned(),
        email: Some("Jon@example.com".to_owned()),
        email_verified: true,
        phone: Some("(212) 736-5000".to_owned()),
        name: Some("Jon Doe".to_owned()),
        language: Some("en".to_owned()),
        birthday: None,
        updated_at: Some(at("2026-01-01T00:00:00Z")),
    }
}

pub(super) fn order(id: &str) -> OrderRef {
    OrderRef { source: Source::Shopify, id: id.parse().unwrap() }
}

pub(super) fn sale(total: i64) -> Sale {
    Sale {
        currency: "USD".parse().unwrap(),
        payment: Payment::Paid,
        test: false,
        total,
        current_total: None,
        outstanding: 0,
        refunded: 0,
        taxes_included: false,
        shipping: Charge::default(),
        tip: 0,
        presentment: None,
        placed_at: at("2026-11-20T13:00:00Z"),
        location: None,
        channel: None,
        visit: None,
    }
}

pub(super) fn line(id: u64, price: i64) -> Line {
    Line {
        id: id.into(),
        quantity: 1,
        price,
        discount: 0,
        tax: 0,
        kind: LineKind::Goods,
        product: None,
        sku: None,
    }
}

/// A stamp `minute` minutes after the usual sale.
pub(super) fn stamp(minute: i64) -> Stamp {
    let updated_at = at("2026-11-20T13:00:00Z") + SignedDuration::from_mins(minute);
    Stamp { updated_at, triggered_at: None }
}

/// A paid sale of one thing.
pub(super) fn paid(total: i64) -> Order {
    Order::observed(stamp(1), sale(total), Some(vec![line(1, total)]))
}

/// A refund that names so much of line 1.
pub(super) fn refund(id: &str, cents: i64) -> Order {
    let amount = Decimal::new(cents, 2);
    let named = NamedLine { line: 1.into(), quantity: 1, subtotal: amount, tax: Decimal::ZERO };
    let payment = RefundPayment {
        state: RefundState::Succeeded,
        amount,
        currency: None,
        updated_at: stamp(60).updated_at,
    };
    let refund = Refund {
        created_at: Some(stamp(60).updated_at),
        named: Some(Stamped {
            stamp: stamp(60),
            value: Named { lines: vec![named], ..Named::default() },
        }),
        payments: [(format!("t{id}"), payment)].into(),
    };
    Order { refunds: [(id.to_owned(), refund)].into(), ..Order::default() }
}

impl Api {
    fn scene<'a>(
        &self,
        shop: &'a loyalty::ids::ShopId,
        identities: &'a Identities,
        source: Source,
    ) -> Scene<'a> {
        Scene { shop, source, identities, origin: Origin::Live, now: at(NOW) }
    }

    /// Tells of an order at a shop.
    pub(super) async fn tell_at(
        &self,
        shop_id: &str,
        order: &OrderRef,
        state: Order,
        buyer: Option<Person>,
    ) -> Recorded {
        let (shop, identities) = (shop(shop_id), self.identities(shop_id));
        let scene = self.scene(&shop, &identities, order.source);
        let buyer =
            buyer.map(|person| (stamp(1), Buyer { record: Some(person), ..Buyer::default() }));
        let observation = Observation { order: order.clone(), state, buyer };
        self.services.store.record(&scene, &observation).await.unwrap()
    }

    /// Tells of an order of Jon's at the bakery.
    pub(super) async fn tell(&self, id: &str, state: Order) -> CustomerId {
        let recorded = self.tell_at(BAKERY, &order(id), state, Some(jon())).await;
        recorded.customer.unwrap()
    }

    /// Tells of a person, and what she said about mail.
    pub(super) async fn meet(
        &self,
        shop_id: &str,
        source: Source,
        person: &Person,
        said: Option<State>,
    ) -> CustomerId {
        let (shop, identities) = (shop(shop_id), self.identities(shop_id));
        let scene = self.scene(&shop, &identities, source);
        let (channel, teller) = (Channel::Email, Teller::from(source));
        let consent = said.map(|state| match state {
            State::Subscribed => {
                let grade = Some(ConsentGrade::Checkout);
                Act::Subscribed { channel, teller, grade, hers: true, wording: None }
            }
            State::Unsubscribed => Act::Unsubscribed { channel, teller },
            State::Pending => Act::Asked { channel, teller },
            State::None => Act::Silent { channel, teller },
        });
        let consent = consent.map(|act| Fact { at: at(NOW), act });
        self.services.store.observe_person(&scene, person, consent.as_ref()).await.unwrap()
    }
}
