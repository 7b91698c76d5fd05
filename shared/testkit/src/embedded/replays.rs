//! The transactions answered lately, by their `ClientRequestToken`.

use std::collections::{HashMap, VecDeque};

use serde_json::Value;

/// How many are remembered. DynamoDB remembers ten minutes; a count is the same in every
/// run. A retry follows within a few calls; at some 3 KB each this is 12 MB at most.
const REMEMBERED: usize = 4096;

/// A first-in, first-out memory, so that forgetting costs nothing.
#[derive(Default)]
pub(super) struct Replays {
    answered: HashMap<String, Answered>,
    oldest_first: VecDeque<String>,
}

struct Answered {
    request: Vec<u8>,
    reply: Vec<u8>,
}

/// What a token says about a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// Not seen, or forgotten.
    New,
    /// Answered before, like this. DynamoDB reports what reading the items costs, this
    /// what writing them cost.
    Same(Vec<u8>),
    /// The token belongs to other items.
    Other,
}

impl Replays {
    /// What is known of `token`, now that it comes with `request`.
    pub(super) fn find(&self, token: &str, request: &[u8]) -> Known {
        match self.answered.get(token) {
            None => Known::New,
            Some(answered) if same_items(&answered.request, request) => {
                Known::Same(answered.reply.clone())
            }
            Some(_) => Known::Other,
        }
    }

    /// Remembers an answer, and forgets the oldest where there are too many.
    pub(super) fn keep(&mut self, token: String, request: &[u8], reply: &[u8]) {
        let answered = Answered { request: request.to_vec(), reply: reply.to_vec() };
        self.oldest_first.push_back(token.clone());
        self.answered.insert(token, answered);
        if self.oldest_first.len() > REMEMBERED
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.answered.remove(&oldest);
        }
    }
}

/// A retry is the same to the byte. A caller that repeats its own token writes maps in
/// any order and may ask for other capacity figures.
fn same_items(one: &[u8], other: &[u8]) -> bool {
    one == other || items(one).is_some_and(|items_of_one| Some(items_of_one) == items(other))
}

fn items(request: &[u8]) -> Option<Value> {
    serde_json::from_slice::<Value>(request).ok()?.get_mut("TransactItems").map(Value::take)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &[u8] = br#"{"TransactItems":[{"Put":{"a":1,"b":2}}]}"#;

    #[test]
    fn a_token_answers_only_for_its_own_items() {
        let mut replays = Replays::default();
        assert_eq!(replays.find("t", REQUEST), Known::New);
        replays.keep("t".to_owned(), REQUEST, b"{}");

        assert_eq!(replays.find("t", REQUEST), Known::Same(b"{}".to_vec()));
        let reordered =
            br#"{"ReturnConsumedCapacity":"TOTAL","TransactItems":[{"Put":{"b":2,"a":1}}]}"#;
        assert_eq!(replays.find("t", reordered), Known::Same(b"{}".to_vec()));
        let other = br#"{"TransactItems":[{"Put":{"a":1,"b":3}}]}"#;
        assert_eq!(replays.find("t", other), Known::Other);
    }

    #[test]
    fn the_oldest_token_is_forgotten_first() {
        let mut replays = Replays::default();
        for n in 0..=REMEMBERED {
            replays.keep(format!("t{n}"), REQUEST, b"{}");
        }
        assert_eq!(replays.find("t0", REQUEST), Known::New);
        assert_eq!(replays.find("t1", REQUEST), Known::Same(b"{}".to_vec()));
        assert_eq!(replays.answered.len(), REMEMBERED);
    }
}
