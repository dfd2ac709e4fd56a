//! What an actor struct may hold: [`Actor`] and [`Field`].

use std::any::Any;

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    codec::{decode, encode_into},
    layout::Layout,
    limits::Limits,
    problem::Result,
    record::Stored,
    store::{Batch, Slot},
};

/// A struct whose methods are called by requests. Derived, never written by hand.
pub trait Actor: Default + 'static {
    /// The Durable Object class: the struct's name.
    const CLASS: &'static str;

    /// Which version of its state this is: `#[actor(version = …)]`.
    const VERSION: u32 = 1;

    /// Whether what is fetched is kept across evictions, in storage: `#[actor(durable_cache)]`.
    const DURABLE_CACHE: bool = false;

    /// The bounds of this actor's calls, made of the worker's: `#[actor(limits = …)]`.
    fn limits(worker: Limits) -> Limits {
        worker
    }

    /// Visits every field that is part of the state, in order.
    fn fields(&mut self, visit: &mut dyn FnMut(&'static str, &mut dyn Field));

    /// What an earlier version's state becomes: `#[actor(from = …)]`. None where none is declared.
    ///
    /// # Errors
    ///
    /// If what is stored is not what that version writes.
    #[doc(hidden)]
    fn upgrade(stored: &Stored<'_>) -> Result<Option<Self>> {
        let _ = stored;
        Ok(None)
    }
}

/// A field of an actor: plain data (every serde type, as a part of one record), or a container that keeps values of its
/// own in a [`Slot`].
///
/// Containers can come from any crate. A container is detached when it is made by `Default`: it lives in memory, and
/// belongs nowhere. `load` gives it its place. A turn that ends well calls `commit` and, when the batch is written,
/// `committed`; any other end calls `rollback`. What `commit` sees may not be what it loaded: fields can be swapped,
/// taken and replaced, so a container remembers its [`Home`](crate::Home), which has an example.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a field of an actor",
    label = "neither plain data nor a container",
    note = "plain data derives `Serialize` and `Deserialize`; containers are `Arena`, `Table`, `Log` and `Column`; \
            `#[actor(transient)]` keeps a field in memory only",
    note = "a container cannot stand in the entry of another one: use a composite key, such as `Table<(u32, String), T>`"
)]
pub trait Field: Any {
    /// What the stored bytes look like, so that bytes of another layout are never decoded.
    fn layout(&self) -> Layout;

    /// Plain data: appends its bytes. Containers: nothing.
    ///
    /// # Errors
    ///
    /// If the data cannot be encoded.
    fn save(&self, record: &mut Vec<u8>) -> Result<()> {
        let _ = record;
        Ok(())
    }

    /// Plain data: becomes what `save` wrote. Containers, for which `record` is empty: load, or remember the slot.
    ///
    /// # Errors
    ///
    /// If the bytes are not what was written, or storage fails.
    fn load(&mut self, record: &[u8], slot: &Slot) -> Result<()>;

    /// Containers: adds what changed since the last commit. `committed` follows if anything of the actor was written,
    /// `rollback` if that failed.
    ///
    /// # Errors
    ///
    /// If an entry cannot be encoded.
    fn commit(&mut self, slot: &Slot, batch: &mut Batch) -> Result<()> {
        let _ = (slot, batch);
        Ok(())
    }

    /// Containers: the batch of the last `commit` is written.
    fn committed(&mut self, slot: &Slot) {
        let _ = slot;
    }

    /// Containers: become what was committed last.
    ///
    /// # Errors
    ///
    /// If that cannot be read.
    fn rollback(&mut self, slot: &Slot) -> Result<()> {
        let _ = slot;
        Ok(())
    }

    /// Containers: let go what can be loaded again, if it is more than their bound. Nothing borrows from them now.
    fn trim(&mut self) {}

    /// Whether the field is part of the record.
    fn is_plain(&self) -> bool {
        false
    }
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + 'static> Field for T {
    fn layout(&self) -> Layout {
        Layout::of::<T>()
    }

    fn save(&self, record: &mut Vec<u8>) -> Result<()> {
        encode_into(record, self)
    }

    fn load(&mut self, record: &[u8], slot: &Slot) -> Result<()> {
        *self = decode(record).map_err(|why| slot.unreadable_field(why))?;
        Ok(())
    }

    fn is_plain(&self) -> bool {
        true
    }
}
