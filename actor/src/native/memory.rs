//! One actor's storage where there is no SQLite: a map. It knows no SQL.

use std::{cell::RefCell, collections::BTreeMap, path::Path};

use super::page::{Page, behind, rows};
use crate::{
    host::{Read, StorageError, Write},
    rows::Rows,
    value::Value,
};

type Map = BTreeMap<Vec<u8>, Vec<u8>>;

#[derive(Debug, Default)]
struct State {
    map: Map,
    /// What was there when the transactions began that are open, one in the other.
    before: Vec<Map>,
    has_written: bool,
}

/// One actor's values.
#[derive(Debug, Default)]
pub(crate) struct Database(RefCell<State>);

impl Database {
    pub(crate) fn open(_: Option<&Path>) -> Result<Self, StorageError> {
        Ok(Self::default())
    }

    /// Begins a transaction, or one within it.
    pub(crate) fn begin(&self) -> Result<(), StorageError> {
        let state = &mut *self.0.borrow_mut();
        state.has_written &= !state.before.is_empty();
        state.before.push(state.map.clone());
        Ok(())
    }

    /// Ends what was begun last, and keeps it.
    pub(crate) fn keep(&self) -> Result<(), StorageError> {
        self.0.borrow_mut().before.pop();
        Ok(())
    }

    /// Ends what was begun last, as if it had not been.
    pub(crate) fn undo(&self) -> Result<(), StorageError> {
        let state = &mut *self.0.borrow_mut();
        state.map = state.before.pop().unwrap_or_default();
        Ok(())
    }

    pub(crate) fn depth(&self) -> usize {
        self.0.borrow().before.len()
    }

    /// Whether something was written in the present transaction, be it undone or not.
    pub(crate) fn has_written(&self) -> bool {
        self.0.borrow().has_written
    }

    pub(crate) fn read(&self, read: &Read<'_>) -> Result<Rows, StorageError> {
        let state = self.0.borrow();
        Ok(match *read {
            Read::Get { key } => {
                let value: Vec<_> = state.map.get(key).cloned().map(Value::Blob).into_iter().collect();
                rows(&["value"], false, &value)
            }
            Read::Scan { from, to, is_descending: false, rows_max } => page(range(&state.map, from, to), rows_max),
            Read::Scan { from, to, is_descending: true, rows_max } => page(range(&state.map, from, to).rev(), rows_max),
            Read::Count { from, to } => {
                let count = range(&state.map, from, to).count();
                rows(&["count"], false, &[Value::Integer(count as i64)])
            }
            Read::Sql { .. } => return Err(no_sql()),
        })
    }

    pub(crate) fn write(&self, write: &Write) -> Result<(), StorageError> {
        let state = &mut *self.0.borrow_mut();
        state.has_written = true;
        match write {
            Write::Put { key, value } => drop(state.map.insert(key.clone(), value.clone())),
            Write::Delete { key } => drop(state.map.remove(key)),
            Write::DeleteRange { from, to } if from < to => {
                state.map.extract_if(from.clone()..to.clone(), |_, _| true).for_each(drop);
            }
            Write::DeleteRange { .. } => {}
            Write::Erase => state.map.clear(),
            Write::Move { from, to } => relocate(&mut state.map, from, to),
            Write::Sql { .. } => return Err(no_sql()),
        }
        Ok(())
    }
}

fn no_sql() -> StorageError {
    StorageError::new("the native host knows no SQL on this target")
}

type Row<'m> = (&'m Vec<u8>, &'m Vec<u8>);

fn range<'m>(map: &'m Map, from: &[u8], to: &[u8]) -> impl DoubleEndedIterator<Item = Row<'m>> {
    // A range that ends before it begins is empty, and not the map's to judge.
    let to = to.max(from);
    map.range::<[u8], _>((std::ops::Bound::Included(from), std::ops::Bound::Excluded(to)))
}

fn page<'m>(rows: impl Iterator<Item = Row<'m>>, rows_max: u32) -> Rows {
    let mut page = Page::new(rows_max);
    for (key, value) in rows {
        if page.is_full() {
            return page.into_rows(true);
        }
        page.push(key.clone(), Value::Blob(value.clone()));
    }
    page.into_rows(false)
}

fn relocate(map: &mut Map, from: &[u8], to: &[u8]) {
    let end = behind(from);
    let moved: Vec<_> = map.extract_if(from.to_vec().., |key, _| end.as_ref().is_none_or(|end| key < end)).collect();
    map.extend(moved.into_iter().map(|(key, value)| ([to, &key[from.len()..]].concat(), value)));
}
