//! Generational keys: a slab's index and the generation of its entry in 32 bits.

use slab::Slab;

const INDEX_BITS: u32 = 20;
const INDEX_MASK: u32 = (1 << INDEX_BITS) - 1;
const GENERATION_MAX: u32 = (1 << (32 - INDEX_BITS)) - 1;

/// Most entries that one [`Slots`] holds. One index less than there could be: so `u32::MAX` is no key.
pub(crate) const SLOTS_MAX: usize = (1 << INDEX_BITS) - 1;

/// Names an entry, and no other one ever: who holds the key of an actor that has left memory must not find somebody else's.
///
/// An index is reused, and its generation counts how often. It is given up after 4,096 entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key(u32);

impl Key {
    /// The key as a number, as JavaScript and wakers carry it.
    pub(crate) const fn to_bits(self) -> u32 {
        self.0
    }

    /// A key from a number. Any number is a key, though perhaps of nothing.
    pub(crate) const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    const fn index(self) -> usize {
        (self.0 & INDEX_MASK) as usize
    }
}

/// A slab whose keys go stale with their entry.
#[derive(Debug)]
pub(crate) struct Slots<T> {
    /// None at an index that is given up.
    slab: Slab<(Key, Option<T>)>,
    generations: Vec<u32>,
    given_up: usize,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self { slab: Slab::new(), generations: Vec::new(), given_up: 0 }
    }
}

impl<T> Slots<T> {
    /// The key that the next `insert` returns.
    ///
    /// # Panics
    ///
    /// If there are [`SLOTS_MAX`] entries and indices that are given up.
    pub(crate) fn next_key(&self) -> Key {
        let index = self.slab.vacant_key();
        assert!(index < SLOTS_MAX, "more than {SLOTS_MAX} entries");
        let generation = self.generations.get(index).copied().unwrap_or(0);
        Key(generation << INDEX_BITS | index as u32)
    }

    pub(crate) fn insert(&mut self, value: T) -> Key {
        let key = self.next_key();
        if key.index() == self.generations.len() {
            self.generations.push(0);
        }
        let index = self.slab.insert((key, Some(value)));
        debug_assert_eq!(index, key.index());
        key
    }

    pub(crate) fn get(&self, key: Key) -> Option<&T> {
        self.slab.get(key.index()).filter(|entry| entry.0 == key)?.1.as_ref()
    }

    pub(crate) fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        self.slab.get_mut(key.index()).filter(|entry| entry.0 == key)?.1.as_mut()
    }

    pub(crate) fn remove(&mut self, key: Key) -> Option<T> {
        self.get(key)?;
        let generation = &mut self.generations[key.index()];
        if *generation == GENERATION_MAX {
            self.given_up += 1;
            return self.slab[key.index()].1.take();
        }
        *generation += 1;
        self.slab.remove(key.index()).1
    }

    pub(crate) fn len(&self) -> usize {
        self.slab.len() - self.given_up
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Key, &T)> {
        self.slab.iter().filter_map(|(_, (key, value))| Some((*key, value.as_ref()?)))
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn a_key_goes_stale_with_its_entry() {
        let mut slots = Slots::default();
        let first = slots.insert('a');
        assert_eq!(slots.remove(first), Some('a'));
        let second = slots.insert('b');
        assert_eq!(first.index(), second.index());
        assert_eq!(slots.get(first), None);
        assert_eq!(slots.get_mut(first), None);
        assert_eq!(slots.remove(first), None);
        assert_eq!(slots.get(second), Some(&'b'));
    }

    #[test]
    fn the_next_key_is_the_one_that_insert_returns() {
        let mut slots = Slots::default();
        for round in 0..10 {
            let next = slots.next_key();
            let key = slots.insert(round);
            assert_eq!(next, key);
            if round % 3 == 0 {
                slots.remove(key);
            }
        }
        assert_eq!(slots.iter().count(), 6);
    }

    #[test]
    fn a_key_never_names_another_entry() {
        let mut slots = Slots::default();
        let first = slots.insert(0);
        slots.remove(first);
        for round in 1..=2 * GENERATION_MAX {
            let key = slots.insert(round);
            assert_ne!(key, first);
            assert_eq!(slots.get(first), None);
            assert_eq!(slots.remove(key), Some(round));
            assert_eq!(slots.remove(key), None);
        }
        assert_eq!((slots.len(), slots.iter().count()), (0, 0));
    }

    #[test]
    fn any_number_is_a_key_of_nothing() {
        let mut slots = Slots::default();
        slots.insert(());
        for bits in [1, u32::MAX, 1 << INDEX_BITS, INDEX_MASK] {
            assert_eq!(slots.get(Key::from_bits(bits)), None);
        }
    }
}
