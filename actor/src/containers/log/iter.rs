//! Going through a [`Log`].

use std::iter::FusedIterator;

use serde::{Serialize, de::DeserializeOwned};

use super::{Log, Pushed, decode, stored::position};
use crate::{
    codec,
    containers::{
        span::Span,
        walk::{self, Found, Walk},
    },
    problem::Result,
};

impl walk::Change for Pushed {
    fn is_there(&self) -> bool {
        true
    }

    fn encode(&self) -> Result<Vec<u8>> {
        Ok(self.0.clone())
    }
}

/// Positions and entries of a [`Log`], in order. Made by [`Log::range`].
pub struct LogRange<'l, T> {
    walk: Walk<'l>,
    log: &'l Log<T>,
}

impl<'l, T: Serialize + DeserializeOwned> LogRange<'l, T> {
    pub(super) fn new(log: &'l Log<T>, span: Span) -> Self {
        Self { walk: Walk::new(&log.base, &log.pushed, span), log }
    }

    fn decode(&self, key: &[u8], found: Found<'_>) -> Result<(u64, T)> {
        let entry = match found {
            Found::Stored(bytes) => decode(self.log.read.as_deref(), &bytes),
            Found::Changed(pushed) => codec::decode(&pushed.encode()?),
        };
        let entry = position(key).and_then(|position| Ok((position, entry?)));
        entry.map_err(|why| self.log.base.unreadable(key, why))
    }

    fn item(&self, step: Option<Result<(Vec<u8>, Found<'_>)>>) -> Option<Result<(u64, T)>> {
        Some(step?.and_then(|(key, found)| self.decode(&key, found)))
    }
}

impl<T: Serialize + DeserializeOwned> Iterator for LogRange<'_, T> {
    type Item = Result<(u64, T)>;

    fn next(&mut self) -> Option<Self::Item> {
        let step = self.walk.next();
        self.item(step)
    }
}

impl<T: Serialize + DeserializeOwned> DoubleEndedIterator for LogRange<'_, T> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let step = self.walk.next_back();
        self.item(step)
    }
}

impl<T: Serialize + DeserializeOwned> FusedIterator for LogRange<'_, T> {}
