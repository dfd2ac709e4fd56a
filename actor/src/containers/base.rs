//! What a container has stored, as its present turn leaves it.

use std::{error::Error as StdError, fmt};

use super::{
    home::{Home, Stay, lost},
    span::{Span, Spans},
};
use crate::{
    problem::{Error, Problem, Result},
    store::{Batch, Scan, Slot},
};

/// What a turn stores under each key, or that it removes it; in the order of keys.
pub(super) type Written = Vec<(Vec<u8>, Option<Vec<u8>>)>;

/// What a stored value becomes in its new layout, or why it cannot be read.
pub(super) type Convert = Box<dyn Fn(&[u8]) -> Result<Vec<u8>, String>>;

/// A container's stored rows, less the ranges that its turn removed.
#[derive(Debug, Default)]
pub(super) struct Base {
    home: Home,
    gone: Spans,
}

impl Base {
    pub(super) fn at(slot: &Slot) -> Self {
        let mut base = Self::default();
        base.home.settle(slot);
        base
    }

    pub(super) fn is_at(&self, slot: &Slot) -> bool {
        self.home.is(slot)
    }

    /// Where rows are, if there can be some.
    fn slot(&self) -> Option<&Slot> {
        self.home.slot().filter(|_| !self.gone.are_all())
    }

    /// Whether there can be a row of this key.
    pub(super) fn may_hold(&self, key: &[u8]) -> bool {
        self.slot().is_some() && !self.gone.contain(key)
    }

    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        match self.slot() {
            Some(slot) if !self.gone.contain(key) => {
                self.home.check()?;
                slot.get(key)
            }
            _ => Ok(None),
        }
    }

    /// The rows of a span, in order.
    pub(super) fn scan(&self, span: Span, is_descending: bool) -> Rows {
        let Some(slot) = self.slot() else { return Rows::default() };
        let mut scans: Vec<_> = self.gone.holes_in(span).iter().map(|hole| slot.scan(hole.bounds())).collect();
        if is_descending {
            scans = scans.into_iter().map(Scan::rev).collect();
        } else {
            scans.reverse();
        }
        Rows { scans, failure: self.home.check().err() }
    }

    /// How many rows there are.
    pub(super) fn count(&self, span: Span) -> Result<u64> {
        let Some(slot) = self.slot() else { return Ok(0) };
        self.home.check()?;
        self.gone.holes_in(span).iter().map(|hole| slot.count(hole.bounds())).sum()
    }

    pub(super) fn remove(&mut self, span: Span) {
        if !self.home.is_detached() {
            self.gone.add(span);
        }
    }

    /// Has the rows be in `slot`, without those that were removed. What the turn writes comes after.
    pub(super) fn commit(&self, slot: &Slot, batch: &mut Batch) -> Result<()> {
        match self.home.stay(slot) {
            Stay::Here => {}
            Stay::Elsewhere(home) if self.slot().is_some() => batch.adopt(home, slot),
            Stay::Lost if self.slot().is_some() => return Err(lost(slot)),
            _ => {
                batch.clear(slot);
                return Ok(());
            }
        }
        for span in self.gone.iter() {
            batch.delete_range(slot, span.bounds());
        }
        Ok(())
    }

    /// Has every row of a span be written anew, then what the turn wrote. It reads page by page when all fields have
    /// said what they write.
    pub(super) fn rewrite(&self, slot: &Slot, batch: &mut Batch, span: Span, written: Written, convert: Convert) {
        let Some(home) = self.slot().cloned() else { return put_all(batch, slot, written) };
        let (slot, gone) = (slot.clone(), self.gone.clone());
        batch.later(move |batch| {
            let from = if batch.leaves_in_pieces() { &slot } else { &home };
            for row in from.scan(span.bounds()) {
                let (key, value) = row?;
                let is_written = written.binary_search_by(|(other, _)| other.cmp(&key)).is_ok();
                if !is_written && !gone.contain(&key) {
                    let value = convert(&value).map_err(|why| from.unreadable(&key, why))?;
                    batch.put(&slot, &key, value);
                }
            }
            put_all(batch, &slot, written);
            Ok(())
        });
    }

    pub(super) fn committed(&mut self, slot: &Slot) {
        self.home.settle(slot);
        self.gone.clear();
    }

    /// What was removed is there again.
    pub(super) fn rollback(&mut self) {
        self.gone.clear();
    }

    /// The error of a key or value that cannot be decoded.
    pub(super) fn unreadable(&self, key: &[u8], why: impl fmt::Display) -> Error {
        match self.home.slot() {
            Some(slot) => slot.unreadable(key, why),
            None => Error::new(Problem::state_unreadable(), Unreadable(format!("{}: {why}", key.escape_ascii()))),
        }
    }
}

pub(super) fn put_all(batch: &mut Batch, slot: &Slot, written: Written) {
    for (key, value) in written {
        match value {
            Some(value) => batch.put(slot, &key, value),
            None => batch.delete(slot, &key),
        }
    }
}

/// A value of a detached container that cannot be decoded from what it was encoded as.
#[derive(Debug)]
struct Unreadable(String);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a detached container's value does not come back at key {}", self.0)
    }
}

impl StdError for Unreadable {}

/// Stored rows in order: of several scans, the last of which comes first.
#[derive(Default)]
pub(super) struct Rows {
    scans: Vec<Scan>,
    failure: Option<Error>,
}

impl Iterator for Rows {
    type Item = Result<(Vec<u8>, Vec<u8>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(failure) = self.failure.take() {
            return Some(Err(failure));
        }
        while let Some(scan) = self.scans.last_mut() {
            match scan.next() {
                None => drop(self.scans.pop()),
                row => return row,
            }
        }
        None
    }
}
