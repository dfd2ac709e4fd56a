//! Actors that tell whether a crash has lost, kept or torn something (`tests/src/crash`).

mod ledger;
mod shelf;
mod tally;

use serde::Deserialize;

pub(crate) use self::{ledger::Ledger, shelf::Shelf, tally::Tally};

/// Who asks, and for how manieth time.
#[derive(Clone, Copy, Deserialize)]
pub(crate) struct Id {
    client: u32,
    seq: u64,
}
