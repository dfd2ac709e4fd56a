//! What must hold of a ledger: balances and entries agree.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use serde::Deserialize;

use crate::crash::{
    act::{Change, Id, Transfer},
    journal::{Journal, Settled},
};

/// What each account is opened with, at its first transfer.
pub(crate) const GRANT: i64 = 1_000;

/// All that a ledger holds.
#[derive(Debug, Deserialize)]
pub(crate) struct Ledger {
    next: u64,
    balances: BTreeMap<u32, i64>,
    entries: Vec<(u64, Entry)>,
    amounts: Vec<f64>,
}

/// A transfer, as it is stored.
#[derive(Debug, Deserialize)]
struct Entry {
    client: u32,
    seq: u64,
    from: u32,
    to: u32,
    amount: i64,
}

impl Entry {
    fn id(&self) -> Id {
        Id { client: self.client, seq: self.seq }
    }

    fn transfer(&self) -> Transfer {
        Transfer { from: self.from, to: self.to, amount: self.amount }
    }
}

/// # Errors
///
/// If something is lost, torn or made up.
pub(crate) fn check(found: &Ledger, journal: &mut Journal) -> Result<Settled> {
    let done: Vec<Id> = found.entries.iter().map(|(_, entry)| entry.id()).collect();
    let settled = journal.settle(&done)?;
    let count = done.len() as u64;
    ensure!(found.next == count, "there are {count} entries, and the next is {}", found.next);
    for (number, (at, entry)) in (0..).zip(&found.entries) {
        ensure!(*at == number, "entry {at} stands where {number} should");
        check_entry(number, entry, journal)?;
    }
    let amounts: Vec<f64> = found.entries.iter().map(|(_, entry)| entry.amount as f64).collect();
    ensure!(found.amounts == amounts, "the amounts are {:?} and should be {amounts:?}", found.amounts);
    check_balances(found)?;
    Ok(settled)
}

fn check_entry(number: u64, entry: &Entry, journal: &Journal) -> Result<()> {
    let act = journal.act(entry.id());
    let is_asked = act.change == Change::Transfer(entry.transfer());
    ensure!(is_asked, "entry {number} is {entry:?}, asked was {act:?}");
    let answer = journal.answer(entry.id());
    ensure!(answer.is_none_or(|answer| answer.as_u64() == Some(number)), "entry {number} was answered {answer:?}");
    Ok(())
}

fn check_balances(found: &Ledger) -> Result<()> {
    let mut balances = BTreeMap::new();
    for (_, entry) in &found.entries {
        *balances.entry(entry.from).or_insert(GRANT) -= entry.amount;
        *balances.entry(entry.to).or_insert(GRANT) += entry.amount;
    }
    ensure!(found.balances == balances, "the entries make {balances:?}, the balances are {:?}", found.balances);
    let sum: i64 = found.balances.values().sum();
    let granted = GRANT * found.balances.len() as i64;
    ensure!(sum == granted, "{granted} was put in, and {sum} is there");
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::crash::journal::tests::{act, id};

    /// What there is after one transfer of 5 from 0 to 1.
    fn one() -> Value {
        json!({
            "next": 1,
            "balances": { "0": 995, "1": 1005 },
            "entries": [[0, { "client": 0, "seq": 1, "from": 0, "to": 1, "amount": 5 }]],
            "amounts": [5.0],
        })
    }

    /// Checks after that transfer was acknowledged, with one of 7 back under way.
    fn checked(found: Value) -> Result<Settled> {
        let mut journal = Journal::default();
        let there = Change::Transfer(Transfer { from: 0, to: 1, amount: 5 });
        let back = Change::Transfer(Transfer { from: 1, to: 0, amount: 7 });
        journal.acknowledged(act(0, 1, there), json!(0));
        journal.open.insert(id(1, 1), act(1, 1, back));
        check(&serde_json::from_value(found).unwrap(), &mut journal)
    }

    #[test]
    fn a_transfer_is_there_wholly_or_not_at_all() {
        assert_eq!(checked(one()).unwrap(), Settled { found: 0, lost: 1 });
        let mut both = one();
        both["next"] = json!(2);
        both["balances"] = json!({ "0": 1002, "1": 998 });
        let second = json!([1, { "client": 1, "seq": 1, "from": 1, "to": 0, "amount": 7 }]);
        both["entries"] = json!([one()["entries"][0], second]);
        both["amounts"] = json!([5.0, 7.0]);
        assert_eq!(checked(both.clone()).unwrap(), Settled { found: 1, lost: 0 });
        for field in ["next", "balances", "entries", "amounts"] {
            let mut torn = both.clone();
            torn[field] = one()[field].clone();
            assert!(checked(torn).is_err(), "without its {field}");
        }
    }

    #[test]
    fn an_entry_is_the_one_that_was_asked_for() {
        for (pointer, value) in [
            ("/entries/0/0", json!(1)),
            ("/entries/0/1/amount", json!(6)),
            ("/entries/0/1/to", json!(2)),
            ("/entries/0/1/seq", json!(2)),
            ("/balances/0", json!(996)),
            ("/amounts/0", json!(5.5)),
        ] {
            let mut found = one();
            *found.pointer_mut(pointer).unwrap() = value;
            assert!(checked(found).is_err(), "{pointer}");
        }
    }
}
