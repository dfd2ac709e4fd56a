//! The stored answers by URL, within two bounds; those that were used longest ago leave first.

use std::{collections::HashMap, rc::Rc};

use slab::Slab;

use super::{answer::Answer, shelf::Shelf};

/// Most answers to one URL, for different requests.
pub(super) const VARIANTS_MAX: usize = 8;

/// What an entry takes beside its URL, headers and body, in bytes: the policy with its maps, the list, the hash map.
pub(super) const ENTRY_BYTES: usize = 2 << 10;

const NONE: usize = usize::MAX;

#[derive(Debug)]
pub(super) struct Entry {
    url: Rc<str>,
    answer: Rc<Answer>,
    bytes: usize,
    newer: usize,
    older: usize,
    /// Counts uses, so that variants of one URL can be compared.
    used: u64,
    /// Its number on the shelf.
    number: u64,
}

/// A slab whose entries form a list from the newest to the oldest use.
#[derive(Debug)]
pub(super) struct Entries {
    slab: Slab<Entry>,
    by_url: HashMap<Rc<str>, Vec<usize>>,
    newest: usize,
    oldest: usize,
    uses: u64,
    bytes: usize,
    evictions: u64,
    entries_max: usize,
    pub(super) bytes_max: usize,
    /// Of a cache that is kept across evictions.
    pub(super) shelf: Option<Shelf>,
    /// Entries looked at, for tests of what an operation costs.
    #[cfg(test)]
    pub(super) visits: std::cell::Cell<u64>,
}

impl Entries {
    pub(super) fn new(entries_max: usize, bytes_max: usize) -> Self {
        Self {
            slab: Slab::new(),
            by_url: HashMap::new(),
            newest: NONE,
            oldest: NONE,
            uses: 0,
            bytes: 0,
            evictions: 0,
            entries_max,
            bytes_max,
            shelf: None,
            #[cfg(test)]
            visits: std::cell::Cell::new(0),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.slab.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.slab.is_empty()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn evictions(&self) -> u64 {
        self.evictions
    }

    /// The answers to an URL, oldest first.
    pub(super) fn variants(&self, url: &str) -> impl Iterator<Item = (usize, &Rc<Answer>)> {
        self.by_url.get(url).into_iter().flatten().map(|&index| (index, &self.entry(index).answer))
    }

    /// Stores an answer, unless it would take more than half of the bytes.
    pub(super) fn insert(&mut self, url: &str, answer: Rc<Answer>) {
        self.insert_numbered(url, answer, None);
    }

    /// The same of what is on the shelf.
    pub(super) fn restore(&mut self, url: &str, answer: Rc<Answer>, number: u64) {
        let is_stored = self.insert_numbered(url, answer, Some(number));
        if let Some(shelf) = self.shelf.as_mut().filter(|_| !is_stored) {
            shelf.discard(number);
        }
    }

    fn insert_numbered(&mut self, url: &str, answer: Rc<Answer>, number: Option<u64>) -> bool {
        let bytes = ENTRY_BYTES + url.len() + answer.bytes();
        if bytes > self.bytes_max / 2 || self.entries_max == 0 {
            return false;
        }
        self.make_room_for_variant(url);
        let url = self.by_url.get_key_value(url).map_or_else(|| Rc::from(url), |(url, _)| url.clone());
        let entry = Entry { url: url.clone(), answer, bytes, newer: NONE, older: NONE, used: 0, number: 0 };
        let index = self.slab.insert(entry);
        if let Some(shelf) = &mut self.shelf {
            self.slab[index].number = number.unwrap_or_else(|| shelf.next(index));
        }
        self.by_url.entry(url).or_default().push(index);
        self.bytes += bytes;
        self.link(index);
        while self.slab.len() > self.entries_max || self.bytes > self.bytes_max {
            self.evict(self.oldest);
        }
        true
    }

    fn make_room_for_variant(&mut self, url: &str) {
        let variants = self.by_url.get(url).filter(|variants| variants.len() >= VARIANTS_MAX);
        let oldest = variants.and_then(|variants| variants.iter().copied().min_by_key(|&index| self.entry(index).used));
        if let Some(index) = oldest {
            self.evict(index);
        }
    }

    fn evict(&mut self, index: usize) {
        self.remove(index);
        self.evictions += 1;
    }

    /// Whether an answer is still stored where it was.
    pub(super) fn holds(&self, index: usize, answer: &Rc<Answer>) -> bool {
        self.slab.get(index).is_some_and(|entry| Rc::ptr_eq(&entry.answer, answer))
    }

    pub(super) fn touch(&mut self, index: usize) {
        self.unlink(index);
        self.link(index);
    }

    pub(super) fn remove(&mut self, index: usize) {
        self.unlink(index);
        let entry = self.slab.remove(index);
        if let Some(shelf) = &mut self.shelf {
            shelf.remove(index, entry.number);
        }
        self.bytes -= entry.bytes;
        let variants = self.by_url.get_mut(&entry.url).expect("every entry is listed by its URL");
        variants.retain(|&other| other != index);
        if variants.is_empty() {
            self.by_url.remove(&entry.url);
        }
    }

    pub(super) fn remove_url(&mut self, url: &str) {
        for index in self.by_url.get(url).cloned().unwrap_or_default() {
            self.remove(index);
        }
    }

    /// Looks at all URLs.
    pub(super) fn remove_prefix(&mut self, prefix: &str) {
        let urls: Vec<_> = self.by_url.keys().filter(|url| url.starts_with(prefix)).cloned().collect();
        urls.iter().for_each(|url| self.remove_url(url));
    }

    pub(super) fn clear(&mut self) {
        if let Some(shelf) = &mut self.shelf {
            shelf.clear();
        }
        self.slab = Slab::new();
        self.by_url = HashMap::new();
        (self.newest, self.oldest, self.bytes) = (NONE, NONE, 0);
    }

    /// Puts everything on the shelf anew.
    pub(super) fn renumber(&mut self) {
        let Some(shelf) = &mut self.shelf else { return };
        shelf.clear();
        for (index, entry) in &mut self.slab {
            entry.number = shelf.next(index);
        }
    }

    /// Number and bytes of an entry.
    pub(super) fn to_bytes(&self, index: usize) -> Option<(u64, Vec<u8>)> {
        let entry = self.slab.get(index)?;
        Some((entry.number, entry.answer.to_bytes(&entry.url)?))
    }

    fn link(&mut self, index: usize) {
        self.uses += 1;
        let (uses, second) = (self.uses, self.newest);
        let entry = self.entry_mut(index);
        (entry.newer, entry.older, entry.used) = (NONE, second, uses);
        self.newest = index;
        if second == NONE { self.oldest = index } else { self.entry_mut(second).newer = index }
    }

    fn unlink(&mut self, index: usize) {
        let (newer, older) = (self.entry(index).newer, self.entry(index).older);
        if newer == NONE {
            self.newest = older
        } else {
            self.entry_mut(newer).older = older
        }
        if older == NONE { self.oldest = newer } else { self.entry_mut(older).newer = newer }
    }

    fn entry(&self, index: usize) -> &Entry {
        self.visited();
        &self.slab[index]
    }

    fn entry_mut(&mut self, index: usize) -> &mut Entry {
        self.visited();
        &mut self.slab[index]
    }

    fn visited(&self) {
        #[cfg(test)]
        self.visits.set(self.visits.get() + 1);
    }

    /// The URLs from the oldest to the newest use.
    #[cfg(test)]
    pub(super) fn urls(&self) -> Vec<String> {
        let some = |index: usize| (index != NONE).then_some(index);
        let indices = std::iter::successors(some(self.oldest), |index| some(self.slab[*index].newer));
        indices.map(|index| self.slab[index].url.to_string()).collect()
    }
}
