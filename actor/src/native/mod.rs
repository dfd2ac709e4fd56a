//! The native host: the same actors, in one process, for `cargo test`.
//!
//! Requests go through the same router, the same frames and the same turns as in workerd; time is virtual, upstreams
//! answer from a script, storage is SQLite in memory or in a folder. Nothing here waits for a real clock. What can go
//! wrong with storage, a test lets go wrong: [`Native::inject`].
//!
//! Unlike workerd it follows no redirects (but an answer can be one of a redirect: [`Answer::redirected`]), and a request that was given up keeps its connection until its answer would
//! have come. Results come one by one, a body that is
//! pulled holds no connection, and what a call holds to be run again after a trap has no bound.

mod answer;
mod bindings;
#[cfg(not(target_arch = "wasm32"))]
mod codes;
mod drive;
mod entry;
mod fault;
mod host;
mod journal;
#[cfg(target_arch = "wasm32")]
mod memory;
mod message;
mod page;
mod pending;
mod replay;
mod script;
#[cfg(not(target_arch = "wasm32"))]
mod sql;
#[cfg(not(target_arch = "wasm32"))]
mod sqlite;
mod storage;
mod streams;
mod test_cx;
#[cfg(test)]
mod tests;

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, HashMap, VecDeque},
    fmt,
    rc::Rc,
    time::{Duration, SystemTime},
};

use answer::Upstreams;
use bindings::Bindings;
use host::NativeHost;
use journal::Came;
use message::Message;
use storage::{Identity, Storage};
use streams::{Pulled, Pushed};

pub use answer::{Answer, Sent, Upstream};
pub use bindings::NativeStore;
pub use fault::Fault;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use host::entropy;
pub use message::{RequestBuilder, Response};
pub use pending::Pending;
pub use script::Script;

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
    bindings: Bindings,
    actors: RefCell<HashMap<Identity, Key>>,
    calls: RefCell<BTreeMap<i64, CallState>>,
    numbers: Cell<i64>,
    /// What is due, by time and then by order.
    events: RefCell<BTreeMap<(Duration, u64), Event>>,
    serial: Cell<u64>,
    /// Requests that equal ones of the same actor may join, until their answers come.
    shared: RefCell<Vec<Shared>>,
    connections: RefCell<HashMap<Identity, Connections>>,
    /// Calls that are run again and may have results to take.
    due: RefCell<VecDeque<i64>>,
}

/// A call that was begun and whose response was not taken. Requests have positive numbers, effects negative ones.
#[derive(Default)]
struct CallState {
    message: Message,
    /// The actor that it is for, once the routes have named it.
    identity: Option<Identity>,
    /// What the response sets.
    cookie: Option<String>,
    actor: Option<Key>,
    task: Option<u32>,
    is_head: bool,
    response: Option<Response>,
    /// Nobody waits for the response any more.
    is_abandoned: bool,
    /// The operation of another call that waits for this one.
    parent: Option<(i64, i32)>,
    connections: u32,
    queue: VecDeque<(i32, Box<Outbound>)>,
    /// Bodies that are pulled; those of answers that have not come are empty.
    pulled: BTreeMap<i32, Pulled>,
    /// Requests whose bodies are not whole.
    pushed: BTreeMap<i32, Pushed>,
    /// The head of a response whose body is being written, with as much as there is.
    head: Option<Response>,
}

/// A request under way whose answer is known to the host already.
struct Shared {
    actor: Identity,
    outbound: Outbound,
    at: Duration,
    answer: Answer,
    /// Calls with their operations. When none waits any more the request is given up.
    waiting: Vec<(i64, i32)>,
}

enum Event {
    Came {
        call: i64,
        operation: i32,
        came: Came,
    },
    /// An answer over a connection, which is free again.
    Answer {
        call: i64,
        operation: i32,
        answer: Answer,
        /// The actor whose connection it was; none of an own route.
        of: Option<Identity>,
    },
}

/// The connections of all calls of one actor.
#[derive(Default)]
struct Connections {
    open: u32,
    waiting: VecDeque<(i64, i32, Box<Outbound>)>,
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
        Self::with_app(no_routes(), Rc::default())
    }

    /// A host whose actors are stored in a folder, each in a SQLite file of its own. Another host on the same folder
    /// finds what this one has committed; only one at a time should use it.
    ///
    /// ```
    /// # use duractor::{prelude::*, Native};
    /// # #[derive(Default, Actor)]
    /// # struct Counter { count: u64 }
    /// # #[methods]
    /// # impl Counter { #[post("/add")] fn add(&mut self) -> u64 { self.count += 1; self.count } }
    /// # #[routes]
    /// # fn routes() -> Router { Router::new().mount::<Counter>("/counter", "counter") }
    /// let folder = std::env::temp_dir().join(format!("duractor-{}", std::process::id()));
    /// for count in ["1", "2"] {
    ///     let native = Native::open(&folder)?.routes(routes());
    ///     assert_eq!(native.post("/counter/add").send().text(), count);
    /// }
    /// # std::fs::remove_dir_all(folder)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the folder is not there and cannot be made.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn open(folder: impl AsRef<std::path::Path>) -> std::io::Result<Self> {
        let folder = folder.as_ref().to_path_buf();
        std::fs::create_dir_all(&folder)?;
        Ok(Self::with_app(no_routes(), Rc::new(Storage::new(Some(folder)))))
    }

    /// The worker's routes. Where there were some before, it is a deploy of other code: what is stored is there, and
    /// nothing else.
    ///
    /// # Panics
    ///
    /// If they are in conflict, with all that is wrong, as the worker would when it starts.
    #[must_use]
    pub fn routes(self, routes: Router) -> Self {
        let app = routes.build().unwrap_or_else(|conflicts| panic!("{conflicts}"));
        let (upstreams, bindings) = (self.upstreams.take(), self.bindings.take());
        let storage = self.host.storage.clone();
        // A 32-bit target has room for one instance at a time.
        drop(self);
        Self { upstreams, bindings, ..Self::with_app(app, storage) }
    }

    fn with_app(app: App, storage: Rc<Storage>) -> Self {
        let host = Rc::new(NativeHost::new(storage));
        Self {
            instance: Instance::new(app, host.clone(), Setup { trace: host.trace.clone(), ..Setup::default() }),
            host,
            upstreams: Upstreams::default(),
            bindings: Bindings::default(),
            actors: RefCell::default(),
            calls: RefCell::default(),
            numbers: Cell::new(0),
            events: RefCell::default(),
            serial: Cell::new(0),
            due: RefCell::default(),
            shared: RefCell::default(),
            connections: RefCell::default(),
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

    /// Lets something go wrong once: the next commit or read of any actor. What is asked for more than once happens in
    /// order.
    ///
    /// ```
    /// # use duractor::{prelude::*, native::Fault, Native};
    /// # #[derive(Default, Actor)]
    /// # struct Counter { count: u64 }
    /// # #[methods]
    /// # impl Counter { #[post("/add")] fn add(&mut self) -> u64 { self.count += 1; self.count } }
    /// # #[routes]
    /// # fn routes() -> Router { Router::new().mount::<Counter>("/counter/{name}", "{name}") }
    /// let native = Native::new().routes(routes());
    /// native.inject(Fault::CrashAfter);
    /// assert_eq!(native.post("/counter/ann/add").send().status, 503);
    /// // The reply was lost, the commit was not.
    /// assert_eq!(native.post("/counter/ann/add").send().text(), "2");
    /// ```
    pub fn inject(&self, fault: Fault) {
        self.host.faults.add(None, fault);
    }

    /// As [`inject`](Self::inject), for one actor.
    pub fn inject_into(&self, class: &str, name: &str, fault: Fault) {
        self.host.faults.add(Some((class.to_owned(), name.to_owned())), fault);
    }

    /// Forgets what is still to go wrong.
    pub fn heal(&self) {
        self.host.faults.clear();
    }

    /// Lets the next `count` commits fail: [`Fault::FailCommit`], so often. What an earlier call has left of that is
    /// gone.
    pub fn fail_commits(&self, count: u32) {
        self.host.faults.remove(Fault::FailCommit);
        (0..count).for_each(|_| self.inject(Fault::FailCommit));
    }

    /// The instance traps, in no call of this host's: all actors lose their memory. Calls that are under way are run again,
    /// as they are when a call [traps](Pending::trap) or a method panics.
    ///
    /// ```
    /// # use duractor::{native::Answer, prelude::*, Native};
    /// # #[derive(Default, Actor)]
    /// # struct Rates {}
    /// # #[methods]
    /// # impl Rates {
    /// #     #[get("/eur")]
    /// #     async fn eur(&self, cx: &Cx) -> Result<String> {
    /// #         Ok(cx.get("https://rates.example/eur").await?.text().into_owned())
    /// #     }
    /// # }
    /// # #[routes]
    /// # fn routes() -> Router { Router::new().mount::<Rates>("/rates", "rates") }
    /// let native = Native::new().routes(routes());
    /// native.upstream("https://rates.example/*", Answer::text("1.08").after(secs(1)));
    /// let call = native.get("/rates/eur").start();
    /// native.trap();
    /// assert_eq!(call.wait().text(), "1.08");
    /// assert_eq!(native.sent().len(), 1);
    /// ```
    pub fn trap(&self) {
        let all: Vec<Identity> = self.actors.borrow().keys().cloned().collect();
        self.interrupt(&all);
        self.run();
    }

    /// Takes an actor's memory, as a trap does. Its next call brings it back from its last commit; calls that are under
    /// way are run again.
    pub fn rehydrate(&self, class: &str, name: &str) {
        self.interrupt(&[(class.to_owned(), name.to_owned())]);
        self.run();
    }

    /// Sets a secret binding. `SESSION_KEYS`, and whatever else holds a session's keys, has one key unless it is set.
    ///
    /// ```
    /// # use duractor::{prelude::*, Native, Session};
    /// # #[derive(Default, Actor)]
    /// # struct Cart {}
    /// # #[methods]
    /// # impl Cart { #[get] fn show(&self) {} }
    /// # #[routes]
    /// # fn routes() -> Router { Router::new().mount::<Cart>("/cart", Session::cookie("cart")) }
    /// let native = Native::new().routes(routes());
    /// native.secret("SESSION_KEYS", "too short");
    /// assert_eq!(native.get("/cart").send().status, 500);
    /// ```
    pub fn secret(&self, name: &str, text: &str) {
        self.host.secrets.borrow_mut().insert(name.to_owned(), text.to_owned());
    }

    /// Ends an actor's Durable Object, as workerd does with one that is idle. Its next call makes it anew, from its last
    /// commit; calls that are under way are answered 503 `unavailable`.
    pub fn evict(&self, class: &str, name: &str) {
        self.lose(&(class.to_owned(), name.to_owned()), &entry::unavailable());
    }

    /// Ends all Durable Objects at once, as a deploy does: [`evict`](Self::evict) for every actor.
    pub fn crash(&self) {
        let all: Vec<Identity> = self.actors.borrow().keys().cloned().collect();
        all.iter().for_each(|identity| self.lose(identity, &entry::unavailable()));
    }

    /// What is stored of an actor, by key: Duractor's own rows as they lie there, checksums included.
    ///
    /// # Panics
    ///
    /// If storage fails.
    pub fn stored(&self, class: &str, name: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
        self.host.rows(&(class.to_owned(), name.to_owned())).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Writes a row of an actor past the actor, or removes it: what a test wants to find damaged.
    ///
    /// ```
    /// # use duractor::{prelude::*, Native};
    /// # #[derive(Default, Actor)]
    /// # struct Counter { count: u64 }
    /// # #[methods]
    /// # impl Counter { #[post("/add")] fn add(&mut self) -> u64 { self.count += 1; self.count } }
    /// # #[routes]
    /// # fn routes() -> Router { Router::new().mount::<Counter>("/counter", "counter") }
    /// let native = Native::new().routes(routes());
    /// native.post("/counter/add").send();
    /// let (key, mut value) = native.stored("Counter", "counter").remove(0);
    /// value[7] ^= 1;
    /// native.store("Counter", "counter", &key, Some(&value));
    /// native.evict("Counter", "counter");
    /// assert_eq!(native.post("/counter/add").send().status, 500);
    /// ```
    ///
    /// # Panics
    ///
    /// If storage fails.
    pub fn store(&self, class: &str, name: &str, key: &[u8], value: Option<&[u8]>) {
        let actor = (class.to_owned(), name.to_owned());
        self.host.put(&actor, key, value).unwrap_or_else(|error| panic!("{error}"));
    }

    /// How often the actors have read from storage so far.
    pub fn reads(&self) -> u64 {
        self.host.reads.get()
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

    /// Does the next single thing, and lets the clock run until it is due. False where there is nothing.
    ///
    /// A test that interrupts a call at each of its steps counts them by this.
    pub fn step(&self) -> bool {
        let next = self.events.borrow().keys().next().map(|(at, _)| *at);
        self.step_until(next.unwrap_or_default().max(self.host.clock()))
    }

    /// Goes on with everything that can go on without the clock.
    pub fn run(&self) {
        self.advance(Duration::ZERO);
    }

    /// Lets time pass; what is due happens in order.
    pub fn advance(&self, duration: Duration) {
        let until = self.host.clock() + duration;
        while self.step_until(until) {}
        self.host.set_clock(until);
    }
}

fn no_routes() -> App {
    Router::new().build().expect("a router without mounts has no conflicts")
}
