//! Ranges of a column, as slices.

use std::{
    borrow::Cow,
    fmt,
    iter::FusedIterator,
    ops::{Bound, Range, RangeBounds},
};

use super::{COLUMN_PAGE_VALUES, Column, offset_in, page_of, stored::Run};
use crate::problem::Result;

/// The part of a range that lies before the end.
pub(super) fn clamp(range: &impl RangeBounds<u64>, len: u64) -> Range<u64> {
    let start = match range.start_bound() {
        Bound::Included(start) => *start,
        Bound::Excluded(start) => start.saturating_add(1),
        Bound::Unbounded => 0,
    };
    let end = match range.end_bound() {
        Bound::Included(end) => end.saturating_add(1),
        Bound::Excluded(end) => *end,
        Bound::Unbounded => len,
    };
    let end = end.min(len);
    start.min(end)..end
}

/// The pages that a range of values lies in.
pub(super) fn pages_of(range: &Range<u64>) -> Range<usize> {
    if range.is_empty() {
        return 0..0;
    }
    page_of(range.start)..page_of(range.end - 1) + 1
}

/// Takes what lies in one page off the front of a range: which page it is, and which part of it.
#[inline]
fn take_page(range: &mut Range<u64>) -> Option<(usize, Range<usize>)> {
    if range.is_empty() {
        return None;
    }
    let (page, from) = (page_of(range.start), offset_in(range.start));
    let count = (range.end - range.start).min((COLUMN_PAGE_VALUES - from) as u64);
    range.start += count;
    Some((page, from..from + count as usize))
}

fn slices_in(range: &Range<u64>) -> (usize, Option<usize>) {
    let count = pages_of(range).len();
    (count, Some(count))
}

/// Values of a [`Column`] as slices, made by [`Column::slices`]. Kernels that go through them twice clone it.
#[derive(Clone)]
pub struct ColumnSlices<'c> {
    column: &'c Column,
    range: Range<u64>,
}

impl<'c> ColumnSlices<'c> {
    /// The pages must be in memory.
    pub(super) fn new(column: &'c Column, range: Range<u64>) -> Self {
        Self { column, range }
    }

    /// How many values there are in all.
    pub(super) fn values(&self) -> usize {
        (self.range.end - self.range.start) as usize
    }
}

impl fmt::Debug for ColumnSlices<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ColumnSlices({:?})", self.range)
    }
}

impl<'c> Iterator for ColumnSlices<'c> {
    type Item = &'c [f64];

    // A kernel needs less than a microsecond for a page.
    #[inline]
    fn next(&mut self) -> Option<&'c [f64]> {
        let (page, part) = take_page(&mut self.range)?;
        Some(&self.column.page_in_memory(page)[part])
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        slices_in(&self.range)
    }
}

impl ExactSizeIterator for ColumnSlices<'_> {}
impl FusedIterator for ColumnSlices<'_> {}

/// Values of a [`Column`] as slices that are loaded one by one, made by [`Column::stream`].
pub struct ColumnStream<'c> {
    column: &'c Column,
    range: Range<u64>,
    run: Option<Run>,
}

impl<'c> ColumnStream<'c> {
    pub(super) fn new(column: &'c Column, range: Range<u64>) -> Self {
        Self { column, range, run: None }
    }

    fn read(&mut self, page: usize, part: Range<usize>, pages: Range<usize>) -> Result<Cow<'c, [f64]>> {
        if self.column.is_in_memory(page) {
            self.run = None;
            return Ok(Cow::Borrowed(&self.column.page_in_memory(page)[part]));
        }
        let run = match &mut self.run {
            Some(run) => run,
            None => self.run.insert(self.column.run(pages)?),
        };
        let mut values = Vec::from(run.read()? as Box<[f64]>);
        values.truncate(part.end);
        values.drain(..part.start);
        Ok(Cow::Owned(values))
    }
}

impl fmt::Debug for ColumnStream<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ColumnStream({:?})", self.range)
    }
}

impl<'c> Iterator for ColumnStream<'c> {
    type Item = Result<Cow<'c, [f64]>>;

    /// The first error is the last item.
    fn next(&mut self) -> Option<Self::Item> {
        let pages = pages_of(&self.range);
        let (page, part) = take_page(&mut self.range)?;
        let slice = self.read(page, part, pages);
        if slice.is_err() {
            self.range.start = self.range.end;
        }
        Some(slice)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let (_, most) = slices_in(&self.range);
        (0, most)
    }
}

impl FusedIterator for ColumnStream<'_> {}
