//! [`Rows`]: what a statement answered.

use std::{fmt, iter::FusedIterator, marker::PhantomData};

use serde::de::DeserializeOwned;

use super::decode::{DecodeError, decode};
use crate::{rows, sql_error::SqlError};

/// The rows of an answer, and what was asked.
pub(super) struct Answer {
    pub(super) rows: rows::Rows,
    pub(super) sql: String,
}

impl Answer {
    /// Fails with how many rows there are, where another number was asked for.
    pub(super) fn miscounted(&self, wanted: &str) -> SqlError {
        let count = match self.rows.len() {
            0 => "no row".to_owned(),
            1 => "1 row".to_owned(),
            count => format!("{count} rows"),
        };
        SqlError::new(format!("{count} where {wanted} was asked for"), self.sql.as_str())
    }

    /// The row as a value.
    pub(super) fn get<T: DeserializeOwned>(&self, row: usize) -> Result<T, SqlError> {
        decode(&self.rows, row).map_err(|error| self.undecoded(row, &error))
    }

    fn undecoded(&self, row: usize, error: &DecodeError) -> SqlError {
        SqlError::new(format!("row {}: {error}", row + 1), self.sql.as_str())
    }
}

/// The rows of an answer, each decoded when it is its turn. Made by [`Statement::rows`](super::Statement::rows).
///
/// All of them are in memory already, in the bytes in which they came. A row that is not a `T` is an error, and the next
/// one is read as if it had not been.
pub struct Rows<T> {
    answer: Answer,
    next: usize,
    end: usize,
    decoded: PhantomData<fn() -> T>,
}

impl<T> Rows<T> {
    pub(super) fn new(answer: Answer) -> Self {
        let end = answer.rows.len();
        Self { answer, next: 0, end, decoded: PhantomData }
    }

    /// The columns' names, from left to right.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.answer.rows.columns()).map(|column| self.answer.rows.name(column).unwrap_or_default())
    }
}

impl<T> fmt::Debug for Rows<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rows({} of: {})", self.end - self.next, self.answer.sql)
    }
}

impl<T: DeserializeOwned> Iterator for Rows<T> {
    type Item = Result<T, SqlError>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = (self.next < self.end).then_some(self.next)?;
        self.next += 1;
        Some(self.answer.get(row))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.end - self.next;
        (left, Some(left))
    }

    fn nth(&mut self, count: usize) -> Option<Self::Item> {
        self.next = self.next.saturating_add(count).min(self.end);
        self.next()
    }
}

impl<T: DeserializeOwned> DoubleEndedIterator for Rows<T> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.end = (self.next < self.end).then(|| self.end - 1)?;
        Some(self.answer.get(self.end))
    }
}

impl<T: DeserializeOwned> ExactSizeIterator for Rows<T> {}
impl<T: DeserializeOwned> FusedIterator for Rows<T> {}
