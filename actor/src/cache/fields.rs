//! The headers of a stored answer, in one allocation, in the form of the exchange.

use std::time::SystemTime;

use crate::{dates, exchange::Headers};

use super::directives::members;

/// RFC 9111 section 3.1: what belongs to a connection or a proxy and not to the answer.
const UNSTORED: [&str; 10] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// What is never about one connection, whatever `Connection` says (RFC 9110 section 7.6.1): a cache relies on it.
const NEVER_OF_CONNECTION: [&str; 6] = ["age", "cache-control", "date", "expires", "pragma", "vary"];

/// RFC 9111 section 3.2: what describes the stored body, which an update without a body does not change.
const OF_BODY: [&str; 3] = ["content-encoding", "content-length", "content-range"];

/// What tells the age of an answer is that of the latest one, or nothing.
const OF_TIME: [&str; 2] = ["age", "date"];

/// Headers as `[length u32][name][length u32][value]` after one another.
#[derive(Debug)]
pub(super) struct Fields(Box<[u8]>);

impl Fields {
    /// What of an answer's headers may be stored, and a date if it has none (RFC 9110 section 6.6.1).
    pub(super) fn storable(headers: Headers<'_>, now: SystemTime) -> Self {
        let named: Vec<_> = headers.get_all("connection").flat_map(members).collect();
        let is_named = |name: &str| named.iter().any(|option| option.eq_ignore_ascii_case(name.as_bytes()));
        let is_of_connection = |name: &str| is_named(name) && !NEVER_OF_CONNECTION.contains(&name);
        let kept = headers.iter().filter(|(name, _)| !UNSTORED.contains(name) && !is_of_connection(name));
        let date = if headers.get("date").is_none() { dates::format(now) } else { None };
        Self::collect(kept.chain(date.iter().map(|date| ("date", date.as_bytes()))))
    }

    /// With the length that the body has: the host may have decoded it.
    pub(super) fn with_length(self, bytes: usize) -> Self {
        let length = bytes.to_string();
        Self::collect(self.get().iter().map(|(name, value)| match name {
            "content-length" => (name, length.as_bytes()),
            _ => (name, value),
        }))
    }

    /// Updated by the headers of a 304 or of a HEAD's answer (RFC 9111 section 3.2).
    pub(super) fn updated(&self, fresh: &Self) -> Self {
        let (old, new) = (self.get(), fresh.get());
        let is_new = |name: &str| OF_TIME.contains(&name) || new.get(name).is_some() && !OF_BODY.contains(&name);
        let stay = old.iter().filter(|(name, _)| !is_new(name));
        Self::collect(stay.chain(new.iter().filter(|(name, _)| !OF_BODY.contains(name))))
    }

    pub(super) fn collect<'h>(headers: impl Iterator<Item = (&'h str, &'h [u8])>) -> Self {
        Self(Headers::encode(headers).into())
    }

    pub(super) fn get(&self) -> Headers<'_> {
        Headers::new(&self.0).expect("they were collected from headers")
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.len()
    }
}
