//! What of the cache is measured.

use std::str::FromStr;

use anyhow::{Result, bail};

/// One part of what the cache costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Fetches that it answers.
    Hit,
    /// Fetches that it answers out of many entries.
    Lookup,
    /// Fetches whose answers it keeps in place of others.
    Eviction,
}

impl Part {
    pub(crate) const ALL: [Self; 3] = [Self::Hit, Self::Lookup, Self::Eviction];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Lookup => "lookup",
            Self::Eviction => "eviction",
        }
    }
}

impl FromStr for Part {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        match Self::ALL.into_iter().find(|known| known.name() == name) {
            Some(part) => Ok(part),
            None => bail!("there is no part `{name}`; there are hit, lookup and eviction"),
        }
    }
}
