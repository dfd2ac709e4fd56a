//! Iteration that notes what is written through.

use std::{
    cell::RefCell,
    fmt,
    iter::FusedIterator,
    mem,
    ops::{Deref, DerefMut},
};

use super::{Arena, ArenaKey, Entry, key_at};

/// Made by [`Arena::iter_mut`].
pub struct ArenaIterMut<'a, T> {
    entries: slab::IterMut<'a, Entry<T>>,
    generations: &'a [u32],
    /// None where nothing is to be noted.
    touched: Option<&'a RefCell<Vec<u32>>>,
    left: usize,
}

impl<'a, T> ArenaIterMut<'a, T> {
    pub(super) fn new(arena: &'a mut Arena<T>) -> Self {
        let touched = (!arena.home.is_detached()).then_some(&arena.touched);
        Self { entries: arena.entries.iter_mut(), generations: &arena.generations, touched, left: arena.len }
    }
}

impl<T> fmt::Debug for ArenaIterMut<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ArenaIterMut({} left)", self.left)
    }
}

impl<'a, T> Iterator for ArenaIterMut<'a, T> {
    type Item = (ArenaKey<T>, Mut<'a, T>);

    fn next(&mut self) -> Option<Self::Item> {
        let (index, value, is_touched) = self.entries.find_map(|(index, entry)| {
            let value = entry.value.as_mut()?;
            Some((index, value, &mut entry.is_touched))
        })?;
        self.left -= 1;
        let key = key_at(self.generations, index);
        Some((key, Mut { value, is_touched, index: key.index, touched: self.touched }))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<T> ExactSizeIterator for ArenaIterMut<'_, T> {}
impl<T> FusedIterator for ArenaIterMut<'_, T> {}

impl<'a, T> IntoIterator for &'a mut Arena<T> {
    type Item = (ArenaKey<T>, Mut<'a, T>);
    type IntoIter = ArenaIterMut<'a, T>;

    fn into_iter(self) -> ArenaIterMut<'a, T> {
        self.iter_mut()
    }
}

/// An entry of an [`Arena`] that can be read, and is stored again if it is written through.
pub struct Mut<'a, T> {
    value: &'a mut T,
    is_touched: &'a mut bool,
    index: u32,
    touched: Option<&'a RefCell<Vec<u32>>>,
}

impl<T> Deref for Mut<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value
    }
}

impl<T> DerefMut for Mut<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        if let Some(touched) = self.touched
            && !mem::replace(self.is_touched, true)
        {
            touched.borrow_mut().push(self.index);
        }
        self.value
    }
}

impl<T: fmt::Debug> fmt::Debug for Mut<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl<T: fmt::Display> fmt::Display for Mut<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}
