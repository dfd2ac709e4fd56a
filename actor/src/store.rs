//! Where fields are kept: [`Slot`], and what a turn writes: [`Batch`].

use std::{
    cell::Cell as StdCell,
    error::Error as StdError,
    fmt,
    ops::{Bound, RangeBounds},
    rc::Rc,
};

use twox_hash::XxHash64;

use crate::{
    host::{Host, PAGE_MAX_ROWS, Read, StorageError, Write},
    key::Key,
    problem::{Error, Problem, Result},
    rows::{Cell, Rows},
    tenancy::{Tenancy, Tenants},
    value::Value,
};

/// Bytes that stand behind every stored value, so that what is corrupted or was not written by us is noticed.
const CHECKSUM_BYTES: usize = 4;
/// What stands between a field's name and its container's own key.
const NAME_END: u8 = 0;
/// The key of the record.
pub(crate) const RECORD_KEY: &[u8] = b"\0record";
/// Where rows wait that move from field to field.
const MOVE_PREFIX: &[u8] = b"\0move";

/// One actor's storage.
pub(crate) struct Place {
    pub(crate) host: Rc<dyn Host>,
    pub(crate) actor: Key,
    pub(crate) class: &'static str,
    pub(crate) name: Rc<str>,
    /// Whether something was loaded that could be let go again.
    pub(crate) has_loaded: StdCell<bool>,
    pub(crate) tenants: Tenants,
}

impl Place {
    /// The record, of its bytes as they are stored.
    pub(crate) fn open_record(&self, stored: &[u8]) -> Result<Vec<u8>> {
        self.open("the record", RECORD_KEY, stored.to_vec())
    }

    /// Fails if there is any value: without a record nobody knows what it is, and it must not be overwritten.
    pub(crate) fn check_empty(&self) -> Result<()> {
        let everything = Read::Scan { from: &[], to: &[u8::MAX; 4], is_descending: false, rows_max: 1 };
        if self.read(&everything)?.len() == 0 {
            return Ok(());
        }
        Err(self.unreadable("the record", "it is missing, and other values are there"))
    }

    /// A row's value as it is stored.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        let rows = self.read(&Read::Get { key })?;
        if rows.len() == 0 {
            return Ok(None);
        }
        match rows.cell(0, 0).map_err(broken)? {
            Cell::Blob(value) => Ok(Some(value.to_vec())),
            _ => Err(self.foreign("a row", key)),
        }
    }

    pub(crate) fn read(&self, read: &Read<'_>) -> Result<Rows> {
        self.host.read(self.actor, read).map_err(failed)
    }

    /// The value without its checksum.
    fn open(&self, what: &str, key: &[u8], mut stored: Vec<u8>) -> Result<Vec<u8>> {
        let value = stored.len().checked_sub(CHECKSUM_BYTES).map(|end| stored.split_at(end));
        match value {
            Some((value, sum)) if sum == checksum(key, value) => {
                stored.truncate(stored.len() - CHECKSUM_BYTES);
                Ok(stored)
            }
            _ => Err(self.foreign(what, key)),
        }
    }

    fn foreign(&self, what: &str, key: &[u8]) -> Error {
        self.unreadable(&format!("{what} at key {}", key.escape_ascii()), "its checksum is wrong")
    }

    /// An error that names the actor and what of its state cannot be read.
    pub(crate) fn unreadable(&self, what: &str, why: impl fmt::Display) -> Error {
        let text = format!("{}/{}: {what} cannot be read: {why}", self.class, self.name);
        Error::new(Problem::state_unreadable(), Unreadable(text))
    }
}

/// Stored bytes that are not what was written.
#[derive(Debug)]
struct Unreadable(String);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for Unreadable {}

/// Storage itself has failed.
pub(crate) fn failed(error: StorageError) -> Error {
    Error::new(Problem::new(503, "storage-failed", "the actor's storage does not answer; try again"), error)
}

fn broken(error: impl fmt::Display) -> Error {
    failed(StorageError::new(format!("the host's answer cannot be read: {error}")))
}

/// XXH64 ([specification](https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md)) of the value, seeded by the
/// key's: a value that stands under another key is foreign, too. The field's name has no part in it, since rows can move
/// from field to field.
fn checksum(key: &[u8], value: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let name_len = key.iter().position(|&byte| byte == NAME_END).unwrap_or_default();
    let sum = XxHash64::oneshot(XxHash64::oneshot(0, &key[name_len..]), value);
    (sum as u32).to_le_bytes()
}

fn seal(key: &[u8], mut value: Vec<u8>) -> Vec<u8> {
    let sum = checksum(key, &value);
    // Large values are moved at most once more.
    value.reserve_exact(CHECKSUM_BYTES);
    value.extend_from_slice(&sum);
    value
}

/// Where a field of an actor is kept. It is a handle: cloning it is cheap.
///
/// A container's keys are its own; those of other fields are out of reach. Reads see what was committed, not what the
/// present turn has changed.
#[derive(Clone)]
pub struct Slot {
    place: Rc<Place>,
    name: &'static str,
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Slot({}/{}, {})", self.place.class, self.place.name, self.name)
    }
}

/// The same field of the same actor.
impl PartialEq for Slot {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.is_beside(other)
    }
}

impl Slot {
    pub(crate) fn new(place: Rc<Place>, name: &'static str) -> Self {
        Self { place, name }
    }

    /// The field's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Takes the slot for a container.
    pub(crate) fn occupy(&self) -> Tenancy {
        self.place.tenants.occupy(self.name)
    }

    /// Whether it is a field of the same actor.
    pub(crate) fn is_beside(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.place, &other.place)
    }

    /// One value.
    ///
    /// # Errors
    ///
    /// If storage fails or the value is not what was written.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        self.place.has_loaded.set(true);
        let key = self.key(key);
        let stored = self.place.get(&key)?;
        stored.map(|stored| self.place.open(&self.label(), &key, stored)).transpose()
    }

    /// Keys and values in a range of keys, ascending, read page by page.
    pub fn scan(&self, range: impl RangeBounds<Vec<u8>>) -> Scan {
        let (from, to) = self.bounds(&range);
        Scan { slot: self.clone(), from, to, is_descending: false, page: None, at: 0, left: u32::MAX }
    }

    /// How many values there are in a range of keys. It takes time in proportion to them.
    ///
    /// # Errors
    ///
    /// If storage fails.
    pub fn count(&self, range: impl RangeBounds<Vec<u8>>) -> Result<u64> {
        let (from, to) = self.bounds(&range);
        let rows = self.place.read(&Read::Count { from: &from, to: &to })?;
        match rows.cell(0, 0).map_err(broken)? {
            Cell::Number(count) => Ok(count as u64),
            _ => Err(broken("a count is no number")),
        }
    }

    /// The error of a value that cannot be decoded. The client reads that the state cannot be restored, the log which
    /// value of which actor it was, and why.
    pub fn unreadable(&self, key: &[u8], why: impl fmt::Display) -> Error {
        self.place.unreadable(&format!("{} at key {}", self.label(), key.escape_ascii()), why)
    }

    /// The same of a field that is part of the record.
    pub(crate) fn unreadable_field(&self, why: impl fmt::Display) -> Error {
        self.place.unreadable(&self.label(), why)
    }

    fn label(&self) -> String {
        format!("field `{}`", self.name)
    }

    fn key(&self, key: &[u8]) -> Vec<u8> {
        [self.name.as_bytes(), &[NAME_END], key].concat()
    }

    /// The range as whole keys: from the first on, before the second.
    fn bounds(&self, range: &impl RangeBounds<Vec<u8>>) -> (Vec<u8>, Vec<u8>) {
        let from = match range.start_bound() {
            Bound::Included(key) => self.key(key),
            Bound::Excluded(key) => after(self.key(key)),
            Bound::Unbounded => self.key(&[]),
        };
        let to = match range.end_bound() {
            Bound::Included(key) => after(self.key(key)),
            Bound::Excluded(key) => self.key(key),
            Bound::Unbounded => [self.name.as_bytes(), &[NAME_END + 1]].concat(),
        };
        (from, to)
    }
}

/// The least key that is greater.
fn after(mut key: Vec<u8>) -> Vec<u8> {
    key.push(0);
    key
}

/// Keys and values of a [`Slot`], in order. Made by [`Slot::scan`].
#[derive(Debug)]
pub struct Scan {
    slot: Slot,
    /// What is yet to be read: from the first on, before the second.
    from: Vec<u8>,
    to: Vec<u8>,
    is_descending: bool,
    page: Option<Rows>,
    at: usize,
    /// How many more there can be.
    left: u32,
}

impl Scan {
    /// Descending instead. To be called before the first item is taken.
    #[must_use]
    pub fn rev(self) -> Self {
        Self { is_descending: !self.is_descending, ..self }
    }

    /// Only the first ones. No more than these are read.
    #[must_use]
    pub fn at_most(self, values: u32) -> Self {
        Self { left: self.left.min(values), ..self }
    }

    fn advance(&mut self) -> Result<Option<(Vec<u8>, Vec<u8>)>> {
        while self.left > 0 {
            let Some(page) = &self.page else {
                self.turn()?;
                continue;
            };
            if self.at < page.len() {
                let row = read_row(page, self.at)?;
                self.at += 1;
                self.left -= 1;
                return self.open(row).map(Some);
            }
            if !page.is_cut() {
                self.left = 0;
            }
            self.page = None;
        }
        Ok(None)
    }

    /// Reads the next page, and takes its rows off the range.
    fn turn(&mut self) -> Result<()> {
        if self.from >= self.to {
            self.left = 0;
            return Ok(());
        }
        let (is_descending, rows_max) = (self.is_descending, self.left.min(PAGE_MAX_ROWS));
        let read = Read::Scan { from: &self.from, to: &self.to, is_descending, rows_max };
        self.slot.place.has_loaded.set(true);
        let page = self.slot.place.read(&read)?;
        if let Some(last) = page.len().checked_sub(1) {
            let key = read_row(&page, last)?.0.to_vec();
            if self.is_descending { self.to = key } else { self.from = after(key) }
        }
        (self.page, self.at) = (Some(page), 0);
        Ok(())
    }

    fn open(&self, (key, value): (&[u8], &[u8])) -> Result<(Vec<u8>, Vec<u8>)> {
        let value = self.slot.place.open(&self.slot.label(), key, value.to_vec())?;
        Ok((key[self.slot.name.len() + 1..].to_vec(), value))
    }
}

fn read_row(page: &Rows, row: usize) -> Result<(&[u8], &[u8])> {
    match (page.cell(row, 0).map_err(broken)?, page.cell(row, 1).map_err(broken)?) {
        (Cell::Blob(key), Cell::Blob(value)) => Ok((key, value)),
        _ => Err(broken("a row is not a key and a value")),
    }
}

impl Iterator for Scan {
    type Item = Result<(Vec<u8>, Vec<u8>)>;

    /// The first error is the last item.
    fn next(&mut self) -> Option<Self::Item> {
        let item = self.advance().transpose();
        if matches!(item, Some(Err(_))) {
            self.left = 0;
        }
        item
    }
}

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
