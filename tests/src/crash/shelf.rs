//! What must hold of a shelf: its history makes its items.

use std::collections::{HashMap, HashSet};

use anyhow::{Result, bail, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::crash::{
    act::{Change, Id},
    journal::{Journal, Settled},
};

/// All that a shelf holds.
#[derive(Debug, Deserialize)]
pub(crate) struct Shelf {
    turns: u64,
    history: Vec<Past>,
    items: Vec<Item>,
}

/// What was done.
#[derive(Debug, Deserialize)]
struct Past {
    client: u32,
    seq: u64,
    key: Value,
    /// None of an item that was removed.
    bytes: Option<u32>,
}

impl Past {
    fn id(&self) -> Id {
        Id { client: self.client, seq: self.seq }
    }
}

/// What is there.
#[derive(Debug, Deserialize)]
struct Item {
    key: Value,
    client: u32,
    seq: u64,
    bytes: u32,
    /// Whether its text is the one that was made of the other fields.
    is_whole: bool,
}

impl Shelf {
    /// The keys of a client's items.
    pub(crate) fn keys(&self, client: u32) -> Vec<Value> {
        let items = self.items.iter().filter(|item| item.client == client);
        items.map(|item| item.key.clone()).collect()
    }
}

/// # Errors
///
/// If something is lost, torn or made up.
pub(crate) fn check(found: &Shelf, journal: &mut Journal) -> Result<Settled> {
    let done: Vec<Id> = found.history.iter().map(Past::id).collect();
    let settled = journal.settle(&done)?;
    let count = done.len() as u64;
    ensure!(found.turns == count, "{} turns have made a history of {count}", found.turns);
    let mut items = HashMap::new();
    let mut known = HashSet::new();
    for (at, past) in found.history.iter().enumerate() {
        check_past(at, past, journal)?;
        let key = past.key.to_string();
        let is_new = known.insert(key.clone());
        let is_insert = matches!(journal.act(past.id()).change, Change::Insert { .. });
        ensure!(is_new == is_insert, "step {at}, {past:?}, has a key of before");
        match past.bytes {
            Some(bytes) => items.insert(key, (past.id(), bytes)),
            None => items.remove(&key),
        };
    }
    check_items(found, &items)?;
    Ok(settled)
}

fn check_past(at: usize, past: &Past, journal: &Journal) -> Result<()> {
    let act = journal.act(past.id());
    let (key, bytes) = match &act.change {
        Change::Insert { bytes } => (&past.key, Some(*bytes)),
        Change::Edit { key, bytes } => (key, Some(*bytes)),
        Change::Remove { key } => (key, None),
        other => bail!("a shelf was asked for {other:?}"),
    };
    ensure!(*key == past.key && bytes == past.bytes, "step {at} is {past:?}, asked was {act:?}");
    let expected = json!({ "at": at, "key": past.key });
    let answer = journal.answer(past.id());
    ensure!(answer.is_none_or(|answer| *answer == expected), "step {at} is {past:?}, answered was {answer:?}");
    Ok(())
}

fn check_items(found: &Shelf, expected: &HashMap<String, (Id, u32)>) -> Result<()> {
    for item in &found.items {
        let id = Id { client: item.client, seq: item.seq };
        let is_expected = expected.get(&item.key.to_string()) == Some(&(id, item.bytes));
        ensure!(is_expected && item.is_whole, "{item:?} is there, its history made something else of it");
    }
    let (there, made) = (found.items.len(), expected.len());
    ensure!(there == made, "{there} items are there, the history made {made}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crash::journal::tests::act;

    /// What there is after an item was put, changed, and another put and removed.
    fn four() -> Value {
        json!({
            "turns": 4,
            "history": [
                { "client": 0, "seq": 1, "key": "a", "bytes": 3 },
                { "client": 0, "seq": 2, "key": "a", "bytes": 4 },
                { "client": 0, "seq": 3, "key": "b", "bytes": 5 },
                { "client": 0, "seq": 4, "key": "b", "bytes": null },
            ],
            "items": [{ "key": "a", "client": 0, "seq": 2, "bytes": 4, "is_whole": true }],
        })
    }

    fn checked(found: Value) -> Result<Settled> {
        let mut journal = Journal::default();
        let (a, b) = (json!("a"), json!("b"));
        let changes = [
            Change::Insert { bytes: 3 },
            Change::Edit { key: a.clone(), bytes: 4 },
            Change::Insert { bytes: 5 },
            Change::Remove { key: b.clone() },
        ];
        for (at, (change, key)) in changes.into_iter().zip([&a, &a, &b, &b]).enumerate() {
            journal.acknowledged(act(0, at as u64 + 1, change), json!({ "at": at, "key": key }));
        }
        check(&serde_json::from_value(found).unwrap(), &mut journal)
    }

    #[test]
    fn a_history_makes_its_items() {
        checked(four()).unwrap();
        for (pointer, value) in [
            ("/turns", json!(3)),
            ("/history/3", json!({ "client": 0, "seq": 4, "key": "a", "bytes": null })),
            ("/history/2", json!({ "client": 0, "seq": 3, "key": "a", "bytes": 5 })),
            ("/history/1/bytes", json!(3)),
            ("/items", json!([])),
            ("/items/0/key", json!("b")),
            ("/items/0/seq", json!(1)),
            ("/items/0/bytes", json!(3)),
            ("/items/0/is_whole", json!(false)),
        ] {
            let mut found = four();
            *found.pointer_mut(pointer).unwrap() = value;
            assert!(checked(found).is_err(), "{pointer}");
        }
    }

    #[test]
    fn an_item_too_many_is_seen() {
        let mut found = four();
        found["items"] =
            json!([four()["items"][0], { "key": "b", "client": 0, "seq": 3, "bytes": 5, "is_whole": true }]);
        assert!(checked(found).is_err());
    }
}
