//! What generated code calls. Not for use by hand; it changes with the macros.

use std::cell::RefCell;

pub use duractor_router::Verb;

pub use crate::{
    app::{Hook, Hooks, Route, Run, Task},
    record::Stored,
    sql::Sql,
    state::upgrade,
    turn::Turn,
};
use crate::{
    extract::{self, FromParam},
    field::Actor,
    problem::Problem,
    request::{FromRequest, Request},
    response::{IntoResponse, Response},
};

/// The actor's value. The runtime holds the turn, so borrowing it does not fail.
pub fn home<A: Actor>(req: &Request) -> &RefCell<A> {
    req.home().cell()
}

/// An argument; its type comes from the method's signature.
///
/// # Errors
///
/// The extractor's problem.
pub fn arg<'r, T: FromRequest<'r>>(req: &'r Request) -> Result<T, Problem> {
    T::from_request(req)
}

/// A path parameter.
///
/// # Errors
///
/// That its text is not a `T`.
pub fn param<'r, T: FromParam<'r>>(req: &'r Request, name: &str) -> Result<T, Problem> {
    extract::param(req, name)
}

/// The method's reply.
pub fn reply<T: IntoResponse>(value: T) -> Response {
    value.into_response()
}

/// The reply when an argument cannot be taken.
pub fn refuse(problem: Problem) -> Response {
    problem.into_response()
}

#[cfg(target_arch = "wasm32")]
pub use crate::workerd::{install, left};
