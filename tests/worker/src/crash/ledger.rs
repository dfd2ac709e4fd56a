//! Balances and entries that always agree.

use std::collections::BTreeMap;

use duractor::prelude::*;
use serde::{Deserialize, Serialize};

/// What each account is opened with, at its first transfer.
const GRANT: i64 = 1_000;

#[derive(Default, Actor)]
pub(crate) struct Ledger {
    next: u64,
    balances: Table<u32, i64>,
    entries: Table<u64, Entry>,
    amounts: Column,
}

/// A transfer.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Entry {
    client: u32,
    seq: u64,
    from: u32,
    to: u32,
    amount: i64,
}

/// All that a ledger holds.
#[derive(Serialize)]
pub(crate) struct Found {
    next: u64,
    balances: BTreeMap<u32, i64>,
    entries: Vec<(u64, Entry)>,
    amounts: Vec<f64>,
}

#[methods]
impl Ledger {
    #[get("/")]
    fn find(&self) -> Result<Json<Found>> {
        let balances = self.balances.iter().collect::<Result<_>>()?;
        let entries = self.entries.iter().collect::<Result<_>>()?;
        let amounts = self.amounts.iter(..)?.collect();
        Ok(Json(Found { next: self.next, balances, entries, amounts }))
    }

    #[post("/transfer")]
    fn transfer(&mut self, Json(entry): Json<Entry>) -> Result<Json<u64>> {
        self.book(entry).map(Json)
    }

    /// Leaves nothing of what it has done.
    #[post("/refused")]
    fn refused(&mut self, Json(entry): Json<Entry>) -> Result<()> {
        let number = self.book(entry)?;
        Err(Problem::new(409, "on-purpose", format!("entry {number} is not made")))?
    }
}

impl Ledger {
    fn book(&mut self, entry: Entry) -> Result<u64> {
        self.add(entry.from, -entry.amount)?;
        self.add(entry.to, entry.amount)?;
        self.amounts.push(entry.amount as f64);
        let number = self.next;
        self.entries.insert(number, entry);
        self.next += 1;
        Ok(number)
    }

    fn add(&mut self, account: u32, amount: i64) -> Result<()> {
        let balance = self.balances.get(&account)?.copied().unwrap_or(GRANT);
        self.balances.insert(account, balance + amount);
        Ok(())
    }
}
