//! One actor in memory, its calls, and the turns that they take.

mod call;

use std::{
    any::Any,
    cell::{Cell, OnceCell, RefCell},
    collections::VecDeque,
    rc::Rc,
};

pub(crate) use call::{Call, Chain, Effect, Reading, Transaction};

use crate::{
    breaker::Circuits,
    cache::{CacheChanges, Store},
    field::Actor,
    host::{Host, StorageError, Write},
    key::Key,
    limits::Limits,
    problem::{Error, Problem, Result},
    sql_error::SqlError,
    state::{Changes, Layouts, Origin, Record, State},
    store::{Batch, Place, clear_shelf, put_on_shelf, take_from_shelf},
    trace::Trace,
    turn::Turns,
    value::Value,
};

/// A `RefCell<A>`, of whatever actor.
pub(crate) trait StateCell: Any {
    /// Acts on the state, unless it is borrowed.
    fn with_state(&self, act: &mut dyn FnMut(&mut dyn State)) -> bool;
    fn as_any(&self) -> &dyn Any;
}

impl<A: Actor> StateCell for RefCell<A> {
    fn with_state(&self, act: &mut dyn FnMut(&mut dyn State)) -> bool {
        let Ok(mut state) = self.try_borrow_mut() else { return false };
        act(&mut *state);
        true
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
    /// Where records are encoded.
    pub(crate) scratch: RefCell<Vec<u8>>,
    /// The actor that an entry is for, while it lasts.
    pub(crate) present: Cell<Option<Key>>,
    pub(crate) trace: Rc<Trace>,
}

/// What a class says of its actors.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) limits: Limits,
    /// Whether what they fetch is kept in storage.
    pub(crate) keeps_cache: bool,
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
    /// When it was entered last, in entries of the instance.
    pub(crate) used: Cell<u64>,
    pub(crate) place: Rc<Place>,
    state: Box<dyn StateCell>,
    record: RefCell<Record>,
    pub(crate) fate: Cell<Fate>,
    /// What its requests were answered. Most actors send none.
    cache: OnceCell<Box<RefCell<Store>>>,
    /// Origins that keep failing.
    pub(crate) circuits: Rc<Circuits>,
    /// The bounds of its calls.
    pub(crate) limits: Limits,
    keeps_cache: bool,
    /// Writes what has changed of a cache that is kept. A pointer, so that a worker that fetches nothing has no cache.
    keeper: Cell<Option<fn(&Self)>>,
}

/// Whether an actor's memory is worth anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is what the last commit has left.
    #[default]
    Lives,
    /// A rollback has left memory and storage different.
    Unreadable,
    /// A turn has erased the actor.
    Destroyed,
}

/// Acts on a state, and returns what comes of it.
fn with<R>(state: &dyn StateCell, act: impl FnOnce(&mut dyn State) -> Result<R>) -> Result<R> {
    let (mut act, mut outcome) = (Some(act), Err(borrowed()));
    state.with_state(&mut |state| {
        if let Some(act) = act.take() {
            outcome = act(state);
        }
    });
    outcome
}

impl Activation {
    /// Makes the actor from what is stored, `record` first.
    pub(crate) fn hydrate(
        world: Rc<World>,
        place: Place,
        state: Box<dyn StateCell>,
        (layouts, settings): (Layouts, Settings),
        record: Option<&[u8]>,
    ) -> Result<(Rc<Self>, Origin)> {
        let place = Rc::new(place);
        let record = record.map(|record| place.open_record(record)).transpose()?;
        let (record, origin) = with(&*state, |state| Record::hydrate(&place, record.as_deref(), layouts, state))?;
        let home = Rc::new(Self {
            key: place.actor,
            class: place.class,
            name: place.name.clone(),
            world,
            turns: Rc::default(),
            ready: RefCell::default(),
            outgoing: RefCell::default(),
            tasks: Cell::new(0),
            used: Cell::new(0),
            place,
            state,
            record: RefCell::new(record),
            fate: Cell::default(),
            cache: OnceCell::new(),
            circuits: Rc::default(),
            limits: settings.limits,
            keeps_cache: settings.keeps_cache,
            keeper: Cell::new(None),
        });
        Ok((home, origin))
    }

    /// What its requests were answered.
    pub(crate) fn cache(&self) -> &RefCell<Store> {
        self.cache.get_or_init(|| Box::new(RefCell::new(self.make_cache())))
    }

    fn make_cache(&self) -> Store {
        let store = Store::new(self.limits.cache_max_entries, self.limits.cache_max_bytes);
        if !self.keeps_cache {
            return store;
        }
        self.keeper.set(Some(Self::write_cache));
        let kept = self.place.shelf().unwrap_or_else(|error| {
            self.world.host.log(&format!("{}/{}: what was fetched: {error}", self.class, self.name));
            Vec::new()
        });
        store.restore(kept)
    }

    /// Writes what has changed of a cache that is kept.
    pub(crate) fn keep_cache(&self) {
        if let Some(keeper) = self.keeper.get() {
            keeper(self);
        }
    }

    /// What cannot be written now is with the next change.
    fn write_cache(&self) {
        let Some(changes) = self.cache.get().and_then(|cache| cache.borrow_mut().take_changes()) else { return };
        let CacheChanges { is_cleared, gone, kept } = changes;
        let mut writes: Vec<Write> = if is_cleared { vec![clear_shelf()] } else { Vec::new() };
        writes.extend(gone.into_iter().map(take_from_shelf));
        writes.extend(kept.into_iter().map(|(number, value)| put_on_shelf(number, value)));
        if let Err(error) = self.world.host.keep(self.key, &writes) {
            self.world.host.log(&format!("{}/{}: what was fetched is not kept: {error}", self.class, self.name));
            self.cache().borrow_mut().keep_anew();
        }
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

    /// Writes what the turn changed, in one batch; the turn is still held. Memory is yet to be told, by `accept`.
    ///
    /// With `is_first` the record is written in any case, and what is migrated may leave in pieces: the activation is a
    /// transaction of its own.
    pub(crate) fn write(&self, statements: Vec<(String, Vec<Value>)>, is_first: bool) -> Result<Option<Changes>> {
        let mut batch = Batch::default();
        let scratch = self.world.scratch.take();
        let changes = with(&*self.state, |state| {
            self.record.borrow().changes(&self.place, state, scratch, is_first, &mut batch)
        })?;
        if batch.is_empty() && statements.is_empty() {
            self.world.scratch.replace(changes.into_scratch());
            return Ok(None);
        }
        batch.write_later(is_first.then_some(&self.place))?;
        for (text, params) in statements {
            batch.sql(text, params);
        }
        self.check_size(&batch)?;
        let writes = batch.take_writes();
        // Where all has left in pieces, or nothing was left to say later, the changes are stored none the less.
        if !writes.is_empty() {
            self.world.host.commit(self.key, &writes).map_err(|error| uncommitted(error, &writes))?;
        }
        Ok(Some(changes))
    }

    /// Memory is what is stored now.
    pub(crate) fn accept(&self, changes: Changes) {
        // It is not borrowed: it was written from just now.
        let scratch = with(&*self.state, |state| Ok(self.record.borrow_mut().committed(&self.place, state, changes)));
        self.world.scratch.replace(scratch.unwrap_or_default());
    }

    fn check_size(&self, batch: &Batch) -> Result<()> {
        let (bytes, max) = (batch.bytes(), self.limits.commit_max_bytes);
        if bytes <= max as usize {
            return Ok(());
        }
        let detail =
            format!("the turn would write {bytes} bytes, more than the {max} that are allowed; nothing was kept");
        Err(Problem::new(507, "commit-too-large", detail).into())
    }

    fn rollback(&self) {
        if let Err(error) = with(&*self.state, |state| self.record.borrow().rollback(&self.place, state)) {
            self.fate.set(Fate::Unreadable);
            let text = format!("{}/{}: the last committed state cannot be restored: {error}", self.class, self.name);
            self.world.host.log(&text);
        }
    }

    /// Whether the actor is to be forgotten, and hydrated anew.
    pub(crate) fn is_lost(&self) -> bool {
        self.fate.get() != Fate::Lives
    }

    /// Fails when the actor is lost.
    pub(crate) fn check_readable(&self) -> Result<(), Problem> {
        match self.fate.get() {
            Fate::Lives => Ok(()),
            Fate::Unreadable => Err(Problem::state_unreadable()),
            Fate::Destroyed => Err(Problem::interrupted()),
        }
    }

    /// Deletes all that is stored; the turn is still held.
    pub(crate) fn erase(&self) -> Result<()> {
        let writes = [Write::Erase];
        self.world.host.commit(self.key, &writes).map_err(|error| uncommitted(error, &writes))
    }

    /// Lets go what containers can load again, when nobody borrows.
    pub(crate) fn trim(&self) {
        if self.place.has_loaded.get() && self.state.with_state(&mut trim) {
            self.place.has_loaded.set(false);
        }
    }

    /// Whether nothing is under way, so that the actor can leave memory.
    pub(crate) fn is_idle(&self) -> bool {
        self.tasks.get() == 0 && self.outgoing.borrow().is_empty()
    }
}

fn trim(state: &mut dyn State) {
    state.fields(&mut |_, field| field.trim());
}

fn borrowed() -> Error {
    Error::new(Problem::internal(), StorageError::new("the actor's value is still borrowed"))
}

fn uncommitted(error: StorageError, writes: &[Write]) -> Error {
    if let Some(Write::Sql { text, .. }) = error.write.and_then(|at| writes.get(at)) {
        let problem = Problem::new(500, "statement-failed", "a statement of the turn failed; nothing was kept");
        return Error::new(problem, SqlError::of_host(&error.message, text.as_str()));
    }
    Error::new(Problem::commit_failed(), error)
}
