//! Ranges of a [`Table`].

use std::{iter::FusedIterator, ops::RangeBounds};

use serde::{Serialize, de::DeserializeOwned};

use super::{Table, encode, stored};
use crate::{
    codec,
    containers::{
        order,
        span::Span,
        walk::{self, Found, Walk},
    },
    problem::Result,
};

impl<K, V> Table<K, V>
where
    K: Serialize + DeserializeOwned,
    V: Serialize + DeserializeOwned,
{
    /// Removes the entries of a range of keys. It reads nothing, and writes one command.
    ///
    /// ```
    /// use duractor::Table;
    ///
    /// let mut readings: Table<u64, f64> = Table::from_iter([(1, 0.5), (2, 0.25), (9, 0.125)]);
    /// readings.remove_range(..5);
    /// assert_eq!(readings.count(..)?, 1);
    /// # Ok::<_, duractor::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If a bound cannot be encoded.
    pub fn remove_range(&mut self, range: impl RangeBounds<K>) {
        let span = span(&range);
        self.changes.retain(|key, _| !span.contains(key));
        self.cache.remove_if(|key| span.contains(key));
        self.base.remove(span);
    }

    /// The entries of a range of keys, from both ends. They are read page by page and are the caller's own: decoded for
    /// the caller, and kept nowhere. The present turn's changes are among them.
    ///
    /// ```
    /// use duractor::{Result, Table};
    ///
    /// let table: Table<u32, char> = Table::from_iter([(1, 'a'), (5, 'b'), (9, 'c')]);
    /// let newest = table.range(2..).rev().take(1).collect::<Result<Vec<_>>>()?;
    /// assert_eq!(newest, [(9, 'c')]);
    /// # Ok::<_, duractor::Error>(())
    /// ```
    ///
    /// Items are `Result`s; the first error is the last item.
    ///
    /// # Panics
    ///
    /// If a bound cannot be encoded.
    pub fn range(&self, range: impl RangeBounds<K>) -> TableRange<'_, K, V> {
        TableRange::new(self, span(&range))
    }

    /// The entries whose keys begin with these fields: of a tuple or struct its first ones, given as a tuple. Otherwise
    /// as [`range`](Self::range).
    ///
    /// Fields are compared whole: a text's beginning is not the field.
    ///
    /// # Panics
    ///
    /// If a field cannot be encoded.
    pub fn prefix<P: Serialize + ?Sized>(&self, fields: &P) -> TableRange<'_, K, V> {
        TableRange::new(self, Span::beginning_with(encode(fields)))
    }

    /// All entries, as of [`range`](Self::range).
    pub fn iter(&self) -> TableRange<'_, K, V> {
        TableRange::new(self, Span::ALL)
    }

    /// The keys of a range, from both ends. Entries are read with them, and not decoded.
    ///
    /// # Panics
    ///
    /// If a bound cannot be encoded.
    pub fn keys(&self, range: impl RangeBounds<K>) -> TableKeys<'_, K, V> {
        TableKeys::new(self, span(&range))
    }

    /// The entry of the least key.
    ///
    /// # Errors
    ///
    /// As of [`get`](Self::get).
    pub fn first(&self) -> Result<Option<(K, V)>> {
        self.iter().next().transpose()
    }

    /// The entry of the greatest key.
    ///
    /// # Errors
    ///
    /// As of [`get`](Self::get).
    pub fn last(&self) -> Result<Option<(K, V)>> {
        self.iter().next_back().transpose()
    }

    /// How many entries a range of keys has. It takes time in proportion to them; whoever needs it often counts in a
    /// field.
    ///
    /// # Errors
    ///
    /// If storage fails.
    ///
    /// # Panics
    ///
    /// If a bound cannot be encoded.
    pub fn count(&self, range: impl RangeBounds<K>) -> Result<u64> {
        walk::count(&self.base, &self.changes, span(&range))
    }

    /// Whether there is no entry.
    ///
    /// # Errors
    ///
    /// If storage fails.
    pub fn is_empty(&self) -> Result<bool> {
        let entry = Walk::new(&self.base, &self.changes, Span::ALL).next();
        Ok(entry.transpose()?.is_none())
    }
}

fn span<K: Serialize>(range: &impl RangeBounds<K>) -> Span {
    Span::new(range.start_bound().map(encode), range.end_bound().map(encode))
}

type Step<'t> = Option<Result<(Vec<u8>, Found<'t>)>>;

/// Entries of a [`Table`], in the order of their keys. Made by [`Table::range`], [`Table::prefix`] and [`Table::iter`].
pub struct TableRange<'t, K, V> {
    walk: Walk<'t>,
    table: &'t Table<K, V>,
}

impl<'t, K, V> TableRange<'t, K, V>
where
    K: DeserializeOwned,
    V: Serialize + DeserializeOwned,
{
    pub(super) fn new(table: &'t Table<K, V>, span: Span) -> Self {
        Self { walk: Walk::new(&table.base, &table.changes, span), table }
    }

    fn decode(&self, key: &[u8], found: Found<'_>) -> Result<(K, V)> {
        let value = match found {
            Found::Stored(bytes) => stored::decode(self.table.read.as_deref(), &bytes),
            // The caller's own, although nothing asks that it can be cloned.
            Found::Changed(change) => codec::decode(&change.encode()?),
        };
        let value = value.map_err(|why| self.table.base.unreadable(key, why))?;
        Ok((decode_key(self.table, key)?, value))
    }

    fn item(&self, step: Step<'_>) -> Option<Result<(K, V)>> {
        Some(step?.and_then(|(key, found)| self.decode(&key, found)))
    }
}

fn decode_key<K: DeserializeOwned, V>(table: &Table<K, V>, key: &[u8]) -> Result<K> {
    order::decode(key).map_err(|why| table.base.unreadable(key, why))
}

impl<K, V> Iterator for TableRange<'_, K, V>
where
    K: DeserializeOwned,
    V: Serialize + DeserializeOwned,
{
    type Item = Result<(K, V)>;

    fn next(&mut self) -> Option<Self::Item> {
        let step = self.walk.next();
        self.item(step)
    }
}

impl<K, V> DoubleEndedIterator for TableRange<'_, K, V>
where
    K: DeserializeOwned,
    V: Serialize + DeserializeOwned,
{
    fn next_back(&mut self) -> Option<Self::Item> {
        let step = self.walk.next_back();
        self.item(step)
    }
}

impl<K, V> FusedIterator for TableRange<'_, K, V>
where
    K: DeserializeOwned,
    V: Serialize + DeserializeOwned,
{
}

/// Keys of a [`Table`], in order. Made by [`Table::keys`].
pub struct TableKeys<'t, K, V> {
    walk: Walk<'t>,
    table: &'t Table<K, V>,
}

impl<'t, K: DeserializeOwned, V: Serialize> TableKeys<'t, K, V> {
    pub(super) fn new(table: &'t Table<K, V>, span: Span) -> Self {
        Self { walk: Walk::new(&table.base, &table.changes, span), table }
    }

    fn item(&self, step: Step<'_>) -> Option<Result<K>> {
        Some(step?.and_then(|(key, _)| decode_key(self.table, &key)))
    }
}

impl<K: DeserializeOwned, V: Serialize> Iterator for TableKeys<'_, K, V> {
    type Item = Result<K>;

    fn next(&mut self) -> Option<Self::Item> {
        let step = self.walk.next();
        self.item(step)
    }
}

impl<K: DeserializeOwned, V: Serialize> DoubleEndedIterator for TableKeys<'_, K, V> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let step = self.walk.next_back();
        self.item(step)
    }
}

impl<K: DeserializeOwned, V: Serialize> FusedIterator for TableKeys<'_, K, V> {}
