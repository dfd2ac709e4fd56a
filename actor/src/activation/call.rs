//! One call: what it has under way, what it waits for, the turn that it holds.

use std::{
    cell::{Cell, RefCell},
    pin::Pin,
    rc::Rc,
    task::Waker,
};

use super::{Activation, Fate};
use crate::{
    key::Key,
    limits::EFFECTS_MAX,
    ops::{Instant, Ops},
    problem::{Problem, Result},
    response::{IntoResponse, Response},
    state::Changes,
    turn::{Permit, Turn},
    value::Value,
};

/// What is done when a turn is committed.
pub(crate) type Effect = Box<dyn FnOnce(Rc<Call>) -> Pin<Box<dyn Future<Output = Result<()>>>>>;

/// The effects that a call's turns ask for.
#[derive(Default)]
pub(crate) struct Effects {
    asked: RefCell<Vec<Effect>>,
    released: RefCell<Vec<Effect>>,
}

impl Effects {
    /// False if there are too many.
    pub(crate) fn ask(&self, effect: Effect) -> bool {
        let mut asked = self.asked.borrow_mut();
        let fits = asked.len() < EFFECTS_MAX as usize;
        if fits {
            asked.push(effect);
        }
        fits
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.asked.borrow().is_empty()
    }

    /// The turn is committed.
    fn release(&self) {
        self.released.borrow_mut().append(&mut self.asked.borrow_mut());
    }

    /// The turn is rolled back.
    fn forget(&self) {
        self.asked.take();
    }

    /// Those of committed turns that have not begun.
    pub(crate) fn take(&self) -> Vec<Effect> {
        self.released.take()
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
    /// Statements that the turn has queued into its commit.
    pub(crate) writes: RefCell<Vec<(String, Vec<Value>)>>,
    pub(crate) effects: Effects,
    /// What of the cache is to be renewed, apart from the call.
    pub(crate) refreshes: RefCell<Vec<Effect>>,
    /// Whether the turn's commit erases the actor.
    pub(crate) destroys: Cell<bool>,
    outgoing: Cell<bool>,
    /// How many turns it stands in line for.
    queued: Cell<u32>,
    /// Whether a turn of it is stored.
    has_committed: Cell<bool>,
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
            writes: RefCell::default(),
            effects: Effects::default(),
            refreshes: RefCell::default(),
            destroys: Cell::new(false),
            outgoing: Cell::new(false),
            queued: Cell::new(0),
            has_committed: Cell::new(false),
        })
    }

    /// Whether it is no request's, but an actor's coming into memory.
    pub(crate) fn is_hook(&self) -> bool {
        self.number == 0.0 && self.instant.is_none()
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

    /// What is left of a body that one of its requests has brought is not wanted.
    pub(crate) fn release(self: &Rc<Self>, id: i32) {
        if !self.ended.get() {
            self.ops.borrow_mut().release(id);
            self.mark_outgoing();
        }
    }

    /// The call has ended. What it wanted will not come any more, and who waits for that beyond the call is told.
    pub(crate) fn end(&self) {
        self.ended.set(true);
        let left = self.ops.borrow_mut().abandon();
        left.into_iter().for_each(Waker::wake);
    }

    /// What it is answered if it cannot go on.
    pub(crate) fn interrupted(&self) -> Response {
        if self.has_committed.get() {
            return Problem::interrupted_late().into_response();
        }
        Problem::interrupted().into_response().retry_after(1)
    }

    /// Whether it can be run again after a trap.
    pub(crate) fn can_replay(&self) -> bool {
        self.number > 0.0 && !self.has_committed.get()
    }

    /// Whether what it waits for comes from here: an operation, or a turn.
    pub(crate) fn waits_for_own(&self) -> bool {
        self.queued.get() > 0 || self.ops.borrow().is_waited_for()
    }

    fn hold(&self, turn: Turn) -> Turn {
        self.home.world.trace.hold(turn);
        self.held.replace(turn)
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
        let queued = Queued::new(&self.queued);
        let permit = self.home.turns.take(turn).await;
        drop(queued);
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

/// A place in line, counted as long as it is held.
struct Queued<'c>(&'c Cell<u32>);

impl<'c> Queued<'c> {
    fn new(count: &'c Cell<u32>) -> Self {
        count.set(count.get() + 1);
        Self(count)
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
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
        call.hold(Turn::Exclusive);
        Self { call, is_committed: false, _permit: permit }
    }

    pub(crate) fn home(&self) -> &'c Activation {
        &self.call.home
    }

    /// Writes what changed, in one batch, while the turn is still held.
    pub(crate) fn commit(self) -> Result<()> {
        let changes = self.write()?;
        self.accept(changes);
        Ok(())
    }

    /// The first half of a commit: storage has what changed.
    pub(crate) fn write(&self) -> Result<Option<Changes>> {
        if self.call.destroys.get() {
            return self.call.home.erase().map(|()| None);
        }
        self.call.home.write(self.call.writes.take(), false)
    }

    /// The second half: memory is told, and what waits for the commit can begin.
    pub(crate) fn accept(mut self, changes: Option<Changes>) {
        if let Some(changes) = changes {
            self.call.home.accept(changes);
            self.call.has_committed.set(true);
        }
        if self.call.destroys.get() {
            self.call.home.fate.set(Fate::Destroyed);
            self.call.has_committed.set(true);
        }
        self.call.effects.release();
        self.is_committed = true;
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if !self.is_committed {
            self.call.writes.take();
            self.call.effects.forget();
            self.call.destroys.set(false);
            self.call.home.rollback();
        }
        self.call.hold(Turn::None);
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
        Self { call, before: call.hold(Turn::Shared), _permit: permit }
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        self.call.hold(self.before);
    }
}
