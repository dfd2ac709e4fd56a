//! [`Cache`]: what a request wants of its actor's cache.

use std::time::Duration;

/// What a request wants of the cache of its actor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cache {
    /// As RFC 9111 says for a private cache.
    #[default]
    Standard,
    /// Neither reads the cache nor writes it.
    NoStore,
    /// Always asks the upstream, by a conditional request where something is stored, and stores the answer.
    Refresh,
    /// Whatever the answer says, it is fresh for so long after it came, if its status is 2xx or cacheable by default. After
    /// that it is validated.
    FreshFor(Duration),
}
