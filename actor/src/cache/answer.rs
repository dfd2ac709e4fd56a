//! One stored answer, and what is handed out of it.

use std::{cell::Cell, iter, rc::Rc, time::SystemTime};

use crate::exchange::Headers;

use super::{
    fields::Fields,
    mode::Cache,
    request::{Arrived, Request, Times},
    selection::Selection,
    shelf::{self, Bytes},
    terms::Terms,
};

/// An answer as it is stored.
#[derive(Debug)]
pub(super) struct Answer {
    status: u16,
    fields: Fields,
    body: Rc<[u8]>,
    pub(super) is_refreshing: Cell<bool>,
    pub(super) terms: Terms,
    /// None if the answer was for one request only.
    selection: Option<Selection>,
    /// What the terms are made of, beside the headers.
    made: (Cache, Times),
}

impl Answer {
    pub(super) fn new(request: &Request<'_>, mode: Cache, arrived: &Arrived<'_>) -> Self {
        let fields = Fields::storable(arrived.headers, arrived.now).with_length(arrived.body.len());
        Self {
            status: arrived.status,
            terms: Terms::new(arrived.status, fields.get(), mode, arrived.times()),
            selection: Selection::new(fields.get().get_all("vary"), request.headers),
            fields,
            body: Rc::default(),
            is_refreshing: Cell::new(false),
            made: (mode, arrived.times()),
        }
    }

    /// A body is copied only when it is kept.
    pub(super) fn with_body(mut self, body: &[u8]) -> Self {
        self.body = body.into();
        self
    }

    /// The same body with the headers of a 304 or of a HEAD's answer (RFC 9111 section 3.2).
    pub(super) fn updated(&self, request: &Request<'_>, mode: Cache, arrived: &Arrived<'_>) -> Self {
        let fields = self.fields.updated(&Fields::storable(arrived.headers, arrived.now));
        Self {
            status: self.status,
            terms: Terms::new(self.status, fields.get(), mode, arrived.times()),
            selection: Selection::new(fields.get().get_all("vary"), request.headers),
            fields,
            body: self.body.clone(),
            is_refreshing: Cell::new(false),
            made: (mode, arrived.times()),
        }
    }

    pub(super) fn is_worth_keeping(&self, mode: Cache, now: SystemTime) -> bool {
        self.selection.is_some() && self.terms.are_worth_keeping(mode, now)
    }

    /// Whether the answer is for requests with such headers.
    pub(super) fn matches(&self, request: &Request<'_>) -> bool {
        self.selection.as_ref().is_some_and(|selection| selection.matches(request.headers))
    }

    /// Whether a 304 speaks of this answer (RFC 9111 section 4.3.4). One without validators does: the request named this
    /// answer alone.
    pub(super) fn is_meant_by(&self, update: Headers<'_>) -> bool {
        let stored = self.fields.get();
        match (update.get("etag"), update.get("last-modified")) {
            (Some(new), _) if is_weak(new) => stored.get("etag").is_some_and(|old| opaque(old) == opaque(new)),
            (Some(new), _) => stored.get("etag").map(<[u8]>::trim_ascii) == Some(new.trim_ascii()),
            (None, Some(new)) if stored.get("etag").is_none() => stored.get("last-modified") == Some(new),
            (None, _) => true,
        }
    }

    /// Whether a GET would bring this answer again, as far as the answer to a HEAD tells (RFC 9111 section 4.3.5).
    pub(super) fn is_described_by(&self, head: &Arrived<'_>) -> bool {
        let stored = self.fields.get();
        let same = |name| head.headers.get(name).is_none_or(|value| stored.get(name) == Some(value));
        let length = head.headers.get("content-length");
        let same_length = length.is_none_or(|length| length == self.body.len().to_string().as_bytes());
        self.status == head.status && same("etag") && same("last-modified") && same_length
    }

    /// What it is when it is kept in storage.
    pub(super) fn to_bytes(&self, url: &str) -> Option<Vec<u8>> {
        let (mode, times) = self.made;
        let bytes = Bytes {
            url: url.to_owned(),
            status: self.status,
            headers: self.fields.as_bytes().to_vec(),
            body: self.body.to_vec(),
            selection: self.selection.as_ref()?.to_pairs(),
            fresh_for: if let Cache::FreshFor(time) = mode { Some(time) } else { None },
            sent_at: shelf::since_epoch(times.sent_at),
            came_at: shelf::since_epoch(times.now),
        };
        postcard::to_allocvec(&bytes).ok()
    }

    /// The answer and its URL, of what was kept in storage. None if it is of another build's making.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<(String, Self)> {
        let bytes: Bytes = postcard::from_bytes(bytes).ok()?;
        let headers = Headers::new(&bytes.headers).ok()?;
        let fields = Fields::collect(headers.iter());
        let mode = bytes.fresh_for.map_or(Cache::Standard, Cache::FreshFor);
        let times = Times { sent_at: shelf::time(bytes.sent_at)?, now: shelf::time(bytes.came_at)? };
        let answer = Self {
            status: bytes.status,
            terms: Terms::new(bytes.status, fields.get(), mode, times),
            selection: Some(Selection::of_pairs(bytes.selection)),
            fields,
            body: bytes.body.into(),
            is_refreshing: Cell::new(false),
            made: (mode, times),
        };
        Some((bytes.url, answer))
    }

    /// What it takes in memory, beside the overhead.
    pub(super) fn bytes(&self) -> usize {
        let selection = self.selection.as_ref().map_or(0, Selection::bytes);
        // The terms have validators of their own.
        2 * self.fields.bytes() + selection + self.body.len()
    }
}

fn is_weak(etag: &[u8]) -> bool {
    etag.trim_ascii().starts_with(b"W/")
}

fn opaque(etag: &[u8]) -> &[u8] {
    let etag = etag.trim_ascii();
    etag.strip_prefix(b"W/").unwrap_or(etag)
}

/// An answer out of the store. Cloning it is cheap.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(super) answer: Rc<Answer>,
    has_body: bool,
    age_seconds: Rc<str>,
}

impl Stored {
    pub(super) fn new(answer: Rc<Answer>, request: &Request<'_>, now: SystemTime) -> Self {
        let age_seconds = answer.terms.age(now).as_secs().to_string().into();
        Self { has_body: request.method != "HEAD", age_seconds, answer }
    }

    pub(crate) fn status(&self) -> u16 {
        self.answer.status
    }

    /// The headers with the present `Age` (RFC 9111 section 5.1).
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let stored = self.answer.fields.get().iter().filter(|(name, _)| *name != "age");
        stored.chain(iter::once(("age", self.age_seconds.as_bytes())))
    }

    /// The right to renew it, unless somebody else has that.
    pub(crate) fn refresh(&self) -> Option<Refreshing> {
        (!self.answer.is_refreshing.replace(true)).then(|| Refreshing(self.answer.clone()))
    }

    /// Empty for a HEAD.
    pub(crate) fn shared_body(&self) -> Rc<[u8]> {
        if self.has_body { self.answer.body.clone() } else { Rc::default() }
    }
}

/// The right to renew an answer, until it is dropped.
#[derive(Debug)]
pub(crate) struct Refreshing(Rc<Answer>);

impl Drop for Refreshing {
    fn drop(&mut self) {
        self.0.is_refreshing.set(false);
    }
}

#[cfg(test)]
impl Stored {
    pub(super) fn body(&self) -> &[u8] {
        if self.has_body { &self.answer.body } else { &[] }
    }

    pub(super) fn age(&self) -> std::time::Duration {
        std::time::Duration::from_secs(self.age_seconds.parse().expect("an age is a number"))
    }
}
