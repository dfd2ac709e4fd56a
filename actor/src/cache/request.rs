//! What the store is told of a request and of its answer.

use std::time::SystemTime;

use http::{HeaderName, HeaderValue};

use crate::exchange::Headers;

use super::directives::Directives;

/// Headers by which a caller asks for less than the whole answer: the outcome is his alone.
const CONDITIONAL: [&str; 6] =
    ["if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "range"];

/// A request before it leaves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'r> {
    pub(crate) method: &'r str,
    pub(crate) url: &'r str,
    pub(crate) headers: &'r [(HeaderName, HeaderValue)],
}

impl Request<'_> {
    fn lines<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h [u8]> {
        self.headers.iter().filter(move |(other, _)| other.as_str() == name).map(|(_, value)| value.as_bytes())
    }

    pub(super) fn wants(&self) -> Directives {
        Directives::read(self.lines("cache-control"), self.lines("pragma"))
    }

    pub(crate) fn is_only_if_cached(&self) -> bool {
        self.wants().only_if_cached
    }

    /// Whether the cache has to do with such a request at all.
    pub(super) fn is_cacheable(&self) -> bool {
        matches!(self.method, "GET" | "HEAD") && !self.is_conditional()
    }

    /// Whether the caller validates what it has itself, or asks for a part.
    pub(crate) fn is_conditional(&self) -> bool {
        self.headers.iter().any(|(name, _)| CONDITIONAL.contains(&name.as_str()))
    }

    /// Whether it may have changed something (RFC 9110 section 9.2.1); so may what is not known.
    pub(super) fn is_unsafe(&self) -> bool {
        !matches!(self.method, "GET" | "HEAD" | "OPTIONS" | "TRACE")
    }
}

/// When an answer was asked for, and when it was there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) sent_at: SystemTime,
    pub(super) now: SystemTime,
}

/// An answer that came from the upstream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrived<'a> {
    pub(crate) status: u16,
    pub(crate) headers: Headers<'a>,
    pub(crate) body: &'a [u8],
    /// When its request left.
    pub(crate) sent_at: SystemTime,
    pub(crate) now: SystemTime,
}

impl Arrived<'_> {
    pub(super) fn times(&self) -> Times {
        Times { sent_at: self.sent_at, now: self.now }
    }
}
