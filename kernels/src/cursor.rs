//! Going through numbers a wanted number of places at a time.

use std::iter::zip;

/// `IN` sequences side by side, each of which is the concatenation of its pages.
#[derive(Clone)]
pub(crate) struct Cursor<'a, T, I, const IN: usize> {
    /// What is left of the pages that were begun.
    open: [&'a [T]; IN],
    pages: [I; IN],
}

impl<'a, T, I: Iterator<Item = &'a [T]>, const IN: usize> Cursor<'a, T, I, IN> {
    pub(crate) fn new(pages: [I; IN]) -> Self {
        Self { open: [&[]; IN], pages }
    }

    /// The next places, a slice of each sequence: so many, or less where a page ends. None at the end, or if none are
    /// wanted.
    ///
    /// # Panics
    ///
    /// The sequences are not of the same length.
    #[inline]
    #[track_caller]
    pub(crate) fn next(&mut self, at_most: usize) -> Option<[&'a [T]; IN]> {
        let mut count = at_most;
        let mut ended = 0;
        for (open, pages) in zip(&mut self.open, &mut self.pages) {
            while open.is_empty() {
                let Some(page) = pages.next() else {
                    ended += 1;
                    break;
                };
                *open = page;
            }
            count = count.min(open.len());
        }
        assert!(ended == 0 || ended == IN, "the sequences are not of the same length");
        if count == 0 {
            return None;
        }
        Some(self.open.each_mut().map(|open| {
            let (taken, rest) = open.split_at(count);
            *open = rest;
            taken
        }))
    }

    /// The next `count` places, one slice after the other.
    #[inline]
    pub(crate) fn places(&mut self, mut count: usize) -> impl Iterator<Item = [&'a [T]; IN]> {
        std::iter::from_fn(move || {
            let parts = self.next(count)?;
            count -= parts[0].len();
            Some(parts)
        })
    }
}

/// How many numbers there are.
pub(crate) fn count<'a, T: 'a>(pages: impl Iterator<Item = &'a [T]>) -> usize {
    pages.map(<[T]>::len).sum()
}
