//! The actor of the benchmarks as a `#[durable_object]` of the crate `worker`.
//!
//! It is entered by `entry.js`, which does less than the entry that `worker-build` generates: there is no proxy around
//! the class, and nothing is made anew after a panic. That favours this peer.

// The macros of `worker` write items without documentation.
#![allow(missing_docs)]

use std::cell::Cell;

use futures::future::try_join_all;
use serde::Serialize;
use worker::{
    Context, DurableObject, Env, Fetch, Method, Request, Response, Result, State, durable_object, event, wasm_bindgen,
};

const FAN: usize = 10;

#[derive(Serialize)]
struct Seen {
    n: u64,
    ua: String,
}

#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> Result<Response> {
    let stub = env.durable_object("COUNTER")?.get_by_name("a")?;
    stub.fetch_with_request(request).await
}

/// The actor.
#[durable_object]
pub struct Counter {
    n: Cell<u64>,
}

impl DurableObject for Counter {
    fn new(_state: State, _env: Env) -> Self {
        Self { n: Cell::new(0) }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        match (request.method(), request.path().as_str()) {
            (Method::Get, "/hello") => Response::ok("Hello from actor"),
            (Method::Get, "/json") => self.json(&request),
            (Method::Post, "/echo") => Response::from_bytes(request.bytes().await?),
            (Method::Get, "/fan") => Response::ok(fan().await?.to_string()),
            _ => Response::error("not found", 404),
        }
    }
}

impl Counter {
    fn json(&self, request: &Request) -> Result<Response> {
        self.n.set(self.n.get() + 1);
        let ua = request.headers().get("user-agent")?.unwrap_or_default();
        Response::from_json(&Seen { n: self.n.get(), ua })
    }
}

/// The length of what ten requests at once bring.
async fn fan() -> Result<usize> {
    let bodies = try_join_all((0..FAN).map(body)).await?;
    Ok(bodies.iter().map(String::len).sum())
}

async fn body(at: usize) -> Result<String> {
    let url = format!("http://upstream.test/{at}").parse()?;
    Fetch::Url(url).send().await?.text().await
}
