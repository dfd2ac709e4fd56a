//! The native side of the port: a virtual clock, repeatable randomness, and storage.

use std::{
    cell::{Cell as StdCell, RefCell},
    collections::{HashMap, VecDeque},
    rc::Rc,
    time::Duration,
};

use wasm_bindgen::JsValue;

use super::{
    fault::{Fault, Faults},
    journal::Journal,
    storage::{Database, Identity, Row, Savepoint, Storage},
};
use crate::{
    host::{Host, PAGE_MAX_ROWS, Read, StorageError, Write},
    key::Key,
    rows::{Cell, Rows},
    store::RECORD_KEY,
    trace::Trace,
};

/// When the virtual clock starts: 2026-01-01 00:00:00 UTC, in seconds since the Unix epoch.
const START_SECONDS: u64 = 1_767_225_600;

/// A session's key.
const KEY: &str = "the-key-of-the-native-host-is-no-secret";

/// Behind every key: those of fields begin with a name, which is UTF-8.
const KEYS_END: &[u8] = &[u8::MAX];

#[cfg(not(target_arch = "wasm32"))]
thread_local! {
    /// Begins half a period away from [`Host::random`], and goes on from host to host: a test that deploys anew, or opens a
    /// folder again, finds its keys again, and no nonce of theirs may come back.
    static ENTROPY: StdCell<u64> = const { StdCell::new(1 << 63) };
}

/// Fills `bytes` with what no journal has, and what has not come before in this thread.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn entropy(bytes: &mut [u8]) {
    ENTROPY.with(|state| scramble(state, bytes));
}

/// SplitMix64 ([Steele, Lea and Flood, 2014](https://doi.org/10.1145/2660193.2660195)) from a fixed seed: tests repeat
/// themselves. No eight bytes come twice within its period of 2^64.
fn scramble(state: &StdCell<u64>, bytes: &mut [u8]) {
    for chunk in bytes.chunks_mut(8) {
        state.set(state.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
        let mut mixed = state.get();
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        chunk.copy_from_slice(&mixed.to_le_bytes()[..chunk.len()]);
    }
}

#[derive(Debug)]
pub(crate) struct NativeHost {
    now: StdCell<Duration>,
    random: StdCell<u64>,
    pub(crate) log: RefCell<Vec<String>>,
    pub(crate) woken: RefCell<VecDeque<Key>>,
    /// What calls have asked for, by their numbers.
    pub(crate) journals: RefCell<HashMap<i64, Journal>>,
    pub(crate) trace: Rc<Trace>,
    pub(crate) secrets: RefCell<HashMap<String, String>>,
    /// Who the keys of the instance are.
    pub(crate) actors: RefCell<HashMap<Key, Identity>>,
    /// The actor that the present entry is for.
    pub(crate) present: RefCell<Option<Identity>>,
    pub(crate) storage: Rc<Storage>,
    pub(crate) faults: Faults,
    /// How often storage was read.
    pub(crate) reads: StdCell<u64>,
}

impl NativeHost {
    pub(crate) fn new(storage: Rc<Storage>) -> Self {
        Self {
            now: StdCell::new(Duration::from_secs(START_SECONDS)),
            random: StdCell::new(0),
            log: RefCell::default(),
            woken: RefCell::default(),
            journals: RefCell::default(),
            trace: Rc::default(),
            secrets: RefCell::default(),
            actors: RefCell::default(),
            present: RefCell::default(),
            storage,
            faults: Faults::default(),
            reads: StdCell::new(0),
        }
    }

    pub(crate) fn clock(&self) -> Duration {
        self.now.get()
    }

    pub(crate) fn set_clock(&self, now: Duration) {
        self.now.set(now);
    }

    /// The journal of the call that runs, if one does.
    fn with_running<R>(&self, act: impl FnOnce(&mut Journal) -> R) -> Option<R> {
        self.with_journal(self.trace.number(), act)
    }

    fn with_journal<R>(&self, call: f64, act: impl FnOnce(&mut Journal) -> R) -> Option<R> {
        self.journals.borrow_mut().get_mut(&(call as i64)).map(act)
    }

    /// What is stored by a run that is not the same as the one before could be stored twice.
    fn check_journal(&self) -> Result<(), StorageError> {
        match self.with_running(|journal| journal.is_behind() || journal.has_diverged()) {
            Some(true) => {
                Err(StorageError::new("the call was interrupted, and was not the same when it was run again"))
            }
            _ => Ok(()),
        }
    }
}

/// Storage of the actor that runs.
impl NativeHost {
    /// The actor that the present entry is for, if `actor` is its key.
    fn running(&self, actor: Key) -> Result<Identity, StorageError> {
        let present = self.present.borrow();
        let known = self.actors.borrow();
        match &*present {
            Some(present) if known.get(&actor).is_none_or(|known| known == present) => Ok(present.clone()),
            _ => Err(StorageError::new("the actor is not the one that runs")),
        }
    }

    /// The record of the actor that runs, as it is stored.
    pub(crate) fn record(&self, actor: &Identity) -> Result<Option<Vec<u8>>, StorageError> {
        let rows = self.read_for(actor, &Read::Get { key: RECORD_KEY })?;
        if rows.len() == 0 {
            return Ok(None);
        }
        Ok(match rows.cell(0, 0) {
            Ok(Cell::Blob(record)) => Some(record.to_vec()),
            // Not ours: what is read of it must not look like an actor that was never stored.
            _ => Some(Vec::new()),
        })
    }

    fn read_for(&self, actor: &Identity, read: &Read<'_>) -> Result<Rows, StorageError> {
        self.reads.set(self.reads.get() + 1);
        if self.faults.fails_read(actor) {
            return Err(StorageError::new("a failure that the test has asked for"));
        }
        self.storage.of(actor)?.read(read)
    }

    /// Every row of an actor.
    pub(crate) fn rows(&self, actor: &Identity) -> Result<Vec<Row>, StorageError> {
        let database = self.storage.of(actor)?;
        let (mut rows, mut from) = (Vec::new(), Vec::new());
        loop {
            let rows_max = PAGE_MAX_ROWS;
            let page = database.read(&Read::Scan { from: &from, to: KEYS_END, is_descending: false, rows_max })?;
            for row in 0..page.len() {
                if let (Ok(Cell::Blob(key)), Ok(Cell::Blob(value))) = (page.cell(row, 0), page.cell(row, 1)) {
                    rows.push((key.to_vec(), value.to_vec()));
                    from = [key, &[0]].concat();
                }
            }
            if !page.is_cut() {
                return Ok(rows);
            }
        }
    }

    /// Writes a row of an actor, or removes it.
    pub(crate) fn put(&self, actor: &Identity, key: &[u8], value: Option<&[u8]>) -> Result<(), StorageError> {
        let key = key.to_vec();
        self.storage.of(actor)?.write(&match value {
            Some(value) => Write::Put { key, value: value.to_vec() },
            None => Write::Delete { key },
        })
    }

    /// As [`Host::transact`], for an actor that has no key yet.
    pub(crate) fn transact_for(&self, actor: &Identity, body: &mut dyn FnMut() -> bool) -> Result<(), StorageError> {
        let database = self.storage.of(actor)?;
        let savepoint = Savepoint::begin(&database)?;
        if body() {
            return self.settle(actor, &database, savepoint);
        }
        Ok(())
    }

    /// The actors that have crashed in the last entry. What they wrote after that is gone.
    pub(crate) fn take_crashed(&self) -> Vec<Identity> {
        let crashed = self.faults.take_crashed();
        for actor in &crashed {
            let database = self.storage.of(actor).expect("who crashed at a commit has storage");
            while database.depth() > 0 {
                database.undo().expect("what was begun can be undone");
            }
        }
        crashed
    }

    /// Whether what was done in a transaction is kept, or what a test has asked for happens to it.
    fn settle(&self, actor: &Identity, database: &Database, savepoint: Savepoint<'_>) -> Result<(), StorageError> {
        // The outermost transaction is the commit, and one that wrote nothing is none.
        if database.depth() > 1 || !database.has_written() {
            return savepoint.keep();
        }
        match self.faults.take_for_commit(actor) {
            None => savepoint.keep(),
            Some(Fault::LoseCommit) => {
                savepoint.leave();
                self.faults.crash(actor);
                Ok(())
            }
            Some(Fault::CrashAfter) => {
                savepoint.keep()?;
                // What the actor still writes in this entry, it would not have come to.
                Savepoint::begin(database)?.leave();
                self.faults.crash(actor);
                Ok(())
            }
            Some(Fault::TrapAtCommit) => {
                drop(savepoint);
                panic!("a trap within a commit, as the test has asked for");
            }
            Some(fault) => {
                drop(savepoint);
                if fault != Fault::FailCommit {
                    Savepoint::begin(database)?.leave();
                    self.faults.crash(actor);
                }
                Err(StorageError::new(format!("{fault:?}, as the test has asked for")))
            }
        }
    }
}

impl Host for NativeHost {
    fn now(&self) -> f64 {
        let now = Host::clock(self);
        self.with_running(|journal| journal.time(now)).unwrap_or(now)
    }

    fn clock(&self) -> f64 {
        self.now.get().as_secs_f64() * 1e3
    }

    fn random(&self, bytes: &mut [u8]) {
        let fresh = |bytes: &mut [u8]| scramble(&self.random, bytes);
        if self.with_running(|journal| journal.random(bytes, fresh)).is_none() {
            fresh(bytes);
        }
    }

    fn log(&self, text: &str) {
        self.log.borrow_mut().push(text.to_owned());
    }

    fn env(&self, _: Key) -> JsValue {
        panic!("`cx.env()` has no bindings in the native host: test this method in workerd")
    }

    fn unjournaled(&self, _: Key, call: f64) {
        self.with_journal(call, |journal| journal.is_given_up = true);
    }

    fn secret(&self, name: &str) -> Option<String> {
        Some(self.secrets.borrow().get(name).cloned().unwrap_or_else(|| KEY.to_owned()))
    }

    fn wake(&self, actor: Key) {
        self.woken.borrow_mut().push_back(actor);
    }

    fn read(&self, actor: Key, read: &Read<'_>) -> Result<Rows, StorageError> {
        let actor = self.running(actor)?;
        assert!(!self.faults.traps_at_read(&actor), "a trap within a read, as the test has asked for");
        self.read_for(&actor, read)
    }

    fn commit(&self, actor: Key, writes: &[Write]) -> Result<(), StorageError> {
        self.check_journal()?;
        self.keep(actor, writes)?;
        self.with_running(|journal| journal.has_committed = true);
        Ok(())
    }

    fn keep(&self, actor: Key, writes: &[Write]) -> Result<(), StorageError> {
        let actor = self.running(actor)?;
        let database = self.storage.of(&actor)?;
        let savepoint = Savepoint::begin(&database)?;
        for (at, write) in writes.iter().enumerate() {
            let is_sql = matches!(write, Write::Sql { .. });
            database.write(write).map_err(|error| StorageError { write: is_sql.then_some(at), ..error })?;
        }
        self.settle(&actor, &database, savepoint)
    }

    fn transact(&self, actor: Key, body: &mut dyn FnMut() -> bool) -> Result<(), StorageError> {
        let actor = self.running(actor)?;
        self.check_journal()?;
        let mut is_kept = false;
        self.transact_for(&actor, &mut || {
            is_kept = body();
            is_kept
        })?;
        self.with_running(|journal| journal.has_committed |= is_kept);
        Ok(())
    }

    /// A process has no bound of its own: actors leave by their number alone.
    fn memory_bytes(&self) -> usize {
        0
    }
}
