//! One actor in memory, its calls, and the turns that they take.

use std::{
    any::Any,
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
    task::Waker,
};

use crate::{
    field::{Actor, Record, State},
    host::Host,
    key::Key,
    limits::Limits,
    ops::{Instant, Ops},
    problem::{Error, Problem, Result},
    turn::{Permit, Turn, Turns},
};

/// A `RefCell<A>`, of whatever actor.
pub(crate) trait StateCell: Any {
    fn with_state(&self, act: &mut dyn FnMut(&mut dyn State));
    fn as_any(&self) -> &dyn Any;
}

impl<A: Actor> StateCell for RefCell<A> {
    fn with_state(&self, act: &mut dyn FnMut(&mut dyn State)) {
        act(&mut *self.borrow_mut());
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// What stays the same for all actors of a worker.
pub(crate) struct World {
    pub(crate) host: Rc<dyn Host>,
    pub(crate) limits: Limits,
    pub(crate) development: bool,
    /// The actor that an entry is for, while it lasts.
    pub(crate) present: Cell<Option<Key>>,
}

/// One actor in memory: its value, its turn queue, its calls that are ready to go on.
pub(crate) struct Activation {
    pub(crate) key: Key,
    pub(crate) class: &'static str,
    pub(crate) name: Rc<str>,
    pub(crate) world: Rc<World>,
    pub(crate) turns: Rc<Turns>,
    /// Tasks that were woken, in order.
    pub(crate) ready: RefCell<VecDeque<Key>>,
    /// Calls that want something of the host.
    pub(crate) outgoing: RefCell<Vec<Rc<Call>>>,
    /// How many calls wait.
    pub(crate) tasks: Cell<u32>,
    state: Box<dyn StateCell>,
    record: RefCell<Record>,
    unreadable: Cell<bool>,
}

impl Activation {
    /// Makes the actor from its last committed record.
    pub(crate) fn hydrate(
        key: Key,
        class: &'static str,
        name: Rc<str>,
        world: Rc<World>,
        state: Box<dyn StateCell>,
        stored: Option<&[u8]>,
    ) -> Result<Rc<Self>> {
        let mut record = Ok(Record::default());
        state.with_state(&mut |state| record = Record::hydrate(state, stored));
        Ok(Rc::new(Self {
            key,
            class,
            name,
            world,
            turns: Rc::default(),
            ready: RefCell::default(),
            outgoing: RefCell::default(),
            tasks: Cell::new(0),
            state,
            record: RefCell::new(record?),
            unreadable: Cell::new(false),
        }))
    }

    /// The actor's value. It may be borrowed by who holds a turn.
    ///
    /// # Panics
    ///
    /// If it is not an `A`.
    pub(crate) fn cell<A: Actor>(&self) -> &RefCell<A> {
        self.state
            .as_any()
            .downcast_ref()
            .unwrap_or_else(|| panic!("this actor is a {}, not a {}", self.class, A::CLASS))
    }

    /// Writes what the turn changed; the turn is still held.
    fn commit(&self) -> Result<()> {
        let mut outcome = Ok(());
        self.state.with_state(&mut |state| outcome = self.commit_state(state));
        outcome
    }

    fn commit_state(&self, state: &mut dyn State) -> Result<()> {
        let mut record = self.record.borrow_mut();
        let batch = record.changes(state)?;
        if batch.is_empty() {
            return Ok(());
        }
        if let Err(error) = self.world.host.commit(self.key, &batch) {
            let problem = Problem::new(503, "commit-failed", "the change could not be stored; nothing of it was kept");
            return Err(Error::new(problem, error));
        }
        record.committed(state);
        Ok(())
    }

    fn rollback(&self) {
        let mut outcome = Ok(());
        self.state.with_state(&mut |state| outcome = self.record.borrow().rollback(state));
        if let Err(error) = outcome {
            self.unreadable.set(true);
            let text = format!("{}/{}: the last committed state cannot be restored: {error}", self.class, self.name);
            self.world.host.log(&text);
        }
    }

    /// Fails when a rollback has left memory and storage different.
    pub(crate) fn check_readable(&self) -> Result<(), Problem> {
        if self.unreadable.get() {
            return Err(Problem::state_unreadable());
        }
        Ok(())
    }
}

/// One call of an actor, from its request to its response.
pub(crate) struct Call {
    pub(crate) home: Rc<Activation>,
    /// The number that the host gave it.
    pub(crate) number: f64,
    pub(crate) task: Cell<Option<Key>>,
    pub(crate) ops: RefCell<Ops>,
    pub(crate) held: Cell<Turn>,
    pub(crate) ended: Cell<bool>,
    pub(crate) chain: Chain,
    /// Answers operations at once, in unit tests of a struct.
    pub(crate) instant: Option<Rc<dyn Instant>>,
    /// Ends the call with a problem that its method has no way to return.
    pub(crate) failure: RefCell<Option<Problem>>,
    outgoing: Cell<bool>,
}

/// The calls of this same actor that wait for this one, and how the chain reads.
#[derive(Default)]
pub(crate) struct Chain {
    pub(crate) text: String,
    pub(crate) ancestors: Vec<Rc<Call>>,
}

impl Call {
    pub(crate) fn new(home: Rc<Activation>, number: f64, chain: Chain, instant: Option<Rc<dyn Instant>>) -> Rc<Self> {
        Rc::new(Self {
            home,
            number,
            task: Cell::new(None),
            ops: RefCell::default(),
            held: Cell::new(Turn::None),
            ended: Cell::new(false),
            chain,
            instant,
            failure: RefCell::new(None),
            outgoing: Cell::new(false),
        })
    }

    /// Has a frame made for this call before its actor's entry ends: the present one, or one that is asked for.
    pub(crate) fn mark_outgoing(self: &Rc<Self>) {
        if self.ended.get() || self.outgoing.replace(true) {
            return;
        }
        self.home.outgoing.borrow_mut().push(self.clone());
        if self.home.world.present.get() != Some(self.home.key) {
            self.home.world.host.wake(self.home.key);
        }
    }

    /// The call has ended. What it wanted will not come any more, and who waits for that beyond the call is told.
    pub(crate) fn end(&self) {
        self.ended.set(true);
        let left = self.ops.borrow_mut().abandon();
        left.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn clear_outgoing(&self) {
        self.outgoing.set(false);
    }

    /// Ends the call with `problem` as soon as its present poll is over.
    pub(crate) fn fail(&self, problem: Problem) {
        self.failure.borrow_mut().get_or_insert(problem);
    }

    /// A turn at once, or in order of arrival.
    ///
    /// A call that holds a shared turn, or whose chain does, joins it, since a writer that waits in between would wait
    /// for ever. One that would wait for itself or its own chain is refused.
    pub(crate) async fn take_turn(&self, turn: Turn) -> Result<Permit, Problem> {
        if let Some(permit) = self.try_turn(turn)? {
            return Ok(permit);
        }
        let permit = self.home.turns.take(turn).await;
        // The turn before may have left what cannot be read.
        self.home.check_readable()?;
        Ok(permit)
    }

    pub(crate) fn try_turn(&self, turn: Turn) -> Result<Option<Permit>, Problem> {
        self.home.check_readable()?;
        if let Some(permit) = self.try_join(turn)? {
            return Ok(Some(permit));
        }
        Ok(self.home.turns.try_take(turn))
    }

    fn try_join(&self, turn: Turn) -> Result<Option<Permit>, Problem> {
        let mut holds_shared = false;
        let ancestors = self.chain.ancestors.iter().filter(|ancestor| !ancestor.ended.get());
        for held in std::iter::once(self.held.get()).chain(ancestors.map(|ancestor| ancestor.held.get())) {
            match (held, turn) {
                (_, Turn::None) | (Turn::None, _) => {}
                (Turn::Shared, Turn::Shared) => holds_shared = true,
                (Turn::Exclusive, _) | (Turn::Shared, Turn::Exclusive) => return Err(self.deadlock()),
            }
        }
        Ok(if holds_shared { self.home.turns.try_join() } else { None })
    }

    fn deadlock(&self) -> Problem {
        let detail = "this call would wait for a turn that its own chain of calls holds";
        let problem = Problem::new(508, "deadlock", detail);
        if self.chain.text.is_empty() { problem } else { problem.with("chain", &self.chain.text) }
    }
}

/// An exclusive turn: a transaction that is rolled back unless it is committed.
pub(crate) struct Transaction<'c> {
    call: &'c Call,
    is_committed: bool,
    _permit: Permit,
}

impl<'c> Transaction<'c> {
    pub(crate) fn new(call: &'c Call, permit: Permit) -> Self {
        call.held.set(Turn::Exclusive);
        Self { call, is_committed: false, _permit: permit }
    }

    /// Writes what changed, in one batch, while the turn is still held.
    pub(crate) fn commit(mut self) -> Result<()> {
        self.call.home.commit()?;
        self.is_committed = true;
        Ok(())
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if !self.is_committed {
            self.call.home.rollback();
        }
        self.call.held.set(Turn::None);
    }
}

/// A shared turn.
pub(crate) struct Reading<'c> {
    call: &'c Call,
    /// What the call held before: `Me::read` may stand within `&self`.
    before: Turn,
    _permit: Permit,
}

impl<'c> Reading<'c> {
    pub(crate) fn new(call: &'c Call, permit: Permit) -> Self {
        Self { call, before: call.held.replace(Turn::Shared), _permit: permit }
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        self.call.held.set(self.before);
    }
}
