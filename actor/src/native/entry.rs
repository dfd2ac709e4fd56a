//! Entries into the instance: actors come into memory, run, and are lost.

use super::{Native, storage::Identity};
use crate::{
    host::{Host, StorageError},
    key::Key,
    problem::Problem,
};

impl Native {
    /// Brings an actor into memory. An error without a problem is one whose response the instance has left.
    pub(super) fn activate(&self, identity: &Identity) -> Result<Key, Option<Problem>> {
        let mut activated = Err(None);
        self.host.present.replace(Some(identity.clone()));
        let stored = self.host.transact_for(identity, &mut || {
            activated = match self.host.record(identity) {
                Ok(record) => self.instance.activate(&identity.0, &identity.1, record.as_deref()).ok_or(None),
                Err(error) => Err(Some(self.failed(identity, &error))),
            };
            activated.is_ok()
        });
        self.host.present.take();
        let failure = match stored {
            _ if self.reset_crashed() => Some(unavailable()),
            Err(error) => Some(self.failed(identity, &error)),
            Ok(()) => None,
        };
        if let (Ok(key), Some(_)) = (&activated, &failure) {
            self.instance.deactivate(*key);
        }
        if failure.is_some() {
            return Err(failure);
        }
        if let Ok(key) = activated {
            self.actors.borrow_mut().insert(identity.clone(), key);
            self.host.actors.borrow_mut().insert(key, identity.clone());
        }
        activated
    }

    /// Storage has failed outside of the instance.
    fn failed(&self, identity: &Identity, error: &StorageError) -> Problem {
        self.host.log(&format!("{}: {error}", label(identity)));
        Problem::new(503, "storage-failed", "the actor's storage does not answer; try again")
    }

    /// Enters the instance for an actor, and does what that leaves. Whether it leaves anything.
    pub(super) fn enter(&self, actor: Key, act: impl FnOnce()) -> bool {
        let identity = self.host.actors.borrow().get(&actor).cloned();
        self.host.present.replace(identity);
        act();
        self.host.present.take();
        let frames = self.instance.outbox().frames().as_bytes().to_vec();
        // The replies of an object that was reset do not leave.
        self.reset_crashed();
        self.collect(actor, &frames);
        self.trap_if_panicked();
        !frames.is_empty()
    }

    pub(super) fn forget(&self, identity: &Identity) -> Option<Key> {
        let key = self.actors.borrow_mut().remove(identity)?;
        self.host.actors.borrow_mut().remove(&key);
        Some(key)
    }
}

/// How an actor reads in a chain and in the log.
pub(super) fn label((class, name): &Identity) -> String {
    format!("{class}/{name}")
}

/// The object was reset while it worked.
pub(super) fn unavailable() -> Problem {
    Problem::new(503, "unavailable", "the actor cannot be reached at the moment")
}
