//! What was asked of one actor, and how far that must be found in it.

use std::collections::{HashMap, HashSet};

use anyhow::{Result, bail, ensure};
use serde_json::Value;

use crate::crash::act::{Act, Id};

/// What was asked of one actor.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    /// What was acknowledged, or found after a kill, with its answer if there was one.
    pub(crate) kept: HashMap<Id, (Act, Option<Value>)>,
    /// What was under way at the kill, at most one act of each client.
    pub(crate) open: HashMap<Id, Act>,
}

/// How often what was under way at a kill was found afterwards, and how often not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settled {
    pub(crate) found: u64,
    pub(crate) lost: u64,
}

impl Journal {
    /// Notes an answer.
    pub(crate) fn acknowledged(&mut self, act: Act, answer: Value) {
        if act.is_kept() {
            self.kept.insert(act.id, (act, Some(answer)));
        }
    }

    /// Checks that an actor did all that was acknowledged, and nothing else but what was under way at the kill.
    ///
    /// # Errors
    ///
    /// If that is not so.
    pub(crate) fn settle(&mut self, done: &[Id]) -> Result<Settled> {
        let mut seen = HashSet::new();
        let mut settled = Settled::default();
        for id in done {
            ensure!(seen.insert(*id), "{id:?} is there twice");
            if self.kept.contains_key(id) {
                continue;
            }
            let act = self.open.remove(id).filter(Act::is_kept);
            let Some(act) = act else { bail!("{id:?} is there, and was refused, or never asked") };
            self.kept.insert(*id, (act, None));
            settled.found += 1;
        }
        for (id, (act, _)) in &self.kept {
            ensure!(seen.contains(id), "acknowledged and lost: {act:?}");
        }
        settled.lost = self.open.drain().filter(|(_, act)| act.is_kept()).count() as u64;
        Ok(settled)
    }

    /// The act, once it is known to be kept.
    ///
    /// # Panics
    ///
    /// If it is not.
    pub(crate) fn act(&self, id: Id) -> &Act {
        &self.kept[&id].0
    }

    /// What the client was answered, unless the kill came first.
    pub(crate) fn answer(&self, id: Id) -> Option<&Value> {
        self.kept.get(&id)?.1.as_ref()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::crash::act::{Change, Kind, Place};

    pub(crate) fn id(client: u32, seq: u64) -> Id {
        Id { client, seq }
    }

    pub(crate) fn act(client: u32, seq: u64, change: Change) -> Act {
        Act { id: id(client, seq), place: Place { kind: Kind::Tally, epoch: 0, number: 0 }, change }
    }

    /// One act acknowledged, another under way.
    fn journal() -> Journal {
        let mut journal = Journal::default();
        journal.acknowledged(act(0, 1, Change::Add), Value::from(1));
        journal.open.insert(id(1, 1), act(1, 1, Change::Add));
        journal
    }

    #[test]
    fn what_was_under_way_is_there_or_not() {
        assert_eq!(journal().settle(&[id(0, 1)]).unwrap(), Settled { found: 0, lost: 1 });
        let mut journal = journal();
        assert_eq!(journal.settle(&[id(1, 1), id(0, 1)]).unwrap(), Settled { found: 1, lost: 0 });
        let lost = journal.settle(&[id(0, 1)]).unwrap_err();
        assert!(lost.to_string().contains("acknowledged and lost"), "what was found once stays: {lost}");
    }

    #[test]
    fn what_was_acknowledged_is_there_once() {
        assert!(journal().settle(&[]).is_err());
        assert!(journal().settle(&[id(0, 1), id(0, 1)]).is_err());
    }

    #[test]
    fn nothing_else_is_there() {
        assert!(journal().settle(&[id(0, 1), id(0, 2)]).is_err());
        let mut journal = journal();
        journal.settle(&[id(0, 1)]).unwrap();
        assert!(journal.settle(&[id(0, 1), id(1, 1)]).is_err(), "what was not found never comes");
    }

    #[test]
    fn what_was_refused_is_not_there() {
        let transfer = crate::crash::act::Transfer { from: 0, to: 1, amount: 2 };
        let mut journal = Journal::default();
        journal.acknowledged(act(0, 1, Change::Refused(transfer)), Value::Null);
        journal.open.insert(id(1, 1), act(1, 1, Change::Refused(transfer)));
        assert!(journal.settle(&[id(0, 1)]).is_err());
        assert!(journal.settle(&[id(1, 1)]).is_err());
    }
}
