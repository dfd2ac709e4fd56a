//! [`Arena`]: entries with generational keys, all of them in memory.

mod key;
mod mutation;
mod stored;
#[cfg(test)]
mod tests;

use std::{
    cell::RefCell,
    fmt,
    iter::FusedIterator,
    mem,
    ops::{Index, IndexMut},
};

use slab::Slab;

pub use self::{
    key::{ArenaKey, ParseKeyError},
    mutation::{ArenaIterMut, Mut},
    stored::{ARENA_MAX_BYTES, ARENA_MAX_ENTRIES},
};
use super::home::Home;

/// The generation of an index that has had as many entries as there are generations: it is not used again.
const RETIRED: u32 = u32::MAX;

/// Entries of one type, each with a stable [key](ArenaKey), each a stored value of its own.
///
/// Every operation on one entry takes the same time however many there are, and a turn that ends well writes only the
/// entries that it touched: those that were inserted, removed, or borrowed by [`get_mut`](Self::get_mut), by
/// `arena[key]` on the left, or written through an item of [`iter_mut`](Self::iter_mut).
///
/// All entries are loaded at the actor's first call, so nothing but a commit can fail, and they should fit into memory
/// with ease: at most [`ARENA_MAX_ENTRIES`] and [`ARENA_MAX_BYTES`]. [`Table`](crate::Table) is for more.
///
/// An entry is any serde type, containers excepted. Changes that an entry makes to itself through a `Cell` are not seen.
///
/// ```
/// use duractor::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Item {
///     title: String,
///     is_done: bool,
/// }
///
/// #[derive(Default, Actor)]
/// struct Todo {
///     items: Arena<Item>,
/// }
///
/// #[methods]
/// impl Todo {
///     #[post("/items")]
///     fn add(&mut self, Json(title): Json<String>) -> Json<Key<Item>> {
///         Json(self.items.insert(Item { title, is_done: false }))
///     }
///
///     #[post("/items/{key}/done")]
///     fn finish(&mut self, key: Key<Item>) -> Option<()> {
///         self.items.get_mut(key)?.is_done = true;
///         Some(())
///     }
/// }
///
/// // Detached from any storage it works as well.
/// let mut todo = Todo::default();
/// let Json(key) = todo.add(Json("milk".to_owned()));
/// todo.finish(key);
/// assert!(todo.items[key].is_done);
/// ```
pub struct Arena<T> {
    entries: Slab<Entry<T>>,
    /// By index: the generation of the entry there, or of the next one.
    generations: Vec<u32>,
    /// How many entries there are; a removed one stays in the slab, without its value, until the turn is committed.
    len: usize,
    /// Indices that differ, or may differ, from what is stored; each once. Behind a cell for the items of `iter_mut`.
    touched: RefCell<Vec<u32>>,
    /// The sum of the entries' own.
    bytes: usize,
    home: Home,
    /// How many rows are stored: one for each index below.
    stored: usize,
    /// What `bytes` was at the last commit.
    stored_bytes: usize,
}

struct Entry<T> {
    value: Option<T>,
    is_touched: bool,
    /// What it is in storage, as last encoded.
    bytes: usize,
}

impl<T> Entry<T> {
    fn new(value: T) -> Self {
        Self { value: Some(value), ..Self::gone() }
    }

    fn gone() -> Self {
        Self { value: None, is_touched: false, bytes: 0 }
    }
}

impl<T> Arena<T> {
    /// An empty arena, detached from storage.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether the key's entry is there.
    pub fn contains(&self, key: ArenaKey<T>) -> bool {
        self.get(key).is_some()
    }

    /// The key's entry, if it is still there.
    pub fn get(&self, key: ArenaKey<T>) -> Option<&T> {
        if !self.is_current(key) {
            return None;
        }
        self.entries.get(key.index as usize)?.value.as_ref()
    }

    /// The key's entry, if it is still there. It will be written, whether it changes or not.
    pub fn get_mut(&mut self, key: ArenaKey<T>) -> Option<&mut T> {
        if !self.contains(key) {
            return None;
        }
        self.touch(key.index);
        self.entries.get_mut(key.index as usize)?.value.as_mut()
    }

    /// Adds an entry and returns its key.
    ///
    /// # Panics
    ///
    /// If there were 2³² entries.
    pub fn insert(&mut self, value: T) -> ArenaKey<T> {
        // Nothing occupies an index for good whose generations are used up.
        while self.generations.get(self.entries.vacant_key()) == Some(&RETIRED) {
            self.entries.insert(Entry::gone());
        }
        let index = self.entries.insert(Entry::new(value));
        if index >= self.generations.len() {
            self.generations.resize(index + 1, 0);
        }
        self.len += 1;
        let key = key_at(&self.generations, index);
        self.touch(key.index);
        key
    }

    /// Takes the key's entry out, if it is still there. The key is stale from now on, for ever.
    pub fn remove(&mut self, key: ArenaKey<T>) -> Option<T> {
        if !self.is_current(key) {
            return None;
        }
        let index = key.index as usize;
        let value = self.entries.get_mut(index)?.value.take()?;
        self.len -= 1;
        self.generations[index] += 1;
        self.touch(key.index);
        // Otherwise at the commit: until then the index cannot have another entry, so a rollback has where to put it.
        if self.home.is_detached() {
            self.entries.remove(index);
        }
        Some(value)
    }

    /// Keeps the entries for which `keep` is true, and removes the others.
    pub fn retain(&mut self, mut keep: impl FnMut(ArenaKey<T>, &T) -> bool) {
        let gone: Vec<_> = self.iter().filter(|(key, value)| !keep(*key, value)).map(|(key, _)| key).collect();
        for key in gone {
            self.remove(key);
        }
    }

    /// Removes every entry.
    ///
    /// Each is written as removed, so that its key stays stale. An arena that is replaced by a new one is forgotten
    /// faster, and keys of the old one can be keys of the new.
    pub fn clear(&mut self) {
        self.retain(|_, _| false);
    }

    /// Keys and entries, in the order of the keys' indices.
    pub fn iter(&self) -> ArenaIter<'_, T> {
        ArenaIter { entries: self.entries.iter(), generations: &self.generations, left: self.len }
    }

    /// Keys and entries as guards: those are written that are written through.
    ///
    /// ```
    /// use duractor::Arena;
    ///
    /// let mut prices = Arena::from_iter([5, 20]);
    /// for (_, mut price) in prices.iter_mut() {
    ///     if *price > 10 {
    ///         *price -= 1; // Only this one is written.
    ///     }
    /// }
    /// assert!(prices.values().eq(&[5, 19]));
    /// ```
    pub fn iter_mut(&mut self) -> ArenaIterMut<'_, T> {
        ArenaIterMut::new(self)
    }

    /// The keys of all entries.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = ArenaKey<T>> + '_ {
        self.iter().map(|(key, _)| key)
    }

    /// All entries.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &T> + '_ {
        self.iter().map(|(_, value)| value)
    }

    /// Makes other entries of all entries, under the same keys: for a migration. The new arena is detached, so all of it
    /// is written where it is put.
    ///
    /// Keys that were stored elsewhere are still right, by [`ArenaKey::cast`] where they are at hand.
    ///
    /// ```
    /// use duractor::Arena;
    ///
    /// let mut names = Arena::new();
    /// let ann = names.insert("Ann");
    /// let lengths = names.map(str::len);
    /// assert_eq!(lengths[ann.cast()], 3);
    /// ```
    pub fn map<U>(self, mut f: impl FnMut(T) -> U) -> Arena<U> {
        let Self { entries, generations, len, .. } = self;
        let convert = |(index, entry): (usize, Entry<T>)| Some((index, Entry::new(f(entry.value?))));
        let entries = entries.into_iter().filter_map(convert).collect();
        Arena { entries, generations, len, ..Arena::default() }
    }

    fn is_current(&self, key: ArenaKey<T>) -> bool {
        self.generations.get(key.index as usize) == Some(&key.generation)
    }

    /// Notes that an entry is to be written. A detached arena is written whole, and notes nothing.
    fn touch(&mut self, index: u32) {
        if self.home.is_detached() {
            return;
        }
        let entry = &mut self.entries[index as usize];
        if !mem::replace(&mut entry.is_touched, true) {
            self.touched.get_mut().push(index);
        }
    }
}

fn key_at<T>(generations: &[u32], index: usize) -> ArenaKey<T> {
    let number = u32::try_from(index).expect("an arena has less than 2^32 entries");
    ArenaKey::new(number, generations[index])
}

/// Empty and detached.
impl<T> Default for Arena<T> {
    fn default() -> Self {
        Self {
            entries: Slab::new(),
            generations: Vec::new(),
            len: 0,
            touched: RefCell::default(),
            bytes: 0,
            home: Home::default(),
            stored: 0,
            stored_bytes: 0,
        }
    }
}

/// The same entries under the same keys, detached.
impl<T: Clone> Clone for Arena<T> {
    fn clone(&self) -> Self {
        let copy = |(index, entry): (usize, &Entry<T>)| Some((index, Entry::new(entry.value.clone()?)));
        let entries = self.entries.iter().filter_map(copy).collect();
        Self { entries, generations: self.generations.clone(), len: self.len, ..Self::default() }
    }
}

impl<T: fmt::Debug> fmt::Debug for Arena<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

impl<T> Index<ArenaKey<T>> for Arena<T> {
    type Output = T;

    /// # Panics
    ///
    /// If the key is stale. Keys from outside go through [`Arena::get`].
    #[track_caller]
    fn index(&self, key: ArenaKey<T>) -> &T {
        self.get(key).unwrap_or_else(|| stale(key.parts()))
    }
}

impl<T> IndexMut<ArenaKey<T>> for Arena<T> {
    /// # Panics
    ///
    /// If the key is stale. Keys from outside go through [`Arena::get_mut`].
    #[track_caller]
    fn index_mut(&mut self, key: ArenaKey<T>) -> &mut T {
        self.get_mut(key).unwrap_or_else(|| stale(key.parts()))
    }
}

#[cold]
#[track_caller]
fn stale((index, generation): (u32, u32)) -> ! {
    panic!("stale key {index}.{generation}: its entry is not in the arena")
}

impl<T> Extend<T> for Arena<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        for value in values {
            self.insert(value);
        }
    }
}

impl<T> FromIterator<T> for Arena<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let mut arena = Self::default();
        arena.extend(values);
        arena
    }
}

impl<'a, T> IntoIterator for &'a Arena<T> {
    type Item = (ArenaKey<T>, &'a T);
    type IntoIter = ArenaIter<'a, T>;

    fn into_iter(self) -> ArenaIter<'a, T> {
        self.iter()
    }
}

/// Made by [`Arena::iter`].
pub struct ArenaIter<'a, T> {
    entries: slab::Iter<'a, Entry<T>>,
    generations: &'a [u32],
    left: usize,
}

impl<T> fmt::Debug for ArenaIter<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ArenaIter({} left)", self.left)
    }
}

impl<T> Clone for ArenaIter<'_, T> {
    fn clone(&self) -> Self {
        Self { entries: self.entries.clone(), ..*self }
    }
}

impl<'a, T> Iterator for ArenaIter<'a, T> {
    type Item = (ArenaKey<T>, &'a T);

    fn next(&mut self) -> Option<Self::Item> {
        let (index, value) = self.entries.find_map(|(index, entry)| Some((index, entry.value.as_ref()?)))?;
        self.left -= 1;
        Some((key_at(self.generations, index), value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<T> ExactSizeIterator for ArenaIter<'_, T> {}
impl<T> FusedIterator for ArenaIter<'_, T> {}
