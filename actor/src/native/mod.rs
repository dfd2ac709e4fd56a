//! The native host: the same actors, in one process, for `cargo test`.
//!
//! Requests go through the same router, the same frames and the same turns as in workerd; time is virtual, upstreams
//! answer from a script, storage is in memory. Nothing here waits for a real clock.

mod answer;
mod host;
mod message;

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, HashMap, VecDeque},
    fmt,
    rc::Rc,
    time::{Duration, SystemTime},
};

use host::{Identity, NativeHost};
use message::{Chained, Message};

pub use answer::{Answer, Sent, Upstream};
pub use message::{RequestBuilder, Response};

use answer::Upstreams;

use crate::{
    activation::{Activation, Call, Chain, World},
    app::{App, Router},
    cx::Cx,
    exchange::{Buffer, Frame, FrameWriter},
    field::{Actor, Field},
    instance::{Instance, Unread},
    key::Key,
    limits::Limits,
    ops::{Instant, Outbound, Outcome, RESULT_SLOTS, Redirects, Want},
    request::REQUEST_SLOTS,
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
        Self::with_app(routes.build().unwrap_or_else(|conflicts| panic!("{conflicts}")))
    }

    fn with_app(app: App) -> Self {
        let host = Rc::new(NativeHost::default());
        Self {
            instance: Instance::new(app, host.clone(), false, None),
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

    /// Takes an actor out of memory, as workerd does with one that is idle. Its calls end without a response.
    pub fn evict(&self, class: &str, name: &str) {
        let identity = (class.to_owned(), name.to_owned());
        if let Some(key) = self.actors.borrow_mut().remove(&identity) {
            self.instance.deactivate(key);
            self.host.actors.borrow_mut().remove(&key);
        }
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

    /// Does one thing that is due until then.
    fn step(&self, until: Duration) -> bool {
        let woken = self.host.woken.borrow_mut().pop_front();
        if let Some(actor) = woken {
            self.instance.run(actor);
            self.collect();
            return true;
        }
        let due = self.events.borrow_mut().first_entry().filter(|entry| entry.key().0 <= until).map(|entry| entry.remove_entry());
        let Some(((at, _), event)) = due else { return false };
        self.host.set_clock(at.max(self.host.clock()));
        self.happen(event);
        true
    }

    fn happen(&self, event: Event) {
        match event {
            Event::Wake { call, operation } => self.deliver(call, operation, |frame| frame.i32(2, 0)),
            Event::Answer { call, operation, answer, holds_connection } => {
                self.deliver(call, operation, |frame| answer.write(frame));
                if holds_connection {
                    self.free_connection(call);
                }
            }
        }
    }

    fn schedule(&self, delay: Duration, event: Event) {
        let serial = self.serial.get();
        self.serial.set(serial + 1);
        let at = self.host.clock().checked_add(delay).unwrap_or(Duration::MAX);
        self.events.borrow_mut().insert((at, serial), event);
    }

    fn begin(&self, message: Message) -> Pending<'_> {
        let number = self.admit(message, None);
        self.run();
        Pending { native: self, number }
    }

    /// Routes a request and hands it to its actor. `parent` is the operation that waits for it.
    fn admit(&self, message: Message, parent: Option<(u64, i32)>) -> u64 {
        let number = self.numbers.get() + 1;
        self.numbers.set(number);
        let is_head = message.method == "HEAD";
        let state = CallState {
            actor: None,
            label: String::new(),
            task: None,
            is_head,
            response: None,
            is_abandoned: false,
            parent,
            connections: 0,
            queue: VecDeque::new(),
        };
        self.calls.borrow_mut().insert(number, state);
        self.instance.route(message.frame(0.0, None));
        match self.forwarded() {
            Some(identity) => self.hand_over(number, &message, identity),
            None => self.respond(number),
        }
        number
    }

    /// The actor that the routes name, unless the request is answered already.
    fn forwarded(&self) -> Option<Identity> {
        let outbox = self.instance.outbox();
        let frame = Frame::new(outbox.frames().as_bytes(), REQUEST_SLOTS).expect("a route leaves a frame");
        let text = |slot| frame.str(slot).expect("class and name are strings").to_owned();
        (frame.i32(0) == Ok(0)).then(|| (text(1), text(2)))
    }

    fn hand_over(&self, number: u64, message: &Message, identity: Identity) {
        let Some(actor) = self.activate(&identity) else { return self.respond(number) };
        let label = format!("{}/{}", identity.0, identity.1);
        if let Some(call) = self.calls.borrow_mut().get_mut(&number) {
            call.actor = Some(actor);
            call.label = label;
        }
        let Ok(chain) = self.chain(number, actor) else {
            self.instance.refuse(Unread::Chain);
            return self.respond(number);
        };
        self.instance.call(actor, message.frame(number as f64, chain.as_ref()));
        self.collect();
    }

    fn activate(&self, identity: &Identity) -> Option<Key> {
        if let Some(key) = self.actors.borrow().get(identity) {
            return Some(*key);
        }
        let stored = self.host.record(identity);
        let key = self.instance.activate(&identity.0, &identity.1, stored.as_deref())?;
        self.actors.borrow_mut().insert(identity.clone(), key);
        self.host.actors.borrow_mut().insert(key, identity.clone());
        Some(key)
    }

    /// The calls of this actor that wait for this one; an error if the chain is too long.
    fn chain(&self, number: u64, actor: Key) -> Result<Option<Chained>, ()> {
        let calls = self.calls.borrow();
        let (mut labels, mut tasks) = (vec![calls[&number].label.clone()], Vec::new());
        let mut at = calls[&number].parent;
        while let Some(call) = at.and_then(|(parent, _)| calls.get(&parent)) {
            labels.push(call.label.clone());
            tasks.extend(call.task.filter(|_| call.actor == Some(actor)));
            at = call.parent;
        }
        if labels.len() > self.instance.limits().chain_max as usize {
            return Err(());
        }
        labels.reverse();
        Ok((!tasks.is_empty()).then(|| Chained { text: labels.join(" → "), tasks }))
    }

    /// Takes the single response that the last entry left.
    fn respond(&self, number: u64) {
        let response = {
            let outbox = self.instance.outbox();
            let frame = Frame::new(outbox.frames().as_bytes(), REQUEST_SLOTS).expect("an entry leaves a frame");
            Response::read(&frame, self.calls.borrow()[&number].is_head)
        };
        self.complete(number, response);
    }

    /// Reads the chain of responses that the last entry left.
    fn collect(&self) {
        let mut news = Vec::new();
        let frames = {
            let outbox = self.instance.outbox();
            outbox.frames().as_bytes().to_vec()
        };
        let mut at = 0;
        while at < frames.len() {
            let frame = Frame::new(&frames[at..], REQUEST_SLOTS).expect("a response is a frame");
            news.push(self.read(&frame, &frames[at..]));
            match frame.opt_i32(4).expect("slot 4 is the next response or null") {
                Some(next) => at += next as usize,
                None => break,
            }
        }
        for news in news {
            match news {
                News::Ended(number, response) => self.complete(number, response),
                News::Waits(number, wants) => wants.into_iter().for_each(|want| self.want(number, want)),
            }
        }
    }

    fn read(&self, frame: &Frame<'_>, bytes: &[u8]) -> News {
        let number = frame.f64(5).expect("a response names its call") as u64;
        let status = frame.i32(0).expect("a response has a status");
        let mut calls = self.calls.borrow_mut();
        if status != -1 {
            let is_head = calls.get(&number).is_some_and(|call| call.is_head);
            return News::Ended(number, Response::read(frame, is_head));
        }
        if let Some(call) = calls.get_mut(&number) {
            call.task = frame.i32(1).ok().map(i32::cast_unsigned);
        }
        let count = frame.i32(2).expect("a call that waits counts its operations") as usize;
        let frame = Frame::new(bytes, REQUEST_SLOTS + count).expect("all operations are in the frame");
        News::Waits(number, (REQUEST_SLOTS..REQUEST_SLOTS + count).map(|slot| read_want(&frame, slot)).collect())
    }

    fn complete(&self, number: u64, response: Response) {
        let mut calls = self.calls.borrow_mut();
        let Some(call) = calls.get_mut(&number) else { return };
        match call.parent {
            None if call.is_abandoned => drop(calls.remove(&number)),
            None => call.response = Some(response),
            Some((parent, operation)) => {
                calls.remove(&number);
                drop(calls);
                let answer = Answer::of_response(response.status, &response.headers, &response.body);
                let event = Event::Answer { call: parent, operation, answer, holds_connection: true };
                self.schedule(Duration::ZERO, event);
            }
        }
    }

    fn want(&self, number: u64, (operation, want): (i32, Option<Want>)) {
        match want {
            None => {
                if let Some(call) = self.calls.borrow_mut().get_mut(&number) {
                    call.queue.retain(|(id, _)| *id != operation);
                }
            }
            Some(Want::Sleep(duration)) => self.schedule(duration, Event::Wake { call: number, operation }),
            Some(Want::Fetch(outbound)) => {
                let answer = Answer::timeout();
                let event = Event::Answer { call: number, operation, answer, holds_connection: false };
                self.schedule(outbound.time_max, event);
                self.connect(number, operation, outbound);
            }
        }
    }

    fn connect(&self, number: u64, operation: i32, outbound: Box<Outbound>) {
        {
            let mut calls = self.calls.borrow_mut();
            let Some(call) = calls.get_mut(&number) else { return };
            if call.connections >= self.instance.limits().connections_max {
                return call.queue.push_back((operation, outbound));
            }
            call.connections += 1;
        }
        if outbound.url.starts_with('/') {
            self.admit(own_request(&outbound), Some((number, operation)));
            return;
        }
        let (delay, answer) = self.upstreams.answer(&outbound).within(&outbound);
        self.schedule(delay, Event::Answer { call: number, operation, answer, holds_connection: true });
    }

    fn free_connection(&self, number: u64) {
        let next = {
            let mut calls = self.calls.borrow_mut();
            let Some(call) = calls.get_mut(&number) else { return };
            call.connections -= 1;
            call.queue.pop_front()
        };
        if let Some((operation, outbound)) = next {
            self.connect(number, operation, outbound);
        }
    }

    /// The client goes away. A call that has ended is forgotten; one that goes on is when it ends.
    fn abandon(&self, number: u64) {
        let place = {
            let mut calls = self.calls.borrow_mut();
            let Some(call) = calls.get_mut(&number) else { return };
            if call.response.is_some() {
                calls.remove(&number);
                return;
            }
            call.is_abandoned = true;
            call.actor.zip(call.task)
        };
        if let Some((actor, task)) = place {
            self.instance.cancel(actor, Key::from_bits(task));
            self.collect();
        }
    }

    /// Hands one result over. The call may have ended, and the operation may be gone: then it is dropped.
    fn deliver(&self, number: u64, operation: i32, write: impl FnOnce(&mut FrameWriter<'_>)) {
        let (Some(actor), Some(task)) = self.calls.borrow().get(&number).map_or((None, None), |call| (call.actor, call.task))
        else {
            return;
        };
        let mut buffer = Buffer::default();
        let mut frame = FrameWriter::begin(&mut buffer, REQUEST_SLOTS + 1);
        frame.i32(4, 1);
        frame.frame(REQUEST_SLOTS, RESULT_SLOTS, |frame| {
            frame.i32(0, task.cast_signed());
            frame.i32(1, operation);
            write(frame);
        });
        frame.finish();
        self.instance.resume(actor, buffer);
        self.collect();
    }
}

enum News {
    Ended(u64, Response),
    Waits(u64, Vec<(i32, Option<Want>)>),
}

/// An operation's frame; one that is cancelled is none.
fn read_want(frame: &Frame<'_>, slot: usize) -> (i32, Option<Want>) {
    let want = |slots| frame.frame(slot, slots).expect("an operation is a frame");
    let id = want(2).i32(0).expect("an operation has a number");
    let millis = |ms: f64| Duration::try_from_secs_f64(ms / 1e3).unwrap_or(Duration::MAX);
    match want(2).i32(1).expect("an operation has a kind") {
        0 => (id, None),
        2 => (id, Some(Want::Sleep(millis(want(3).f64(2).expect("a wait has a duration"))))),
        _ => (id, Some(Want::Fetch(Box::new(read_fetch(&want(9)).expect("an outbound request is whole"))))),
    }
}

fn read_fetch(frame: &Frame<'_>) -> Result<Outbound, crate::exchange::FrameError> {
    let headers = crate::exchange::Headers::new(frame.opt_bytes(4)?.unwrap_or_default())?;
    let header = |(name, value): (&str, &[u8])| crate::response::header(name, value).expect("checked when it was set");
    Ok(Outbound {
        method: frame.str(2)?.to_owned(),
        url: frame.str(3)?.to_owned(),
        headers: headers.iter().map(header).collect(),
        body: frame.opt_bytes(5)?.map(<[u8]>::to_vec),
        time_max: Duration::try_from_secs_f64(frame.f64(6)? / 1e3).unwrap_or(Duration::MAX),
        body_max_bytes: frame.f64(7)? as u32,
        redirects: Redirects::Follow,
    })
}

fn own_request(outbound: &Outbound) -> Message {
    Message {
        method: outbound.method.clone(),
        target: outbound.url.clone(),
        headers: outbound.headers.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect(),
        body: outbound.body.clone(),
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

/// What stands behind a `Cx` in a unit test: no actor, and operations that are answered at once.
#[derive(Default)]
struct Nobody;

impl Actor for Nobody {
    const CLASS: &'static str = "Test";

    fn fields(&mut self, _: &mut dyn FnMut(&'static str, &mut dyn Field)) {}
}

struct Scripted {
    host: Rc<NativeHost>,
    upstreams: Upstreams,
}

impl Instant for Scripted {
    /// The clock moves on by as long as the operation would take.
    fn answer(&self, want: &Want) -> Outcome {
        let (delay, answer) = match want {
            Want::Sleep(duration) => (*duration, Answer::status(200)),
            Want::Fetch(outbound) => self.upstreams.answer(outbound).within(outbound),
        };
        self.host.set_clock(self.host.clock().saturating_add(delay));
        answer.into_outcome()
    }
}

impl Cx {
    /// A context for a unit test of a struct, without a host. Waiting takes no time, and no upstream is known.
    ///
    /// ```
    /// use duractor::Cx;
    ///
    /// assert_eq!(Cx::test().name(), "test");
    /// ```
    pub fn test() -> Self {
        Self::test_with(&[])
    }

    /// A context for a unit test, with upstreams that answer at once; patterns as in [`Native::upstream`].
    ///
    /// ```
    /// use duractor::{native::Answer, Cx};
    /// use futures::executor::block_on;
    ///
    /// let cx = Cx::test_with(&[("https://rates.example/*", Answer::text("1.08"))]);
    /// assert_eq!(block_on(async { cx.get("https://rates.example/eur").await }).unwrap().text(), "1.08");
    /// ```
    pub fn test_with(upstreams: &[(&str, Answer)]) -> Self {
        let host = Rc::new(NativeHost::default());
        let scripted = Scripted { host: host.clone(), upstreams: Upstreams::default() };
        for (pattern, answer) in upstreams {
            scripted.upstreams.add(pattern, answer.clone());
        }
        let world = Rc::new(World { host, limits: Limits::default(), development: false });
        let state = Box::new(RefCell::new(Nobody));
        let home = Activation::hydrate(Key::from_bits(0), Nobody::CLASS, "test".into(), world, state, None)
            .unwrap_or_else(|_| unreachable!("nobody has no fields"));
        Self(Call::new(home, 0.0, Chain::default(), Some(Rc::new(scripted))))
    }
}
