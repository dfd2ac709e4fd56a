//! What happened, in order, by actor: readable without a turn, and gone when the instance is replaced.

use std::{cell::RefCell, collections::HashMap};

use futures::channel::oneshot::{self, Receiver, Sender};

thread_local! {
    static LISTENERS: RefCell<HashMap<String, Vec<Sender<String>>>> = RefCell::default();
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

/// Hears what is next said with this word, in whatever actor.
pub(crate) fn hear(word: &str) -> Receiver<String> {
    let (sender, receiver) = oneshot::channel();
    LISTENERS.with_borrow_mut(|listeners| listeners.entry(word.to_owned()).or_default().push(sender));
    receiver
}

/// Tells those who wait for the word, and how many they are.
pub(crate) fn say(word: &str, text: &str) -> usize {
    let listeners = LISTENERS.with_borrow_mut(|listeners| listeners.remove(word)).unwrap_or_default();
    listeners.into_iter().filter_map(|listener| listener.send(text.to_owned()).ok()).count()
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
