//! A log in storage: one row for each entry, and one for its ends.
//!
//! An entry's key is its position, u64 big-endian, its value the entry in postcard. The ends are there once something was
//! dropped: under a key that stands before all positions, in postcard the first position and the one that was next when
//! something was dropped last. The next one is that or the one after the last entry, whichever is greater.

use serde::{Serialize, de::DeserializeOwned};

use super::{Ends, Log, span};
use crate::{
    codec,
    containers::base::{Base, Written, put_all},
    field::Field,
    layout::Layout,
    problem::Result,
    store::{Batch, Slot},
};

/// The key of the ends.
const ENDS_KEY: &[u8] = &[0];

/// The position that a key is.
pub(super) fn position(key: &[u8]) -> Result<u64, String> {
    key.try_into().map(u64::from_be_bytes).map_err(|_| "its key is no position".to_owned())
}

impl Ends {
    fn load(slot: &Slot) -> Result<Self> {
        let (first, mut end) = match slot.get(ENDS_KEY)? {
            Some(ends) => codec::decode(&ends).map_err(|why| slot.unreadable(ENDS_KEY, why))?,
            None => (0, 0),
        };
        if let Some(row) = slot.scan(span(0, u64::MAX).bounds()).rev().next() {
            let (key, _) = row?;
            let last = position(&key).map_err(|why| slot.unreadable(&key, why))?;
            end = end.max(last + 1);
        }
        if first > end {
            return Err(slot.unreadable(ENDS_KEY, "the first position is behind the end"));
        }
        Ok(Self { first, end })
    }
}

impl<T: Serialize + DeserializeOwned + 'static> Field for Log<T> {
    fn layout(&self) -> Layout {
        Layout::container("log", [Layout::of::<T>()])
    }

    /// Reads where it begins and ends.
    fn load(&mut self, _: &[u8], slot: &Slot) -> Result<()> {
        let ends = Ends::load(slot)?;
        *self = Self { base: Base::at(slot), now: ends, committed: ends, ..Self::default() };
        Ok(())
    }

    fn commit(&mut self, slot: &Slot, batch: &mut Batch) -> Result<()> {
        self.base.commit(slot, batch)?;
        if self.is_cut {
            batch.put(slot, ENDS_KEY, codec::encode(&(self.now.first, self.now.end))?);
        }
        let pushed = std::mem::take(&mut self.pushed);
        let written: Written = pushed.into_iter().map(|(key, entry)| (key, Some(entry.0))).collect();
        match self.read.clone() {
            None => put_all(batch, slot, written),
            Some(read) => {
                let convert = move |bytes: &[u8]| codec::encode(&read(bytes)?).map_err(|why| why.to_string());
                self.base.rewrite(slot, batch, span(0, u64::MAX), written, Box::new(convert));
            }
        }
        Ok(())
    }

    fn committed(&mut self, slot: &Slot) {
        self.base.committed(slot);
        self.committed = self.now;
        self.is_cut = false;
        self.read = None;
    }

    fn rollback(&mut self, slot: &Slot) -> Result<()> {
        if !self.base.is_at(slot) || self.read.is_some() {
            return self.load(&[], slot);
        }
        self.base.rollback();
        self.pushed.clear();
        self.now = self.committed;
        self.is_cut = false;
        Ok(())
    }
}
