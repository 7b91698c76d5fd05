//! What goes out is what is published: each example is our own serialisation and fits its
//! schema, as a validator that isn't ours reads it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use boon::{Compiler, Draft, SchemaIndex, Schemas};
use loyalty::consent::{Act, Channel, Fact, Teller as Told};
use loyalty::ids::{CustomerId, OrderRef};
use loyalty::ledger::{Cause, Change, Entry, Occasion, Origin, Promotion, Review};
use loyalty::mail::{Class, Kind};
use loyalty::money::Money;
use loyalty::order::{Charge, Order, Payment, Sale, Stamp};
use loyalty::posting::Record;
use loyalty::program::{CORNER_BAKERY, ConsentGrade, Program, ProgramVersion, Programs};
use loyalty::survey::{AnswerBy, Question};
use loyalty::worth::Snapshot;
use serde_json::{Value, json};

use super::*;
use crate::store::{Answer, Contact, FollowUp, Survey};

const AT: &str = "2026-11-22T14:03:00Z";

fn published(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/bus").join(file)
}

fn read(file: &str) -> Value {
    let text =
        std::fs::read_to_string(published(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn usd(minor: i64) -> Money {
    Money { minor, currency: "USD".parse().unwrap() }
}

fn ada() -> CustomerId {
    "1x5zqk3v9c2ab".parse().unwrap()
}

fn message() -> String {
    "k3vq7zdm2xwcfy5hn4a6tjrbpe".to_owned()
}

fn order() -> OrderRef {
    "shopify:5001".to_owned().try_into().unwrap()
}

/// One event of each type, as the examples show it.
fn samples() -> Vec<DomainEvent> {
    let (kind, trigger) = (Kind::TierReached, format!("order {}", order()));
    let survey = order().to_string();
    let tier = |id: &str| id.parse().unwrap();
    let all = vec![
        Happened::PurchaseRecorded(PurchaseRecorded {
            customer: Some(ada()),
            order: order(),
            total: usd(5340),
            kept: Some(usd(4995)),
            points: loyalty::Points(499),
            program_version: 3,
            held: false,
        }),
        Happened::PointsChanged(PointsChanged {
            customer: ada(),
            entry: 12,
            delta: loyalty::Points(-100),
            balance: loyalty::Points(390),
            cause: PointsCause::Refunded,
            order: Some(order()),
            other_customer: None,
            origin: Origin::Live,
            fact_at: Some("2026-11-20T09:15:30Z".parse().unwrap()),
        }),
        Happened::TierChanged(TierChanged {
            customer: ada(),
            account_version: 11,
            from: tier("bronze"),
            to: tier("silver"),
            direction: Direction::Up,
            origin: Origin::Live,
        }),
        Happened::RewardRedeemed(RewardRedeemed {
            customer: ada(),
            reward: "coffee".to_owned(),
            points: loyalty::Points(350),
            entry: 13,
            worth: Some(usd(350)),
        }),
        Happened::SurveyAnswered(SurveyAnswered {
            customer: ada(),
            survey: survey.clone(),
            order: Some(order()),
            scale: Question::Csat,
            score: 2,
            answer: 1,
            with_words: true,
        }),
        Happened::FollowUpOpened(FollowUpOpened {
            customer: ada(),
            follow_up: "7kq2mzx4dnabc".to_owned(),
            survey,
            scale: Question::Csat,
            score: 2,
            with_words: true,
            round: 1,
            answer_by: Some(AnswerBy::Mail),
        }),
        Happened::CustomerLapsed(CustomerLapsed {
            customer: ada(),
            last_purchase_on: "2026-10-01".parse().unwrap(),
            rhythm_days: 21,
            tier: Some(tier("silver")),
        }),
        Happened::MessageSent(MessageSent {
            customer: ada(),
            message: message(),
            kind,
            class: kind.class(),
            trigger: trigger.clone(),
            to: To::Customer,
        }),
        Happened::MessageFailed(MessageFailed {
            customer: ada(),
            message: message(),
            kind,
            class: kind.class(),
            trigger,
            to: To::Customer,
            reason: Failure::Bounced,
        }),
        Happened::ConsentChanged(ConsentChanged {
            customer: ada(),
            contact_version: 4,
            channel: "email",
            state: State::Subscribed,
            was: State::Pending,
            grade: Some(Grade::ConfirmedOwnForm),
            told_by: Some(Teller::Own),
            suppressed: None,
        }),
    ];
    all.into_iter().map(event).collect()
}

fn event(what: Happened) -> DomainEvent {
    DomainEvent { shop: "corner-bakery".parse().unwrap(), at: AT.parse().unwrap(), what }
}

fn told(event: &DomainEvent) -> Value {
    serde_json::from_str(&event.detail().unwrap()).unwrap()
}

/// The published schemas, compiled.
struct Published {
    schemas: Schemas,
    compiler: Compiler,
}

impl Published {
    fn open() -> Self {
        let mut compiler = Compiler::new();
        compiler.set_default_draft(Draft::V2020_12);
        // What the schemas say of a time holds, and isn't for reading only.
        compiler.enable_format_assertions();
        Self { schemas: Schemas::new(), compiler }
    }

    fn of(&mut self, detail_type: &str) -> SchemaIndex {
        let at = published(&format!("{detail_type}.schema.json"));
        let at = at.canonicalize().unwrap_or_else(|error| panic!("{}: {error}", at.display()));
        let compiled = self.compiler.compile(at.to_str().unwrap(), &mut self.schemas);
        compiled.unwrap_or_else(|error| panic!("{detail_type}: {error:#}"))
    }

    #[track_caller]
    fn takes(&mut self, detail_type: &str, detail: &Value) {
        let schema = self.of(detail_type);
        if let Err(error) = self.schemas.validate(detail, schema) {
            panic!("{detail_type} {detail}: {error:#}");
        }
    }

    #[track_caller]
    fn refuses(&mut self, detail_type: &str, detail: &Value) {
        let schema = self.of(detail_type);
        assert!(self.schemas.validate(detail, schema).is_err(), "{detail_type} takes {detail}");
    }
}

#[test]
fn every_example_is_what_goes_out_and_fits_its_schema() {
    let mut schemas = Published::open();
    for event in samples() {
        let name = event.detail_type();
        let example = read(&format!("{name}.json"));
        assert_eq!(told(&event), example, "{name}");
        schemas.takes(name, &example);
    }
}

#[test]
fn every_type_has_a_schema_and_an_example_and_nothing_else_is_there() {
    let names: BTreeSet<&str> = samples().iter().map(DomainEvent::detail_type).collect();
    assert_eq!(names.len(), 10);
    let files =
        names.iter().flat_map(|name| [format!("{name}.json"), format!("{name}.schema.json")]);
    let expected: BTreeSet<String> = files.chain(["README.md".to_owned()]).collect();
    let found = std::fs::read_dir(published("")).unwrap();
    let found: BTreeSet<String> =
        found.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_schema_refuses_what_it_does_not_know_and_misses_what_it_needs() {
    let mut schemas = Published::open();
    for event in samples() {
        let (name, whole) = (event.detail_type(), told(&event));
        let mut more = whole.clone();
        more["surprise"] = json!(1);
        schemas.refuses(name, &more);
        for field in read(&format!("{name}.schema.json"))["required"].as_array().unwrap() {
            let mut less = whole.clone();
            less.as_object_mut().unwrap().remove(field.as_str().unwrap());
            schemas.refuses(name, &less);
        }
        let mut another = whole.clone();
        another["version"] = json!(2);
        schemas.refuses(name, &another);
        for (field, odd) in [("at", "yesterday"), ("id", "7"), ("shop", "Corner Bakery")] {
            let mut wrong = whole.clone();
            wrong[field] = json!(odd);
            schemas.refuses(name, &wrong);
        }
    }
}

#[test]
fn every_field_is_described_and_none_names_a_person() {
    const PERSONAL: [&str; 16] = [
        "name",
        "mail",
        "phone",
        "address",
        "comment",
        "text",
        "subject",
        "birth",
        "recipient",
        "street",
        "city",
        "zip",
        "ip",
        "code",
        "note",
        "language",
    ];
    fn look(name: &str, schema: &Value) {
        for (field, told) in schema["properties"].as_object().into_iter().flatten() {
            let described = told["description"].as_str().is_some_and(|text| text.len() > 4);
            assert!(described, "{name}.{field} isn't described");
            let personal = field.split('_').find(|word| PERSONAL.contains(word));
            assert_eq!(personal, None, "{name}.{field}");
            look(name, told);
        }
    }
    for event in samples() {
        let name = event.detail_type();
        let schema = read(&format!("{name}.schema.json"));
        assert_eq!(schema["title"], name);
        look(name, &schema);
        // And what goes out has no field that isn't published.
        for field in told(&event).as_object().unwrap().keys() {
            assert!(schema["properties"].get(field).is_some(), "{name}.{field}");
        }
    }
}

/// Every word the code may say is published, and none that it never says.
#[test]
fn the_words_of_a_field_are_those_of_the_rules() {
    fn words<T: Serialize>(all: impl IntoIterator<Item = T>) -> Value {
        json!(all.into_iter().map(|word| json!(word)).collect::<Vec<_>>())
    }
    let kinds = words(Kind::ALL);
    for name in ["MessageSent", "MessageFailed"] {
        assert_eq!(read(&format!("{name}.schema.json"))["properties"]["kind"]["enum"], kinds);
    }
    let origins = [
        Origin::Live,
        Origin::Import,
        Origin::Backfill,
        Origin::Replay,
        Origin::Reconcile,
        Origin::Correct,
        Origin::Merge,
        Origin::Adjust,
    ];
    let failures = [
        Failure::Refused,
        Failure::Rejected,
        Failure::NotRendered,
        Failure::Bounced,
        Failure::BouncedForNow,
        Failure::Complained,
        Failure::Unknown,
        Failure::GaveUp,
    ];
    let classes = [Class::Owner, Class::AskedFor, Class::Account, Class::Marketing];
    let suppressed = [Suppressed::Complaint, Suppressed::Bounce, Suppressed::Bounces];
    for (name, field, words) in [
        ("PointsChanged", "origin", words(origins)),
        ("TierChanged", "origin", words(origins)),
        ("MessageFailed", "reason", words(failures)),
        ("ConsentChanged", "suppressed", words(suppressed)),
        ("SurveyAnswered", "scale", words([Question::Nps, Question::Csat])),
        ("FollowUpOpened", "scale", words([Question::Nps, Question::Csat])),
        ("FollowUpOpened", "answer_by", words([AnswerBy::Mail, AnswerBy::Phone, AnswerBy::No])),
        ("MessageSent", "class", words(classes)),
        ("MessageFailed", "class", words(classes)),
    ] {
        let schema = read(&format!("{name}.schema.json"));
        assert_eq!(schema["properties"][field]["enum"], words, "{name}.{field}");
    }
}

#[test]
fn an_id_is_the_same_for_each_telling_and_another_for_each_event() {
    let ids: BTreeSet<String> = samples().iter().map(DomainEvent::id).collect();
    assert_eq!(ids.len(), samples().len());
    for (event, again) in samples().iter().zip(samples()) {
        assert_eq!(event.id(), again.id());
        let id = event.id();
        let fits = id.bytes().all(|b| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b));
        assert!(id.len() == 26 && fits, "{id}");
        // When it is told, and what else is known of it by then, don't make it another.
        let mut later = event.clone();
        later.at = "2027-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(later.id(), id);
        let elsewhere = DomainEvent { shop: "harbour-books".parse().unwrap(), ..later };
        assert_ne!(elsewhere.id(), id, "shops have nothing in common");
    }
    let parts =
        |parts: &[&str]| id_of(&parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>());
    assert_ne!(parts(&["a", "bc"]), parts(&["ab", "c"]));
    // SHA-256 of "1:a" in base 32, as any other tool has it.
    assert_eq!(parts(&["a"]), "ifrp3xjzupscexuoeojoz3jdp6");
}

fn entry(delta: i64, cause: Cause) -> Entry {
    Entry {
        number: 12,
        at: AT.parse().unwrap(),
        fact_at: None,
        delta: loyalty::Points(delta),
        cause,
        receipt: None,
        balance_after: loyalty::Points(390),
        promotion: None,
        origin: Origin::Live,
        of: None,
    }
}

#[test]
fn an_entry_tells_its_points_and_the_tier_it_brought() {
    let shop: ShopId = "corner-bakery".parse().unwrap();
    let mut schemas = Published::open();
    let of = |what| Cause::Order { order: order(), what };
    let causes = [
        (of(Change::Paid), "paid"),
        (of(Change::Refunded), "refunded"),
        (of(Change::Cancelled), "cancelled"),
        (of(Change::Edited), "edited"),
        (of(Change::Claimed), "claimed"),
        (of(Change::Released), "released"),
        (of(Change::Judged), "judged"),
        (of(Change::Corrected), "corrected"),
        (Cause::ExpiryReversed { order: order() }, "expiry_reversed"),
        (Cause::Gift { occasion: Occasion::Birthday }, "gift"),
        (Cause::Goodwill { follow_up: "f1".to_owned(), words: "Sorry".to_owned() }, "goodwill"),
        (Cause::Expired { on: jiff::civil::date(2026, 11, 30) }, "expired"),
        (Cause::MergedInto { customer: ada() }, "merged_into"),
        (Cause::MergedFrom { customer: ada() }, "merged_from"),
        (Cause::SplitFrom { customer: ada() }, "split_from"),
        (Cause::SplitOff { customer: ada() }, "split_off"),
    ];
    let published = read("PointsChanged.schema.json")["properties"]["cause"]["enum"].clone();
    assert_eq!(published, json!(causes.iter().map(|(_, word)| *word).collect::<Vec<_>>()));
    for (cause, word) in causes {
        let told_of = DomainEvent::of_entry(&shop, &ada(), &entry(5, cause));
        let [points] = told_of.as_slice() else { panic!("{told_of:?}") };
        let detail = told(points);
        assert_eq!(detail["cause"], word);
        schemas.takes("PointsChanged", &detail);
    }
    let mut promoting = entry(5, of(Change::Paid));
    let tier = |id: &str| id.parse().unwrap();
    promoting.promotion = Some(Promotion { from: tier("bronze"), to: tier("gold") });
    let told_of = DomainEvent::of_entry(&shop, &ada(), &promoting);
    let types: Vec<_> = told_of.iter().map(DomainEvent::detail_type).collect();
    assert_eq!(types, ["PointsChanged", "TierChanged"]);
    schemas.takes("TierChanged", &told(&told_of[1]));
    assert_eq!(told(&told_of[1])["direction"], "up");
}

#[test]
fn a_night_that_changes_a_tier_tells_which_way_and_no_points() {
    let shop: ShopId = "corner-bakery".parse().unwrap();
    let mut schemas = Published::open();
    let tier = |id: &str| id.parse().unwrap();
    for (why, direction) in
        [(Review::Ended, "down"), (Review::Refunded, "down"), (Review::Raised, "up")]
    {
        let mut reviewed = entry(0, Cause::Reviewed { why });
        reviewed.promotion = Some(Promotion { from: tier("gold"), to: tier("silver") });
        let told_of = DomainEvent::of_entry(&shop, &ada(), &reviewed);
        let [changed] = told_of.as_slice() else { panic!("{told_of:?}") };
        schemas.takes("TierChanged", &told(changed));
        assert_eq!(told(changed)["direction"], direction);
    }
}

#[test]
fn a_purchase_is_told_with_the_write_that_first_counts_it() {
    let shop: ShopId = "corner-bakery".parse().unwrap();
    let (stamp, at) = (Stamp { updated_at: AT.parse().unwrap(), triggered_at: None }, AT.parse());
    let sale = Sale {
        currency: "USD".parse().unwrap(),
        payment: Payment::Paid,
        test: false,
        total: 5340,
        current_total: None,
        outstanding: 0,
        refunded: 0,
        taxes_included: false,
        shipping: Charge::default(),
        tip: 0,
        presentment: None,
        placed_at: at.unwrap(),
        location: None,
        channel: None,
        visit: None,
    };
    let seen =
        |sale: Sale| Record { state: Order::observed(stamp, sale, None), ..Record::default() };
    let unpaid = seen(Sale { payment: Payment::Unpaid, ..sale.clone() });
    assert_eq!(DomainEvent::purchase(&shop, &order(), None, &unpaid), None);
    let counted = |record: Record| {
        let programs = Programs::new(vec![ProgramVersion {
            number: 3,
            effective_from: "2020-01-01T00:00:00Z".parse().unwrap(),
            program: Program::parse(CORNER_BAKERY).unwrap().into(),
        }]);
        let snapshot = Snapshot::taken(programs.version(3).unwrap(), AT.parse().unwrap());
        Record { snapshot: Some(snapshot), ..record }
    };
    let paid = counted(seen(sale.clone()));
    let event = DomainEvent::purchase(&shop, &order(), Some(&unpaid), &paid).unwrap();
    let detail = told(&event);
    assert_eq!((&detail["total"]["minor"], &detail["at"]), (&json!(5340), &json!(AT)));
    assert_eq!((detail.get("customer"), detail.get("kept")), (None, None), "nobody's as yet");
    Published::open().takes("PurchaseRecorded", &detail);
    assert_eq!(DomainEvent::purchase(&shop, &order(), Some(&paid), &paid), None, "told once");
    let test = counted(seen(Sale { test: true, ..sale }));
    assert_eq!(DomainEvent::purchase(&shop, &order(), None, &test), None);
}

#[test]
fn consent_is_told_when_what_holds_changes_and_not_when_it_is_said_again() {
    let shop: ShopId = "corner-bakery".parse().unwrap();
    let (now, channel) = (AT.parse().unwrap(), Channel::Email);
    let said = |contact: &Contact, at: &str, act: Act| {
        let mut next = contact.clone();
        next.version += 1;
        next.consent.hear(&Fact { at: at.parse().unwrap(), act });
        next
    };
    let change = |before: Option<&Contact>, contact: &Contact| {
        DomainEvent::consent(&shop, &ada(), before, contact, now).as_ref().map(told)
    };
    let mut schemas = Published::open();
    let new =
        Contact { version: 1, email: Some("ada@example.com".to_owned()), ..Contact::default() };
    assert_eq!(change(None, &new), None, "nothing was said");
    let grade = Some(ConsentGrade::Checkout);
    let yes = Act::Subscribed { channel, teller: Told::Shopify, grade, hers: true, wording: None };
    let subscribed = said(&new, "2026-11-20T00:00:00Z", yes.clone());
    let event = change(Some(&new), &subscribed).unwrap();
    assert_eq!((&event["state"], &event["was"]), (&json!("subscribed"), &json!("none")));
    assert_eq!((&event["grade"], &event["told_by"]), (&json!("checkout"), &json!("shopify")));
    assert_eq!(event["at"], "2026-11-20T00:00:00Z");
    schemas.takes("ConsentChanged", &event);
    let again = said(&subscribed, "2026-11-21T00:00:00Z", yes);
    assert_eq!(change(Some(&subscribed), &again), None);
    let no = Act::Unsubscribed { channel, teller: Told::Own };
    let unsubscribed = said(&again, "2026-11-22T00:00:00Z", no);
    let event = change(Some(&again), &unsubscribed).unwrap();
    assert_eq!((&event["state"], &event["told_by"]), (&json!("unsubscribed"), &json!("own")));
    schemas.takes("ConsentChanged", &event);
    let complained = said(&unsubscribed, "2026-11-22T10:00:00Z", Act::Complained);
    let event = change(Some(&unsubscribed), &complained).unwrap();
    assert_eq!(
        (&event["suppressed"], &event["state"]),
        (&json!("complaint"), &json!("unsubscribed"))
    );
    assert_eq!(event["at"], "2026-11-22T10:00:00Z");
    schemas.takes("ConsentChanged", &event);
    assert!(!event.to_string().contains("ada@"));
}

#[test]
fn each_answer_is_told_once_by_its_number_and_without_its_words() {
    let (shop, asked_at) = ("corner-bakery".parse().unwrap(), AT.parse().unwrap());
    let mut schemas = Published::open();
    let mut survey = Survey::asked(order(), Question::Csat, asked_at);
    assert_eq!(DomainEvent::answers(&shop, &ada(), None, &survey), []);
    let comment = |words: &str| Some(words.to_owned());
    for (score, comment) in [(2, comment("Dry")), (4, None), (5, comment("Better"))] {
        survey.answers.push(Answer { at: asked_at, score, comment });
        survey.answered += 1;
    }
    // The oldest answers are let go.
    survey.answers.remove(0);
    let told_of = |before: Option<&Survey>| -> Vec<Value> {
        DomainEvent::answers(&shop, &ada(), before, &survey).iter().map(told).collect()
    };
    let all = told_of(None);
    for (detail, (number, score, with_words)) in all.iter().zip([(2, 4, false), (3, 5, true)]) {
        schemas.takes("SurveyAnswered", detail);
        assert_eq!(detail["answer"], number);
        assert_eq!((&detail["score"], &detail["with_words"]), (&json!(score), &json!(with_words)));
    }
    assert_eq!(all.len(), 2);
    let before = Survey { answered: 2, ..survey.clone() };
    assert_eq!(told_of(Some(&before)), all[1..]);
    assert!(told_of(Some(&survey)).is_empty());
}

#[test]
fn each_opening_of_a_follow_up_is_another_event() {
    let shop = "corner-bakery".parse().unwrap();
    let mut schemas = Published::open();
    let score = Question::Nps.score(6).unwrap();
    let mut follow_up = FollowUp::opened(&shop, &ada(), &order(), score, AT.parse().unwrap());
    let first = told(&DomainEvent::follow_up(&shop, &follow_up));
    follow_up.round = 2;
    let second = told(&DomainEvent::follow_up(&shop, &follow_up));
    for detail in [&first, &second] {
        schemas.takes("FollowUpOpened", detail);
        assert!(detail.get("answer_by").is_none(), "she didn't say");
    }
    assert_ne!(first["id"], second["id"]);
}
