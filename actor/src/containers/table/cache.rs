//! Entries in memory, and those among them that were read and not changed.

use std::cell::Cell;

use elsa::FrozenBTreeMap;

/// How much of a [`Table`](super::Table) stays in memory when no method runs: 1 MiB, of encoded keys and values and
/// what it takes to find them. Beyond that all of it is let go, to be read again.
pub const TABLE_CACHE_MAX_BYTES: usize = 1 << 20;

/// About what an entry costs beside its bytes.
const ENTRY_BYTES: usize = 64;

/// What storage holds under some keys, be it nothing.
///
/// Entries that are lent stay where they are while further ones come.
pub(super) struct Cache<V> {
    entries: FrozenBTreeMap<Vec<u8>, Box<Entry<V>>>,
    bytes: Cell<usize>,
}

/// An entry in memory.
pub(super) struct Entry<V> {
    /// None where there is none.
    pub(super) value: Option<V>,
    /// Length of the encoded value, as far as it is known.
    pub(super) bytes: usize,
}

impl<V> Entry<V> {
    pub(super) fn new(value: Option<V>) -> Box<Self> {
        Box::new(Self { value, bytes: 0 })
    }
}

impl<V> Default for Cache<V> {
    fn default() -> Self {
        Self { entries: FrozenBTreeMap::new(), bytes: Cell::new(0) }
    }
}

impl<V> Cache<V> {
    /// What is known of a key.
    pub(super) fn get(&self, key: &[u8]) -> Option<Option<&V>> {
        self.entries.get(key).map(|entry| entry.value.as_ref())
    }

    /// Keeps what was read.
    pub(super) fn insert(&self, key: Vec<u8>, entry: Box<Entry<V>>) -> Option<&V> {
        self.bytes.set(self.bytes.get() + cost(&key, &entry));
        self.entries.insert(key, entry).value.as_ref()
    }

    /// Keeps what was written, unless that is too much.
    pub(super) fn replace(&mut self, key: Vec<u8>, entry: Box<Entry<V>>) {
        self.take(&key);
        if self.bytes.get() + cost(&key, &entry) <= TABLE_CACHE_MAX_BYTES {
            self.insert(key, entry);
        }
    }

    /// Takes out what is known of a key.
    pub(super) fn take(&mut self, key: &[u8]) -> Option<Box<Entry<V>>> {
        let entry = self.entries.as_mut().remove(key)?;
        self.bytes.set(self.bytes.get() - cost(key, &entry));
        Some(entry)
    }

    /// Forgets the keys for which this is true.
    pub(super) fn remove_if(&mut self, is_gone: impl Fn(&[u8]) -> bool) {
        let bytes = self.bytes.get_mut();
        self.entries.as_mut().retain(|key, entry| {
            let is_gone = is_gone(key);
            *bytes -= if is_gone { cost(key, entry) } else { 0 };
            !is_gone
        });
    }

    /// Lets everything go if it is above the bound.
    pub(super) fn trim(&mut self) {
        if self.bytes.get() > TABLE_CACHE_MAX_BYTES {
            *self = Self::default();
        }
    }
}

fn cost<V>(key: &[u8], entry: &Entry<V>) -> usize {
    key.len() + entry.bytes + size_of::<Entry<V>>() + ENTRY_BYTES
}

#[cfg(test)]
impl<V> Cache<V> {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes.get()
    }
}
