//! An actor's state between memory and storage: hydrated, committed, rolled back, migrated.

use std::{any::Any, error::Error as StdError, fmt, rc::Rc};

use crate::{
    field::{Actor, Field},
    problem::{Error, Problem, Result},
    record::{self, Entry, Stored},
    store::{Batch, Place, Slot},
};

/// An actor's value behind a type that the non-generic code can hold.
pub(crate) trait State: Any {
    fn fields(&mut self, visit: &mut dyn FnMut(&'static str, &mut dyn Field));

    fn version(&self) -> u32;

    /// Becomes what an earlier version's state is now, if that is declared.
    fn upgrade(&mut self, stored: &Stored<'_>) -> Result<bool>;
}

impl<A: Actor> State for A {
    fn fields(&mut self, visit: &mut dyn FnMut(&'static str, &mut dyn Field)) {
        Actor::fields(self, visit);
    }

    fn version(&self) -> u32 {
        A::VERSION
    }

    fn upgrade(&mut self, stored: &Stored<'_>) -> Result<bool> {
        let upgraded = A::upgrade(stored)?;
        let is_declared = upgraded.is_some();
        if let Some(upgraded) = upgraded {
            *self = upgraded;
        }
        Ok(is_declared)
    }
}

/// The layout of each field of a class, in order.
pub(crate) type Layouts = Rc<[(&'static str, u64)]>;

/// Traces what a class stores.
///
/// # Errors
///
/// If a field could be written but not read back, with what to do.
pub(crate) fn layouts(class: &str, state: &mut dyn State) -> Result<Layouts> {
    let mut refused = None;
    let mut layouts = Vec::new();
    state.fields(&mut |name, field| {
        let layout = field.layout();
        if let Some(why) = layout.refusal() {
            refused.get_or_insert_with(|| Refused(format!("{class}: field `{name}` cannot be stored: {why}")));
        }
        layouts.push((name, layout.hash()));
    });
    match refused {
        Some(refused) => Err(Error::new(Problem::state_unreadable(), refused)),
        None => Ok(layouts.into()),
    }
}

/// Each field's layout, for whoever compares builds.
#[cfg(target_arch = "wasm32")]
pub(crate) fn describe(state: &mut dyn State) -> Vec<(&'static str, crate::layout::Layout)> {
    let mut fields = Vec::new();
    state.fields(&mut |name, field| fields.push((name, field.layout())));
    fields
}

/// A state that this code does not take as it is stored.
#[derive(Debug)]
struct Refused(String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for Refused {}

fn refused(place: &Place, why: &str) -> Error {
    Error::new(Problem::state_unreadable(), Refused(format!("{}/{}: {why}", place.class, place.name)))
}

/// The record as last committed: compared with, so that an unchanged one is not written, and rolled back to.
#[derive(Debug, Default)]
pub(crate) struct Record {
    committed: Vec<u8>,
    /// Whether storage holds it, byte for byte.
    is_stored: bool,
    layouts: Layouts,
    version: u32,
    /// Fields that are stored and not declared any more. They stay until a migration, so that putting a field back, or
    /// the code before, finds its data.
    undeclared: Vec<u8>,
    /// Fields that a migration has left behind, and whose rows go with it.
    orphans: Vec<String>,
}

/// What a turn changed, on its way into storage.
pub(crate) struct Changes {
    record: Vec<u8>,
    has_record: bool,
}

impl Changes {
    /// The memory that an unchanged record was encoded in.
    pub(crate) fn into_scratch(self) -> Vec<u8> {
        self.record
    }
}

/// How an actor came into memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nothing was ever stored.
    New,
    /// As stored.
    Stored,
    /// By a migration, which is yet to be committed.
    Migrated,
}

impl Record {
    /// Loads what is stored; what is not keeps its default.
    pub(crate) fn hydrate(
        place: &Rc<Place>,
        bytes: Option<&[u8]>,
        layouts: Layouts,
        state: &mut dyn State,
    ) -> Result<(Self, Origin)> {
        let version = state.version();
        let mut record = Self { layouts, version, ..Self::default() };
        let stored = bytes.map(|bytes| Stored::parse(place, bytes)).transpose()?;
        let origin = match &stored {
            None => {
                place.check_empty()?;
                load(state, |name| (Slot::new(place.clone(), name), None))?;
                Origin::New
            }
            Some(stored) if stored.version == version => {
                check_layouts(stored, &record.layouts)?;
                load(state, |name| (stored.slot(name), stored.entry(name).map(|entry| entry.bytes)))?;
                record.undeclared = record.undeclared_in(stored).flat_map(|entry| entry.whole).copied().collect();
                Origin::Stored
            }
            Some(stored) => {
                migrate(stored, state, version)?;
                record.orphans = record.undeclared_in(stored).map(|entry| entry.name.to_owned()).collect();
                Origin::Migrated
            }
        };
        // With the defaults of fields that were never stored, so that they can be rolled back, too.
        record.committed = record.encode(state, Vec::new())?;
        record.is_stored = bytes.is_some_and(|bytes| bytes == record.committed);
        Ok((record, origin))
    }

    fn undeclared_in<'s, 'r>(&'s self, stored: &'s Stored<'r>) -> impl Iterator<Item = &'s Entry<'r>> {
        let declared = |name: &str| self.layouts.iter().any(|(declared, _)| *declared == name);
        stored.entries.iter().filter(move |entry| !declared(entry.name))
    }

    /// Adds what the turn changed, and returns the record as it will be. With `is_first` the record is written in any
    /// case.
    pub(crate) fn changes(
        &self,
        place: &Rc<Place>,
        state: &mut dyn State,
        scratch: Vec<u8>,
        is_first: bool,
        batch: &mut Batch,
    ) -> Result<Changes> {
        let mut outcome = Ok(());
        state.fields(&mut |name, field| {
            if outcome.is_ok() && !field.is_plain() {
                outcome = field.commit(&Slot::new(place.clone(), name), batch);
            }
        });
        outcome?;
        let record = self.encode(state, scratch)?;
        let has_record = is_first || record != self.committed || (!self.is_stored && !batch.is_empty());
        if has_record {
            batch.put_record(record.clone());
        }
        for name in self.orphans.clone() {
            batch.later(move |batch| {
                batch.clear_named(&name);
                Ok(())
            });
        }
        Ok(Changes { record, has_record })
    }

    /// What `changes` added is written. Returns what is not needed any more.
    pub(crate) fn committed(&mut self, place: &Rc<Place>, state: &mut dyn State, changes: Changes) -> Vec<u8> {
        self.is_stored |= changes.has_record;
        self.orphans.clear();
        state.fields(&mut |name, field| {
            if !field.is_plain() {
                field.committed(&Slot::new(place.clone(), name));
            }
        });
        std::mem::replace(&mut self.committed, changes.record)
    }

    /// Memory becomes what was committed last.
    pub(crate) fn rollback(&self, place: &Rc<Place>, state: &mut dyn State) -> Result<()> {
        let mut outcome = Ok(());
        state.fields(&mut |name, field| {
            let slot = Slot::new(place.clone(), name);
            let each = match record::entries(&self.committed).find(|entry| entry.name == name) {
                Some(entry) if field.is_plain() => field.load(entry.bytes, &slot),
                _ => field.rollback(&slot),
            };
            // Every field is rolled back, whatever becomes of the others.
            if outcome.is_ok() {
                outcome = each;
            }
        });
        outcome
    }

    fn encode(&self, state: &mut dyn State, mut encoded: Vec<u8>) -> Result<Vec<u8>> {
        record::begin(&mut encoded, self.version);
        let mut hashes = self.layouts.iter();
        let mut outcome = Ok(());
        state.fields(&mut |name, field| {
            let hash = hashes.next().map_or(0, |(_, hash)| *hash);
            if outcome.is_ok() {
                outcome = record::push(&mut encoded, name, hash, |bytes| field.save(bytes));
            }
        });
        encoded.extend_from_slice(&self.undeclared);
        outcome.map(|()| encoded)
    }
}

/// Gives every field its place and what is stored of it.
fn load<'r>(state: &mut dyn State, find: impl Fn(&'static str) -> (Slot, Option<&'r [u8]>)) -> Result<()> {
    let mut outcome = Ok(());
    state.fields(&mut |name, field| {
        let (slot, stored) = find(name);
        if outcome.is_ok() && (stored.is_some() || !field.is_plain()) {
            outcome = field.load(stored.unwrap_or_default(), &slot);
        }
    });
    outcome
}

fn check_layouts(stored: &Stored<'_>, layouts: &Layouts) -> Result<()> {
    for (name, hash) in layouts.iter() {
        let Some(entry) = stored.entry(name).filter(|entry| entry.hash != *hash) else { continue };
        let (version, next) = (stored.version, stored.version.saturating_add(1));
        return Err(refused(
            stored.place,
            &format!(
                "field `{name}` is stored in another layout ({:016x}) than this code's ({hash:016x}), both called \
                 version {version}; nothing was changed. Keep the old struct in a module, declare `#[actor(version = \
                 {next}, from = …)]`, and write the `From` that makes the new state of the old one",
                entry.hash
            ),
        ));
    }
    Ok(())
}

fn migrate(stored: &Stored<'_>, state: &mut dyn State, version: u32) -> Result<()> {
    if stored.version > version {
        return Err(refused(
            stored.place,
            &format!(
                "the state is of version {}, this code is of version {version}; nothing was changed. Deploy the newer \
                 code again, or declare a version above {} that is made of it",
                stored.version, stored.version
            ),
        ));
    }
    if state.upgrade(stored)? {
        return Ok(());
    }
    Err(refused(
        stored.place,
        &format!(
            "the state is of version {}, this code is of version {version}, and no migration leads from one to the \
             other; nothing was changed. Declare `#[actor(version = {version}, from = …)]` with the struct of version \
             {}, and write its `From`",
            stored.version, stored.version
        ),
    ))
}

/// The state of version `New`, made of the stored one by way of `Old`; none if no declared version is the stored one.
///
/// # Errors
///
/// If what is stored is not what that version writes.
pub fn upgrade<Old: Actor + Into<New>, New: Actor>(stored: &Stored<'_>) -> Result<Option<New>> {
    if stored.version != Old::VERSION {
        return Ok(Old::upgrade(stored)?.map(Old::into));
    }
    let mut old = Old::default();
    check_layouts(stored, &layouts(stored.place.class, &mut old)?)?;
    load(&mut old, |name| (stored.slot(name), stored.entry(name).map(|entry| entry.bytes)))?;
    Ok(Some(old.into()))
}
