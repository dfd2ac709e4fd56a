//! Which container's values stand in the slot of a field.

use std::{
    cell::{Cell, RefCell},
    mem,
    rc::Rc,
};

/// The right of one container to what a slot holds. It ends when another container takes the slot.
#[derive(Debug)]
pub(crate) struct Tenancy(Rc<Cell<bool>>);

impl Tenancy {
    /// Whether the slot still holds this container's values.
    pub(crate) fn is_current(&self) -> bool {
        self.0.get()
    }
}

/// Whose the slots of an actor are, by their names.
#[derive(Debug, Default)]
pub(crate) struct Tenants(RefCell<Vec<(&'static str, Tenancy)>>);

impl Tenants {
    /// Gives a slot to the caller, and takes it from whoever has it.
    pub(crate) fn occupy(&self, name: &'static str) -> Tenancy {
        let is_current = Rc::new(Cell::new(true));
        let (own, kept) = (Tenancy(is_current.clone()), Tenancy(is_current));
        let mut tenants = self.0.borrow_mut();
        match tenants.iter_mut().find(|(slot, _)| *slot == name) {
            Some((_, tenant)) => mem::replace(tenant, kept).0.set(false),
            None => tenants.push((name, kept)),
        }
        own
    }
}
