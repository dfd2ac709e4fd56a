//! Items in an arena, and the log of how they came to be.

use std::iter;

use duractor::prelude::*;
use serde::{Deserialize, Serialize};

use crate::crash::Id;

#[derive(Default, Actor)]
pub(crate) struct Shelf {
    turns: u64,
    items: Arena<Item>,
    history: Log<Past>,
}

/// Something that one client alone changes.
#[derive(Serialize, Deserialize)]
pub(crate) struct Item {
    client: u32,
    seq: u64,
    text: String,
}

impl Item {
    fn new(Id { client, seq }: Id, bytes: u32) -> Self {
        Self { client, seq, text: text(seq, bytes) }
    }

    fn is_whole(&self) -> bool {
        self.text == text(self.seq, self.text.len() as u32)
    }
}

/// A text that no other change makes.
fn text(seq: u64, bytes: u32) -> String {
    let mut text = String::with_capacity(bytes as usize);
    text.extend(iter::repeat(format!("{seq},")).flat_map(String::into_bytes).take(bytes as usize).map(char::from));
    text
}

/// What was done.
#[derive(Serialize, Deserialize)]
pub(crate) struct Past {
    client: u32,
    seq: u64,
    key: Key<Item>,
    /// None of an item that was removed.
    bytes: Option<u32>,
}

/// What a change is answered: where it stands in the log, and whose it is.
#[derive(Serialize)]
pub(crate) struct Done {
    at: u64,
    key: Key<Item>,
}

#[derive(Deserialize)]
pub(crate) struct Insert {
    #[serde(flatten)]
    id: Id,
    bytes: u32,
}

#[derive(Deserialize)]
pub(crate) struct Edit {
    #[serde(flatten)]
    id: Id,
    key: Key<Item>,
    bytes: u32,
}

#[derive(Deserialize)]
pub(crate) struct Remove {
    #[serde(flatten)]
    id: Id,
    key: Key<Item>,
}

/// All that a shelf holds.
#[derive(Serialize)]
pub(crate) struct Found {
    turns: u64,
    history: Vec<Past>,
    items: Vec<FoundItem>,
}

#[derive(Serialize)]
pub(crate) struct FoundItem {
    key: Key<Item>,
    client: u32,
    seq: u64,
    bytes: u32,
    is_whole: bool,
}

#[methods]
impl Shelf {
    #[get("/")]
    fn find(&self) -> Result<Json<Found>> {
        let items = self.items.iter().map(|(key, item)| FoundItem {
            key,
            client: item.client,
            seq: item.seq,
            bytes: item.text.len() as u32,
            is_whole: item.is_whole(),
        });
        let history = self.history.range(..).map(|past| Ok(past?.1)).collect::<Result<_>>()?;
        Ok(Json(Found { turns: self.turns, history, items: items.collect() }))
    }

    #[post("/insert")]
    fn insert(&mut self, Json(Insert { id, bytes }): Json<Insert>) -> Result<Json<Done>> {
        let key = self.items.insert(Item::new(id, bytes));
        self.note(id, key, Some(bytes))
    }

    #[post("/edit")]
    fn edit(&mut self, Json(Edit { id, key, bytes }): Json<Edit>) -> Result<Option<Json<Done>>> {
        let Some(item) = self.items.get_mut(key) else { return Ok(None) };
        *item = Item::new(id, bytes);
        self.note(id, key, Some(bytes)).map(Some)
    }

    #[post("/remove")]
    fn remove(&mut self, Json(Remove { id, key }): Json<Remove>) -> Result<Option<Json<Done>>> {
        if self.items.remove(key).is_none() {
            return Ok(None);
        }
        self.note(id, key, None).map(Some)
    }
}

impl Shelf {
    fn note(&mut self, Id { client, seq }: Id, key: Key<Item>, bytes: Option<u32>) -> Result<Json<Done>> {
        self.turns += 1;
        let at = self.history.push(Past { client, seq, key, bytes })?;
        Ok(Json(Done { at, key }))
    }
}
