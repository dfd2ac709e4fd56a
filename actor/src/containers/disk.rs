//! Storage in memory, for the tests of containers.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    ops::Range,
    rc::Rc,
};

use wasm_bindgen::JsValue;

use crate::{
    field::Field,
    host::{Host, Read, StorageError, Write},
    key::Key,
    problem::Result,
    rows::{self, Rows},
    store::{Batch, Place, Slot, failed},
    tenancy::Tenants,
};

/// Rows in a page of a scan: few, so that small tests turn pages, too.
const PAGE_ROWS: usize = 3;

/// One actor's storage, and one activation of the actor.
pub(super) struct Disk {
    host: Rc<MemoryHost>,
    place: Rc<Place>,
}

#[derive(Default)]
struct MemoryHost {
    rows: RefCell<BTreeMap<Vec<u8>, Vec<u8>>>,
    reads: Cell<usize>,
    rows_read: Cell<usize>,
    is_failing: Cell<bool>,
    is_read_only: Cell<bool>,
}

/// The fields of an actor, by name.
pub(super) type Fields<'f> = &'f mut [(&'static str, &'f mut dyn Field)];

impl Disk {
    pub(super) fn new() -> Self {
        Self::of(Rc::default())
    }

    fn of(host: Rc<MemoryHost>) -> Self {
        let place = Place {
            host: host.clone(),
            actor: Key::from_bits(0),
            class: "Test",
            name: "test".into(),
            has_loaded: Cell::default(),
            tenants: Tenants::default(),
        };
        Self { host, place: Rc::new(place) }
    }

    /// The same storage for another activation, as after an eviction.
    pub(super) fn reopen(&self) -> Self {
        Self::of(self.host.clone())
    }

    pub(super) fn slot(&self, name: &'static str) -> Slot {
        Slot::new(self.place.clone(), name)
    }

    /// A container as it is when its actor is hydrated.
    pub(super) fn load<F: Field + Default>(&self, name: &'static str) -> Result<F> {
        let mut field = F::default();
        field.load(&[], &self.slot(name))?;
        Ok(field)
    }

    /// Ends a turn well. Returns how many writes it took.
    pub(super) fn commit(&self, fields: Fields<'_>) -> Result<usize> {
        self.commit_through(fields, None)
    }

    /// Ends a migration well, which writes in pieces. Returns how many writes the last one took.
    pub(super) fn migrate(&self, fields: Fields<'_>) -> Result<usize> {
        self.commit_through(fields, Some(&self.place))
    }

    fn commit_through(&self, fields: Fields<'_>, sink: Option<&Rc<Place>>) -> Result<usize> {
        let mut batch = Batch::default();
        for (name, field) in fields.iter_mut() {
            field.commit(&self.slot(name), &mut batch)?;
        }
        batch.write_later(sink)?;
        let writes = batch.take_writes();
        self.host.commit(self.place.actor, &writes).map_err(failed)?;
        for (name, field) in fields.iter_mut() {
            field.committed(&self.slot(name));
        }
        Ok(writes.len())
    }

    /// Ends a turn otherwise.
    pub(super) fn rollback(&self, fields: Fields<'_>) -> Result<()> {
        fields.iter_mut().try_for_each(|(name, field)| field.rollback(&self.slot(name)))
    }

    /// Commits one field, which is called `field`.
    pub(super) fn commit_one(&self, field: &mut dyn Field) -> Result<usize> {
        self.commit(&mut [("field", field)])
    }

    /// Rolls back one field, which is called `field`.
    pub(super) fn rollback_one(&self, field: &mut dyn Field) -> Result<()> {
        self.rollback(&mut [("field", field)])
    }

    /// Stores a value of the field `field` past its container.
    pub(super) fn put(&self, key: &[u8], value: &[u8]) {
        let mut batch = Batch::default();
        batch.put(&self.slot("field"), key, value.to_vec());
        self.host.commit(self.place.actor, &batch.take_writes()).expect("storage does not fail now");
    }

    /// Removes a value of the field `field` past its container.
    pub(super) fn delete(&self, key: &[u8]) {
        let mut batch = Batch::default();
        batch.delete(&self.slot("field"), key);
        self.host.commit(self.place.actor, &batch.take_writes()).expect("storage does not fail now");
    }

    /// From now on storage fails, or works again.
    pub(super) fn fail(&self, is_failing: bool) {
        self.host.is_failing.set(is_failing);
    }

    /// From now on storage can be read alone, or written as well.
    pub(super) fn fail_commits(&self, is_failing: bool) {
        self.host.is_read_only.set(is_failing);
    }

    /// How often storage was read since this was asked last.
    pub(super) fn reads(&self) -> usize {
        self.host.reads.take()
    }

    /// How many rows were read since this was asked last.
    pub(super) fn rows_read(&self) -> usize {
        self.host.rows_read.take()
    }

    /// How many rows there are.
    pub(super) fn rows(&self) -> usize {
        self.host.rows.borrow().len()
    }
}

impl MemoryHost {
    fn check(&self) -> Result<(), StorageError> {
        if self.is_failing.get() { Err(StorageError::new("out of order")) } else { Ok(()) }
    }

    fn scan(&self, range: Range<Vec<u8>>, is_descending: bool, rows_max: usize) -> Rows {
        let rows = self.rows.borrow();
        let mut found: Vec<_> = rows.range(range).collect();
        if is_descending {
            found.reverse();
        }
        let rows_max = rows_max.min(PAGE_ROWS);
        let is_cut = found.len() > rows_max;
        found.truncate(rows_max);
        let cells: Vec<_> =
            found.iter().flat_map(|(key, value)| [key, value]).map(|cell| rows::Cell::Blob(cell)).collect();
        Rows::write(&["key", "value"], is_cut, 0, cells.into_iter())
    }

    fn find(&self, read: &Read<'_>) -> Rows {
        let rows = self.rows.borrow();
        match *read {
            Read::Get { key } => {
                Rows::write(&["value"], false, 0, rows.get(key).map(|value| rows::Cell::Blob(value)).into_iter())
            }
            Read::Scan { from, to, is_descending, rows_max } => {
                self.scan(from.to_vec()..to.to_vec(), is_descending, rows_max as usize)
            }
            Read::Count { from, to } => {
                let count = rows.range(from.to_vec()..to.to_vec()).count() as f64;
                Rows::write(&["count"], false, 0, [rows::Cell::Number(count)].into_iter())
            }
            Read::Sql { .. } => unreachable!("containers read no SQL"),
        }
    }

    fn write(&self, write: &Write) {
        let mut rows = self.rows.borrow_mut();
        match write {
            Write::Put { key, value } => drop(rows.insert(key.clone(), value.clone())),
            Write::Delete { key } => drop(rows.remove(key)),
            Write::DeleteRange { from, to } => rows.retain(|key, _| !(from..to).contains(&key)),
            Write::Move { from, to } => {
                let moved: Vec<_> = rows.extract_if(.., |key, _| key.starts_with(from)).collect();
                rows.extend(moved.into_iter().map(|(key, value)| ([to, &key[from.len()..]].concat(), value)));
            }
            Write::Erase | Write::Sql { .. } => unreachable!("containers write rows"),
        }
    }
}

impl Host for MemoryHost {
    fn read(&self, _: Key, read: &Read<'_>) -> Result<Rows, StorageError> {
        self.check()?;
        self.reads.set(self.reads.get() + 1);
        let rows = self.find(read);
        self.rows_read.set(self.rows_read.get() + rows.len());
        Ok(rows)
    }

    fn commit(&self, _: Key, writes: &[Write]) -> Result<(), StorageError> {
        self.check()?;
        if self.is_read_only.get() {
            return Err(StorageError::new("out of order"));
        }
        writes.iter().for_each(|write| self.write(write));
        Ok(())
    }

    fn keep(&self, _: Key, _: &[Write]) -> Result<(), StorageError> {
        unreachable!("containers change in turns")
    }

    fn now(&self) -> f64 {
        unreachable!("containers know no time")
    }

    fn clock(&self) -> f64 {
        unreachable!("containers know no time")
    }

    fn random(&self, _: &mut [u8]) {
        unreachable!("containers are deterministic")
    }

    fn log(&self, _: &str) {}

    fn env(&self, _: Key) -> JsValue {
        unreachable!("containers use no bindings")
    }

    fn unjournaled(&self, _: Key, _: f64) {
        unreachable!("containers have no calls")
    }

    fn secret(&self, _: &str) -> Option<String> {
        unreachable!("containers have no secrets")
    }

    fn wake(&self, _: Key) {}

    fn transact(&self, _: Key, body: &mut dyn FnMut() -> bool) -> Result<(), StorageError> {
        body();
        Ok(())
    }

    fn memory_bytes(&self) -> usize {
        0
    }
}
