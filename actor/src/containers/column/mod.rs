//! [`Column`]: numbers in pages, as kernels want them.

mod range;
mod statistics;
mod stored;
#[cfg(test)]
mod tests;

use std::{
    cell::{Cell, OnceCell},
    fmt, mem,
    ops::RangeBounds,
};

pub use self::{
    range::{ColumnSlices, ColumnStream},
    statistics::COLUMN_GROUPS_MAX,
    stored::{COLUMN_CACHE_MAX_BYTES, COLUMN_LENT_MAX_BYTES, COLUMN_MAX_PAGES},
};
use super::home::Home;
use crate::problem::Result;

/// How many values a page of a [`Column`] has: 4 KiB of them.
pub const COLUMN_PAGE_VALUES: usize = 512;

type Page = Box<[f64; COLUMN_PAGE_VALUES]>;

/// Numbers that are appended and stay: measurements, prices, timestamps.
///
/// They are kept in pages of [`COLUMN_PAGE_VALUES`], each a stored value of its own, and lent as an iterator of slices,
/// which is what numeric kernels take; the usual [statistics](#statistics) are methods. Several columns of equal length make
/// a table of measurements, of which each question reads only the columns that it is about.
///
/// The last page is loaded at the actor's first call, so [`push`](Self::push), [`last`](Self::last) and
/// [`len`](Self::len) cannot fail; other pages are loaded when they are first looked at. They stay in memory, up to
/// [`COLUMN_CACHE_MAX_BYTES`] between two turns. A turn writes the pages that it appended to, 4 KiB at least. There are at
/// most [`COLUMN_MAX_PAGES`].
///
/// Every bit of a value is kept: the sign of -0.0, and what a NaN carries.
///
/// ```
/// use duractor::prelude::*;
///
/// #[derive(Default, Actor)]
/// struct Sensor {
///     at: Column,
///     celsius: Column,
/// }
///
/// #[methods]
/// impl Sensor {
///     #[post("/{at}/{celsius}")]
///     fn measure(&mut self, at: f64, celsius: f64) {
///         self.at.push(at);
///         self.celsius.push(celsius);
///     }
///
///     #[get("/mean/{since}")]
///     fn mean(&self, since: f64) -> Result<Option<f64>> {
///         let first = self.at.partition_point(|at| at < since)?;
///         Ok(self.celsius.stats(first..)?.mean)
///     }
/// }
///
/// // Detached from any storage it works as well.
/// let mut sensor = Sensor::default();
/// for (at, celsius) in [(1.0, 20.0), (2.0, 21.0), (3.0, 23.0)] {
///     sensor.measure(at, celsius);
/// }
/// assert_eq!(sensor.mean(2.0)?, Some(22.0));
/// // Whatever else is to be computed takes slices.
/// let squares: f64 = sensor.celsius.slices(..)?.flatten().map(|celsius| celsius * celsius).sum();
/// assert_eq!(squares, 1_370.0);
/// # Ok::<_, Error>(())
/// ```
#[derive(Default)]
pub struct Column {
    /// Those that are full; loaded or not. The last one is in memory if nothing follows it.
    pages: Vec<OnceCell<Page>>,
    /// What follows them, less than a page.
    tail: Vec<f64>,
    /// How many full pages are in memory.
    loaded: Cell<usize>,
    home: Home,
    /// How many values are stored.
    stored: u64,
}

impl Column {
    /// An empty column, detached from storage.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of values.
    pub fn len(&self) -> u64 {
        (self.pages.len() * COLUMN_PAGE_VALUES + self.tail.len()) as u64
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends a value.
    pub fn push(&mut self, value: f64) {
        self.tail.push(value);
        if self.tail.len() == COLUMN_PAGE_VALUES {
            let page = mem::take(&mut self.tail).into_boxed_slice();
            self.pages.push(OnceCell::from(Page::try_from(page).expect("a page is full")));
            self.loaded.set(self.loaded.get() + 1);
        }
    }

    /// The value that was appended last.
    pub fn last(&self) -> Option<f64> {
        let before = || self.pages.last()?.get()?.last();
        self.tail.last().or_else(before).copied()
    }

    /// One value; none behind the end.
    ///
    /// # Errors
    ///
    /// If its page has to be loaded and cannot be.
    pub fn get(&self, index: u64) -> Result<Option<f64>> {
        if index >= self.len() {
            return Ok(None);
        }
        let page = self.page(page_of(index))?;
        Ok(page.get(offset_in(index)).copied())
    }

    /// The values of a range as slices, a page each, the first and the last perhaps less. What lies behind the end is left
    /// out.
    ///
    /// ```
    /// use duractor::{COLUMN_PAGE_VALUES, Column};
    ///
    /// let column = Column::from_iter((0..1_000).map(f64::from));
    /// let lengths = column.slices(10..)?.map(<[f64]>::len);
    /// assert!(lengths.eq([COLUMN_PAGE_VALUES - 10, 1_000 - COLUMN_PAGE_VALUES]));
    /// # Ok::<_, duractor::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If pages have to be loaded and cannot be, or if they are more than [`COLUMN_LENT_MAX_BYTES`]: 507
    /// (`range-too-large`). [`stream`](Self::stream) has no such bound.
    pub fn slices(&self, range: impl RangeBounds<u64>) -> Result<ColumnSlices<'_>> {
        self.lend(range::clamp(&range, self.len()))
    }

    /// The values of a range, one by one.
    ///
    /// # Errors
    ///
    /// As of [`slices`](Self::slices).
    pub fn iter(&self, range: impl RangeBounds<u64>) -> Result<impl Iterator<Item = f64> + '_> {
        Ok(self.slices(range)?.flatten().copied())
    }

    /// The values of a range as slices, of which those that are not in memory are loaded one after the other and let go:
    /// for ranges that memory does not hold.
    ///
    /// ```
    /// use duractor::Column;
    ///
    /// let column = Column::from_iter((0..1_000).map(f64::from));
    /// let mut max = f64::MIN;
    /// for slice in column.stream(..) {
    ///     max = slice?.iter().copied().fold(max, f64::max);
    /// }
    /// assert_eq!(max, 999.0);
    /// # Ok::<_, duractor::Error>(())
    /// ```
    pub fn stream(&self, range: impl RangeBounds<u64>) -> ColumnStream<'_> {
        ColumnStream::new(self, range::clamp(&range, self.len()))
    }

    /// The index of the first value for which `pred` is false, where it is true for all before and false for all behind:
    /// in a column of timestamps, where a time begins. It loads a few pages: as many as the number of pages has binary
    /// digits.
    ///
    /// ```
    /// use duractor::Column;
    ///
    /// let seconds = Column::from_iter([10.0, 20.0, 20.0, 30.0]);
    /// assert_eq!(seconds.partition_point(|at| at < 20.0)?, 1);
    /// assert_eq!(seconds.partition_point(|at| at < 99.0)?, 4);
    /// # Ok::<_, duractor::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If a page has to be loaded and cannot be.
    pub fn partition_point(&self, mut pred: impl FnMut(f64) -> bool) -> Result<u64> {
        // Most often it is about what was last: nothing is loaded for that.
        if self.tail.first().is_some_and(|first| pred(*first)) {
            return Ok(self.index(self.pages.len(), self.tail.partition_point(|value| pred(*value))));
        }
        let (mut from, mut to) = (0, self.pages.len());
        while from < to {
            let middle = from + (to - from) / 2;
            let offset = self.page(middle)?.partition_point(|value| pred(*value));
            match offset {
                0 => to = middle,
                COLUMN_PAGE_VALUES => from = middle + 1,
                _ => return Ok(self.index(middle, offset)),
            }
        }
        Ok(self.index(from, 0))
    }

    /// Removes all values.
    pub fn clear(&mut self) {
        // As detached it replaces what is stored.
        *self = Self::default();
    }

    fn index(&self, page: usize, offset: usize) -> u64 {
        (page * COLUMN_PAGE_VALUES + offset) as u64
    }

    /// The values of a page, loaded if need be.
    fn page(&self, page: usize) -> Result<&[f64]> {
        self.load_pages(page..page + 1)?;
        Ok(self.page_in_memory(page))
    }

    #[inline]
    fn page_in_memory(&self, page: usize) -> &[f64] {
        match self.pages.get(page) {
            Some(cell) => &cell.get().expect("it was loaded before")[..],
            None => &self.tail,
        }
    }
}

fn page_of(index: u64) -> usize {
    (index / COLUMN_PAGE_VALUES as u64) as usize
}

fn offset_in(index: u64) -> usize {
    (index % COLUMN_PAGE_VALUES as u64) as usize
}

impl fmt::Debug for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Column({} values)", self.len())
    }
}

impl Extend<f64> for Column {
    fn extend<I: IntoIterator<Item = f64>>(&mut self, values: I) {
        for value in values {
            self.push(value);
        }
    }
}

impl<'v> Extend<&'v f64> for Column {
    fn extend<I: IntoIterator<Item = &'v f64>>(&mut self, values: I) {
        self.extend(values.into_iter().copied());
    }
}

/// Detached from storage.
impl FromIterator<f64> for Column {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut column = Self::default();
        column.extend(values);
        column
    }
}
