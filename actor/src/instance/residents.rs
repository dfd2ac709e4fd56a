//! Which actors are in memory: how they come, and how they leave.

use std::{cell::Cell, rc::Rc};

use super::{Instance, turns::settle_in};
use crate::{
    activation::Activation,
    key::Key,
    problem::{Problem, Result},
    refusal::internal,
    response::{IntoResponse, Response},
    store::Place,
    tenancy::Tenants,
};

/// When actors have to leave memory, those do that were last used in the first so-manieth of the entries since the one
/// that was used longest ago: several at once, so that looking for them is seldom.
const LEAVING_SHARE: u64 = 8;

impl Instance {
    /// Brings an actor into memory, or leaves the reason why it cannot in the outbox. The host calls it within a
    /// transaction of the actor's storage, and rolls that back if there is no key.
    ///
    /// `record` is what is stored under the record's key.
    pub(crate) fn activate(&self, class: &str, name: &str, record: Option<&[u8]>) -> Option<Key> {
        self.enter();
        self.make_room();
        // A migration or a `Default` of the user's may panic; where a panic does not trap, it is this call's alone.
        let hydrated = self.world.trace.guard(|| self.hydrate(class, name, record));
        let hydrated = hydrated.unwrap_or_else(|_| Err(internal()));
        self.world.present.set(None);
        let what = format!("{class}/{name}");
        match hydrated {
            Ok(key) => Some(key),
            Err(response) => {
                self.finish(0.0, response, &what);
                None
            }
        }
    }

    fn hydrate(&self, class: &str, name: &str, record: Option<&[u8]>) -> Result<Key, Response> {
        let class = self.app.class(class).ok_or_else(|| {
            Problem::new(500, "unknown-class", format!("`{class}` is not mounted by the function under `#[routes]`"))
                .into_response()
        })?;
        let actor = self.actors.borrow().next_key();
        let place = Place {
            host: self.world.host.clone(),
            actor,
            class: class.name,
            name: name.into(),
            has_loaded: Cell::default(),
            tenants: Tenants::default(),
        };
        self.world.present.set(Some(actor));
        let layouts = class.layouts().map_err(IntoResponse::into_response)?;
        let state = (class.make)();
        let (home, origin) =
            Activation::hydrate(self.world.clone(), place, state, (layouts, class.settings(self.world.limits)), record)
                .map_err(IntoResponse::into_response)?;
        settle_in(&home, class, origin)?;
        home.used.set(self.entries.get());
        Ok(self.actors.borrow_mut().insert(home))
    }

    /// Lets idle actors leave memory when there are too many, or when memory grows beyond its bound: those that were used
    /// longest ago. Their next calls bring them back.
    pub(super) fn make_room(&self) {
        let limits = &self.world.limits;
        let memory = self.world.host.memory_bytes();
        let has_grown = memory > limits.memory_max_bytes as usize && memory > self.memory.get();
        let count = self.actors.borrow().len();
        if !has_grown && count < limits.actors_max.max(1) as usize {
            return;
        }
        self.memory.set(memory);
        let entries = self.entries.get();
        let is_idle = |home: &Activation| home.is_idle() && self.world.present.get() != Some(home.key);
        let oldest =
            self.actors.borrow().iter().filter(|(_, home)| is_idle(home)).map(|(_, home)| home.used.get()).min();
        let Some(oldest) = oldest else { return };
        let until = oldest + (entries - oldest) / LEAVING_SHARE;
        let leaving: Vec<Key> = self
            .actors
            .borrow()
            .iter()
            .filter(|(_, home)| is_idle(home) && home.used.get() <= until)
            .map(|(key, _)| key)
            .collect();
        for key in leaving {
            self.forget(key);
        }
    }

    fn tasks_of(&self, actor: Key) -> Vec<Key> {
        self.tasks.borrow().iter().filter(|(_, task)| task.home.key == actor).map(|(key, _)| key).collect()
    }

    fn forget(&self, actor: Key) {
        let home = self.actors.borrow_mut().remove(actor);
        drop(home);
    }

    /// Forgets an actor, with its calls that wait.
    pub(crate) fn deactivate(&self, actor: Key) {
        self.enter();
        for key in self.tasks_of(actor) {
            self.remove(key);
        }
        let home = self.actors.borrow_mut().remove(actor);
        if let Some(home) = home {
            home.outgoing.borrow_mut().clear();
        }
    }

    /// Forgets an actor whose memory is not what is stored, or that was destroyed; its next call hydrates it anew.
    pub(super) fn lose(&self, home: &Rc<Activation>) {
        for key in self.tasks_of(home.key) {
            let call = self.tasks.borrow().get(key).map(|task| task.call.clone());
            if let Some(call) = call {
                self.end(key, call.interrupted());
            }
        }
        home.outgoing.borrow_mut().clear();
        self.forget(home.key);
    }
}
