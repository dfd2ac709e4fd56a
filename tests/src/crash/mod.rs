//! Kills workerd at random moments under load, starts it again on the same disk, and looks for what it should not have
//! lost, kept or torn.
//!
//! Clients ask one thing after another, so when workerd is killed at most one act of each is under way. All that was
//! acknowledged must be there afterwards, and what was under way wholly or not at all. Actors keep who did what, so that
//! this is decided exactly: an actor's history tells which acts were applied and in which order, and makes all else that
//! it holds.
//!
//! Modules, low to high: `act`, `journal`, `tally`, `ledger`, `shelf`, `client`, `engine`.

mod act;
mod client;
mod engine;
mod journal;
mod ledger;
mod shelf;
mod tally;

pub use engine::{Plan, Summary, run};
