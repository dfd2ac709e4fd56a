//! What a test lets go wrong.

use std::{cell::RefCell, collections::VecDeque};

use super::storage::Identity;

/// What goes wrong with storage, once. See [`Native::inject`](super::Native::inject).
///
/// A crash takes the actor's memory, as when a Durable Object is reset: all its calls that are under way are answered
/// 503 `unavailable`, and the next one finds what was durable.
///
/// ```
/// # use duractor::{prelude::*, native::Fault, Native};
/// # #[derive(Default, Actor)]
/// # struct Counter { count: u64 }
/// # #[methods]
/// # impl Counter {
/// #     #[get] fn count(&self) -> u64 { self.count }
/// #     #[post("/add")] fn add(&mut self) -> u64 { self.count += 1; self.count }
/// # }
/// # #[routes]
/// # fn routes() -> Router { Router::new().mount::<Counter>("/counter", "counter") }
/// for (fault, count) in [(Fault::CrashBefore, "0"), (Fault::CrashAfter, "1")] {
///     let native = Native::new().routes(routes());
///     native.inject(fault);
///     assert_eq!(native.post("/counter/add").send().status, 503);
///     assert_eq!(native.get("/counter").send().text(), count);
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// Storage refuses the commit. The turn is rolled back and answered 503 `commit-failed`; the actor lives on.
    FailCommit,
    /// Storage takes the commit, and it never becomes durable: no reply leaves, and the object is reset to what was
    /// there before.
    LoseCommit,
    /// A crash before anything of the commit is written.
    CrashBefore,
    /// A crash when half of the commit is written.
    CrashDuring,
    /// A crash when the commit is durable and the reply has not left yet.
    CrashAfter,
    /// The instance traps within the commit: the turn is answered 500, and other calls are run again.
    TrapAtCommit,
    /// Storage does not answer a read.
    FailRead,
    /// The instance traps within a read, of an actor that comes into memory or of a container that loads lazily.
    TrapAtRead,
}

impl Fault {
    fn is_of_commits(self) -> bool {
        !matches!(self, Self::FailRead | Self::TrapAtRead)
    }
}

/// What is still to go wrong, in order, and whom it has hit in the present entry.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    due: RefCell<VecDeque<(Option<Identity>, Fault)>>,
    crashed: RefCell<Vec<Identity>>,
}

impl Faults {
    pub(crate) fn add(&self, actor: Option<Identity>, fault: Fault) {
        self.due.borrow_mut().push_back((actor, fault));
    }

    /// Takes back what was to hit any actor so.
    pub(crate) fn remove(&self, fault: Fault) {
        self.due.borrow_mut().retain(|due| *due != (None, fault));
    }

    pub(crate) fn clear(&self) {
        self.due.borrow_mut().clear();
    }

    pub(crate) fn take_for_commit(&self, actor: &Identity) -> Option<Fault> {
        self.take(actor, Fault::is_of_commits)
    }

    pub(crate) fn fails_read(&self, actor: &Identity) -> bool {
        self.take(actor, |fault| fault == Fault::FailRead).is_some()
    }

    pub(crate) fn traps_at_read(&self, actor: &Identity) -> bool {
        self.take(actor, |fault| fault == Fault::TrapAtRead).is_some()
    }

    fn take(&self, actor: &Identity, is_wanted: fn(Fault) -> bool) -> Option<Fault> {
        let mut due = self.due.borrow_mut();
        let hits = |(whom, fault): &(Option<Identity>, Fault)| {
            is_wanted(*fault) && whom.as_ref().is_none_or(|whom| whom == actor)
        };
        let at = due.iter().position(hits)?;
        due.remove(at).map(|(_, fault)| fault)
    }

    pub(crate) fn crash(&self, actor: &Identity) {
        self.crashed.borrow_mut().push(actor.clone());
    }

    pub(crate) fn take_crashed(&self) -> Vec<Identity> {
        self.crashed.take()
    }
}
