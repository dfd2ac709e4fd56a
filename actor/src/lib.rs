//! Durable actors on Cloudflare Durable Objects: plain Rust structs, whose methods answer HTTP requests.

pub mod exchange;

mod activation;
mod app;
mod cx;
mod extract;
mod fetch;
mod fetch_error;
mod field;
mod host;
mod instance;
mod key;
mod limits;
mod me;
mod ops;
mod outbox;
mod problem;
mod refusal;
mod request;
mod response;
mod turn;
mod waker;

pub mod native;
#[cfg(target_arch = "wasm32")]
mod workerd;

#[doc(hidden)]
#[path = "rt.rs"]
pub mod __rt;

pub use app::{Methods, Router};
pub use cx::{Cx, Sleep};
pub use duractor_macros::{Actor, Problem, methods, routes};
pub use duractor_router::{Head, Header};
pub use extract::{Cookies, Form, FromParam, Query};
pub use fetch::{Fetch, Reply};
pub use fetch_error::{Elapsed, FetchError};
pub use field::{Actor, Field, Slot};
pub use host::Batch;
pub use limits::*;
pub use me::Me;
pub use native::Native;
pub use ops::Redirects;
pub use problem::{Error, Problem, Result};
pub use request::{FromRequest, Request};
pub use response::{Html, IntoResponse, Json, Redirect, ReplyError, Response};

/// What most actors use.
pub mod prelude {
    pub use crate::{
        Actor, Cookies, Cx, Error, FetchError, Form, FromRequest, Html, IntoResponse, Json, Me, Problem, Query,
        Redirect, Request, Response, Result, Router, methods, routes,
    };
}
