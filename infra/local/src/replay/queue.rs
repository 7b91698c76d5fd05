//! The queue of a deployment's dead letters.

use std::collections::HashMap;

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use jiff::Timestamp;

use super::Told;
use super::letter::{Letter, read};
use super::stream::{Handed, hand_over};
use crate::failure::Failure;
use crate::stack::{LAMBDA, SQS, Stack, refused};

/// How long a message is nobody else's while it is worked on, in seconds: longer than any
/// function runs.
const OURS_FOR: i32 = 400;

/// As many as SQS gives at once.
const AT_ONCE: i32 = 10;

/// How long SQS looks at all its servers before it says that there is none, in seconds.
const LOOK_FOR: i32 = 2;

/// What the queue is worked off with.
pub(super) struct Clients {
    queue: aws_sdk_sqs::Client,
    /// Waits for as long as a function may run.
    pub(super) lambda: aws_sdk_lambda::Client,
}

impl Clients {
    pub(super) fn of(stack: &Stack) -> Self {
        Self {
            queue: aws_sdk_sqs::Client::new(&stack.connection.service(SQS)),
            lambda: aws_sdk_lambda::Client::new(&stack.connection.patient_service(LAMBDA)),
        }
    }
}

/// Puts back what was there when it was started: what fails again comes again behind that.
pub(super) async fn replay(
    stack: &Stack,
    dry_run: bool,
    started: Timestamp,
    told: &mut Told,
) -> Result<(), Failure> {
    let clients = Clients::of(stack);
    let mut seen = Vec::new();
    loop {
        let messages = receive(&clients, stack).await?;
        if messages.is_empty() {
            break;
        }
        let mut old = 0_usize;
        for message in messages {
            if sent_at(&message).is_none_or(|at| at <= started) {
                old = old.saturating_add(1);
                let done = !dry_run && put_back(&clients, stack, &message, told).await?;
                if done {
                    delete(&clients, stack, &message).await?;
                    continue;
                }
                if dry_run {
                    describe(stack, &message, told);
                }
            }
            seen.push(message);
        }
        if old == 0 {
            break;
        }
    }
    // What stays is to be seen again at once.
    for message in seen {
        release(&clients, stack, &message).await?;
    }
    Ok(())
}

async fn receive(clients: &Clients, stack: &Stack) -> Result<Vec<Message>, Failure> {
    let answer = clients
        .queue
        .receive_message()
        .queue_url(&stack.record.dead_letters)
        .max_number_of_messages(AT_ONCE)
        .visibility_timeout(OURS_FOR)
        .wait_time_seconds(LOOK_FOR)
        .message_attribute_names("All")
        .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp)
        .send()
        .await;
    let answer = answer.map_err(|error| refused("the dead letters can't be read", &error))?;
    Ok(answer.messages.unwrap_or_default())
}

fn sent_at(message: &Message) -> Option<Timestamp> {
    let sent = message.attributes()?.get(&MessageSystemAttributeName::SentTimestamp)?;
    Timestamp::from_millisecond(sent.parse().ok()?).ok()
}

fn letter(stack: &Stack, message: &Message) -> Letter {
    let texts = message.message_attributes().map(|attributes| {
        let text = |(name, value): (&String, &aws_sdk_sqs::types::MessageAttributeValue)| {
            Some((name.clone(), value.string_value()?.to_owned()))
        };
        attributes.iter().filter_map(text).collect::<HashMap<_, _>>()
    });
    read(&stack.record, message.body().unwrap_or_default(), &texts.unwrap_or_default())
}

fn describe(stack: &Stack, message: &Message, told: &mut Told) {
    match letter(stack, message) {
        Letter::Invoke { function, what, .. } => told.back(format!("{function}: {what}")),
        Letter::Stream(batch) => {
            told.back(format!("the mailer: {} changes of the table", batch.batch_size));
        }
        Letter::Unknown(why) => told.stays(unknown(message, why)),
    }
}

fn unknown(message: &Message, why: &str) -> String {
    let id = message.message_id().unwrap_or("without id");
    format!("the message {id} stays in the queue: {why}")
}

/// Whether the message is done with.
async fn put_back(
    clients: &Clients,
    stack: &Stack,
    message: &Message,
    told: &mut Told,
) -> Result<bool, Failure> {
    match letter(stack, message) {
        Letter::Invoke { function, payload, what } => {
            let invoked = clients
                .lambda
                .invoke()
                .function_name(&function)
                // Lambda keeps it from then on, tries again and sets it aside anew.
                .invocation_type(InvocationType::Event)
                .payload(Blob::new(payload))
                .send()
                .await;
            match invoked {
                Ok(_) => {
                    told.back(format!("{function} was given again: {what}"));
                    Ok(true)
                }
                Err(error) => {
                    let why = refused(format_args!("{function} doesn't take {what}"), &error);
                    told.stays(format!("{why}. It stays in the queue"));
                    Ok(false)
                }
            }
        }
        Letter::Stream(batch) => match hand_over(stack, &clients.lambda, &batch).await? {
            Handed::All(count) => {
                told.back(format!("the mailer worked {count} changes of the table off"));
                Ok(true)
            }
            Handed::Gone => {
                told.back(format!(
                    "{} changes of the table are older than the 24 hours of its stream: mail that \
                     they would have caused isn't planned any more. Points are right: they are in \
                     the table. What was planned before is sent by the hour",
                    batch.batch_size
                ));
                Ok(true)
            }
            Handed::Failed(why) => {
                told.stays(format!("{} changes stay in the queue: {why}", batch.batch_size));
                Ok(false)
            }
        },
        Letter::Unknown(why) => {
            told.stays(unknown(message, why));
            Ok(false)
        }
    }
}

async fn delete(clients: &Clients, stack: &Stack, message: &Message) -> Result<(), Failure> {
    let Some(receipt) = message.receipt_handle() else { return Ok(()) };
    let delete = clients.queue.delete_message().queue_url(&stack.record.dead_letters);
    let deleted = delete.receipt_handle(receipt).send().await;
    deleted.map(|_| ()).map_err(|error| {
        refused("a dead letter was put back and can't be deleted: it comes again", &error)
    })
}

async fn release(clients: &Clients, stack: &Stack, message: &Message) -> Result<(), Failure> {
    let Some(receipt) = message.receipt_handle() else { return Ok(()) };
    let change = clients.queue.change_message_visibility().queue_url(&stack.record.dead_letters);
    let changed = change.receipt_handle(receipt).visibility_timeout(0).send().await;
    changed
        .map(|_| ())
        .map_err(|error| refused("a dead letter that stays is hidden for some minutes", &error))
}
