//! What runs at this moment, where a host can read it when the instance has trapped (docs/exchange.md).

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
};

use crate::turn::Turn;

/// No call's number.
const NOBODY: f64 = 0.0;

/// Words in linear memory. They are right at any moment, since a trap leaves no time to write them.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Trace {
    number: Cell<f64>,
    name: Cell<usize>,
    name_bytes: Cell<usize>,
    turn: Cell<u32>,
    outbox: Cell<usize>,
    outbox_bytes: Cell<usize>,
    has_panicked: Cell<bool>,
}

/// Something has panicked, where that does not end the instance.
#[derive(Debug)]
pub(crate) struct Panicked;

impl Default for Trace {
    fn default() -> Self {
        Self {
            number: Cell::new(NOBODY),
            name: Cell::default(),
            name_bytes: Cell::default(),
            turn: Cell::default(),
            outbox: Cell::default(),
            outbox_bytes: Cell::default(),
            has_panicked: Cell::default(),
        }
    }
}

impl Trace {
    /// From here on a trap is this call's. `name` is its method's.
    pub(crate) fn enter(&self, number: f64, name: &'static str) {
        self.number.set(number);
        self.name.set(name.as_ptr().addr());
        self.name_bytes.set(name.len());
        self.hold(Turn::None);
    }

    /// From here on a trap is nobody's.
    pub(crate) fn leave(&self) {
        self.enter(NOBODY, "");
    }

    /// The call that runs; 0 if none does.
    #[cfg(any(not(target_arch = "wasm32"), debug_assertions))]
    pub(crate) fn number(&self) -> f64 {
        self.number.get()
    }

    /// Runs what may panic. In wasm a panic does not come back from it: the instance has trapped.
    ///
    /// # Errors
    ///
    /// That it has panicked.
    pub(crate) fn guard<R>(&self, act: impl FnOnce() -> R) -> Result<R, Panicked> {
        catch_unwind(AssertUnwindSafe(act)).map_err(|_| {
            self.has_panicked.set(true);
            Panicked
        })
    }

    /// Whether something has panicked since this was asked.
    #[cfg(any(not(target_arch = "wasm32"), debug_assertions))]
    pub(crate) fn take_panicked(&self) -> bool {
        self.has_panicked.take()
    }

    pub(crate) fn hold(&self, turn: Turn) {
        self.turn.set(match turn {
            Turn::None => 0,
            Turn::Shared => 1,
            Turn::Exclusive => 2,
        });
    }

    /// Up to here the outbox holds whole responses.
    pub(crate) fn answered(&self, outbox: &[u8]) {
        self.outbox.set(outbox.as_ptr().addr());
        self.outbox_bytes.set(outbox.len());
    }
}
