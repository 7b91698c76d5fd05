//! Every key of every entity, in one place. Typed ids in, keys out; text that isn't an
//! id of ours is encoded, so that none can reach into somebody else's partition.

use std::fmt::Write;

use jiff::Timestamp;
use jiff::civil::Date;
use loyalty::ids::{CustomerId, OrderRef, ShopId, Source};
use loyalty::month::Month;

use crate::identity::Identity;

/// Where an item stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Partition key.
    pub pk: String,
    /// Sort key.
    pub sk: String,
}

/// A nightly function, as runs and due indexes name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nightly {
    /// `reengagement-scan`, over `due_mail`.
    Mail,
    /// `tier-recalculation`, over `due_points`.
    Points,
}

impl Nightly {
    /// The function's deployed name.
    pub fn deployed(self) -> &'static str {
        match self {
            Self::Mail => "reengagement-scan",
            Self::Points => "tier-recalculation",
        }
    }

    /// As it stands in keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Points => "points",
        }
    }
}

/// Something that stands in the table.
#[derive(Debug, Clone, Copy)]
pub enum Entity<'a> {
    /// A shop's settings.
    Settings,
    /// Who a shop's mail comes from.
    MailSettings,
    /// A shop's status: mail mode, live since, paused, sources gone.
    Status,
    /// How far the work that is due was looked through.
    Drained,
    /// When a purchase was last heard of.
    Heard,
    /// Up to when what we know was compared with a source.
    Reconciled(Source),
    /// What a night's comparison with the sources found.
    Reconciliation(Date),
    /// How far a source's history is brought in.
    Backfill(Source),
    /// A program version.
    Program(u32),
    /// A nightly run for a local date.
    Run(Nightly, Date),
    /// Over how many buckets a day's due accounts are spread.
    Shards,
    /// How often the shop's customers come.
    Rhythm,
    /// How far a walk over all customers is, by its name.
    Walk(&'a str),
    /// An account.
    Account(&'a CustomerId),
    /// Contact data.
    Contact(&'a CustomerId),
    /// A ledger entry by its number.
    Ledger(&'a CustomerId, u64),
    /// A decision of a night, of a kind.
    Decision(&'a CustomerId, Date, &'a str),
    /// A message by its trigger.
    Message(&'a CustomerId, &'a str),
    /// A withdrawal of consent that the sources are to know of, by its time.
    Withdrawal(&'a CustomerId, Timestamp),
    /// A survey by its order.
    Survey(&'a CustomerId, &'a OrderRef),
    /// An answer at the counter, by its minute and its place in it: so many a minute, and no
    /// more.
    CounterAnswer(Timestamp, u16),
    /// An order.
    Order(&'a OrderRef),
    /// A voucher by its code.
    Voucher(&'a str),
    /// An identity.
    Identity(&'a Identity),
    /// A tombstone: facts older than it about this identity are dropped.
    Tombstone(&'a Identity),
    /// Proof of consent or withdrawal of an identity: when, and what holds since.
    ConsentProof(&'a Identity, Timestamp, &'a str),
    /// A follow-up after a low score.
    FollowUp(&'a str),
    /// A batch that waits for the owner's approval.
    Approval(Date, &'a str),
    /// Two people who may be one.
    MergeCandidate(&'a CustomerId, &'a CustomerId),
    /// What the owner writes to those who answered, by the name she gave it.
    Said(&'a str),
    /// A holdout test.
    Test(&'a str),
    /// A signed body that couldn't be read; part 0 tells about it.
    DeadLetter(&'a str, u16),
    /// Something a later job or a person has to do, by its topic and the body's hash.
    Task(&'a str, &'a str),
    /// A part of a task's body, by the body's hash, where it is too large for one item.
    TaskPart(&'a str, u16),
    /// A sign-in token, by its hash.
    SignIn(&'a str),
    /// A session, by its hash.
    Session(&'a str),
    /// An API token, by its hash.
    ApiToken(&'a str),
    /// A request that mustn't be done twice.
    Idempotency(&'a str),
    /// A rate counter for what and when.
    Rate(&'a str, &'a str),
    /// What is left of a limited reward.
    Stock(&'a str),
    /// Metrics of a month.
    Metrics(Month),
    /// An audited act of a person, by time and id.
    Audit(Timestamp, &'a str),
}

impl Entity<'_> {
    /// Its key in a shop's part of the table.
    pub fn key(&self, shop: &ShopId) -> Key {
        let of_shop = |sk: String| Key { pk: format!("SHOP#{shop}"), sk };
        let of_customer =
            |id: &CustomerId, sk: String| Key { pk: customer_partition(shop, id), sk };
        let own =
            |kind: &str, id: String, sk: String| Key { pk: format!("SHOP#{shop}#{kind}#{id}"), sk };
        match self {
            Self::Settings => of_shop("SETTINGS".to_owned()),
            Self::MailSettings => of_shop("SETTINGS#MAIL".to_owned()),
            Self::Status => of_shop("STATUS".to_owned()),
            Self::Drained => of_shop("DRAINED".to_owned()),
            Self::Heard => of_shop("HEARD".to_owned()),
            Self::Reconciled(source) => of_shop(format!("RECONCILED#{source}")),
            Self::Reconciliation(date) => of_shop(format!("{RECONCILIATIONS}{date}")),
            Self::Backfill(source) => of_shop(format!("BACKFILL#{source}")),
            Self::Program(version) => of_shop(format!("{PROGRAMS}{version:06}")),
            Self::Shards => of_shop("SHARDS".to_owned()),
            Self::Walk(name) => of_shop(format!("WALK#{}", text(name))),
            Self::Rhythm => of_shop("RHYTHM".to_owned()),
            Self::Run(function, date) => of_shop(format!("{}{date}", runs(*function))),
            Self::Account(id) => of_customer(id, ACCOUNT.to_owned()),
            Self::Contact(id) => of_customer(id, CONTACT.to_owned()),
            Self::Ledger(id, number) => of_customer(id, format!("{LEDGER}{number:010}")),
            Self::Decision(id, date, kind) => {
                of_customer(id, format!("{DECISIONS}{date}#{}", text(kind)))
            }
            Self::Message(id, trigger) => of_customer(id, format!("{MESSAGES}{}", text(trigger))),
            Self::Withdrawal(id, at) => of_customer(id, format!("{WITHDRAWALS}{}", time(*at))),
            Self::Survey(id, order) => {
                of_customer(id, format!("{SURVEYS}{}", text(&order.to_string())))
            }
            Self::CounterAnswer(at, slot) => {
                let minute: String = time(*at).chars().take("2026-11-22T08:00".len()).collect();
                own("COUNTER", minute, format!("{COUNTER_ANSWERS}{slot:03}"))
            }
            Self::Order(order) => {
                own("ORDER", format!("{}#{}", order.source, order.id), ORDER.to_owned())
            }
            Self::Voucher(code) => own("VOUCHER", text(code), "VOUCHER".to_owned()),
            Self::Identity(identity) => own("ID", identity.to_string(), "ID".to_owned()),
            Self::Tombstone(identity) => own("GONE", identity.to_string(), "GONE".to_owned()),
            Self::ConsentProof(identity, at, state) => {
                let sk = format!("{PROOFS}{}#{}", time(*at), text(state));
                own("GONE", identity.to_string(), sk)
            }
            Self::FollowUp(id) => of_shop(format!("{FOLLOW_UPS}{}", text(id))),
            Self::Approval(date, kind) => of_shop(format!("{APPROVALS}{date}#{}", text(kind))),
            Self::MergeCandidate(a, b) => of_shop(format!("CANDIDATE#{}#{}", a.min(b), a.max(b))),
            Self::Said(id) => of_shop(format!("SAID#{}", text(id))),
            Self::Test(id) => of_shop(format!("{TESTS}{}", text(id))),
            Self::DeadLetter(id, part) => own("DEAD", text(id), format!("PART#{part:05}")),
            Self::Task(topic, hash) => of_shop(format!("TASK#{}#{}", text(topic), text(hash))),
            Self::TaskPart(hash, part) => own("TASK", text(hash), format!("PART#{part:05}")),
            Self::SignIn(hash) => own("SIGNIN", text(hash), "SIGNIN".to_owned()),
            Self::Session(hash) => own("SESSION", text(hash), "SESSION".to_owned()),
            Self::ApiToken(hash) => own("APITOKEN", text(hash), "APITOKEN".to_owned()),
            Self::Idempotency(id) => own("ONCE", text(id), "ONCE".to_owned()),
            Self::Rate(what, window) => own("RATE", text(what), format!("RATE#{}", text(window))),
            Self::Stock(reward) => of_shop(format!("STOCK#{}", text(reward))),
            Self::Metrics(month) => of_shop(format!("METRICS#{month}")),
            Self::Audit(at, id) => of_shop(format!("{AUDIT}{}#{}", time(*at), text(id))),
        }
    }
}

/// The sort key of accounts.
pub const ACCOUNT: &str = "ACCOUNT";
/// The sort key of contacts.
pub const CONTACT: &str = "CONTACT";
/// What sort keys of proofs of consent begin with.
pub(super) const PROOFS: &str = "PROOF#";

/// What sort keys of messages begin with.
pub const MESSAGES: &str = "MESSAGE#";
/// What sort keys of withdrawals begin with.
pub(super) const WITHDRAWALS: &str = "WITHDRAWAL#";
/// What sort keys of batches that wait for approval begin with.
pub(super) const APPROVALS: &str = "APPROVAL#";
/// What sort keys of tests begin with.
pub(super) const TESTS: &str = "TEST#";

/// What sort keys of surveys begin with.
pub const SURVEYS: &str = "SURVEY#";
/// What sort keys of answers at the counter begin with.
pub(super) const COUNTER_ANSWERS: &str = "COUNTER#";
/// What sort keys of follow-ups begin with.
pub const FOLLOW_UPS: &str = "FOLLOWUP#";

/// What sort keys of decisions begin with.
pub(super) const DECISIONS: &str = "DECISION#";
/// The sort key of orders.
pub const ORDER: &str = "ORDER";

/// What sort keys of comparisons with the sources begin with.
pub(super) const RECONCILIATIONS: &str = "RECONCILIATION#";
/// What sort keys of audited acts begin with.
pub(super) const AUDIT: &str = "AUDIT#";

/// What ledger sort keys begin with.
pub const LEDGER: &str = "LEDGER#";
/// What program sort keys begin with.
pub const PROGRAMS: &str = "PROGRAM#";

/// What a nightly function's run sort keys begin with.
pub fn runs(function: Nightly) -> String {
    format!("RUN#{}#", function.as_str())
}

/// The partition of everything about one customer.
pub fn customer_partition(shop: &ShopId, customer: &CustomerId) -> String {
    format!("SHOP#{shop}#CUST#{customer}")
}

/// A due bucket: `<shop>#<date>#<shard>`.
pub fn due_bucket(shop: &ShopId, date: Date, shard: u16) -> String {
    format!("{shop}#{date}#{shard}")
}

/// The hour work waits for: `<shop>#<hour>`.
pub fn send_bucket(shop: &ShopId, at: Timestamp) -> String {
    let hour: String = time(at).chars().take("2026-11-22T08".len()).collect();
    format!("{shop}#{hour}")
}

/// Where in the `list` index an item stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The list.
    pub list: String,
    /// The place in it.
    pub place: String,
}

/// A list of the `list` index.
#[derive(Debug, Clone, Copy)]
pub enum List<'a> {
    /// Customers by the month they became known.
    Customers(Month),
    /// A customer's orders.
    OrdersOf(&'a CustomerId),
    /// Orders that nobody is known to have bought, by month.
    Unclaimed(Month),
    /// Open tasks.
    OpenTasks,
    /// Pairs of customers who may be one person, not judged yet.
    MergeCandidates,
    /// Dead letters by month.
    DeadLetters(Month),
    /// Decisions of a night, by kind; those that wait for the owner's approval apart.
    Decisions {
        /// Whether they wait for approval.
        awaiting: bool,
        /// The local date.
        date: Date,
    },
    /// Surveys by the month they were asked in, and answers at the counter by that they were
    /// given in.
    Surveys(Month),
    /// Follow-ups that wait for somebody.
    OpenFollowUps,
    /// Follow-ups that are closed, by the month they were.
    ClosedFollowUps(Month),
    /// Messages by the month they were planned in, those in trouble apart.
    Messages {
        /// Whether somebody has to look at them.
        troubled: bool,
        /// The month.
        month: Month,
    },
}

impl List<'_> {
    /// Its partition in the index.
    pub fn partition(&self, shop: &ShopId) -> String {
        match self {
            Self::Customers(month) => format!("{shop}#customer#{month}"),
            Self::OrdersOf(customer) => format!("{shop}#order#of#{customer}"),
            Self::Unclaimed(month) => format!("{shop}#order#unclaimed#{month}"),
            Self::OpenTasks => format!("{shop}#task#open"),
            Self::MergeCandidates => format!("{shop}#candidate#open"),
            Self::Decisions { awaiting: false, date } => format!("{shop}#decision#{date}"),
            Self::Decisions { awaiting: true, date } => format!("{shop}#decision#await#{date}"),
            Self::Surveys(month) => format!("{shop}#survey#{month}"),
            Self::OpenFollowUps => format!("{shop}#follow-up#open"),
            Self::ClosedFollowUps(month) => format!("{shop}#follow-up#closed#{month}"),
            Self::DeadLetters(month) => format!("{shop}#dead-letter#{month}"),
            Self::Messages { troubled: false, month } => format!("{shop}#message#{month}"),
            Self::Messages { troubled: true, month } => format!("{shop}#message#trouble#{month}"),
        }
    }

    /// The place of `id` at `at` in it.
    pub fn place(&self, shop: &ShopId, at: Timestamp, id: &str) -> Listed {
        Listed::at(self.partition(shop), at, id)
    }
}

impl Listed {
    /// The place of `id` at `at` in a list.
    pub fn at(list: String, at: Timestamp, id: &str) -> Self {
        Self { list, place: format!("{}#{}", time(at), text(id)) }
    }
}

/// A time that sorts as text, to the second.
pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Free text as a part of a key: everything but letters, digits and `-._:` becomes `%hex`
/// of its bytes.
fn text(free: &str) -> String {
    let mut encoded = String::with_capacity(free.len());
    for byte in free.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._:".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String can't fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests;
