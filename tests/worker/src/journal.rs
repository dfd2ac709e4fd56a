//! What happened, in order, by actor: readable without a turn, and gone when the instance is replaced.

use std::{cell::RefCell, collections::HashMap};

thread_local! {
    static NOTES: RefCell<HashMap<String, Vec<String>>> = RefCell::default();
}

/// Adds a note to an actor's journal.
pub(crate) fn note(actor: &str, text: impl Into<String>) {
    NOTES.with_borrow_mut(|notes| notes.entry(actor.to_owned()).or_default().push(text.into()));
}

/// An actor's journal.
pub(crate) fn read(actor: &str) -> Vec<String> {
    NOTES.with_borrow(|notes| notes.get(actor).cloned().unwrap_or_default())
}

/// Leaves a note when it is dropped.
pub(crate) struct NoteOnDrop {
    actor: String,
    text: String,
}

impl NoteOnDrop {
    pub(crate) fn new(actor: &str, text: impl Into<String>) -> Self {
        Self { actor: actor.to_owned(), text: text.into() }
    }
}

impl Drop for NoteOnDrop {
    fn drop(&mut self) {
        note(&self.actor, std::mem::take(&mut self.text));
    }
}
