//! The port: what actors need of the place where they run.
//!
//! One adapter is the workerd runtime (`workerd`, on wasm32), the other is [`Native`](crate::Native).

use std::{error::Error as StdError, fmt};

use wasm_bindgen::JsValue;

use crate::key::Key;

/// A commit that the host could not write. Nothing of it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CommitError(pub(crate) String);

impl fmt::Display for CommitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the turn could not be committed: {}", self.0)
    }
}

impl StdError for CommitError {}

/// What a turn writes: keys with their new values, or none to delete.
pub type Batch = Vec<(Vec<u8>, Option<Vec<u8>>)>;

/// Storage, clock, randomness, log and wake-ups.
///
/// Outbound operations do not go through here: they leave with the response frames (docs/exchange.md).
pub(crate) trait Host {
    /// Milliseconds since the Unix epoch.
    fn now(&self) -> f64;

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

    /// Asks for a call of `run` for this actor, soon, in the actor's own context.
    fn wake(&self, actor: Key);

    /// Writes a turn's changes, all or none.
    ///
    /// # Errors
    ///
    /// If nothing was written.
    fn commit(&self, actor: Key, batch: &Batch) -> Result<(), CommitError>;
}
