//! What an actor struct may hold, and its record: the fields' bytes as last committed.

use std::{any::Any, error::Error as StdError, fmt};

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    host::Batch,
    problem::{Error, Problem, Result},
};

/// A struct whose methods are called by requests. Derived, never written by hand.
pub trait Actor: Default + 'static {
    /// The Durable Object class: the struct's name.
    const CLASS: &'static str;

    /// Visits every field that is part of the state, in order.
    fn fields(&mut self, visit: &mut dyn FnMut(&'static str, &mut dyn Field));
}

/// Where a field is kept.
#[derive(Clone, Debug)]
pub struct Slot {
    name: &'static str,
}

impl Slot {
    /// The field's name.
    pub fn name(&self) -> &'static str {
        self.name
    }
}

/// A field of an actor: plain data (every serde type, as a part of one record), or a container that keeps entries of its own.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a field of an actor",
    label = "neither plain data nor a container",
    note = "plain data derives `Serialize` and `Deserialize`; `#[actor(transient)]` keeps a field in memory only"
)]
pub trait Field: Any {
    /// Plain data: appends its bytes. Containers: nothing.
    ///
    /// # Errors
    ///
    /// If the data cannot be encoded.
    fn save(&self, record: &mut Vec<u8>) -> Result<()> {
        let _ = record;
        Ok(())
    }

    /// Plain data: becomes what `save` wrote. Containers: load, or remember the slot.
    ///
    /// # Errors
    ///
    /// If the bytes are not what `save` writes.
    fn load(&mut self, record: &[u8], slot: &Slot) -> Result<()>;

    /// Containers: adds what changed since the last commit.
    ///
    /// # Errors
    ///
    /// If an entry cannot be encoded.
    fn commit(&mut self, slot: &Slot, batch: &mut Batch) -> Result<()> {
        let _ = (slot, batch);
        Ok(())
    }

    /// The batch of the last `commit` is written.
    fn committed(&mut self) {}

    /// Containers: become what was committed last.
    ///
    /// # Errors
    ///
    /// If that cannot be read.
    fn rollback(&mut self, slot: &Slot) -> Result<()> {
        let _ = slot;
        Ok(())
    }

    /// Whether the field is part of the record.
    fn is_plain(&self) -> bool {
        false
    }
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + 'static> Field for T {
    fn save(&self, record: &mut Vec<u8>) -> Result<()> {
        let bytes = std::mem::take(record);
        *record = postcard::to_extend(self, bytes)?;
        Ok(())
    }

    fn load(&mut self, record: &[u8], slot: &Slot) -> Result<()> {
        match postcard::take_from_bytes(record) {
            Ok((value, [])) => *self = value,
            Ok((_, rest)) => return Err(unreadable(slot, &format!("{} bytes are left over", rest.len()))),
            Err(error) => return Err(unreadable(slot, &error.to_string())),
        }
        Ok(())
    }

    fn is_plain(&self) -> bool {
        true
    }
}

/// Stored bytes that are not what the field writes.
#[derive(Debug)]
struct Unreadable {
    field: &'static str,
    why: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the stored field `{}` cannot be read: {}", self.field, self.why)
    }
}

impl StdError for Unreadable {}

fn unreadable(slot: &Slot, why: &str) -> Error {
    Error::new(Problem::state_unreadable(), Unreadable { field: slot.name, why: why.to_owned() })
}

/// The key of the record among an actor's stored values.
pub(crate) const RECORD_KEY: &[u8] = b"record";

/// An actor's value behind a type that the non-generic code can hold.
pub(crate) trait State: Any {
    fn fields(&mut self, visit: &mut dyn FnMut(&'static str, &mut dyn Field));
}

impl<A: Actor> State for A {
    fn fields(&mut self, visit: &mut dyn FnMut(&'static str, &mut dyn Field)) {
        Actor::fields(self, visit);
    }
}

/// The record as last committed: for each plain field `[name length u32][name][length u32][postcard bytes]`.
///
/// It is compared with, so that an unchanged record is not written, and rolled back to.
#[derive(Debug, Default)]
pub(crate) struct Record {
    committed: Vec<u8>,
    scratch: Vec<u8>,
}

impl Record {
    /// Loads what is stored; without a record the fields keep their defaults.
    pub(crate) fn hydrate(state: &mut dyn State, stored: Option<&[u8]>) -> Result<Self> {
        let mut record = Self { committed: stored.unwrap_or_default().to_vec(), scratch: Vec::new() };
        record.load(state, |field, bytes, slot| field.load(bytes, slot))?;
        // With the defaults of fields that were never stored, so that they can be rolled back, too.
        record.committed = encode(state, Vec::new())?;
        Ok(record)
    }

    /// What the turn changed.
    pub(crate) fn changes(&mut self, state: &mut dyn State) -> Result<Batch> {
        let mut batch = Batch::new();
        let mut outcome = Ok(());
        state.fields(&mut |name, field| {
            if outcome.is_ok() {
                outcome = field.commit(&Slot { name }, &mut batch);
            }
        });
        outcome?;
        self.scratch.clear();
        self.scratch = encode(state, std::mem::take(&mut self.scratch))?;
        if self.scratch != self.committed {
            batch.push((RECORD_KEY.to_vec(), Some(self.scratch.clone())));
        }
        Ok(batch)
    }

    /// The batch that `changes` returned is written.
    pub(crate) fn committed(&mut self, state: &mut dyn State) {
        std::mem::swap(&mut self.committed, &mut self.scratch);
        state.fields(&mut |_, field| field.committed());
    }

    /// Memory becomes what was committed last.
    pub(crate) fn rollback(&self, state: &mut dyn State) -> Result<()> {
        self.load(
            state,
            |field, bytes, slot| {
                if field.is_plain() { field.load(bytes, slot) } else { field.rollback(slot) }
            },
        )
    }

    fn load(
        &self,
        state: &mut dyn State,
        mut each: impl FnMut(&mut dyn Field, &[u8], &Slot) -> Result<()>,
    ) -> Result<()> {
        let mut outcome = Ok(());
        state.fields(&mut |name, field| {
            let stored = entry(&self.committed, name);
            if outcome.is_ok() && (stored.is_some() || !field.is_plain()) {
                outcome = each(field, stored.unwrap_or_default(), &Slot { name });
            }
        });
        outcome
    }
}

fn encode(state: &mut dyn State, mut record: Vec<u8>) -> Result<Vec<u8>> {
    let mut outcome = Ok(());
    state.fields(&mut |name, field| {
        if outcome.is_ok() && field.is_plain() {
            outcome = encode_field(&mut record, name, field);
        }
    });
    outcome.map(|()| record)
}

fn encode_field(record: &mut Vec<u8>, name: &str, field: &mut dyn Field) -> Result<()> {
    record.extend_from_slice(&(name.len() as u32).to_le_bytes());
    record.extend_from_slice(name.as_bytes());
    let at = record.len();
    record.extend_from_slice(&[0; 4]);
    field.save(record)?;
    let len = (record.len() - at - 4) as u32;
    record[at..at + 4].copy_from_slice(&len.to_le_bytes());
    Ok(())
}

/// The bytes of one field.
fn entry<'r>(mut record: &'r [u8], name: &str) -> Option<&'r [u8]> {
    while !record.is_empty() {
        let found = take(&mut record)?;
        let bytes = take(&mut record)?;
        if found == name.as_bytes() {
            return Some(bytes);
        }
    }
    None
}

fn take<'r>(record: &mut &'r [u8]) -> Option<&'r [u8]> {
    let (len, rest) = record.split_first_chunk::<4>()?;
    let (bytes, rest) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
    *record = rest;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[derive(Debug, Default, PartialEq)]
    struct Pair {
        count: u64,
        name: String,
    }

    impl Actor for Pair {
        const CLASS: &'static str = "Pair";
        fn fields(&mut self, visit: &mut dyn FnMut(&'static str, &mut dyn Field)) {
            visit("count", &mut self.count);
            visit("name", &mut self.name);
        }
    }

    fn pair(count: u64, name: &str) -> Pair {
        Pair { count, name: name.into() }
    }

    #[test]
    fn an_unchanged_record_is_not_written() {
        let mut state = Pair::default();
        let mut record = Record::hydrate(&mut state, None).unwrap();
        assert!(record.changes(&mut state).unwrap().is_empty());
        state.count = 1;
        assert_eq!(record.changes(&mut state).unwrap().len(), 1);
        record.committed(&mut state);
        assert!(record.changes(&mut state).unwrap().is_empty());
    }

    #[test]
    fn what_was_committed_comes_back() {
        let mut state = Pair::default();
        let mut record = Record::hydrate(&mut state, None).unwrap();
        state = pair(7, "ann");
        let batch = record.changes(&mut state).unwrap();
        record.committed(&mut state);
        state.count = 8;
        record.rollback(&mut state).unwrap();
        assert_eq!(state, pair(7, "ann"));

        let mut again = Pair::default();
        Record::hydrate(&mut again, batch[0].1.as_deref()).unwrap();
        assert_eq!(again, pair(7, "ann"));
    }

    #[test]
    fn a_field_that_was_never_stored_keeps_its_default() {
        let mut record = Vec::new();
        encode_field(&mut record, "name", &mut String::from("ann")).unwrap();
        let mut state = pair(3, "");
        let record = Record::hydrate(&mut state, Some(&record)).unwrap();
        assert_eq!(state, pair(3, "ann"));
        state.count = 4;
        record.rollback(&mut state).unwrap();
        assert_eq!(state, pair(3, "ann"));
    }

    #[test]
    fn unreadable_bytes_are_an_error_that_names_the_field() {
        let mut record = Vec::new();
        encode_field(&mut record, "count", &mut String::from("not a number")).unwrap();
        let error = Record::hydrate(&mut Pair::default(), Some(&record)).unwrap_err();
        assert!(error.to_string().contains("`count`"), "{error}");
        assert!(!error.problem().to_json().contains("count"), "clients do not read how an actor is made");
    }

    #[test]
    fn a_truncated_record_never_panics() {
        let mut state = pair(7, "ann");
        let record = encode(&mut state, Vec::new()).unwrap();
        for len in 0..record.len() {
            let _ = Record::hydrate(&mut Pair::default(), Some(&record[..len]));
        }
    }
}
