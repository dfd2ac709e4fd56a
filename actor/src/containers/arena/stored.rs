//! An arena in storage: one row for each index that was ever used.
//!
//! The key is the index, u32 big-endian, so that rows are in the order of indices; there is no gap. The value is
//! `(generation: u32, entry: Option<T>)` in postcard; without an entry the generation is that of the next one.

use std::mem;

use serde::{Serialize, de::DeserializeOwned};
use slab::Slab;

use super::{Arena, Entry, key_at};
use crate::{
    codec::{decode, encode},
    containers::home::Stay,
    field::Field,
    layout::Layout,
    problem::{Error, Problem, Result},
    store::{Batch, Slot},
};

/// Most entries of an [`Arena`]. A turn that ends with more is rolled back and answered 507 (`state-too-large`).
pub const ARENA_MAX_ENTRIES: usize = 1 << 20;
/// Greatest sum of what the entries of an [`Arena`] are in storage, in bytes: 32 MiB, since they are all in memory, and take
/// more there. A turn that ends with more is rolled back and answered 507 (`state-too-large`).
pub const ARENA_MAX_BYTES: usize = 32 << 20;
/// How many touched entries a rollback reads one by one, whatever their share of all is. Of more than that, and more than
/// this part of all, a scan of all is cheaper.
const READS_MAX: usize = 16;

impl<T: Serialize + DeserializeOwned + 'static> Field for Arena<T> {
    fn layout(&self) -> Layout {
        Layout::container("arena", [Layout::of::<T>()])
    }

    fn load(&mut self, _: &[u8], slot: &Slot) -> Result<()> {
        let mut loaded = Self::default();
        let mut failure = None;
        let rows = slot.scan(..).map_while(|row| {
            let entry = row.and_then(|(key, value)| loaded.admit(slot, &key, &value));
            entry.map_err(|error| failure = Some(error)).ok()
        });
        let entries: Slab<_> = rows.flatten().collect();
        if let Some(failure) = failure {
            return Err(failure);
        }
        loaded.entries = entries;
        loaded.settle(slot);
        *self = loaded;
        Ok(())
    }

    fn commit(&mut self, slot: &Slot, batch: &mut Batch) -> Result<()> {
        match self.home.stay(slot) {
            Stay::Nowhere | Stay::Lost => {
                batch.clear(slot);
                self.put_all(slot, batch)?;
            }
            Stay::Here => self.put_touched(slot, batch)?,
            Stay::Elsewhere(home) => {
                batch.adopt(home, slot);
                self.put_touched(slot, batch)?;
            }
        }
        self.check_bounds()
    }

    fn committed(&mut self, slot: &Slot) {
        for index in self.touched.take() {
            let entry = &mut self.entries[index as usize];
            entry.is_touched = false;
            if entry.value.is_none() {
                self.entries.remove(index as usize);
            }
        }
        self.settle(slot);
    }

    fn rollback(&mut self, slot: &Slot) -> Result<()> {
        let touched = self.touched.get_mut().len();
        if !self.home.is(slot) || (touched > READS_MAX && touched > self.stored / READS_MAX) {
            return self.load(&[], slot);
        }
        // Backwards, so that free indices will be used in the order that they had.
        while let Some(&index) = self.touched.get_mut().last() {
            self.restore(index, slot)?;
            self.touched.get_mut().pop();
        }
        self.generations.truncate(self.stored);
        self.bytes = self.stored_bytes;
        Ok(())
    }
}

impl<T: Serialize + DeserializeOwned + 'static> Arena<T> {
    /// Takes in the row of the next index, while loading. Returns what is for the slab, if anything is.
    fn admit(&mut self, slot: &Slot, key: &[u8], row: &[u8]) -> Result<Option<(usize, Entry<T>)>> {
        let index = self.generations.len();
        if u32::try_from(index).ok().map(u32::to_be_bytes).is_none_or(|expected| key != expected) {
            return Err(slot.unreadable(key, format_args!("row {index} of the arena should be here")));
        }
        let (generation, entry) = read_row(slot, key, row)?;
        self.generations.push(generation);
        self.bytes += entry.bytes;
        self.len += usize::from(entry.value.is_some());
        Ok(entry.value.is_some().then_some((index, entry)))
    }

    /// One touched entry as it is stored.
    fn restore(&mut self, index: u32, slot: &Slot) -> Result<()> {
        let (at, key) = (index as usize, index.to_be_bytes());
        let (generation, entry) = if at >= self.stored {
            (0, Entry::gone())
        } else {
            let row = slot.get(&key)?.ok_or_else(|| slot.unreadable(&key, "it is not there"))?;
            read_row(slot, &key, &row)?
        };
        let present = mem::replace(&mut self.entries[at], entry);
        self.len += usize::from(self.entries[at].value.is_some());
        self.len -= usize::from(present.value.is_some());
        self.generations[at] = generation;
        if self.entries[at].value.is_none() {
            self.entries.remove(at);
        }
        Ok(())
    }

    fn put_touched(&mut self, slot: &Slot, batch: &mut Batch) -> Result<()> {
        for at in 0..self.touched.get_mut().len() {
            let index = self.touched.get_mut()[at] as usize;
            self.put(index, slot, batch)?;
        }
        // Indices that were first used by a turn that was rolled back may have no row yet, where a later one now has.
        for index in self.stored..self.generations.len() {
            if self.entries.get(index).is_none_or(|entry| !entry.is_touched) {
                self.put(index, slot, batch)?;
            }
        }
        Ok(())
    }

    fn put_all(&mut self, slot: &Slot, batch: &mut Batch) -> Result<()> {
        (0..self.generations.len()).try_for_each(|index| self.put(index, slot, batch))
    }

    fn put(&mut self, index: usize, slot: &Slot, batch: &mut Batch) -> Result<()> {
        let (mut entry, generation) = (self.entries.get_mut(index), self.generations[index]);
        let value = entry.as_ref().and_then(|entry| entry.value.as_ref());
        let (row, is_there) = (encode(&(generation, value))?, value.is_some());
        if let Some(entry) = &mut entry {
            let bytes = if is_there { row.len() } else { 0 };
            self.bytes -= mem::replace(&mut entry.bytes, bytes);
            self.bytes += bytes;
        }
        batch.put(slot, &key_at::<T>(&self.generations, index).index.to_be_bytes(), row);
        Ok(())
    }
}

impl<T> Arena<T> {
    /// All that there is now is stored in the slot.
    fn settle(&mut self, slot: &Slot) {
        self.home.settle(slot);
        self.stored = self.generations.len();
        self.stored_bytes = self.bytes;
    }

    /// What is stored already is never refused: less than that, but still too much, can be committed.
    fn check_bounds(&self) -> Result<()> {
        let (count, bytes) = (self.generations.len(), self.bytes);
        if count > ARENA_MAX_ENTRIES.max(self.stored) {
            return Err(too_large(format!("an arena has at most {ARENA_MAX_ENTRIES} entries, not {count}")));
        }
        if bytes > ARENA_MAX_BYTES.max(self.stored_bytes) {
            return Err(too_large(format!("an arena has at most {ARENA_MAX_BYTES} bytes, not {bytes}")));
        }
        Ok(())
    }
}

fn too_large(detail: String) -> Error {
    Problem::new(507, "state-too-large", detail).into()
}

fn read_row<T: DeserializeOwned>(slot: &Slot, key: &[u8], row: &[u8]) -> Result<(u32, Entry<T>)> {
    let (generation, value): (u32, Option<T>) = decode(row).map_err(|why| slot.unreadable(key, why))?;
    let bytes = if value.is_some() { row.len() } else { 0 };
    Ok((generation, Entry { value, is_touched: false, bytes }))
}
