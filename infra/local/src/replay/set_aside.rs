//! What the table itself has set aside: signed bodies that couldn't be used, and changes that
//! couldn't be planned.

use aws_sdk_dynamodb::types::AttributeValue;
use loyalty::ids::ShopId;
use mailer::Mailer;
use mailer::stream::Record;
use platform::Services;
use platform::store::table::{PK, SK};
use platform::store::{DeadLetter, StoreError};
use purchase_webhook::replay::{Replayed, replay as take};
use serde_json::{Map, Value, json};

use super::attribute::of_table;
use super::queue::Clients;
use super::{Told, latest_months};
use crate::failure::Failure;
use crate::stack::Stack;

/// The topic of changes that the mailer set aside.
const STREAM: &str = "stream";

/// Who plans a change again.
pub(super) enum Planner<'a> {
    /// This process.
    Here(Box<Mailer>),
    /// The deployed mailer.
    There(&'a Stack, Clients),
}

impl<'a> Planner<'a> {
    /// The mailer of a deployment.
    pub(super) fn of(stack: &'a Stack) -> Self {
        Self::There(stack, Clients::of(stack))
    }

    /// Plans a change; what kept it from being planned otherwise.
    async fn plan(&self, record: Value) -> Result<(), String> {
        match self {
            Self::Here(mailer) => {
                let failed = Box::pin(mailer.stream(vec![Record::read(record)])).await;
                if failed.is_empty() { Ok(()) } else { Err("try again later".to_owned()) }
            }
            Self::There(stack, clients) => {
                super::stream::to_mailer(stack, &clients.lambda, &[record]).await
            }
        }
    }
}

/// Tries every dead letter of these shops again.
pub(super) async fn replay(
    services: &Services,
    planner: &Planner<'_>,
    shops: impl IntoIterator<Item = &ShopId>,
    dry_run: bool,
    told: &mut Told,
) -> Result<(), Failure> {
    let now = services.clock.now();
    for shop in shops {
        let cannot = |error: StoreError| {
            Failure::new(format!("the dead letters of {shop} can't be read: {}", error.chain()))
        };
        // Those of before first: what is told in order is merged with less work.
        let [this, last] = latest_months(now);
        for month in [last, this] {
            let mut letters = services.store.dead_letters(shop, month).await.map_err(cannot)?;
            letters.sort_by_key(|letter| letter.at);
            for letter in letters {
                if dry_run {
                    told.back(format!("{}: {}", named(shop, &letter), letter.reason));
                    continue;
                }
                one(services, planner, shop, &letter, told).await.map_err(cannot)?;
            }
        }
    }
    Ok(())
}

fn named(shop: &ShopId, letter: &DeadLetter) -> String {
    let short: String = letter.id.chars().take(8).collect();
    format!("{shop}, {} of {} ({short}…)", letter.topic, letter.at.strftime("%Y-%m-%d %H:%M UTC"))
}

async fn one(
    services: &Services,
    planner: &Planner<'_>,
    shop: &ShopId,
    letter: &DeadLetter,
    told: &mut Told,
) -> Result<(), StoreError> {
    let name = named(shop, letter);
    if letter.topic == STREAM {
        return match change(services, planner, shop, letter).await? {
            Ok(()) => {
                services.store.remove_dead_letter(shop, letter).await?;
                told.back(format!("{name}: planned"));
                Ok(())
            }
            Err(why) => {
                told.stays(format!("{name}: stays: {why}"));
                Ok(())
            }
        };
    }
    match Box::pin(take(services, shop, letter)).await? {
        Replayed::Taken => told.back(format!("{name}: taken")),
        Replayed::Stays { reason } => told.stays(format!("{name}: stays: {reason}")),
        Replayed::NotOurs => told.stays(format!("{name}: stays: nobody here takes such")),
        // Its time was over meanwhile, or somebody else put it back.
        Replayed::Gone => {}
    }
    Ok(())
}

/// Has a change planned from the item as it is now.
async fn change(
    services: &Services,
    planner: &Planner<'_>,
    shop: &ShopId,
    letter: &DeadLetter,
) -> Result<Result<(), String>, StoreError> {
    let (store, now) = (&services.store, services.clock.now());
    let Some((before, body)) = store.dead_letter(shop, &letter.id, now).await? else {
        return Ok(Ok(()));
    };
    let keys: Value = serde_json::from_slice(&body).unwrap_or_default();
    let part = |name: &str| keys.pointer(&format!("/{name}/S")).and_then(Value::as_str);
    let (Some(pk), Some(sk)) = (part(PK), part(SK)) else {
        return Ok(Err("it names no item".to_owned()));
    };
    let found = store
        .client()
        .get_item()
        .table_name(store.table())
        .consistent_read(true)
        .key(PK, AttributeValue::S(pk.to_owned()))
        .key(SK, AttributeValue::S(sk.to_owned()))
        .send()
        .await
        .map_err(StoreError::unavailable)?;
    // What isn't there any more has nothing to be told.
    let Some(item) = found.item else { return Ok(Ok(())) };
    let image: Map<String, Value> =
        item.iter().map(|(name, one)| (name.clone(), of_table(one))).collect();
    let record = json!({
        "eventName": "MODIFY", "eventSource": "aws:dynamodb",
        "dynamodb": { "SequenceNumber": "0", "Keys": keys, "NewImage": image },
    });
    if let Err(why) = planner.plan(record).await {
        return Ok(Err(why));
    }
    // The mailer sets aside again what it still can't plan.
    let after = store.dead_letter(shop, &letter.id, services.clock.now()).await?;
    Ok(match after {
        Some((after, _)) if after.at != before.at => Err(after.reason),
        _ => Ok(()),
    })
}
