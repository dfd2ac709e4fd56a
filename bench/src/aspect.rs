//! What of state is measured.

use std::str::FromStr;

use anyhow::{Result, bail};

/// One part of what state costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aspect {
    /// A turn that changes a number.
    Count,
    /// A call that changes nothing.
    Read,
    /// A turn that changes one entry of an arena.
    Arena,
    /// A turn that changes one entry of a table.
    Table,
    /// Actors that nobody calls.
    Idle,
}

impl Aspect {
    pub(crate) const ALL: [Self; 5] = [Self::Count, Self::Read, Self::Arena, Self::Table, Self::Idle];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Read => "read",
            Self::Arena => "arena",
            Self::Table => "table",
            Self::Idle => "idle",
        }
    }
}

impl FromStr for Aspect {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        match Self::ALL.into_iter().find(|known| known.name() == name) {
            Some(aspect) => Ok(aspect),
            None => bail!("there is no aspect `{name}`; there are count, read, arena, table and idle"),
        }
    }
}
