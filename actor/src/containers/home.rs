//! Where a container's stored values are.

use crate::store::Slot;

/// The slot that holds what a container has stored; none while it is detached.
#[derive(Debug, Default)]
pub(super) struct Home(Option<Slot>);

/// How a container's home lies to the slot that it is to be committed to.
#[derive(Debug)]
pub(super) enum Stay<'h> {
    /// It is the same: what is untouched is stored there already.
    Here,
    /// It is another field's, from which the container was moved here.
    Elsewhere(&'h Slot),
    /// There is none: everything is to be written.
    Nowhere,
}

impl Home {
    pub(super) fn is_detached(&self) -> bool {
        self.0.is_none()
    }

    pub(super) fn slot(&self) -> Option<&Slot> {
        self.0.as_ref()
    }

    pub(super) fn is(&self, slot: &Slot) -> bool {
        self.0.as_ref() == Some(slot)
    }

    pub(super) fn stay(&self, slot: &Slot) -> Stay<'_> {
        match &self.0 {
            Some(home) if home == slot => Stay::Here,
            Some(home) => Stay::Elsewhere(home),
            None => Stay::Nowhere,
        }
    }

    pub(super) fn settle(&mut self, slot: &Slot) {
        if !self.is(slot) {
            self.0 = Some(slot.clone());
        }
    }
}
