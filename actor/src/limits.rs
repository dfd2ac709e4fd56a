//! The bounds of a worker, each named, each settable.

use std::time::Duration;

/// Greatest request body, in bytes: 10 MiB.
pub const BODY_MAX_BYTES: u32 = 10 << 20;
/// Longest path with query, in bytes: 16 KiB, as much as the platform lets through.
pub const PATH_MAX_BYTES: u32 = 16 << 10;
/// Greatest sum of a request's header names and values, in bytes: 32 KiB.
pub const HEADERS_MAX_BYTES: u32 = 32 << 10;
/// Operations that one call may have under way at once.
pub const OPERATIONS_MAX: u32 = 64;
/// Calls of one actor that may wait at once.
pub const TASKS_MAX: u32 = 1_024;
/// Connections that one call may have open at once; the platform allows six, the rest wait in order.
pub const CONNECTIONS_MAX: u32 = 6;
/// Connections that all calls of one actor may have open at once; the rest wait in order. Calls of the worker's own routes do
/// not count.
pub const ACTOR_CONNECTIONS_MAX: u32 = 1_024;
/// Greatest response body of a fetch, in bytes: 10 MiB.
pub const FETCH_BODY_MAX_BYTES: u32 = 10 << 20;
/// How long an operation may take unless it says otherwise.
pub const OPERATION_TIME_MAX: Duration = Duration::from_secs(30);
/// How deep a chain of calls between the worker's own actors may be.
pub const CHAIN_MAX: u32 = 16;
/// Greatest sum of what one turn writes, in bytes: 32 MiB.
pub const COMMIT_MAX_BYTES: u32 = 32 << 20;
/// Actors that stay in memory; beyond it those that are idle leave it, who were used longest ago first.
pub const ACTORS_MAX: u32 = 16_384;
/// Memory of the instance, in bytes, beyond which idle actors leave it when it grows: 64 MiB. The platform allows an
/// isolate 128 MB.
pub const MEMORY_MAX_BYTES: u32 = 64 << 20;
/// What calls that wait keep outside of the instance to be run again after a trap, in bytes, all calls of an isolate
/// together: 16 MiB.
pub const JOURNALS_MAX_BYTES: u32 = 16 << 20;
/// Memory of the instance, in bytes, beyond which it is replaced by a new one when no call waits: 80 MiB. Linear memory
/// never shrinks.
pub const RECYCLE_MIN_BYTES: u32 = 80 << 20;
/// Answers that one actor's cache keeps.
pub const CACHE_MAX_ENTRIES: u32 = 1_024;
/// What one actor's cache keeps, in bytes: 4 MiB.
pub const CACHE_MAX_BYTES: u32 = 4 << 20;
/// Effects that one turn may ask for by [`Cx::after_commit`](crate::Cx::after_commit).
pub const EFFECTS_MAX: u32 = 64;

/// The bounds that a worker sets for its actors; what is not set keeps its constant.
///
/// ```
/// use duractor::{Limits, Router};
///
/// let router = Router::new().limits(Limits { body_max_bytes: 64 << 10, ..Limits::default() });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// See [`BODY_MAX_BYTES`]; beyond it a request is answered 413, before the body is read if its length is declared.
    pub body_max_bytes: u32,
    /// See [`PATH_MAX_BYTES`]; beyond it 414.
    pub path_max_bytes: u32,
    /// See [`HEADERS_MAX_BYTES`]; beyond it 431.
    pub headers_max_bytes: u32,
    /// See [`OPERATIONS_MAX`]; beyond it the operation fails with [`FetchError::TooManyOperations`](crate::FetchError).
    pub operations_max: u32,
    /// See [`TASKS_MAX`]; beyond it 503 with `Retry-After`.
    pub tasks_max: u32,
    /// See [`CONNECTIONS_MAX`].
    pub connections_max: u32,
    /// See [`ACTOR_CONNECTIONS_MAX`].
    pub actor_connections_max: u32,
    /// See [`FETCH_BODY_MAX_BYTES`]; beyond it the fetch fails with [`FetchError::BodyTooLarge`](crate::FetchError).
    pub fetch_body_max_bytes: u32,
    /// See [`OPERATION_TIME_MAX`]; beyond it the fetch fails with [`FetchError::Timeout`](crate::FetchError).
    pub operation_time_max: Duration,
    /// See [`CHAIN_MAX`]; beyond it 508.
    pub chain_max: u32,
    /// See [`COMMIT_MAX_BYTES`]; beyond it the turn is rolled back and answered 507.
    pub commit_max_bytes: u32,
    /// See [`ACTORS_MAX`].
    pub actors_max: u32,
    /// See [`MEMORY_MAX_BYTES`].
    pub memory_max_bytes: u32,
    /// See [`JOURNALS_MAX_BYTES`]; a call that would go beyond it is answered 503 if there is a trap while it waits.
    pub journals_max_bytes: u32,
    /// See [`RECYCLE_MIN_BYTES`].
    pub recycle_min_bytes: u32,
    /// See [`CACHE_MAX_ENTRIES`]; beyond it what was used longest ago leaves.
    pub cache_max_entries: u32,
    /// See [`CACHE_MAX_BYTES`]; beyond it what was used longest ago leaves.
    pub cache_max_bytes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_max_bytes: BODY_MAX_BYTES,
            path_max_bytes: PATH_MAX_BYTES,
            headers_max_bytes: HEADERS_MAX_BYTES,
            operations_max: OPERATIONS_MAX,
            tasks_max: TASKS_MAX,
            connections_max: CONNECTIONS_MAX,
            actor_connections_max: ACTOR_CONNECTIONS_MAX,
            fetch_body_max_bytes: FETCH_BODY_MAX_BYTES,
            operation_time_max: OPERATION_TIME_MAX,
            chain_max: CHAIN_MAX,
            commit_max_bytes: COMMIT_MAX_BYTES,
            actors_max: ACTORS_MAX,
            memory_max_bytes: MEMORY_MAX_BYTES,
            journals_max_bytes: JOURNALS_MAX_BYTES,
            recycle_min_bytes: RECYCLE_MIN_BYTES,
            cache_max_entries: CACHE_MAX_ENTRIES,
            cache_max_bytes: CACHE_MAX_BYTES,
        }
    }
}
