//! Example actors, all in one worker, the smallest first.
//!
//! `cargo xtask dev` runs them on this machine; the page at `/` explains them and tries them out.

pub mod hello;

pub mod counter;

pub mod echo;

pub mod upstreams;

mod listed;

pub mod rates;

pub mod todo;

pub mod ledger;

pub mod telemetry;

mod vectors;

mod embedding;

pub mod search;

pub mod session;

pub mod home;

mod chart;

mod page;

mod waterfall;

use duractor::prelude::*;

use crate::{
    counter::Counter,
    echo::Echo,
    hello::Hello,
    home::Home,
    ledger::Ledger,
    rates::Rates,
    search::Search,
    session::{Cart, SESSION},
    telemetry::Telemetry,
    todo::Todo,
    upstreams::Upstreams,
};

/// What is where, and which actor answers.
#[routes]
pub fn routes() -> Router {
    Router::new()
        .mount::<Home>("/", "home")
        .mount::<Hello>("/hello", "hello")
        .mount::<Counter>("/counter/{name}", "{name}") // one counter per name
        .mount::<Echo>("/echo", "echo")
        .mount::<Rates>("/rates", "rates")
        .mount::<Upstreams>("/upstreams/{bank}", "{bank}")
        .mount::<Todo>("/todo/{list}", "{list}")
        .mount::<Ledger>("/ledger/{org}", "{org}")
        .mount::<Telemetry>("/telemetry/{sensor}", "{sensor}")
        .mount::<Search>("/search/{index}", "{index}")
        .mount::<Cart>("/session", SESSION) // one cart per visitor
}

/// The guides' examples, as tests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/guides/state.md")]
struct StateGuide;

#[cfg(doctest)]
#[doc = include_str!("../../docs/guides/failures.md")]
struct FailuresGuide;
