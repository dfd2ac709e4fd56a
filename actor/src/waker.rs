//! Wakers that are nothing but a task's key: cloning, waking and dropping one allocates nothing and frees nothing.
//!
//! A waker may be sent to another thread, and may outlive its task and even its executor, so it holds no pointer. It
//! names an *inbox* in a table of the process, and a key; waking puts the key into the inbox. In wasm there is one
//! executor and one thread.

use std::{
    ptr,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{RawWaker, RawWakerVTable, Waker},
};

use slab::Slab;

use crate::key::Key;

static INBOXES: Mutex<Slab<Woken>> = Mutex::new(Slab::new());

#[derive(Default)]
struct Woken {
    keys: Vec<Key>,
    notify: Option<fn(Key)>,
}

fn inboxes() -> MutexGuard<'static, Slab<Woken>> {
    INBOXES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where the keys of woken tasks arrive.
#[derive(Debug)]
pub(crate) struct Inbox {
    id: usize,
}

impl Inbox {
    /// `notify` is called with each key, after it has arrived, on the thread that woke it.
    ///
    /// # Panics
    ///
    /// If a 32-bit target has one already: there a waker has no room for an inbox's number.
    pub(crate) fn new(notify: Option<fn(Key)>) -> Self {
        let id = inboxes().insert(Woken { keys: Vec::new(), notify });
        assert!(usize::BITS > 32 || id == 0, "a 32-bit target runs one executor at a time");
        Self { id }
    }

    /// The waker of one task.
    pub(crate) fn waker(&self, key: Key) -> Waker {
        // SAFETY: the functions of the table only read the number that `data` is; none dereferences it. They may be
        // called from any thread, since what they reach is behind a mutex, and any number of times, since nothing is owned.
        unsafe { Waker::from_raw(raw(data(self.id, key))) }
    }

    /// Takes what has arrived, in order.
    pub(crate) fn drain(&self, into: &mut Vec<Key>) {
        into.append(&mut inboxes()[self.id].keys);
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        inboxes().remove(self.id);
    }
}

/// An inbox and a key in one word. On 32 bits the key alone, for there the inbox is number 0.
fn data(id: usize, key: Key) -> usize {
    id.checked_shl(32).unwrap_or(0) | key.to_bits() as usize
}

fn parts(data: usize) -> (usize, Key) {
    (data.checked_shr(32).unwrap_or(0), Key::from_bits(data as u32))
}

fn raw(data: usize) -> RawWaker {
    RawWaker::new(ptr::without_provenance(data), &VTABLE)
}

static VTABLE: RawWakerVTable =
    RawWakerVTable::new(|data| raw(data.addr()), |data| wake(data.addr()), |data| wake(data.addr()), |_| {});

fn wake(data: usize) {
    let (id, key) = parts(data);
    let notify = {
        let mut inboxes = inboxes();
        let Some(inbox) = inboxes.get_mut(id) else { return };
        inbox.keys.push(key);
        inbox.notify
    };
    if let Some(notify) = notify {
        notify(key);
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn drained(inbox: &Inbox) -> Vec<Key> {
        let mut keys = Vec::new();
        inbox.drain(&mut keys);
        keys
    }

    #[test]
    fn a_wake_arrives_in_the_inbox_that_made_the_waker() {
        let inbox = Inbox::new(None);
        let key = Key::from_bits(0xfff0_0007);
        let waker = inbox.waker(key);
        waker.wake_by_ref();
        let clone = waker.clone();
        drop(waker);
        clone.wake();
        assert_eq!(drained(&inbox), [key, key]);
        assert_eq!(drained(&inbox), []);
    }

    #[cfg(not(target_arch = "wasm32"))]
    #[test]
    fn a_wake_does_not_arrive_in_another_inbox() {
        let (a, b) = (Inbox::new(None), Inbox::new(None));
        a.waker(Key::from_bits(3)).wake();
        assert_eq!(drained(&b), []);
        assert_eq!(drained(&a), [Key::from_bits(3)]);
    }

    #[test]
    fn a_waker_outlives_its_inbox() {
        let inbox = Inbox::new(None);
        let waker = inbox.waker(Key::from_bits(1));
        drop(inbox);
        waker.wake();
    }

    #[cfg(not(target_arch = "wasm32"))]
    #[test]
    fn a_waker_may_be_woken_on_another_thread() {
        let inbox = Inbox::new(None);
        let waker = inbox.waker(Key::from_bits(5));
        std::thread::spawn(move || waker.wake()).join().unwrap();
        assert_eq!(drained(&inbox), [Key::from_bits(5)]);
    }

    #[test]
    fn wakers_of_one_task_are_known_to_be_equal() {
        let inbox = Inbox::new(None);
        let (one, other) = (inbox.waker(Key::from_bits(1)), inbox.waker(Key::from_bits(2)));
        assert!(one.will_wake(&one.clone()));
        assert!(!one.will_wake(&other));
    }
}
