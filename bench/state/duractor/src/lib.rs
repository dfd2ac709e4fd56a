//! The actors whose state is measured.

use duractor::prelude::*;
use serde::{Deserialize, Serialize};

/// One number.
#[derive(Default, Actor)]
pub struct Counter {
    n: u64,
}

#[methods]
impl Counter {
    #[get("/count")]
    fn count(&self) -> u64 {
        self.n
    }

    #[post("/count")]
    fn add(&mut self) -> u64 {
        self.n += 1;
        self.n
    }

    /// Bytes of the instance's memory.
    #[get("/memory")]
    fn memory() -> u64 {
        memory_bytes()
    }
}

/// One number again: there are many of them.
#[derive(Default, Actor)]
pub struct Idle {
    n: u64,
}

#[methods]
impl Idle {
    #[get("/")]
    fn count(&self) -> u64 {
        self.n
    }

    #[post("/")]
    fn add(&mut self) -> u64 {
        self.n += 1;
        self.n
    }

    #[post("/panic")]
    fn panic(&mut self) {
        panic!("as the measurement wants it");
    }
}

/// What arena and table hold.
#[derive(Serialize, Deserialize)]
pub struct Entry {
    edits: u64,
    text: String,
}

impl Entry {
    fn new(number: u64) -> Self {
        Self { edits: 0, text: format!("entry {number} of many") }
    }
}

/// Entries in an arena.
#[derive(Default, Actor)]
pub struct Shelf {
    entries: Arena<Entry>,
    #[actor(transient)]
    keys: Vec<Key<Entry>>,
    #[actor(transient)]
    dice: Dice,
}

#[methods]
impl Shelf {
    #[post("/fill/{count}")]
    fn fill(&mut self, count: u64) -> u64 {
        let there = self.entries.len() as u64;
        self.entries.extend((there..there + count).map(Entry::new));
        there + count
    }

    #[post("/edit")]
    fn edit(&mut self) -> u64 {
        if self.keys.is_empty() {
            self.keys = self.entries.keys().collect();
        }
        let key = self.keys[self.dice.below(self.keys.len() as u64) as usize];
        let entry = &mut self.entries[key];
        entry.edits += 1;
        entry.edits
    }
}

/// Entries in a table.
#[derive(Default, Actor)]
pub struct Book {
    count: u64,
    entries: Table<u64, Entry>,
    #[actor(transient)]
    dice: Dice,
}

#[methods]
impl Book {
    #[post("/fill/{count}")]
    fn fill(&mut self, count: u64) -> u64 {
        for number in self.count..self.count + count {
            self.entries.insert(number, Entry::new(number));
        }
        self.count += count;
        self.count
    }

    /// Any of its entries, so that it is rarely in memory where there are many.
    #[post("/edit")]
    fn edit(&mut self) -> Result<u64> {
        let number = self.dice.below(self.count);
        self.edit_one(number)
    }

    /// One of the first ten.
    #[post("/edit-hot")]
    fn edit_hot(&mut self) -> Result<u64> {
        let number = self.dice.below(10);
        self.edit_one(number)
    }
}

impl Book {
    fn edit_one(&mut self, number: u64) -> Result<u64> {
        let Some(entry) = self.entries.get_mut(&number)? else { return Ok(0) };
        entry.edits += 1;
        Ok(entry.edits)
    }
}

/// Chooses entries, the same ones in every run.
#[derive(Default)]
struct Dice(u64);

impl Dice {
    /// The high bits of a linear congruential generator (Knuth's MMIX).
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

#[cfg(target_arch = "wasm32")]
fn memory_bytes() -> u64 {
    const PAGE_BYTES: u64 = 65_536;
    core::arch::wasm32::memory_size::<0>() as u64 * PAGE_BYTES
}

#[cfg(not(target_arch = "wasm32"))]
fn memory_bytes() -> u64 {
    0
}

#[routes]
fn routes() -> Router {
    Router::new()
        .mount::<Counter>("/", "a")
        .mount::<Idle>("/idle/{name}", "{name}")
        .mount::<Shelf>("/shelf/{name}", "{name}")
        .mount::<Book>("/book/{name}", "{name}")
}
