//! Rows by serde: a row becomes whatever type its reader names.

mod cell;
#[cfg(test)]
mod tests;

use std::fmt;

use cell::CellReader;
use serde::{
    Deserializer,
    de::{
        self, DeserializeOwned, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor,
        value::StrDeserializer,
    },
};

use crate::rows::{Cell, Rows};

/// Why a row is not what was asked for, and in which column.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DecodeError {
    message: String,
    column: Option<String>,
}

impl DecodeError {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), column: None }
    }

    /// The same, of this column unless it is of another already.
    fn within(mut self, column: &str) -> Self {
        self.column.get_or_insert_with(|| column.to_owned());
        self
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.column {
            Some(column) => write!(f, "column `{column}`: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for DecodeError {}

impl de::Error for DecodeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string())
    }
}

/// Makes a value of a row.
pub(super) fn decode<T: DeserializeOwned>(rows: &Rows, row: usize) -> Result<T, DecodeError> {
    T::deserialize(RowReader { rows, row })
}

/// One row. A type of several values takes its columns, a type of one value its only column.
#[derive(Clone, Copy)]
struct RowReader<'r> {
    rows: &'r Rows,
    row: usize,
}

impl<'r> RowReader<'r> {
    fn name(&self, column: usize) -> Result<&'r str, DecodeError> {
        self.rows.name(column).map_err(de::Error::custom)
    }

    fn cell(&self, column: usize) -> Result<CellReader<'r>, DecodeError> {
        let cell = self.rows.cell(self.row, column).map_err(de::Error::custom)?;
        Ok(CellReader { cell, column: self.name(column)? })
    }

    fn only_cell(&self) -> Result<CellReader<'r>, DecodeError> {
        match self.rows.columns() {
            1 => self.cell(0),
            count => Err(DecodeError::new(format!("one value is asked for, and the row has {count} columns"))),
        }
    }

    fn check_columns(&self, wanted: usize) -> Result<(), DecodeError> {
        match self.rows.columns() {
            count if count == wanted => Ok(()),
            count => Err(DecodeError::new(format!("{wanted} values are asked for, and the row has {count} columns"))),
        }
    }

    /// What is missing may be spelled otherwise.
    fn with_names(&self, error: DecodeError) -> DecodeError {
        if error.column.is_some() || !error.message.starts_with("missing field") {
            return error;
        }
        let names: Vec<_> = (0..self.rows.columns()).filter_map(|column| self.rows.name(column).ok()).collect();
        DecodeError::new(format!("{}; the columns are {}", error.message, names.join(", ")))
    }
}

/// Methods of a row that are those of its only cell.
macro_rules! of_the_only_cell {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            self.only_cell()?.$method(visitor)
        }
    )*};
}

impl<'r> Deserializer<'r> for RowReader<'r> {
    type Error = DecodeError;

    of_the_only_cell! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64
        deserialize_char deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf deserialize_identifier
    }

    fn deserialize_any<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.rows.columns() {
            1 => self.cell(0)?.deserialize_any(visitor),
            _ => self.deserialize_map(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.only_cell() {
            Ok(CellReader { cell: Cell::Null, .. }) => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'r>>(self, _: &'static str, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'r>>(self, _: &'static str, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.only_cell() {
            Ok(cell @ CellReader { cell: Cell::Blob(_), .. }) => cell.deserialize_seq(visitor),
            _ => visitor.visit_seq(Columns::new(self)),
        }
    }

    fn deserialize_tuple<V: Visitor<'r>>(self, len: usize, visitor: V) -> Result<V::Value, DecodeError> {
        if let Ok(cell @ CellReader { cell: Cell::Blob(_), .. }) = self.only_cell() {
            return cell.deserialize_tuple(len, visitor);
        }
        self.check_columns(len)?;
        visitor.visit_seq(Columns::new(self))
    }

    fn deserialize_tuple_struct<V: Visitor<'r>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.check_columns(len)?;
        visitor.visit_seq(Columns::new(self))
    }

    fn deserialize_map<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_map(Columns::new(self)).map_err(|error| self.with_names(error))
    }

    fn deserialize_struct<V: Visitor<'r>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'r>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.only_cell()?.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_unit()
    }
}

/// The columns of a row, from left to right.
struct Columns<'r> {
    row: RowReader<'r>,
    next: usize,
}

impl<'r> Columns<'r> {
    fn new(row: RowReader<'r>) -> Self {
        Self { row, next: 0 }
    }

    fn is_over(&self) -> bool {
        self.next >= self.row.rows.columns()
    }

    fn take(&mut self) -> Result<CellReader<'r>, DecodeError> {
        let cell = self.row.cell(self.next)?;
        self.next += 1;
        Ok(cell)
    }
}

impl<'r> SeqAccess<'r> for Columns<'r> {
    type Error = DecodeError;

    fn next_element_seed<S: DeserializeSeed<'r>>(&mut self, seed: S) -> Result<Option<S::Value>, DecodeError> {
        if self.is_over() {
            return Ok(None);
        }
        let cell = self.take()?;
        seed.deserialize(cell).map(Some).map_err(|error| error.within(cell.column))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.row.rows.columns() - self.next)
    }
}

impl<'r> MapAccess<'r> for Columns<'r> {
    type Error = DecodeError;

    fn next_key_seed<S: DeserializeSeed<'r>>(&mut self, seed: S) -> Result<Option<S::Value>, DecodeError> {
        if self.is_over() {
            return Ok(None);
        }
        let name: StrDeserializer<'_, DecodeError> = self.row.name(self.next)?.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'r>>(&mut self, seed: S) -> Result<S::Value, DecodeError> {
        let cell = self.take()?;
        seed.deserialize(cell).map_err(|error| error.within(cell.column))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.row.rows.columns() - self.next)
    }
}
