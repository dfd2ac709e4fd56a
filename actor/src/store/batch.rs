//! What a turn writes.

use std::{fmt, ops::RangeBounds, rc::Rc};

use super::{MOVE_PREFIX, NAME_END, Place, RECORD_KEY, Slot, failed, seal};
use crate::{
    host::{StorageError, Write},
    problem::Result,
    value::Value,
};

/// The pieces that a migration writes in, in bytes.
const PIECE_BYTES: usize = 1 << 20;

/// What is still to be written when everything else of a batch is.
type Later = Box<dyn FnOnce(&mut Batch) -> Result<()>>;

/// What a turn writes: all of it, or nothing.
#[derive(Default)]
pub struct Batch {
    writes: Vec<Write>,
    adopted: Vec<(Slot, Slot)>,
    later: Vec<Later>,
    bytes: usize,
    /// Where pieces of the batch leave to, in a migration.
    sink: Option<Rc<Place>>,
    failure: Option<StorageError>,
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Batch({} writes, {} bytes)", self.writes.len(), self.bytes)
    }
}

impl Batch {
    /// Whether nothing is to be written.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.adopted.is_empty() && self.later.is_empty()
    }

    /// How much is to be written, in bytes of keys and values.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Stores a value in place of what the key has.
    pub fn put(&mut self, slot: &Slot, key: &[u8], value: Vec<u8>) {
        self.put_whole(slot.key(key), value);
    }

    pub(crate) fn put_record(&mut self, record: Vec<u8>) {
        self.put_whole(RECORD_KEY.to_vec(), record);
    }

    fn put_whole(&mut self, key: Vec<u8>, value: Vec<u8>) {
        let value = seal(&key, value);
        self.bytes += key.len() + value.len();
        self.writes.push(Write::Put { key, value });
        if self.bytes >= PIECE_BYTES {
            self.flush();
        }
    }

    /// Lets a piece of the batch leave, if it may.
    fn flush(&mut self) {
        let Some(place) = self.sink.clone() else { return };
        let writes = self.take_writes();
        // After a failure nothing more is kept, nor need it be remembered.
        if self.failure.is_none() {
            self.failure = place.host.commit(place.actor, &writes).err();
        }
    }

    /// Removes a value, if there is one.
    pub fn delete(&mut self, slot: &Slot, key: &[u8]) {
        let key = slot.key(key);
        self.bytes += key.len();
        self.writes.push(Write::Delete { key });
    }

    /// Removes the values in a range of keys.
    pub fn delete_range(&mut self, slot: &Slot, range: impl RangeBounds<Vec<u8>>) {
        let (from, to) = slot.bounds(&range);
        self.writes.push(Write::DeleteRange { from, to });
    }

    /// Removes everything of a field.
    pub fn clear(&mut self, slot: &Slot) {
        self.delete_range(slot, ..);
    }

    /// Makes the stored values of one field those of another: for a container that was moved there. It happens before
    /// all writes, so fields can swap their containers. What stood there is gone, unless it is adopted as well.
    pub fn adopt(&mut self, from: &Slot, to: &Slot) {
        self.adopted.push((from.clone(), to.clone()));
    }

    /// Has something written when every field has said what it writes. In a migration the batch may then leave in
    /// pieces, so that what is rewritten need not fit into memory.
    pub(crate) fn later(&mut self, write: impl FnOnce(&mut Batch) -> Result<()> + 'static) {
        self.later.push(Box::new(write));
    }

    /// In what runs [later](Self::later): whether all that was said before is stored by now.
    pub(crate) fn leaves_in_pieces(&self) -> bool {
        self.sink.is_some()
    }

    pub(crate) fn sql(&mut self, text: String, params: Vec<Value>) {
        self.bytes += text.len() + params.iter().map(Value::bytes).sum::<usize>();
        self.writes.push(Write::Sql { text, params });
    }

    /// Writes what waits until every field has said what it writes. With a sink it leaves in pieces, as in a migration,
    /// which is one transaction anyway.
    pub(crate) fn write_later(&mut self, sink: Option<&Rc<Place>>) -> Result<()> {
        let later = std::mem::take(&mut self.later);
        if later.is_empty() {
            return Ok(());
        }
        self.sink = sink.cloned();
        self.flush();
        let outcome = later.into_iter().try_for_each(|write| write(self));
        self.sink = None;
        self.failure.take().map_or(outcome, |failure| Err(failed(failure)))
    }

    /// Removes everything of a field that is not declared any more.
    pub(crate) fn clear_named(&mut self, name: &str) {
        let [from, to] = [NAME_END, NAME_END + 1].map(|end| [name.as_bytes(), &[end]].concat());
        self.writes.push(Write::DeleteRange { from, to });
    }

    /// All writes, those first that move rows. They go by way of a place where no field is, since two may swap.
    pub(crate) fn take_writes(&mut self) -> Vec<Write> {
        let adopted = std::mem::take(&mut self.adopted);
        let mut writes = Vec::with_capacity(self.writes.len() + 3 * adopted.len());
        for (at, (from, _)) in adopted.iter().enumerate() {
            writes.push(Write::Move { from: from.key(&[]), to: moving(at) });
        }
        for (_, to) in &adopted {
            let (from, to) = to.bounds(&(..));
            writes.push(Write::DeleteRange { from, to });
        }
        for (at, (_, to)) in adopted.iter().enumerate() {
            writes.push(Write::Move { from: moving(at), to: to.key(&[]) });
        }
        writes.append(&mut self.writes);
        self.bytes = 0;
        writes
    }
}

fn moving(at: usize) -> Vec<u8> {
    [MOVE_PREFIX, &(at as u32).to_be_bytes()].concat()
}
