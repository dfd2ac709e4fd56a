//! What a read of storage returned, before it becomes a frame.

use crate::{
    host::PAGE_MAX_BYTES,
    rows::{Cell, Rows},
    value::Value,
};

/// Rows of values, one after the other.
pub(crate) fn rows(names: &[&str], is_cut: bool, values: &[Value]) -> Rows {
    Rows::write(names, is_cut, 0, values.iter().map(cell))
}

/// The answer to a statement, which has changed so many rows.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn answer(names: &[&str], changed: u64, values: &[Value]) -> Rows {
    Rows::write(names, false, changed, values.iter().map(cell))
}

fn cell(value: &Value) -> Cell<'_> {
    match value {
        Value::Null => Cell::Null,
        Value::Integer(number) => Cell::Number(*number as f64),
        Value::Real(number) => Cell::Number(*number),
        Value::Text(text) => Cell::Text(text),
        Value::Blob(bytes) => Cell::Blob(bytes),
    }
}

#[cfg(not(target_arch = "wasm32"))]
/// A cell's value.
pub(crate) fn owned(value: rusqlite::types::ValueRef<'_>) -> Value {
    match value {
        rusqlite::types::ValueRef::Null => Value::Null,
        rusqlite::types::ValueRef::Integer(number) => Value::Integer(number),
        rusqlite::types::ValueRef::Real(number) => Value::Real(number),
        rusqlite::types::ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        rusqlite::types::ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
    }
}

/// A page of a scan as it fills.
pub(crate) struct Page {
    values: Vec<Value>,
    bytes: usize,
    rows_max: u32,
}

impl Page {
    pub(crate) fn new(rows_max: u32) -> Self {
        Self { values: Vec::new(), bytes: 0, rows_max }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.values.len() == 2 * self.rows_max as usize || self.bytes >= PAGE_MAX_BYTES as usize
    }

    pub(crate) fn push(&mut self, key: Vec<u8>, value: Value) {
        self.bytes += key.len() + if let Value::Blob(bytes) = &value { bytes.len() } else { 0 };
        self.values.extend([Value::Blob(key), value]);
    }

    /// The page, and whether more rows stand behind it.
    pub(crate) fn into_rows(self, is_cut: bool) -> Rows {
        rows(&["key", "value"], is_cut, &self.values)
    }
}

/// The least key behind all that begin so, or none.
pub(crate) fn behind(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut key = prefix[..=last].to_vec();
    key[last] += 1;
    Some(key)
}
