//! Actors that the tests in workerd call: one class for each behaviour.
//!
//! `tests/src` starts workerd with this worker. Outbound requests go to the mock in `tests/upstream`, at whatever host.

mod journal;

mod bindings;
mod chain;
mod crash;
mod inputs;
mod modest;
mod outbound;
mod place;
mod probe;
mod replies;
mod state;
mod stores;
mod streams;
mod traps;
mod turns;
mod vault;
mod visitor;

use duractor::{Head, Header, Limits, prelude::*};

use crate::{
    bindings::Bindings,
    chain::Chain,
    crash::{Ledger, Shelf, Tally},
    inputs::Inputs,
    modest::Modest,
    outbound::Outbound,
    place::Place,
    probe::Probe,
    replies::Replies,
    state::{Keeper, New, Old, Other},
    stores::Stores,
    streams::Streams,
    traps::Traps,
    turns::Turns,
    vault::Vault,
    visitor::{Household, VISITOR, Visitor},
};

/// The mock in `tests/upstream`, which answers for every host.
pub(crate) const UPSTREAM: &str = "http://upstream.test";

/// So few that a test can have more.
const ACTORS_MAX: u32 = 100;

/// So little that a test can use it up.
const JOURNALS_MAX_BYTES: u32 = 1 << 20;

#[routes]
fn routes() -> Router {
    Router::new()
        .mount::<Bindings>("/bindings/{name}", "{name}")
        .mount::<Chain>("/chain/{name}", "{name}")
        .mount::<Ledger>("/crash/ledger/{name}", "{name}")
        .mount::<Shelf>("/crash/shelf/{name}", "{name}")
        .mount::<Tally>("/crash/tally/{name}", "{name}")
        .mount::<Inputs>("/inputs", "inputs")
        .mount::<Keeper>("/keeper/{name}", "{name}")
        .mount::<Modest>("/modest/{name}", "{name}")
        .mount::<New>("/new/{name}", "{name}")
        .mount::<Old>("/old/{name}", "{name}")
        .mount::<Other>("/other/{name}", "{name}")
        .mount::<Outbound>("/outbound/{name}", "{name}")
        .mount::<Place>("/place/{name}", "{name}")
        .mount::<Place>("/org/{org}/room/{room}", "{org}/{room}")
        .mount::<Place>("/fixed", "fixed")
        .mount::<Place>("/tenant", Header("x-tenant"))
        .mount::<Place>("/function", |head: &dyn Head| named_by_query(head))
        .mount::<Probe>("/probe/{name}", "{name}")
        .mount::<Replies>("/replies", "replies")
        .mount::<Stores>("/stores/{name}", "{name}")
        .mount::<Streams>("/streams/{name}", "{name}")
        .mount::<Traps>("/traps/{name}", "{name}")
        .mount::<Turns>("/turns/{name}", |head: &dyn Head| named_with_arrival(head))
        .mount::<Vault>("/vault/{name}", "{name}")
        .mount::<Household>("/household/{name}", "{name}")
        .mount::<Visitor>("/visitor", VISITOR)
        .mount::<Visitor>("/member", VISITOR.required())
        .mount::<Visitor>("/unset", VISITOR.secret("UNSET_KEYS"))
        .mount::<Visitor>("/no-secret", VISITOR.secret("KV"))
        .limits(Limits { actors_max: ACTORS_MAX, journals_max_bytes: JOURNALS_MAX_BYTES, ..Limits::default() })
}

/// The actor's name is the whole query.
fn named_by_query(head: &dyn Head) -> Result<String, Problem> {
    match head.query() {
        "forbidden" => Err(Problem::new(403, "forbidden", "not this one")),
        "panic" => panic!("on purpose"),
        query => Ok(query.to_owned()),
    }
}

/// The actor's name is the path's second segment. A request that says who it is leaves a note that it has arrived.
fn named_with_arrival(head: &dyn Head) -> Result<String, Problem> {
    let name = head.path().split('/').nth(2).unwrap_or_default();
    if let Some(mark) = head.header("x-mark") {
        journal::note(name, format!("arrived {mark}"));
    }
    Ok(name.to_owned())
}
