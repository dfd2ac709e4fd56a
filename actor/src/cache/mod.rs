//! The cache of what one actor has fetched: RFC 9111 as a private cache. It knows neither the network nor a clock.
//!
//! docs/http-cache.md lists the rules with their tests.

mod answer;
mod directives;
mod entries;
mod fields;
mod mode;
mod request;
mod selection;
mod shelf;
mod store;
mod terms;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
pub(crate) mod url;

pub(crate) use answer::Stored;
pub use mode::Cache;
pub(crate) use request::{Arrived, Request};
pub use store::CacheStats;
pub(crate) use store::{CacheChanges, Found, Stale, Store};
