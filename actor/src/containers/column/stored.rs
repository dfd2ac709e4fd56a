//! A column in storage: one row for each page.
//!
//! The key is the page's number, u32 big-endian; there is no gap. The value is the page's values, f64 little-endian one
//! after the other; every page is full, except that the last one may be shorter.

use std::{cell::OnceCell, ops::Range};

use super::{
    COLUMN_PAGE_VALUES, Column, Page, offset_in, page_of,
    range::{ColumnSlices, pages_of},
};
use crate::{
    containers::home::{Stay, lost},
    field::Field,
    layout::Layout,
    problem::{Problem, Result},
    store::{Batch, Scan, Slot},
};

/// Most pages of a [`Column`]: 2²⁹ values, 4 GiB. A turn that ends with more is rolled back and answered 507
/// (`state-too-large`).
pub const COLUMN_MAX_PAGES: usize = 1 << 20;
/// How much of a [`Column`] stays in memory when no method runs, in bytes: 16 MiB. Beyond that the oldest pages are let go.
pub const COLUMN_CACHE_MAX_BYTES: usize = 16 << 20;
/// Greatest range that [`Column::slices`] lends, in bytes: 32 MiB, since all of it is in memory at once.
pub const COLUMN_LENT_MAX_BYTES: usize = 32 << 20;

const VALUE_BYTES: usize = size_of::<f64>();
const PAGE_BYTES: usize = COLUMN_PAGE_VALUES * VALUE_BYTES;

impl Field for Column {
    fn layout(&self) -> Layout {
        Layout::container("column", [Layout::of::<f64>()])
    }

    /// Reads the last page, which tells how many there are.
    fn load(&mut self, _: &[u8], slot: &Slot) -> Result<()> {
        let mut column = Self::default();
        if let Some(row) = slot.scan(..).rev().at_most(1).next() {
            let (key, row) = row?;
            column.admit_last(&key, &row).map_err(|why| slot.unreadable(&key, why))?;
        }
        column.committed(slot);
        *self = column;
        Ok(())
    }

    fn commit(&mut self, slot: &Slot, batch: &mut Batch) -> Result<()> {
        self.check_bound()?;
        match self.home.stay(slot) {
            Stay::Here => self.put_from(self.stored, slot, batch),
            Stay::Elsewhere(home) => {
                batch.adopt(home, slot);
                self.put_from(self.stored, slot, batch);
            }
            Stay::Lost if self.loaded.get() < self.pages.len() => return Err(lost(slot)),
            Stay::Nowhere | Stay::Lost => {
                batch.clear(slot);
                self.put_from(0, slot, batch);
            }
        }
        Ok(())
    }

    fn committed(&mut self, slot: &Slot) {
        self.home.settle(slot);
        self.stored = self.len();
    }

    /// Takes off what was appended; only a column that came from elsewhere is read.
    fn rollback(&mut self, slot: &Slot) -> Result<()> {
        if !self.home.is(slot) {
            return self.load(&[], slot);
        }
        let (full, offset) = (page_of(self.stored), offset_in(self.stored));
        if self.pages.len() > full {
            self.loaded.set(self.loaded.get() - (self.pages.len() - full));
            let page = self.pages.drain(full..).next().and_then(OnceCell::into_inner);
            self.tail = Vec::from(page.expect("what is not stored is in memory") as Box<[f64]>);
        }
        self.tail.truncate(offset);
        Ok(())
    }

    fn trim(&mut self) {
        // What a rollback would need stays, and so does the last page.
        let kept = page_of(self.stored).saturating_sub(1);
        let max = COLUMN_CACHE_MAX_BYTES / PAGE_BYTES;
        for page in &mut self.pages[..kept] {
            if self.loaded.get() <= max {
                break;
            }
            if page.take().is_some() {
                self.loaded.set(self.loaded.get() - 1);
            }
        }
    }
}

impl Column {
    /// Takes in the last row.
    fn admit_last(&mut self, key: &[u8], row: &[u8]) -> Result<(), String> {
        let number =
            <[u8; 4]>::try_from(key).map(u32::from_be_bytes).map_err(|_| "its key is not the number of a page")?;
        let number = usize::try_from(number).ok().filter(|number| *number < COLUMN_MAX_PAGES);
        let number = number.ok_or_else(|| format!("a column has at most {COLUMN_MAX_PAGES} pages"))?;
        if row.is_empty() {
            return Err("a page has a value at least".to_owned());
        }
        self.pages.resize_with(number, OnceCell::new);
        self.extend(decode(row)?);
        Ok(())
    }

    pub(super) fn is_in_memory(&self, page: usize) -> bool {
        self.pages.get(page).is_none_or(|cell| cell.get().is_some())
    }

    /// Loads those of the pages that are not in memory.
    pub(super) fn load_pages(&self, pages: Range<usize>) -> Result<()> {
        let mut from = pages.start;
        while let Some(missing) = (from..pages.end).find(|page| !self.is_in_memory(*page)) {
            let mut run = self.run(missing..pages.end)?;
            from = run.pages.end;
            for cell in &self.pages[run.pages.clone()] {
                let page = run.read()?;
                cell.get_or_init(|| page);
                self.loaded.set(self.loaded.get() + 1);
            }
        }
        Ok(())
    }

    /// The first of the pages, which is not in memory, and those after it that are not either.
    pub(super) fn run(&self, pages: Range<usize>) -> Result<Run> {
        self.home.check()?;
        let slot = self.home.slot().expect("what is not in memory is stored").clone();
        let end = pages.clone().find(|page| self.is_in_memory(*page)).unwrap_or(pages.end);
        let scan = slot.scan(key(pages.start).to_vec()..key(end).to_vec());
        Ok(Run { slot, scan, pages: pages.start..end })
    }

    pub(super) fn lend(&self, range: Range<u64>) -> Result<ColumnSlices<'_>> {
        let pages = pages_of(&range);
        if pages.len() > COLUMN_LENT_MAX_BYTES / PAGE_BYTES {
            let detail = format!(
                "{} values are asked for at once; a column lends at most {}",
                range.end - range.start,
                COLUMN_LENT_MAX_BYTES / VALUE_BYTES
            );
            return Err(Problem::new(507, "range-too-large", detail).into());
        }
        self.load_pages(pages)?;
        Ok(ColumnSlices::new(self, range))
    }

    fn check_bound(&self) -> Result<()> {
        let pages = pages_of(&(0..self.len())).len();
        if pages > COLUMN_MAX_PAGES {
            let detail = format!("a column has at most {COLUMN_MAX_PAGES} pages, not {pages}");
            return Err(Problem::new(507, "state-too-large", detail).into());
        }
        Ok(())
    }

    /// Adds the pages to the batch that have a value from this one on.
    fn put_from(&self, first: u64, slot: &Slot, batch: &mut Batch) {
        for page in pages_of(&(first..self.len())) {
            batch.put(slot, &key(page), encode(self.page_in_memory(page)));
        }
    }
}

/// Pages that follow each other and are read in order.
pub(super) struct Run {
    slot: Slot,
    scan: Scan,
    /// Those that are yet to be read.
    pages: Range<usize>,
}

impl Run {
    /// The next page.
    pub(super) fn read(&mut self) -> Result<Page> {
        let key = key(self.pages.start);
        let unreadable = |why: &str| self.slot.unreadable(&key, why);
        self.pages.start += 1;
        match self.scan.next().transpose()? {
            Some((found, row)) if found == key => {
                let values = decode(&row).map_err(|why| unreadable(&why))?;
                values.into_boxed_slice().try_into().map_err(|_| unreadable("a page that others follow is full"))
            }
            _ => Err(unreadable("the page is not there")),
        }
    }
}

fn key(page: usize) -> [u8; 4] {
    u32::try_from(page).expect("a column has at most 2^20 pages").to_be_bytes()
}

fn encode(values: &[f64]) -> Vec<u8> {
    let mut row = Vec::with_capacity(PAGE_BYTES);
    values.iter().for_each(|value| row.extend_from_slice(&value.to_le_bytes()));
    row
}

fn decode(row: &[u8]) -> Result<Vec<f64>, String> {
    let (values, rest) = row.as_chunks::<VALUE_BYTES>();
    if !rest.is_empty() || row.len() > PAGE_BYTES {
        return Err(format!("{} bytes are no page", row.len()));
    }
    Ok(values.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect())
}
