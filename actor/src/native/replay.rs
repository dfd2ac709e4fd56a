//! Traps: actors lose their memory, and calls are run again. `actor.js` is the same in workerd.

use super::{
    CallState, Native,
    answer::Answer,
    entry,
    journal::{Came, Journal},
    message::Response,
    storage::Identity,
};
use crate::{key::Key, problem::Problem, refusal::internal, response::IntoResponse};

impl Native {
    /// These actors lose their memory. Their calls are run again, in the order in which they came.
    pub(super) fn interrupt(&self, actors: &[Identity]) {
        for identity in actors {
            self.take_memory(identity);
        }
        let is_lost = |call: &CallState| {
            let is_theirs = call.identity.as_ref().is_some_and(|identity| actors.contains(identity));
            is_theirs && call.response.is_none() && call.actor.is_some()
        };
        let lost: Vec<i64> =
            self.calls.borrow().iter().filter(|(_, call)| is_lost(call)).map(|(number, _)| *number).collect();
        for number in lost {
            // A trap in a run before has perhaps run it again already.
            if self.calls.borrow().get(&number).is_some_and(|call| self.is_stale(call)) {
                self.again(number);
            }
        }
    }

    /// Whether a call waits in an actor that has lost its memory since.
    fn is_stale(&self, call: &CallState) -> bool {
        call.response.is_none() && call.actor.is_some_and(|actor| !self.host.actors.borrow().contains_key(&actor))
    }

    /// A method has panicked: in workerd that ends the instance.
    pub(super) fn trap_if_panicked(&self) {
        if self.host.trace.take_panicked() {
            let all: Vec<Identity> = self.actors.borrow().keys().cloned().collect();
            self.interrupt(&all);
        }
    }

    /// Ends a call as one that traps, and interrupts the others.
    pub(super) fn trap_in(&self, number: i64) {
        self.complete(number, Response::of(internal()));
        self.trap();
    }

    /// Runs a call again from its start. What it has asked for already is not asked for twice.
    fn again(&self, number: i64) {
        // An effect is nobody's request.
        let may = number > 0 && self.host.journals.borrow().get(&number).is_some_and(Journal::can_replay);
        if !may {
            return self.give_up(number);
        }
        if let Some(journal) = self.host.journals.borrow_mut().get_mut(&number) {
            journal.rewind();
        }
        let (message, identity) = {
            let mut calls = self.calls.borrow_mut();
            let Some(call) = calls.get_mut(&number) else { return };
            (call.actor, call.task) = (None, None);
            (call.message.clone(), call.identity.clone())
        };
        if let Some(identity) = identity {
            self.hand_over(number, &message, &identity);
            self.due.borrow_mut().push_back(number);
        }
    }

    /// A call cannot be run again.
    fn give_up(&self, number: i64) {
        if number < 0 {
            self.host
                .log
                .borrow_mut()
                .push("an effect, or the refresh of something in the cache, was interrupted".to_owned());
            self.calls.borrow_mut().remove(&number);
            return;
        }
        let has_committed = self.host.journals.borrow().get(&number).is_some_and(|journal| journal.has_committed);
        self.complete(
            number,
            if has_committed {
                Response::of(Problem::interrupted_late().into_response())
            } else {
                Response::of_problem(Problem::interrupted())
            },
        );
    }

    /// An operation has come to something.
    pub(super) fn came(&self, number: i64, operation: i32, mut came: Came) {
        if let Some(call) = self.calls.borrow_mut().get_mut(&number)
            && let Some(pulled) = call.pulled.get_mut(&operation)
            && let Some(body) = came.as_mut().and_then(Answer::take_pulled)
        {
            *pulled = body;
        }
        if let Some(journal) = self.host.journals.borrow_mut().get_mut(&number) {
            journal.add(operation, came);
        }
        self.advance_call(number);
    }

    /// Hands over what a call waits for, as far as it has asked for it.
    pub(super) fn advance_call(&self, number: i64) {
        while let Some((operation, came)) = self.next(number) {
            self.deliver(number, operation, came.as_ref());
        }
        let is_lost = |journal: &Journal| journal.has_diverged() || journal.is_stuck();
        if self.host.journals.borrow().get(&number).is_some_and(is_lost) {
            self.diverge(number);
        }
    }

    fn next(&self, number: i64) -> Option<(i32, Came)> {
        self.is_under_way(number).then(|| self.host.journals.borrow_mut().get_mut(&number)?.next())?
    }

    /// A call has asked for something else than before its interruption.
    fn diverge(&self, number: i64) {
        let place = self.calls.borrow().get(&number).and_then(|call| call.actor.zip(call.task));
        self.give_up(number);
        if let Some((actor, task)) = place {
            self.enter(actor, || self.instance.abort(actor, Key::from_bits(task)));
        }
    }

    /// Takes an actor's memory, with its calls.
    pub(super) fn take_memory(&self, identity: &Identity) -> Option<Key> {
        let actor = self.forget(identity)?;
        // Its cache counts changes anew.
        self.shared.borrow_mut().retain(|shared| shared.actor != *identity);
        // Turns that are dropped may read, and nobody minds what.
        self.host.present.replace(Some(identity.clone()));
        self.instance.deactivate(actor);
        self.host.present.take();
        Some(actor)
    }

    /// Takes an actor's object. Its calls end with this problem.
    pub(super) fn lose(&self, identity: &Identity, problem: &Problem) {
        let Some(actor) = self.take_memory(identity) else { return };
        let is_lost = |call: &CallState| call.actor == Some(actor) && call.response.is_none();
        let lost: Vec<i64> =
            self.calls.borrow().iter().filter(|(_, call)| is_lost(call)).map(|(number, _)| *number).collect();
        for number in lost {
            self.complete(number, Response::of_problem(problem.clone()));
        }
    }

    /// Resets the objects that have crashed in the last entry; whether there are some.
    pub(super) fn reset_crashed(&self) -> bool {
        let crashed = self.host.take_crashed();
        for identity in &crashed {
            self.lose(identity, &entry::unavailable());
        }
        !crashed.is_empty()
    }
}
