//! Durable actors on Cloudflare Durable Objects: plain Rust structs, whose methods answer HTTP requests.
//!
//! ```
//! use duractor::{prelude::*, Native};
//!
//! /// Counts, one count per name.
//! #[derive(Default, Actor)]
//! struct Counter {
//!     count: u64,
//! }
//!
//! #[methods]
//! impl Counter {
//!     #[get]
//!     fn count(&self) -> u64 {
//!         self.count
//!     }
//!
//!     #[post("/add/{by}")]
//!     fn add(&mut self, by: u64) -> u64 {
//!         self.count += by;
//!         self.count
//!     }
//! }
//!
//! #[routes]
//! fn routes() -> Router {
//!     Router::new().mount::<Counter>("/counter/{name}", "{name}")
//! }
//!
//! // In a test the same actors run natively; `duractor build` makes the worker of them.
//! let native = Native::new().routes(routes());
//! assert_eq!(native.post("/counter/ann/add/5").send().text(), "5");
//! assert_eq!(native.get("/counter/ann").send().text(), "5");
//! assert_eq!(native.get("/counter/bob").send().text(), "0");
//! ```
//!
//! **State is stored in the layout of its types.** When a type of a field or of an entry changes, what is stored is refused
//! until the change is declared as a migration: `#[actor(version = 2, from = …)]`. `duractor build` warns in time.
//!
//! # Receivers decide concurrency
//!
//! Methods that take `&self` interleave with each other where they wait. One that takes `&mut self` has the actor alone
//! from its first line to its last, across every `await`, and is a transaction: `Ok` commits, `Err` leaves no trace. One
//! that takes [`Me<Self>`](Me) holds nothing while it waits, and takes short turns.
//!
//! # State
//!
//! A field is plain data, part of one record that is written when it changed, or a container whose entries are stored one
//! by one: [`Arena`] for entries with stable keys, [`Table`] for what is ordered by key and larger than memory, [`Log`] for
//! what is appended, [`Column`] for numbers. [`Cx::sql`] reads and queues SQL of your own. What an exclusive turn changed is
//! stored at once, all of it or nothing, before its caller reads the reply. docs/guides/state.md says what to use when.
//!
//! # Arguments and replies
//!
//! An argument named like a `{parameter}` of the path is that parameter. Every other one is taken from the request by its
//! type ([`FromRequest`]): [`Json`], [`Query`], [`Form`], [`Cookies`], [`Headers`](exchange::Headers), `&[u8]`, `&str`,
//! [`&Request`](Request), [`&Cx`](Cx), or a type of your own. What a method returns is a reply by its type
//! ([`IntoResponse`]): text, numbers, bytes, [`Json`], [`Html`], [`Redirect`], [`Response`], tuples with status and headers,
//! `Option`, `Result`. Errors are [`Problem`](struct@Problem)s of RFC 9457; any other error becomes one with `?`.
//!
//! # Waiting
//!
//! [`Cx`] sends requests and waits. Its futures work with every combinator of the `futures` crate; what is wanted at once
//! leaves at once. Futures of the `worker` crate (KV, R2, D1 …) are reached through [`Cx::env`] and awaited beside them.
//!
//! # How does it work?
//!
//! JavaScript and WebAssembly hand each other a whole request, a whole response or a whole batch of operations as one
//! [frame](exchange) in linear memory. A method that waits is a future in a slab, and its call has returned; JavaScript
//! runs the operations and comes back with the results. Nothing is run twice. ARCHITECTURE.md follows a request through
//! the files, docs/semantics.md says what an actor can rely on.
//!
//! # Modules
//!
//! - [`crypto`]: hashes, signatures, derived keys and sealed texts.
//! - [`exchange`]: frames, for who works on Duractor itself.
//! - [`kernels`]: numeric kernels on simd128, over slices and over pages of a [`Column`].
//! - [`native`]: the host for `cargo test`: virtual clock, scripted upstreams, SQLite, faults.
//! - [`prelude`]: what most actors use.

pub mod crypto;
pub mod exchange;

mod activation;
mod app;
mod binding_error;
mod bindings;
mod body_stream;
mod breaker;
mod cache;
mod cached;
mod codec;
mod containers;
mod cx;
mod dates;
mod extract;
mod failure;
mod fetch;
mod fetch_error;
mod field;
mod host;
mod instance;
mod key;
mod layout;
mod limits;
mod me;
mod ops;
mod outbox;
mod problem;
mod record;
mod refusal;
mod request;
mod response;
mod retry;
mod rows;
mod sql;
mod sql_error;
mod sql_text;
mod state;
mod store;
mod tenancy;
mod time;
mod trace;
mod turn;
mod value;
mod waker;

// For wasm it is there to test the rest; a release carries nothing of it.
#[cfg(any(not(target_arch = "wasm32"), debug_assertions))]
pub mod native;
#[cfg(target_arch = "wasm32")]
mod workerd;

#[doc(hidden)]
#[path = "rt.rs"]
pub mod __rt;

pub use app::{Methods, Router};
pub use binding_error::BindingError;
pub use bindings::{
    KV_KEY_MAX_BYTES, KV_METADATA_MAX_BYTES, Kv, KvDelete, KvGet, KvKey, KvList, KvPage, KvPut, KvValue, R2,
    R2_KEY_MAX_BYTES, R2Delete, R2Get, R2Head, R2Info, R2List, R2Object, R2Page, R2Put,
};
pub use body_stream::{BodyStream, StreamReply};
pub use breaker::Breaker;
pub use cache::{Cache, CacheStats};
pub use cached::FetchCache;
pub use containers::{
    ARENA_MAX_BYTES, ARENA_MAX_ENTRIES, Arena, ArenaIter, ArenaIterMut, ArenaKey, COLUMN_CACHE_MAX_BYTES,
    COLUMN_GROUPS_MAX, COLUMN_LENT_MAX_BYTES, COLUMN_MAX_PAGES, COLUMN_PAGE_VALUES, Column, ColumnSlices, ColumnStream,
    Home, Log, LogRange, Mut, ParseKeyError, Stay, TABLE_CACHE_MAX_BYTES, Table, TableKeys, TableRange,
};
pub use cx::{Cx, Sleep};
pub use duractor_kernels as kernels;
pub use duractor_macros::{Actor, Problem, methods, routes};
pub use duractor_router::{Head, Header, Session};
pub use extract::{Cookies, Form, FromParam, Query};
pub use fetch::{Fetch, FetchStream, Reply};
pub use fetch_error::{Elapsed, FetchError};
pub use field::{Actor, Field};
pub use layout::Layout;
pub use limits::*;
pub use me::Me;
#[cfg(any(not(target_arch = "wasm32"), debug_assertions))]
pub use native::Native;
pub use ops::Redirects;
pub use problem::{Error, Problem, Result};
pub use request::{FromRequest, Request};
pub use response::{Html, IntoResponse, Json, Redirect, ReplyError, Response};
pub use retry::Retry;
pub use sql::{Params, Rows, SQL_MAX_BYTES, SQL_PARAMS_MAX, SQL_WRITES_MAX, Sql, Statement};
pub use sql_error::SqlError;
pub use store::{Batch, Scan, Slot};
pub use time::{millis, secs};
pub use value::{IntoValue, Value};

/// What most actors use.
pub mod prelude {
    pub use crate::{
        Actor, Arena, ArenaKey as Key, Column, Cookies, Cx, Error, FetchError, Form, FromRequest, Head, Header, Html,
        IntoResponse, Json, Log, Me, Problem, Query, Redirect, Request, Response, Result, Router, Session, Sql, Table,
        methods, millis, routes, secs,
    };
    pub use futures::future::{Either, join, join_all, select, try_join, try_join_all};
    pub use std::time::Duration;
}
