//! The native side of the port: a virtual clock, repeatable randomness, and storage in memory.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, HashMap, VecDeque},
    time::Duration,
};

use wasm_bindgen::JsValue;

use crate::{
    field::RECORD_KEY,
    host::{Batch, CommitError, Host},
    key::Key,
};

/// When the virtual clock starts: 2026-01-01 00:00:00 UTC, in seconds since the Unix epoch.
const START_SECONDS: u64 = 1_767_225_600;

/// An actor's stored values, by key.
type Values = BTreeMap<Vec<u8>, Vec<u8>>;

/// An actor's class and name.
pub(crate) type Identity = (String, String);

#[derive(Debug)]
pub(crate) struct NativeHost {
    now: Cell<Duration>,
    random: Cell<u64>,
    pub(crate) log: RefCell<Vec<String>>,
    pub(crate) woken: RefCell<VecDeque<Key>>,
    pub(crate) actors: RefCell<HashMap<Key, Identity>>,
    stored: RefCell<HashMap<Identity, Values>>,
    pub(crate) failing_commits: Cell<u32>,
}

impl Default for NativeHost {
    fn default() -> Self {
        Self {
            now: Cell::new(Duration::from_secs(START_SECONDS)),
            random: Cell::new(0),
            log: RefCell::default(),
            woken: RefCell::default(),
            actors: RefCell::default(),
            stored: RefCell::default(),
            failing_commits: Cell::new(0),
        }
    }
}

impl NativeHost {
    pub(crate) fn clock(&self) -> Duration {
        self.now.get()
    }

    pub(crate) fn set_clock(&self, now: Duration) {
        self.now.set(now);
    }

    pub(crate) fn record(&self, identity: &Identity) -> Option<Vec<u8>> {
        self.stored.borrow().get(identity)?.get(RECORD_KEY).cloned()
    }

    pub(crate) fn forget(&self, identity: &Identity) {
        self.stored.borrow_mut().remove(identity);
    }
}

impl Host for NativeHost {
    fn now(&self) -> f64 {
        self.now.get().as_secs_f64() * 1e3
    }

    /// SplitMix64 ([Steele, Lea and Flood, 2014](https://doi.org/10.1145/2660193.2660195)) from a fixed seed: tests
    /// repeat themselves.
    fn random(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            self.random.set(self.random.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
            let mut mixed = self.random.get();
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^= mixed >> 31;
            chunk.copy_from_slice(&mixed.to_le_bytes()[..chunk.len()]);
        }
    }

    fn log(&self, text: &str) {
        self.log.borrow_mut().push(text.to_owned());
    }

    fn env(&self, _: Key) -> JsValue {
        panic!("`cx.env()` has no bindings in the native host: test this method in workerd")
    }

    fn wake(&self, actor: Key) {
        self.woken.borrow_mut().push_back(actor);
    }

    fn commit(&self, actor: Key, batch: &Batch) -> Result<(), CommitError> {
        if let Some(left) = self.failing_commits.get().checked_sub(1) {
            self.failing_commits.set(left);
            return Err(CommitError("a failure that the test asked for".into()));
        }
        let identity = self.actors.borrow()[&actor].clone();
        let mut stored = self.stored.borrow_mut();
        let values = stored.entry(identity).or_default();
        for (key, value) in batch {
            match value {
                Some(value) => values.insert(key.clone(), value.clone()),
                None => values.remove(key),
            };
        }
        Ok(())
    }
}
