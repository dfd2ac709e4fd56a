//! Where a container's stored values are.

use crate::{
    problem::{Error, Result},
    store::Slot,
    tenancy::Tenancy,
};

/// Where a container is at home: the slot that holds what it has stored. It is nowhere while it is detached.
///
/// A container can be moved: fields are swapped, a container is taken out by [`std::mem::take`] and put into another
/// field, or into the same one by a later turn. So what a [`Field`](crate::Field) is told to commit need not be what it
/// loaded, and its home tells what there is to do. A slot is the home of one container: of that which was loaded from it
/// or committed to it last.
///
/// ```
/// use duractor::{prelude::*, Batch, Field, Home, Layout, Slot, Stay};
///
/// /// A number that is stored in a value of its own.
/// #[derive(Default)]
/// pub struct Lonely {
///     value: u64,
///     stored: Option<u64>,
///     home: Home,
/// }
///
/// impl Field for Lonely {
///     fn layout(&self) -> Layout {
///         Layout::container("lonely", [Layout::of::<u64>()])
///     }
///
///     fn load(&mut self, _: &[u8], slot: &Slot) -> Result<()> {
///         let read = |bytes: Vec<u8>| bytes.try_into().map(u64::from_le_bytes);
///         let stored = slot.get(b"value")?.map(read).transpose();
///         self.stored = stored.map_err(|_| slot.unreadable(b"value", "it is not 8 bytes"))?;
///         self.value = self.stored.unwrap_or_default();
///         self.home.settle(slot);
///         Ok(())
///     }
///
///     fn commit(&mut self, slot: &Slot, batch: &mut Batch) -> Result<()> {
///         // All that it has stored is one value, so wherever it comes from, that is written.
///         if self.stored != Some(self.value) || !matches!(self.home.stay(slot), Stay::Here) {
///             batch.put(slot, b"value", self.value.to_le_bytes().to_vec());
///         }
///         Ok(())
///     }
///
///     fn committed(&mut self, slot: &Slot) {
///         self.stored = Some(self.value);
///         self.home.settle(slot);
///     }
///
///     fn rollback(&mut self, slot: &Slot) -> Result<()> {
///         self.load(&[], slot)
///     }
/// }
///
/// #[derive(Default, Actor)]
/// struct Counter {
///     count: Lonely,
/// }
/// ```
#[derive(Debug, Default)]
pub struct Home(Option<(Slot, Tenancy)>);

/// How a container's home lies to the slot that it is to be committed to.
#[derive(Debug)]
pub enum Stay<'h> {
    /// It is there: what the turn did not touch is stored already.
    Here,
    /// It is another field's: the container was moved. [`Batch::adopt`](crate::Batch::adopt) takes its values along.
    Elsewhere(&'h Slot),
    /// There is none: what the slot holds is another container's, and all is to be written.
    Nowhere,
    /// Another container has taken it in a turn that ended meanwhile. What this one has in memory can be written as by a
    /// detached one; what it would have to read is gone ([`Home::check`]).
    Lost,
}

impl Home {
    /// The container was loaded from the slot or is committed to it. Whoever was at home there is not any more.
    pub fn settle(&mut self, slot: &Slot) {
        if !self.is(slot) {
            self.0 = Some((slot.clone(), slot.occupy()));
        }
    }

    /// Whether this is the home.
    pub fn is(&self, slot: &Slot) -> bool {
        matches!(self.stay(slot), Stay::Here)
    }

    /// Whether nothing was ever stored.
    pub fn is_detached(&self) -> bool {
        self.0.is_none()
    }

    /// Where stored values are to be read, after [`check`](Self::check).
    pub fn slot(&self) -> Option<&Slot> {
        self.0.as_ref().map(|(slot, _)| slot)
    }

    /// What there is to do when the container is committed to a slot.
    pub fn stay(&self, slot: &Slot) -> Stay<'_> {
        match &self.0 {
            None => Stay::Nowhere,
            Some((home, tenancy)) if !tenancy.is_current() || !home.is_beside(slot) => Stay::Lost,
            Some((home, _)) if home == slot => Stay::Here,
            Some((home, _)) => Stay::Elsewhere(home),
        }
    }

    /// Fails if what is stored at home is not the container's any more.
    ///
    /// # Errors
    ///
    /// If another container has taken the home in a turn that ended meanwhile.
    pub fn check(&self) -> Result<()> {
        match &self.0 {
            Some((home, tenancy)) if !tenancy.is_current() => Err(lost(home)),
            _ => Ok(()),
        }
    }
}

pub(super) fn lost(slot: &Slot) -> Error {
    slot.unreadable_field("the container was taken out of a field, and another took its place in a turn that has ended")
}
