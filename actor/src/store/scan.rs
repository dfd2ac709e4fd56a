//! Reading a range of keys, page by page.

use super::{Slot, after, broken};
use crate::{
    host::{PAGE_MAX_ROWS, Read},
    problem::Result,
    rows::{Cell, Rows},
};

/// Keys and values of a [`Slot`], in order. Made by [`Slot::scan`].
#[derive(Debug)]
pub struct Scan {
    slot: Slot,
    /// What is yet to be read: from the first on, before the second.
    from: Vec<u8>,
    to: Vec<u8>,
    is_descending: bool,
    page: Option<Rows>,
    at: usize,
    /// How many more there can be.
    left: u32,
}

impl Scan {
    /// From the first key on, before the second.
    pub(super) fn new(slot: Slot, from: Vec<u8>, to: Vec<u8>) -> Self {
        Self { slot, from, to, is_descending: false, page: None, at: 0, left: u32::MAX }
    }

    /// Descending instead. To be called before the first item is taken.
    #[must_use]
    pub fn rev(self) -> Self {
        Self { is_descending: !self.is_descending, ..self }
    }

    /// Only the first ones. No more than these are read.
    #[must_use]
    pub fn at_most(self, values: u32) -> Self {
        Self { left: self.left.min(values), ..self }
    }

    fn advance(&mut self) -> Result<Option<(Vec<u8>, Vec<u8>)>> {
        while self.left > 0 {
            let Some(page) = &self.page else {
                self.next_page()?;
                continue;
            };
            if self.at < page.len() {
                let row = read_row(page, self.at)?;
                self.at += 1;
                self.left -= 1;
                return self.open(row).map(Some);
            }
            if !page.is_cut() {
                self.left = 0;
            }
            self.page = None;
        }
        Ok(None)
    }

    /// Reads the next page, and takes its rows off the range.
    fn next_page(&mut self) -> Result<()> {
        if self.from >= self.to {
            self.left = 0;
            return Ok(());
        }
        let (is_descending, rows_max) = (self.is_descending, self.left.min(PAGE_MAX_ROWS));
        let read = Read::Scan { from: &self.from, to: &self.to, is_descending, rows_max };
        self.slot.place.has_loaded.set(true);
        let page = self.slot.place.read(&read)?;
        if let Some(last) = page.len().checked_sub(1) {
            let key = read_row(&page, last)?.0.to_vec();
            if self.is_descending { self.to = key } else { self.from = after(key) }
        }
        (self.page, self.at) = (Some(page), 0);
        Ok(())
    }

    fn open(&self, (key, value): (&[u8], &[u8])) -> Result<(Vec<u8>, Vec<u8>)> {
        let value = self.slot.place.open(&self.slot.label(), key, value.to_vec())?;
        Ok((key[self.slot.name.len() + 1..].to_vec(), value))
    }
}

fn read_row(page: &Rows, row: usize) -> Result<(&[u8], &[u8])> {
    match (page.cell(row, 0).map_err(broken)?, page.cell(row, 1).map_err(broken)?) {
        (Cell::Blob(key), Cell::Blob(value)) => Ok((key, value)),
        _ => Err(broken("a row is not a key and a value")),
    }
}

impl Iterator for Scan {
    type Item = Result<(Vec<u8>, Vec<u8>)>;

    /// The first error is the last item.
    fn next(&mut self) -> Option<Self::Item> {
        let item = self.advance().transpose();
        if matches!(item, Some(Err(_))) {
            self.left = 0;
        }
        item
    }
}
