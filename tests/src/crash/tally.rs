//! What must hold of a tally: all its numbers are of the same turn.

use std::collections::HashSet;

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;

use crate::crash::{
    act::Id,
    journal::{Journal, Settled},
};

/// All that a tally holds.
#[derive(Debug, Deserialize)]
pub(crate) struct Tally {
    value: u64,
    /// How often each client has added, and the last time.
    clients: Vec<(u64, u64)>,
}

/// # Errors
///
/// If something is lost, torn or made up.
pub(crate) fn check(found: &Tally, journal: &mut Journal) -> Result<Settled> {
    let sum: u64 = found.clients.iter().map(|(count, _)| count).sum();
    ensure!(found.value == sum, "the value is {}, its parts add up to {sum}", found.value);
    let mut done: Vec<Id> = journal.kept.keys().copied().collect();
    for (client, &(count, last)) in (0..).zip(&found.clients) {
        let kept = || journal.kept.keys().filter(|id| id.client == client).map(|id| id.seq);
        match count.checked_sub(kept().count() as u64) {
            Some(0) => ensure!(kept().max().unwrap_or(0) == last, "client {client}'s last is {last}"),
            Some(1) => done.push(Id { client, seq: last }),
            _ => bail!("client {client} was acknowledged {} times and counts {count}", kept().count()),
        }
    }
    let clients = found.clients.len();
    ensure!(done.iter().all(|id| (id.client as usize) < clients), "a client is forgotten, {clients} are left");
    check_answers(found, journal)?;
    journal.settle(&done)
}

/// Each turn adds to what the one before has left.
fn check_answers(found: &Tally, journal: &Journal) -> Result<()> {
    let mut values = HashSet::new();
    for id in journal.kept.keys() {
        let Some(answer) = journal.answer(*id) else { continue };
        let value = answer.as_u64().with_context(|| format!("{id:?} was answered {answer}"))?;
        ensure!(value <= found.value, "{id:?} was answered {value}, the value is {}", found.value);
        ensure!(values.insert(value), "two turns were answered {value}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::crash::{
        act::Change,
        journal::tests::{act, id},
    };

    /// Checks after client 0 was acknowledged once, with client 1 under way.
    fn checked(value: u64, clients: &[(u64, u64)]) -> Result<Settled> {
        let mut journal = Journal::default();
        journal.acknowledged(act(0, 7, Change::Add), json!(1));
        journal.open.insert(id(1, 3), act(1, 3, Change::Add));
        check(&Tally { value, clients: clients.to_vec() }, &mut journal)
    }

    #[test]
    fn all_numbers_are_of_the_same_turn() {
        assert_eq!(checked(1, &[(1, 7)]).unwrap(), Settled { found: 0, lost: 1 });
        assert_eq!(checked(2, &[(1, 7), (1, 3)]).unwrap(), Settled { found: 1, lost: 0 });
        assert!(checked(2, &[(1, 7)]).is_err());
        assert!(checked(1, &[(1, 7), (1, 3)]).is_err());
    }

    #[test]
    fn nothing_is_lost_or_made_up() {
        assert!(checked(0, &[]).is_err());
        assert!(checked(1, &[(0, 0), (1, 3)]).is_err());
        assert!(checked(1, &[(1, 6)]).is_err());
        assert!(checked(2, &[(2, 8)]).is_err());
        assert!(checked(2, &[(1, 7), (1, 4)]).is_err());
    }
}
