//! Traps at every await of every example: other calls do not notice, and the one that trapped leaves no trace.

use std::collections::BTreeSet;

use duractor::{
    Actor, Methods, Native,
    native::{Fault, Pending, RequestBuilder, Response},
};
use duractor_examples::{
    counter::Counter, echo::Echo, hello::Hello, home::Home, ledger::Ledger, rates::Rates, routes, search::Search,
    session::Cart, telemetry::Telemetry, todo::Todo, upstreams::Upstreams,
};

/// A request: what its first line says, and its body, which is JSON or a form.
type Ask = (&'static str, &'static str);

/// A method, and a request that it answers in the world that [`BEFORE`] makes.
type Row = (&'static str, Ask);

/// What there is before a request: all that the examples keep, of each actor a little.
const BEFORE: &[Ask] = &[
    ("PUT /upstreams/alpha", r#"{"delay": 30}"#),
    ("PUT /upstreams/beta", r#"{"delay": 40}"#),
    ("PUT /upstreams/gamma", r#"{"delay": 20, "failing": true}"#),
    ("PUT /upstreams/delta", r#"{"delay": 900}"#),
    ("POST /rates/refresh/eurgbp", ""),
    ("POST /counter/ann/add/5", ""),
    ("POST /todo/home/items", r#"["milk", "bread"]"#),
    ("POST /ledger/acme/transfer", r#"{"from": "bank", "to": "ann", "cents": 500}"#),
    ("POST /telemetry/attic/samples", r#"[{"at": 1, "value": 5}, {"at": 2, "value": 7}]"#),
    ("PUT /search/map/vectors", r#"[{"id": "north", "vector": [0, 1]}, {"id": "east", "vector": [1, 0]}]"#),
    ("POST /session/log-in", "user=Ann"),
    ("POST /session/items", "what=tea"),
];

/// Methods that wait.
const WAITING: &[Row] = &[
    ("Rates::now", ("GET /rates/now/eurusd", "")),
    ("Rates::fastest", ("GET /rates/fastest/eurusd", "")),
    ("Rates::refresh", ("POST /rates/refresh/usdjpy", "")),
    ("Rates::waterfall", ("GET /rates/waterfall", "")),
    ("Rates::page", ("GET /rates?pair=usdjpy", "")),
    ("Rates::submit", ("POST /rates", "pair=usdjpy")),
    ("Upstreams::quote", ("GET /upstreams/alpha/eurusd", "")),
    ("Upstreams::listed", ("GET /upstreams/alpha/checked/eurusd", "")),
    ("Cart::checkout", ("POST /session/checkout", "")),
    ("Cart::panic_later", ("POST /session/panic/later", "")),
];

/// Methods that answer at once.
const SWIFT: &[Row] = &[
    ("Home::index", ("GET /", "")),
    ("Home::icon", ("GET /favicon.ico", "")),
    ("Home::go", ("GET /go/hello?name=ann", "")),
    ("Hello::hello", ("GET /hello", "")),
    ("Hello::greet", ("GET /hello/ann", "")),
    ("Counter::count", ("GET /counter/ann", "")),
    ("Counter::add", ("POST /counter/ann/add/2", "")),
    ("Counter::page", ("GET /counter/ann/page", "")),
    ("Counter::submit", ("POST /counter/ann/page", "by=2")),
    ("Echo::echo", ("PUT /echo", "a=b")),
    ("Echo::below", ("PURGE /echo/any/path", "")),
    ("Echo::raw", ("POST /echo/raw", "a=b")),
    ("Rates::clear", ("POST /rates/clear", "")),
    ("Rates::best", ("GET /rates/best", "")),
    ("Upstreams::set", ("PUT /upstreams/beta", r#"{"failing": true}"#)),
    ("Upstreams::submit", ("POST /upstreams/beta", "failing=true")),
    ("Todo::items", ("GET /todo/home/items", "")),
    ("Todo::add", ("POST /todo/home/items", r#"["salt"]"#)),
    ("Todo::item", ("GET /todo/home/items/0.0", "")),
    ("Todo::change", ("PATCH /todo/home/items/0.0", r#"{"is_done": true}"#)),
    ("Todo::delete", ("DELETE /todo/home/items/0.0", "")),
    ("Todo::finish", ("POST /todo/home/finish", "")),
    ("Todo::page", ("GET /todo/home", "")),
    ("Todo::submit", ("POST /todo/home", "act=tick&key=1.0")),
    ("Ledger::transfer", ("POST /ledger/acme/transfer", r#"{"from": "ann", "to": "bob", "cents": 200}"#)),
    ("Ledger::balance", ("GET /ledger/acme/accounts/ann", "")),
    ("Ledger::entries", ("GET /ledger/acme/entries", "")),
    ("Ledger::check", ("GET /ledger/acme/check", "")),
    ("Ledger::page", ("GET /ledger/acme", "")),
    ("Ledger::submit", ("POST /ledger/acme", "from=bank&to=ann&cents=5")),
    ("Telemetry::append", ("POST /telemetry/attic/samples", r#"[{"at": 3, "value": 9}]"#)),
    ("Telemetry::measure", ("POST /telemetry/attic/now/21.5", "")),
    ("Telemetry::stats", ("GET /telemetry/attic/stats", "")),
    ("Telemetry::series", ("GET /telemetry/attic/series", "")),
    ("Telemetry::days", ("GET /telemetry/attic/days", "")),
    ("Telemetry::clear", ("DELETE /telemetry/attic", "")),
    ("Telemetry::page", ("GET /telemetry/attic", "")),
    ("Telemetry::submit", ("POST /telemetry/attic", "value=20")),
    ("Telemetry::fill", ("POST /telemetry/attic/fill", "")),
    ("Search::put", ("PUT /search/map/vectors", r#"[{"id": "west", "vector": [-1, 0]}]"#)),
    ("Search::put", ("POST /search/map/vectors", r#"[{"id": "east", "vector": [1, 1]}]"#)),
    ("Search::vector", ("GET /search/map/vectors/north", "")),
    ("Search::remove", ("DELETE /search/map/vectors/north", "")),
    ("Search::query", ("POST /search/map/query", r#"{"vector": [1, 2], "k": 1}"#)),
    ("Search::size", ("GET /search/map/size", "")),
    ("Search::clear", ("DELETE /search/map", "")),
    ("Search::page", ("GET /search/map?q=kittens", "")),
    ("Search::submit", ("POST /search/map", "act=samples")),
    ("Cart::page", ("GET /session", "")),
    ("Cart::json", ("GET /session/json", "")),
    ("Cart::add", ("POST /session/items", "what=tea")),
    ("Cart::remove", ("POST /session/items/0.0/remove", "")),
    ("Cart::log_in", ("POST /session/log-in", "user=Bob")),
    ("Cart::log_out", ("POST /session/log-out", "")),
    ("Cart::panic", ("POST /session/panic", "")),
];

/// Requests that show what the examples keep.
const STATE: &[&str] = &[
    "GET /rates/best",
    "HEAD /upstreams/beta/eurusd", // the rate is chance, whether there is one is not
    "GET /counter/ann",
    "GET /counter/done",
    "GET /todo/home/items",
    "GET /ledger/acme/entries",
    "GET /ledger/acme/check",
    "GET /telemetry/attic/stats",
    "GET /telemetry/attic/days",
    "GET /search/map/size",
    "GET /search/map/vectors/north",
    "GET /search/map/vectors/east",
    "GET /session/json",
];

/// A worker and one of its visitors.
struct World {
    native: Native,
    cookie: String,
}

impl World {
    fn new() -> Self {
        let native = Native::new().routes(routes());
        let welcome = native.get("/session").send();
        let (cookie, _) =
            welcome.header("set-cookie").and_then(|cookie| cookie.split_once(';')).expect("a new session");
        let world = Self { cookie: cookie.to_owned(), native };
        for ask in BEFORE {
            let response = world.request(*ask).send();
            assert!(response.status < 400, "{ask:?}: {}", response.text());
        }
        // Nothing of it is under way any more, no deadline either.
        world.native.advance(duractor::secs(60));
        world
    }

    fn request(&self, (line, body): Ask) -> RequestBuilder<'_> {
        let (method, target) = line.split_once(' ').expect("a method and a target");
        let request = self.native.request(method, target).header("cookie", &self.cookie);
        match body.chars().next() {
            None => request,
            Some('{' | '[') => request.header("content-type", "application/json").body(body),
            Some(_) => request.header("content-type", "application/x-www-form-urlencoded").body(body),
        }
    }

    /// What is kept, once everything is done.
    fn state(&self) -> Vec<Response> {
        self.native.advance(duractor::secs(60));
        STATE.iter().map(|line| self.request((line, "")).send()).collect()
    }

    /// What was sent to other workers, and what banks offer next. Their rates come from one sequence of random numbers, so
    /// they are others if a bank was asked twice.
    fn traces(&self) -> String {
        let rates = self.request(("GET /rates/now/eurgbp", "")).send();
        format!("{:?} {}", self.native.sent(), rates.text())
    }
}

/// The response of a call that was interrupted after so many steps; None if it has ended by then.
fn interrupted(world: &World, ask: Ask, steps: usize, interrupt: impl FnOnce(&Pending<'_>)) -> Option<Response> {
    let call = world.request(ask).start();
    for _ in 0..steps {
        world.native.step();
    }
    if call.response().is_some() {
        return None;
    }
    interrupt(&call);
    Some(call.wait())
}

/// Checks a request's runs, each in a new world and interrupted one step later than the one before; how many there are.
fn each_run(ask: Ask, interrupt: fn(&World, &Pending<'_>), check: impl Fn(&World, &Response, usize)) -> usize {
    let run = |steps| {
        let world = World::new();
        let response = interrupted(&world, ask, steps, |call| interrupt(&world, call))?;
        check(&world, &response, steps);
        Some(())
    };
    (0..).map_while(run).count()
}

fn panics(method: &str) -> bool {
    method.starts_with("Cart::panic")
}

fn assert_internal(response: &Response, context: &str) {
    assert_eq!(response.status, 500, "{context}: {}", response.text());
    assert!(response.text().contains("/problems/internal"), "{context}: {}", response.text());
}

#[test]
fn a_call_that_is_interrupted_anywhere_answers_as_if_it_had_not_been() {
    for &(method, ask) in WAITING {
        let calm = World::new();
        let response = calm.request(ask).send();
        let (state, traces) = (calm.state(), calm.traces());
        let runs = each_run(
            ask,
            |world, _| world.native.trap(),
            |world, again, steps| {
                assert_eq!(*again, response, "{method}, after {steps} steps");
                assert_eq!(world.state(), state, "{method}, after {steps} steps");
                assert_eq!(world.traces(), traces, "{method}, after {steps} steps");
            },
        );
        assert!(runs > 0, "{method} never waits");
    }
}

#[test]
fn a_call_that_traps_anywhere_leaves_no_trace() {
    let before = World::new().state();
    for &(method, ask) in WAITING {
        let runs = each_run(
            ask,
            |_, call| call.trap(),
            |world, response, steps| {
                assert_internal(response, method);
                assert_eq!(world.state(), before, "{method}, after {steps} steps");
            },
        );
        assert!(runs > 0, "{method} never waits");
    }
}

#[test]
fn what_a_call_has_done_outlives_a_trap() {
    for &(method, ask) in SWIFT {
        let (calm, other) = (World::new(), World::new());
        let call = other.request(ask).start();
        let response = call.response().unwrap_or_else(|| panic!("{method} waits: put it into the other table"));
        assert_eq!(response, calm.request(ask).send(), "{method}");
        assert_eq!(response.status >= 400, panics(method), "{method}: {}", response.text());
        let state = calm.state();
        other.native.advance(duractor::secs(60));
        other.native.trap();
        assert_eq!(other.state(), state, "{method}");
    }
}

#[test]
fn a_call_that_traps_in_its_commit_leaves_no_trace() {
    let before = World::new().state();
    let mut commits = BTreeSet::new();
    for &(method, ask) in WAITING.iter().chain(SWIFT) {
        let (calm, world) = (World::new(), World::new());
        world.native.inject(Fault::TrapAtCommit);
        let (response, expected) = (world.request(ask).send(), calm.request(ask).send());
        world.native.heal();
        if response == expected {
            // It has nothing to commit.
            assert_eq!(calm.state(), before, "{method}");
        } else {
            assert_internal(&response, method);
            commits.insert(method);
        }
        assert_eq!(world.state(), before, "{method}");
    }
    assert!(
        ["Cart::checkout", "Cart::log_out", "Rates::refresh"].iter().all(|method| commits.contains(method)),
        "{commits:?}"
    );
}

#[test]
fn every_method_is_in_one_of_the_tables() {
    let mut classes = Vec::new();
    let mut methods = Vec::new();
    add::<Home>(&mut classes, &mut methods);
    add::<Hello>(&mut classes, &mut methods);
    add::<Counter>(&mut classes, &mut methods);
    add::<Echo>(&mut classes, &mut methods);
    add::<Rates>(&mut classes, &mut methods);
    add::<Upstreams>(&mut classes, &mut methods);
    add::<Todo>(&mut classes, &mut methods);
    add::<Ledger>(&mut classes, &mut methods);
    add::<Telemetry>(&mut classes, &mut methods);
    add::<Search>(&mut classes, &mut methods);
    add::<Cart>(&mut classes, &mut methods);
    assert_eq!(format!("{:?}", routes()), format!("{classes:?}"), "every class of the worker is added above");

    let rows = || WAITING.iter().chain(SWIFT);
    for (method, verb, path) in &methods {
        // A method can have several routes.
        let found = rows().filter(|(name, (line, _))| name == method && fits(line, verb, path));
        assert_eq!(found.count(), 1, "{method}, {verb} {path}, is not in one row");
    }
    assert_eq!(rows().count(), methods.len(), "there are rows of methods that are gone");
}

/// Adds a class, and its methods with verb and path.
fn add<A: Methods>(classes: &mut Vec<&str>, methods: &mut Vec<(String, &str, &str)>) {
    classes.push(<A as Actor>::CLASS);
    methods.extend(
        A::ROUTES.iter().map(|route| (format!("{}::{}", A::CLASS, route.name), route.verb.as_str(), route.path)),
    );
}

/// Whether a request's first line ends as the path of a route below its mount does.
fn fits(line: &str, verb: &str, path: &str) -> bool {
    let (method, target) = line.split_once(' ').expect("a method and a target");
    let target = target.split('?').next().unwrap_or_default();
    let parts = path.rsplit('/').filter(|part| !part.is_empty());
    [method, "ANY"].contains(&verb)
        && parts.zip(target.rsplit('/')).all(|(part, own)| part.starts_with('{') || part == own)
}
