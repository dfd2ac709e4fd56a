//! [`Store`]: what to do before a request leaves, and with what comes back.

use std::{collections::VecDeque, rc::Rc, time::SystemTime};

use http::{HeaderName, HeaderValue};

use super::{
    answer::{Answer, Stored},
    directives::Directives,
    entries::Entries,
    mode::Cache,
    request::{Arrived, Request},
    shelf::Shelf,
    terms::{Verdict, forbids_storing},
    url,
};

/// What the cache of an actor holds, and how it has fared since the actor came into memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheStats {
    /// Answers stored.
    pub entries: u32,
    /// What they take, in bytes.
    pub bytes: u64,
    /// Requests that were answered from the store alone.
    pub hits: u64,
    /// Requests that were not, though they could have been.
    pub misses: u64,
    /// Stored answers that their upstream said to be still valid.
    pub revalidations: u64,
    /// Answers that left to make room.
    pub evictions: u64,
}

/// What the store has for a request.
#[derive(Debug)]
pub(crate) enum Found {
    /// The answer.
    Fresh(Stored),
    /// An answer to be validated.
    Stale(Stale),
    /// Nothing: the request leaves as it is.
    Miss,
    /// Nothing, and the request must not leave (`only-if-cached`, RFC 9111 section 5.2.1.7): 504.
    Unavailable,
}

/// An answer that its upstream has to be asked about.
#[derive(Debug)]
pub(crate) struct Stale {
    pub(crate) stored: Stored,
    /// To be added to the request, which is conditional by them; none if the answer has no validator.
    pub(crate) send: Vec<(HeaderName, HeaderValue)>,
    /// The stored answer may be used while the upstream is asked (`stale-while-revalidate`, RFC 5861 section 3).
    pub(crate) may_answer_now: bool,
    /// The stored answer may be used if the upstream fails or answers 500, 502, 503 or 504 (`stale-if-error`, RFC 5861
    /// section 4).
    pub(crate) may_answer_error: bool,
    /// For [`Store::revalidated`].
    pub(crate) ticket: Ticket,
}

/// Names a stored answer, also after it has left the store.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    index: usize,
    answer: Rc<Answer>,
}

/// What has changed of a cache that is kept in storage.
#[derive(Debug)]
pub(crate) struct CacheChanges {
    /// Whether everything is to be deleted, before the rest.
    pub(crate) is_cleared: bool,
    /// Numbers of what is to be deleted.
    pub(crate) gone: Vec<u64>,
    /// What is to be written, by number.
    pub(crate) kept: Vec<(u64, Vec<u8>)>,
}

/// The cache of one actor.
#[derive(Debug)]
pub(crate) struct Store {
    pub(super) entries: Entries,
    hits: u64,
    misses: u64,
    revalidations: u64,
    /// How often something was taken out because it may be wrong. What was asked for before is not stored after.
    epoch: u32,
    /// What the latest of these changes were of, the newest last.
    changes: VecDeque<Changed>,
}

/// Changes that are told apart. A request that has seen more of them while it was under way is taken to be touched.
const CHANGES_MAX: usize = 64;

/// What may be wrong since.
#[derive(Debug)]
enum Changed {
    /// One key.
    Url(String),
    /// All keys that begin so.
    Prefix(String),
}

impl Store {
    /// A store for so many answers, and for so many bytes of all answers together.
    pub(crate) fn new(entries_max: u32, bytes_max: u32) -> Self {
        Self {
            entries: Entries::new(entries_max as usize, bytes_max as usize),
            hits: 0,
            misses: 0,
            revalidations: 0,
            epoch: 0,
            changes: VecDeque::new(),
        }
    }

    /// The same with what was kept in storage, and what is to be kept is told by [`take_changes`](Self::take_changes).
    pub(crate) fn restore(mut self, kept: Vec<(u64, Vec<u8>)>) -> Self {
        let mut shelf = Shelf::default();
        kept.iter().for_each(|(number, _)| shelf.has(*number));
        self.entries.shelf = Some(shelf);
        for (number, bytes) in kept {
            match Answer::from_bytes(&bytes) {
                Some((url, answer)) => self.entries.restore(&url, Rc::new(answer), number),
                None => self.entries.shelf.iter_mut().for_each(|shelf| shelf.discard(number)),
            }
        }
        self
    }

    /// Nothing of what has changed was kept: all of it is to be, with the next change.
    pub(crate) fn keep_anew(&mut self) {
        self.entries.renumber();
    }

    /// What has changed of a cache that is kept, since the last time.
    pub(crate) fn take_changes(&mut self) -> Option<CacheChanges> {
        let shelf = self.entries.shelf.as_mut().filter(|shelf| shelf.is_dirty())?;
        let (is_cleared, gone, fresh) = shelf.take();
        let kept = fresh.into_iter().filter_map(|index| self.entries.to_bytes(index)).collect();
        Some(CacheChanges { is_cleared, gone, kept })
    }

    /// What is there for a request that is about to leave (RFC 9111 section 4).
    pub(crate) fn look_up(&mut self, request: &Request<'_>, mode: Cache, now: SystemTime) -> Found {
        let wants = request.wants();
        let found = if request.is_cacheable() && mode != Cache::NoStore {
            self.find(request, &wants, mode, now)
        } else {
            Found::Miss
        };
        match found {
            Found::Fresh(_) => found,
            _ if wants.only_if_cached => Found::Unavailable,
            _ => found,
        }
    }

    fn find(&mut self, request: &Request<'_>, wants: &Directives, mode: Cache, now: SystemTime) -> Found {
        let Some(ticket) = self.variant(request) else {
            self.misses += 1;
            return Found::Miss;
        };
        self.entries.touch(ticket.index);
        let stored = Stored::new(ticket.answer.clone(), request, now);
        match ticket.answer.terms.judge(wants, mode, now) {
            Verdict::Fresh => {
                self.hits += 1;
                Found::Fresh(stored)
            }
            Verdict::Stale { may_answer_now, may_answer_error } => {
                self.misses += 1;
                let send = ticket.answer.terms.validators(now);
                Found::Stale(Stale { stored, send, may_answer_now, may_answer_error, ticket })
            }
        }
    }

    /// The most recent of the answers that a request selects (RFC 9111 section 4.1).
    fn variant(&self, request: &Request<'_>) -> Option<Ticket> {
        if self.entries.is_empty() {
            return None;
        }
        let url = url::key(request.url);
        self.matching(&url, request).max_by_key(|ticket| ticket.answer.terms.date)
    }

    /// Stores an answer that came, if it may be (RFC 9111 section 3), in place of those that its request would have
    /// selected. The answer to a HEAD updates or drops them (section 4.3.5). Whether it is stored.
    pub(crate) fn keep(&mut self, request: &Request<'_>, mode: Cache, arrived: &Arrived<'_>) -> bool {
        let is_part = matches!(arrived.status, ..200 | 206 | 304);
        if !request.is_cacheable() || mode == Cache::NoStore || request.wants().no_store || is_part {
            return false;
        }
        if request.method == "HEAD" {
            self.compare(request, mode, arrived);
            return false;
        }
        // Many answers forbid it, and that is told quickly.
        let answer =
            (!forbids_storing(arrived.status, arrived.headers, mode)).then(|| Answer::new(request, mode, arrived));
        let kept = answer.filter(|answer| answer.is_worth_keeping(mode, arrived.now));
        // What is stored may still have to stand in for an upstream that fails.
        let has_nothing_to_do = arrived.status >= 500 || self.entries.is_empty();
        if kept.is_none() && has_nothing_to_do {
            return false;
        }
        let url = url::key(request.url);
        // What was asked for later may have come before, and says more.
        let selected = self.selected(&url, request);
        if selected.iter().any(|ticket| ticket.answer.terms.are_later_than(arrived)) {
            return false;
        }
        selected.iter().for_each(|ticket| self.entries.remove(ticket.index));
        let Some(answer) = kept else { return false };
        if arrived.body.len() <= self.entries.bytes_max / 2 {
            self.entries.insert(&url, Rc::new(answer.with_body(arrived.body)));
        }
        true
    }

    fn matching(&self, url: &str, request: &Request<'_>) -> impl Iterator<Item = Ticket> {
        let matching = self.entries.variants(url).filter(|(_, answer)| answer.matches(request));
        matching.map(|(index, answer)| Ticket { index, answer: answer.clone() })
    }

    fn selected(&self, url: &str, request: &Request<'_>) -> Vec<Ticket> {
        self.matching(url, request).collect()
    }

    /// Holds the answer to a HEAD against what is stored of GETs.
    fn compare(&mut self, request: &Request<'_>, mode: Cache, head: &Arrived<'_>) {
        if head.status >= 500 {
            return;
        }
        for ticket in self.selected(&url::key(request.url), request) {
            let updated = ticket.answer.is_described_by(head).then(|| ticket.answer.updated(request, mode, head));
            self.replace(&ticket, request, updated.map(Rc::new), mode, head.now);
        }
    }

    /// Takes a 304 that came for a stale answer, updates its headers (RFC 9111 section 4.3.4) and hands it out. None if
    /// the 304 speaks of another one: then the request has to be sent again, without conditions.
    pub(crate) fn revalidated(
        &mut self,
        ticket: &Ticket,
        request: &Request<'_>,
        mode: Cache,
        arrived: &Arrived<'_>,
    ) -> Option<Stored> {
        if !ticket.answer.is_meant_by(arrived.headers) {
            self.replace(ticket, request, None, mode, arrived.now);
            return None;
        }
        self.revalidations += 1;
        let answer = Rc::new(ticket.answer.updated(request, mode, arrived));
        self.replace(ticket, request, Some(answer.clone()), mode, arrived.now);
        Some(Stored::new(answer, request, arrived.now))
    }

    /// Puts an answer in the place of a stored one, which leaves in any case; not if that has left, since it may have been
    /// invalidated meanwhile.
    fn replace(&mut self, old: &Ticket, request: &Request<'_>, new: Option<Rc<Answer>>, mode: Cache, now: SystemTime) {
        if !self.entries.holds(old.index, &old.answer) {
            return;
        }
        self.entries.remove(old.index);
        let may_stay = !request.wants().no_store && mode != Cache::NoStore;
        if let Some(answer) = new.filter(|answer| may_stay && answer.is_worth_keeping(mode, now)) {
            self.entries.insert(&url::key(request.url), answer);
        }
    }

    /// Drops what a request may have changed: its own URL, and on the same origin that of `Location` and of
    /// `Content-Location` (RFC 9111 section 4.4). To be told of every answer; those that change nothing do nothing.
    pub(crate) fn invalidate(&mut self, request: &Request<'_>, arrived: &Arrived<'_>) {
        if !request.is_unsafe() || !(200..400).contains(&arrived.status) {
            return;
        }
        let url = url::key(request.url);
        for name in ["location", "content-location"] {
            let other = arrived.headers.get(name).and_then(|value| url::on_same_origin(&url, value));
            other.into_iter().for_each(|other| self.remove_key(other));
        }
        self.remove_key(url);
    }

    fn remove_key(&mut self, key: String) {
        self.entries.remove_url(&key);
        self.change(Changed::Url(key));
    }

    fn change(&mut self, what: Changed) {
        self.epoch = self.epoch.wrapping_add(1);
        if self.changes.len() == CHANGES_MAX {
            self.changes.pop_front();
        }
        self.changes.push_back(what);
    }

    /// Whether what is fetched from a URL may have been changed since an epoch.
    pub(crate) fn has_changed(&self, url: &str, since: u32) -> bool {
        let count = self.epoch.wrapping_sub(since) as usize;
        if count == 0 {
            return false;
        }
        let key = url::key(url);
        count > self.changes.len()
            || self.changes.iter().rev().take(count).any(|changed| match changed {
                Changed::Url(url) => *url == key,
                Changed::Prefix(prefix) => key.starts_with(prefix),
            })
    }

    /// Drops what a request selects, since something else has come that is not stored.
    pub(crate) fn supersede(&mut self, request: &Request<'_>, arrived: &Arrived<'_>) {
        if request.is_cacheable() && request.method == "GET" && arrived.status < 500 {
            self.selected(&url::key(request.url), request).iter().for_each(|ticket| self.entries.remove(ticket.index));
        }
    }

    /// Drops what an unsafe request may have changed that was redirected: it is not known where to, so that may be anything.
    pub(crate) fn invalidate_all(&mut self, request: &Request<'_>) {
        if request.is_unsafe() {
            self.clear();
        }
    }

    /// Drops all.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.change(Changed::Prefix(String::new()));
    }

    /// Drops the answers to one URL.
    pub(crate) fn remove_url(&mut self, url: &str) {
        self.remove_key(url::key(url));
    }

    /// Drops the answers to all URLs that begin so, as they are keys: scheme and host in lower case. Looks at all of them.
    pub(crate) fn remove_prefix(&mut self, prefix: &str) {
        self.entries.remove_prefix(prefix);
        self.change(Changed::Prefix(prefix.to_owned()));
    }

    pub(crate) fn epoch(&self) -> u32 {
        self.epoch
    }

    pub(crate) fn stats(&self) -> CacheStats {
        CacheStats {
            entries: self.entries.len() as u32,
            bytes: self.entries.bytes() as u64,
            hits: self.hits,
            misses: self.misses,
            revalidations: self.revalidations,
            evictions: self.entries.evictions(),
        }
    }
}
