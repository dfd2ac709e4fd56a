//! Going through a [`Table`].

use std::iter::FusedIterator;

use serde::{Serialize, de::DeserializeOwned};

use super::{Table, stored};
use crate::{
    codec,
    containers::{
        order,
        span::Span,
        walk::{Found, Walk},
    },
    problem::Result,
};

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
