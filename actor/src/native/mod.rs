//! The native host: the same actors, in one process, for `cargo test`.
//!
//! Requests go through the same router, the same frames and the same turns as in workerd; time is virtual, upstreams
//! answer from a script, storage is in memory. Nothing here waits for a real clock.
//!
//! Unlike workerd it follows no redirects, and a request that was given up keeps its connection until its answer would
//! have come.

mod answer;
mod drive;
mod host;
mod message;
mod test_cx;

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, HashMap, VecDeque},
    fmt,
    rc::Rc,
    time::{Duration, SystemTime},
};

use answer::Upstreams;
use host::{Identity, NativeHost};

pub use answer::{Answer, Sent, Upstream};
pub use message::{RequestBuilder, Response};

use crate::{
    app::{App, Router},
    instance::{Instance, Setup},
    key::Key,
    ops::Outbound,
};

/// All actors of a worker, in this process.
///
/// ```
/// use duractor::{native::Answer, prelude::*, Native};
///
/// #[derive(Default, Actor)]
/// struct Rates {}
///
/// #[methods]
/// impl Rates {
///     #[get("/eur")]
///     async fn eur(cx: &Cx) -> Result<String> {
///         Ok(cx.get("https://rates.example/eur").await?.text().into_owned())
///     }
/// }
///
/// #[routes]
/// fn routes() -> Router {
///     Router::new().mount::<Rates>("/rates", "rates")
/// }
///
/// let native = Native::new().routes(routes());
/// native.upstream("https://rates.example/*", Answer::text("1.08"));
/// assert_eq!(native.get("/rates/eur").send().text(), "1.08");
/// assert_eq!(native.sent()[0].url, "https://rates.example/eur");
/// ```
pub struct Native {
    instance: Instance,
    host: Rc<NativeHost>,
    upstreams: Upstreams,
    actors: RefCell<HashMap<Identity, Key>>,
    calls: RefCell<BTreeMap<u64, CallState>>,
    numbers: Cell<u64>,
    /// What is due, by time and then by order.
    events: RefCell<BTreeMap<(Duration, u64), Event>>,
    serial: Cell<u64>,
}

/// A call that was begun and whose response was not taken.
struct CallState {
    actor: Option<Key>,
    label: String,
    task: Option<u32>,
    is_head: bool,
    response: Option<Response>,
    /// Nobody waits for the response any more.
    is_abandoned: bool,
    /// The operation of another call that waits for this one.
    parent: Option<(u64, i32)>,
    connections: u32,
    queue: VecDeque<(i32, Box<Outbound>)>,
}

enum Event {
    Answer { call: u64, operation: i32, answer: Answer, holds_connection: bool },
    Wake { call: u64, operation: i32 },
}

impl Default for Native {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Native {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Native({} actors, {} calls)", self.actors.borrow().len(), self.calls.borrow().len())
    }
}

impl Native {
    /// A host without routes, which answers 404.
    pub fn new() -> Self {
        Self::with_app(Router::new().build().expect("a router without mounts has no conflicts"))
    }

    /// The worker's routes.
    ///
    /// # Panics
    ///
    /// If they are in conflict, with all that is wrong, as the worker would when it starts.
    #[must_use]
    pub fn routes(self, routes: Router) -> Self {
        let app = routes.build().unwrap_or_else(|conflicts| panic!("{conflicts}"));
        let upstreams = self.upstreams.take();
        // A 32-bit target has room for one instance at a time.
        drop(self);
        Self { upstreams, ..Self::with_app(app) }
    }

    fn with_app(app: App) -> Self {
        let host = Rc::new(NativeHost::default());
        Self {
            instance: Instance::new(app, host.clone(), Setup::default()),
            host,
            upstreams: Upstreams::default(),
            actors: RefCell::default(),
            calls: RefCell::default(),
            numbers: Cell::new(0),
            events: RefCell::default(),
            serial: Cell::new(0),
        }
    }

    /// Scripts an upstream: an [`Answer`], or a function from what was [`Sent`] to one. A pattern that ends in `*`
    /// takes every URL that begins so; the rule that was added last wins. A URL without a rule is a host that is not
    /// known.
    pub fn upstream(&self, pattern: &str, upstream: impl Upstream) {
        self.upstreams.add(pattern, upstream);
    }

    /// What was sent to upstreams, in order.
    pub fn sent(&self) -> Vec<Sent> {
        self.upstreams.sent()
    }

    /// The lines of the log.
    pub fn log(&self) -> Vec<String> {
        self.host.log.borrow().clone()
    }

    /// The virtual time. It begins at 2026-01-01 00:00:00 UTC.
    pub fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.host.clock()
    }

    /// Lets the next `count` commits fail.
    pub fn fail_commits(&self, count: u32) {
        self.host.failing_commits.set(count);
    }

    /// Takes an actor out of the instance, as a trap does. Its next call brings it back from its last commit; calls that
    /// wait end without a response.
    pub fn rehydrate(&self, class: &str, name: &str) {
        let identity = (class.to_owned(), name.to_owned());
        if let Some(key) = self.actors.borrow_mut().remove(&identity) {
            self.instance.deactivate(key);
            self.host.actors.borrow_mut().remove(&key);
        }
    }

    /// Ends an actor's Durable Object, as workerd does with one that is idle. In this version its state ends with it.
    pub fn evict(&self, class: &str, name: &str) {
        self.rehydrate(class, name);
        self.host.forget(&(class.to_owned(), name.to_owned()));
    }

    /// A request with any method. The target is a path, with its query.
    pub fn request(&self, method: &str, target: &str) -> RequestBuilder<'_> {
        RequestBuilder::new(self, method, target)
    }

    /// A GET.
    pub fn get(&self, target: &str) -> RequestBuilder<'_> {
        self.request("GET", target)
    }

    /// A POST.
    pub fn post(&self, target: &str) -> RequestBuilder<'_> {
        self.request("POST", target)
    }

    /// A PUT.
    pub fn put(&self, target: &str) -> RequestBuilder<'_> {
        self.request("PUT", target)
    }

    /// A PATCH.
    pub fn patch(&self, target: &str) -> RequestBuilder<'_> {
        self.request("PATCH", target)
    }

    /// A DELETE.
    pub fn delete(&self, target: &str) -> RequestBuilder<'_> {
        self.request("DELETE", target)
    }

    /// Sends an [`http::Request`].
    ///
    /// # Panics
    ///
    /// If it waits for something that cannot happen.
    pub fn handle(&self, request: http::Request<Vec<u8>>) -> http::Response<Vec<u8>> {
        let (head, body) = request.into_parts();
        let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
        let mut builder = self.request(head.method.as_str(), target);
        for (name, value) in &head.headers {
            builder = builder.header(name.as_str(), value);
        }
        let response = if body.is_empty() { builder.send() } else { builder.body(body).send() };
        let mut built = http::Response::builder().status(response.status);
        for (name, value) in &response.headers {
            built = built.header(name, value.as_slice());
        }
        built.body(response.body).expect("a response of the worker is one of HTTP")
    }

    /// Sends all at once, and returns the responses in the order of the requests.
    ///
    /// # Panics
    ///
    /// If one waits for something that cannot happen.
    pub fn all<'n>(&'n self, requests: impl IntoIterator<Item = RequestBuilder<'n>>) -> Vec<Response> {
        let pending: Vec<_> = requests.into_iter().map(RequestBuilder::start).collect();
        pending.into_iter().map(Pending::wait).collect()
    }

    /// Goes on with everything that can go on without the clock.
    pub fn run(&self) {
        self.advance(Duration::ZERO);
    }

    /// Lets time pass; what is due happens in order.
    pub fn advance(&self, duration: Duration) {
        let until = self.host.clock() + duration;
        while self.step(until) {}
        self.host.set_clock(until);
    }
}

/// A request that was sent and whose response was not taken yet. Dropping it is the client's going away.
#[derive(Debug)]
#[must_use = "the client goes away when this is dropped"]
pub struct Pending<'n> {
    native: &'n Native,
    number: u64,
}

impl Pending<'_> {
    /// The response, if it is there.
    pub fn response(&self) -> Option<Response> {
        self.native.calls.borrow().get(&self.number)?.response.clone()
    }

    /// Lets the clock run until the response is there.
    ///
    /// # Panics
    ///
    /// If it waits for something that cannot happen.
    pub fn wait(self) -> Response {
        loop {
            if let Some(response) = self.response() {
                return response;
            }
            let next = self.native.events.borrow().keys().next().map(|(at, _)| *at);
            let woken = !self.native.host.woken.borrow().is_empty();
            assert!(next.is_some() || woken, "the call waits for something that cannot happen here: {self:?}");
            let until = next.unwrap_or_default().max(self.native.host.clock());
            self.native.step(until);
        }
    }

    /// The client goes away.
    pub fn abort(self) {}
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        self.native.abandon(self.number);
    }
}
