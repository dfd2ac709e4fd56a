//! What an actor has fetched, kept beside its state.

use super::{Place, seal};
use crate::{
    host::{PAGE_MAX_ROWS, Read, Write},
    problem::Result,
    rows::Cell,
};

/// What the keys begin with; no field has such a name.
const PREFIX: &[u8] = b"\0cache\0";
/// Behind all of them.
const END: &[u8] = b"\0cache\x01";

impl Place {
    /// The values by their numbers, ascending.
    pub(crate) fn shelf(&self) -> Result<Vec<(u64, Vec<u8>)>> {
        let (mut found, mut from) = (Vec::new(), PREFIX.to_vec());
        loop {
            let page = Read::Scan { from: &from, to: END, is_descending: false, rows_max: PAGE_MAX_ROWS };
            let rows = self.read(&page)?;
            for row in 0..rows.len() {
                let (Ok(Cell::Blob(key)), Ok(Cell::Blob(value))) = (rows.cell(row, 0), rows.cell(row, 1)) else {
                    continue;
                };
                from = super::after(key.to_vec());
                let number = key.strip_prefix(PREFIX).and_then(|number| number.try_into().ok()).map(u64::from_be_bytes);
                // What is damaged is fetched again.
                if let (Some(number), Ok(value)) = (number, self.open("what was fetched", key, value.to_vec())) {
                    found.push((number, value));
                }
            }
            if !rows.is_cut() {
                return Ok(found);
            }
        }
    }

    /// Whether anything else is stored.
    pub(super) fn has_more_than_shelf(&self) -> Result<bool> {
        for (from, to) in [(&[][..], PREFIX), (END, &[u8::MAX; 4][..])] {
            let page = Read::Scan { from, to, is_descending: false, rows_max: 1 };
            if self.read(&page)?.len() > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

pub(crate) fn put_on_shelf(number: u64, value: Vec<u8>) -> Write {
    let key = key(number);
    let value = seal(&key, value);
    Write::Put { key, value }
}

pub(crate) fn take_from_shelf(number: u64) -> Write {
    Write::Delete { key: key(number) }
}

pub(crate) fn clear_shelf() -> Write {
    Write::DeleteRange { from: PREFIX.to_vec(), to: END.to_vec() }
}

fn key(number: u64) -> Vec<u8> {
    [PREFIX, &number.to_be_bytes()].concat()
}
