//! A body that runs between the start and the end of a transaction, which only JavaScript can make.

use std::cell::Cell;

type Body = *mut (dyn FnMut() -> bool + 'static);

thread_local! {
    /// What the next call of `duractor_transact` runs.
    static BODY: Cell<Option<Body>> = const { Cell::new(None) };
}

/// Calls `transact`, which calls `duractor_transact`, which runs `body`: at most once, and not later.
pub(super) fn run(body: &mut dyn FnMut() -> bool, transact: impl FnOnce() -> u32) -> u32 {
    // SAFETY: only the lifetime changes. The pointer is taken out of BODY before it is used, and here at the latest, so
    // it is gone when the borrow ends; a trap in between ends the instance, and this memory with it.
    let body = unsafe { std::mem::transmute::<*mut (dyn FnMut() -> bool + '_), Body>(body) };
    BODY.set(Some(body));
    let outcome = transact();
    BODY.set(None);
    outcome
}

/// Runs the body. False if there is none.
pub(super) fn body() -> bool {
    // SAFETY: `run` has set it and has not returned, and taking it leaves nobody else with it.
    BODY.take().is_some_and(|body| unsafe { (*body)() })
}
