//! Behaviour of duractor in workerd.
//!
//! The tests in `tests/tests` talk to a real workerd that runs the worker in `tests/worker`:
//!
//! ```no_run
//! # use duractor_tests::workerd;
//! let workerd = workerd();
//! assert_eq!(workerd.get("/probe/ann/count").text(), "0");
//! ```
//!
//! `cargo xtask test` builds the worker and runs them.
//!
//! # Contents
//!
//! - [`http`]: a client over plain sockets, fit for requests that no client would send
//! - [`process`]: programs that end with the test, however it ends
//! - [`disk`]: where actors are stored, beyond the end of a workerd
//! - [`workerd`](mod@workerd): workerd with the worker and an upstream
//! - [`wait_until`]: in place of sleeping
//! - [`crash`]: workerd is killed again and again, and nothing may be lost

pub mod http;

pub mod process;

pub mod disk;

pub mod workerd;

pub mod crash;

mod config;
mod wait;

pub use wait::{DEADLINE, wait_until};
pub use workerd::workerd;
