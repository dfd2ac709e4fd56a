//! Where fields are kept: [`Slot`], and what a turn writes: [`Batch`].

mod batch;
mod scan;
mod shelf;

use std::{
    cell::Cell as StdCell,
    error::Error as StdError,
    fmt,
    ops::{Bound, RangeBounds},
    rc::Rc,
};

pub use batch::Batch;
pub use scan::Scan;
pub(crate) use shelf::{clear_shelf, put_on_shelf, take_from_shelf};
use twox_hash::XxHash64;

use crate::{
    host::{Host, Read, StorageError},
    key::Key,
    problem::{Error, Problem, Result},
    rows::{Cell, Rows},
    tenancy::{Tenancy, Tenants},
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
        if !self.has_more_than_shelf()? {
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
        Scan::new(self.clone(), from, to)
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
