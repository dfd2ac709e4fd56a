//! What an actor should be: the same operations on plain collections.
use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
    mem,
};

use serde::{Deserialize, Serialize};

/// One change, of the first of two like containers where it does not say otherwise. Numbers that choose an entry count
/// round those that are there.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) enum Op {
    Title(u8),
    Insert(u32),
    Set(u8, u32),
    Remove(u8),
    AddToAll(u32),
    RetainEven,
    ClearArena,
    Put(u8, u32),
    Delete(u8),
    Grow(u8),
    GetOrPut(u8),
    DeleteRange(u8, u8),
    ClearTable,
    Push(u8),
    TruncateBefore(u8),
    Truncate(u8),
    ClearLog,
    Append(u16),
    ClearColumn,
    /// The two change places.
    Swap(What),
    /// The first is taken, and an empty one is left.
    Take(What),
    /// The first takes the place of the second.
    Move(What),
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) enum What {
    Arena,
    Table,
    Log,
    Column,
}

/// All of a state, as it is shown.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Seen {
    pub(crate) title: String,
    /// What the next entry of an arena is called.
    pub(crate) next: u32,
    pub(crate) halves: [Half; 2],
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Half {
    /// By what the entries are called, since keys are the arena's own affair.
    pub(crate) arena: BTreeMap<u32, u32>,
    pub(crate) table: BTreeMap<u8, Text>,
    pub(crate) log: Log,
    pub(crate) column: Numbers,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Log {
    pub(crate) first: u64,
    pub(crate) end: u64,
    pub(crate) entries: BTreeMap<u64, u32>,
}

/// A text, by its beginning and its length.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Text(pub(crate) String, pub(crate) usize);

impl Text {
    pub(crate) fn of(text: &str) -> Self {
        Self(text.chars().take(3).collect(), text.len())
    }
}

/// Numbers, by their bits.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Numbers {
    pub(crate) len: usize,
    pub(crate) hash: u64,
    #[serde(skip)]
    values: Vec<u64>,
}

impl Numbers {
    pub(crate) fn of(numbers: impl Iterator<Item = f64>) -> Self {
        Self::of_bits(numbers.map(f64::to_bits).collect())
    }

    fn of_bits(values: Vec<u64>) -> Self {
        let mut hasher = DefaultHasher::new();
        values.hash(&mut hasher);
        Self { len: values.len(), hash: if values.is_empty() { 0 } else { hasher.finish() }, values }
    }

    /// As it is after a way through JSON.
    fn shown(&self) -> Self {
        Self { values: Vec::new(), ..self.clone() }
    }
}

/// What is put under a key.
pub(crate) fn text(key: u8, length: u32) -> String {
    char::from(b'a' + key % 26).to_string().repeat(length as usize)
}

/// The value that is appended at this place.
pub(crate) fn number(at: usize) -> f64 {
    if at.is_multiple_of(7) { -0.0 } else { at as f64 / 3.0 }
}

/// The entry that a number chooses.
pub(crate) fn choose<K: Copy, V>(map: &BTreeMap<K, V>, nth: u8) -> Option<K> {
    map.keys().nth(usize::from(nth) % map.len().max(1)).copied()
}

impl Seen {
    /// As it is after a way through JSON.
    pub(crate) fn shown(&self) -> Self {
        let mut shown = self.clone();
        shown.halves.iter_mut().for_each(|half| half.column = half.column.shown());
        shown
    }

    pub(crate) fn apply(&mut self, op: &Op) {
        let [half, other] = &mut self.halves;
        match *op {
            Op::Title(letter) => self.title.push(char::from(b'a' + letter % 26)),
            Op::Insert(value) => {
                half.arena.insert(self.next, value);
                self.next += 1;
            }
            Op::Swap(What::Arena) => mem::swap(&mut half.arena, &mut other.arena),
            Op::Swap(What::Table) => mem::swap(&mut half.table, &mut other.table),
            Op::Swap(What::Log) => mem::swap(&mut half.log, &mut other.log),
            Op::Swap(What::Column) => mem::swap(&mut half.column, &mut other.column),
            Op::Take(What::Arena) => drop(mem::take(&mut half.arena)),
            Op::Take(What::Table) => drop(mem::take(&mut half.table)),
            Op::Take(What::Log) => drop(mem::take(&mut half.log)),
            Op::Take(What::Column) => drop(mem::take(&mut half.column)),
            Op::Move(What::Arena) => other.arena = mem::take(&mut half.arena),
            Op::Move(What::Table) => other.table = mem::take(&mut half.table),
            Op::Move(What::Log) => other.log = mem::take(&mut half.log),
            Op::Move(What::Column) => other.column = mem::take(&mut half.column),
            _ => half.apply(op),
        }
    }
}

impl Half {
    fn apply(&mut self, op: &Op) {
        match *op {
            Op::Set(nth, value) => drop(choose(&self.arena, nth).map(|id| self.arena.insert(id, value))),
            Op::Remove(nth) => drop(choose(&self.arena, nth).map(|id| self.arena.remove(&id))),
            Op::AddToAll(by) => self.arena.values_mut().for_each(|value| *value = value.wrapping_add(by)),
            Op::RetainEven => self.arena.retain(|_, value| *value % 2 == 0),
            Op::ClearArena => self.arena.clear(),
            Op::Append(count) => {
                let mut values = mem::take(&mut self.column.values);
                let start = values.len();
                values.extend((start..start + usize::from(count)).map(|at| number(at).to_bits()));
                self.column = Numbers::of_bits(values);
            }
            Op::ClearColumn => self.column = Numbers::default(),
            Op::Push(_) | Op::TruncateBefore(_) | Op::Truncate(_) | Op::ClearLog => self.log.apply(op),
            _ => self.apply_to_table(op),
        }
    }

    fn apply_to_table(&mut self, op: &Op) {
        let table = &mut self.table;
        match *op {
            Op::Put(key, length) => drop(table.insert(key, Text::of(&text(key, length)))),
            Op::Delete(key) => drop(table.remove(&key)),
            Op::Grow(key) => drop(table.get_mut(&key).map(|text| text.grow())),
            Op::GetOrPut(key) => table.entry(key).or_insert_with(|| Text::of("")).grow(),
            Op::DeleteRange(from, to) => table.retain(|key, _| !(from..to).contains(key)),
            Op::ClearTable => table.clear(),
            _ => unreachable!("{op:?} is none of a table"),
        }
    }
}

impl Text {
    fn grow(&mut self) {
        if self.0.len() < 3 {
            self.0.push('+');
        }
        self.1 += 1;
    }
}

impl Log {
    fn apply(&mut self, op: &Op) {
        let position = |at: u8| u64::from(at) % (self.end + 2);
        match *op {
            Op::Push(count) => {
                self.entries.extend((self.end..self.end + u64::from(count)).map(|at| (at, at as u32 * 3)));
                self.end += u64::from(count);
            }
            Op::TruncateBefore(at) => {
                self.first = position(at).min(self.end).max(self.first);
                self.entries.retain(|at, _| *at >= self.first);
            }
            Op::Truncate(at) if position(at) > self.first => {
                let position = position(at);
                self.entries.retain(|at, _| *at < position);
            }
            _ => {
                self.first = self.end;
                self.entries.clear();
            }
        }
    }
}
