//! The port: what actors need of the place where they run.
//!
//! One adapter is the workerd runtime (`workerd`, on wasm32), the other is [`Native`](crate::Native).

use std::{error::Error as StdError, fmt};

use wasm_bindgen::JsValue;

use crate::{key::Key, rows::Rows, value::Value};

/// What storage could not do, in the host's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StorageError {
    /// Why.
    pub(crate) message: String,
    /// Which write of a batch it was, where it was one of the user's statements.
    pub(crate) write: Option<usize>,
}

impl StorageError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), write: None }
    }
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "storage: {}", self.message)
    }
}

impl StdError for StorageError {}

/// One write. Keys are whole, values sealed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Write {
    Put {
        key: Vec<u8>,
        value: Vec<u8>,
    },
    Delete {
        key: Vec<u8>,
    },
    /// Every row from `from` on and before `to`.
    DeleteRange {
        from: Vec<u8>,
        to: Vec<u8>,
    },
    /// Every row whose key begins with `from` begins with `to` instead, where nothing stands.
    Move {
        from: Vec<u8>,
        to: Vec<u8>,
    },
    /// Everything, the user's own tables included.
    Erase,
    /// A statement of the user's own.
    Sql {
        text: String,
        params: Vec<Value>,
    },
}

/// One read of an actor's storage.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Read<'r> {
    /// One row of one column: the value; or no row.
    Get { key: &'r [u8] },
    /// Rows of key and value from `from` on and before `to`, at most `rows_max` and about [`PAGE_MAX_BYTES`].
    Scan { from: &'r [u8], to: &'r [u8], is_descending: bool, rows_max: u32 },
    /// One cell: how many rows there are from `from` on and before `to`.
    Count { from: &'r [u8], to: &'r [u8] },
    /// A statement of the user's own, all of whose rows are returned. Unless it `may_write`, one that writes is refused.
    Sql { text: &'r str, params: &'r [Value], may_write: bool },
}

/// Most rows of one page of a scan.
pub(crate) const PAGE_MAX_ROWS: u32 = 512;
/// Where a page of a scan ends, in bytes of keys and values: behind the row that reaches it.
pub(crate) const PAGE_MAX_BYTES: u32 = 256 << 10;
/// Greatest part that a value is stored in, in bytes. The platform's bound is 2 MB for a whole row.
#[cfg_attr(target_arch = "wasm32", expect(dead_code, reason = "storage.js cuts values there"))]
pub(crate) const PART_MAX_BYTES: usize = 1 << 20;
/// Greatest answer to a statement of the user's, in bytes.
pub(crate) const ANSWER_MAX_BYTES: u32 = 32 << 20;

/// Storage, clock, randomness, log and wake-ups.
///
/// Outbound operations do not go through here: they leave with the response frames (docs/exchange.md).
pub(crate) trait Host {
    /// Milliseconds since the Unix epoch.
    fn now(&self) -> f64;

    /// The same, for the runtime's own use: no journal has it.
    fn clock(&self) -> f64;

    /// Fills `bytes` from a source fit for cryptography.
    fn random(&self, bytes: &mut [u8]);

    /// Writes to the log why something failed.
    fn log(&self, text: &str);

    /// The actor's bindings, the JavaScript object `env`. This is the one place outside an adapter that names a type of
    /// the platform.
    ///
    /// # Panics
    ///
    /// If the host has none.
    fn env(&self, actor: Key) -> JsValue;

    /// A call depends on what no journal holds, so that it cannot be run again after a trap.
    fn unjournaled(&self, actor: Key, call: f64);

    /// The text of a secret binding, if it is set.
    fn secret(&self, name: &str) -> Option<String>;

    /// Asks for a call of `run` for this actor, soon, in the actor's own context.
    fn wake(&self, actor: Key);

    /// Reads, at once.
    ///
    /// # Errors
    ///
    /// If storage fails, or the actor is not the one that runs.
    fn read(&self, actor: Key, read: &Read<'_>) -> Result<Rows, StorageError>;

    /// Writes a turn's changes, all or none, in order.
    ///
    /// # Errors
    ///
    /// If nothing was written.
    fn commit(&self, actor: Key, writes: &[Write]) -> Result<(), StorageError>;

    /// Writes what is no turn's: a call can be run again after it.
    ///
    /// # Errors
    ///
    /// If nothing was written.
    fn keep(&self, actor: Key, writes: &[Write]) -> Result<(), StorageError>;

    /// Runs `body` in a transaction of storage: what is read and written in it is kept if it returns true, and rolled
    /// back if it returns false or does not return.
    ///
    /// # Errors
    ///
    /// If nothing was kept although `body` returned true.
    fn transact(&self, actor: Key, body: &mut dyn FnMut() -> bool) -> Result<(), StorageError>;

    /// How much memory the instance has, in bytes. It never shrinks.
    fn memory_bytes(&self) -> usize;
}
