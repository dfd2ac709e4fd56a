//! One instance: all actors of a worker in memory, their calls, and the entries through which a host drives them.

mod residents;
mod tasks;
mod turns;

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use duractor_router::{Platform, Refusal};

use crate::{
    activation::{Activation, Call, Chain, World},
    app::{App, Route, Run, Task},
    exchange::{Buffer, Frame, FrameError},
    host::Host,
    key::{Key, Slots},
    limits::Limits,
    ops::{RESULT_SLOTS, read_outcome},
    outbox::Outbox,
    problem::Result,
    refusal::{Unread, client_gone, internal, refused, unnamed},
    request::{Head, REQUEST_SLOTS, Request},
    response::{IntoResponse, Response},
    time::since_epoch,
    trace::Trace,
    turn::Turn,
    waker::Inbox,
};

use turns::run_sync;

/// A request's frame up to this size is kept for the next request.
const SPARE_MAX_BYTES: usize = 16 << 10;

struct Waiting {
    home: Rc<Activation>,
    call: Rc<Call>,
    /// What it is, for the log.
    what: &'static str,
    /// None while it is polled.
    future: Option<Task>,
    is_ready: bool,
}

/// What a host is like.
#[derive(Default)]
pub(crate) struct Setup {
    /// Whether clients read why their requests failed.
    pub(crate) development: bool,
    /// Called with a task's key when it is woken.
    pub(crate) notify: Option<fn(Key)>,
    /// Whether the host can look into this memory, where large bodies lie.
    pub(crate) shows: bool,
    /// Where the host reads what runs.
    pub(crate) trace: Rc<Trace>,
}

/// All actors of a worker.
pub(crate) struct Instance {
    app: App,
    world: Rc<World>,
    actors: RefCell<Slots<Rc<Activation>>>,
    tasks: RefCell<Slots<Waiting>>,
    woken: Inbox,
    drained: RefCell<Vec<Key>>,
    outbox: RefCell<Outbox>,
    spare: RefCell<Option<Buffer>>,
    /// Entries so far, by which it is known which actor was used longest ago.
    entries: Cell<u64>,
    /// Effects so far. Their calls have negative numbers, since they are nobody's request.
    effects: Cell<u64>,
    /// The instance's memory when idle actors left it last, in bytes.
    memory: Cell<usize>,
    /// The actor that was entered last.
    entered: Cell<Option<Key>>,
}

impl Instance {
    pub(crate) fn new(app: App, host: Rc<dyn Host>, setup: Setup) -> Self {
        let world = Rc::new(World {
            host,
            limits: app.limits,
            development: setup.development,
            scratch: RefCell::default(),
            present: Cell::default(),
            trace: setup.trace,
        });
        Self {
            app,
            world,
            actors: RefCell::default(),
            tasks: RefCell::default(),
            woken: Inbox::new(setup.notify),
            drained: RefCell::default(),
            outbox: RefCell::new(Outbox::new(setup.shows)),
            spare: RefCell::default(),
            entries: Cell::new(0),
            effects: Cell::new(0),
            memory: Cell::new(0),
            entered: Cell::default(),
        }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.world.limits
    }

    /// Whether method and path alone decide which actor a request is for.
    #[cfg(target_arch = "wasm32")]
    pub(crate) fn routes_by_path(&self) -> bool {
        self.app.is_by_path
    }

    /// The bounds of an actor's calls; those of the worker if it is not in memory.
    pub(crate) fn limits_of(&self, actor: Option<Key>) -> Limits {
        let actors = self.actors.borrow();
        actor.and_then(|actor| actors.get(actor)).map_or(self.world.limits, |home| home.limits)
    }

    /// The actor that was entered last.
    #[cfg(target_arch = "wasm32")]
    pub(crate) fn entered(&self) -> Option<Key> {
        self.entered.get()
    }

    /// What runs, for the host to read after a trap.
    #[cfg(target_arch = "wasm32")]
    pub(crate) fn trace(&self) -> &Trace {
        &self.world.trace
    }

    /// Tasks that wait and operations that are under way, for tests of what is left.
    #[cfg(target_arch = "wasm32")]
    pub(crate) fn left(&self) -> (usize, usize) {
        let tasks = self.tasks.borrow();
        let operations = tasks.iter().map(|(_, task)| task.call.ops.borrow().count()).sum();
        (tasks.len(), operations)
    }

    /// What every actor stores, as JSON: class, version, and of each field the layout and its hash.
    #[cfg(target_arch = "wasm32")]
    pub(crate) fn describe(&self) -> String {
        let classes: Vec<String> = self.app.classes.iter().map(|class| class.describe()).collect();
        format!("{{{}}}", classes.join(","))
    }

    /// What the last entry left.
    pub(crate) fn outbox(&self) -> std::cell::Ref<'_, Outbox> {
        self.outbox.borrow()
    }

    /// A buffer for the next request's frame, of at least `len` bytes that are yet to be written.
    #[cfg(target_arch = "wasm32")]
    pub(crate) fn take_spare(&self, len: usize) -> Buffer {
        let mut buffer = self.spare.borrow_mut().take().unwrap_or_default();
        buffer.expose(len);
        buffer
    }

    /// Which actor a request is for, or its answer where none is needed.
    pub(crate) fn route(&self, frame: Buffer) {
        self.enter();
        let forward = Frame::new(frame.as_bytes(), REQUEST_SLOTS)
            .and_then(|frame| Head::parse(&frame))
            .map_err(|error| self.malformed(&error))
            .and_then(|head| self.route_head(&head, frame.as_bytes()));
        if let Err(response) = forward {
            self.finish(0.0, response, "route");
        }
        self.recycle(frame);
    }

    fn route_head(&self, head: &Head, frame: &[u8]) -> Result<(), Response> {
        self.check_size(head, frame)?;
        let view = HeadView { head, frame };
        let (path, _) = head.target(frame);
        let hit = self.app.table.resolve(head.method(frame), path).map_err(|refusal| refused(&refusal))?;
        let name = self.app.table.name(&hit, &view, &Ground(&*self.world.host)).map_err(unnamed)?;
        let cookie = name.set_cookie.as_deref();
        self.outbox.borrow_mut().forward(hit.mount.class(), &name.text, cookie, hit.mount.reads_path_only());
        Ok(())
    }

    fn check_size(&self, head: &Head, frame: &[u8]) -> Result<(), Response> {
        let limits = &self.world.limits;
        if head.target_len() > limits.path_max_bytes as usize {
            return Err(Unread::Path.response(limits));
        }
        if head.headers_len(frame) > limits.headers_max_bytes as usize {
            return Err(Unread::Headers.response(limits));
        }
        if head.body_len() > limits.body_max_bytes as usize {
            return Err(Unread::Body.response(limits));
        }
        Ok(())
    }

    /// Answers a request that the host does not hand over.
    pub(crate) fn refuse(&self, reason: Unread) {
        self.enter();
        self.finish(0.0, reason.response(&self.world.limits), "refuse");
    }

    /// A request for an actor. One that has left memory leaves nothing: the host activates it, and calls again.
    ///
    /// Of a call that is run again after a trap, `known` operations are in its journal: these do not look into the cache,
    /// but are told what they were told before.
    pub(crate) fn call(&self, actor: Key, frame: Buffer, known: u32) {
        let Some(home) = self.enter_actor(actor) else { return };
        let number = Frame::new(frame.as_bytes(), REQUEST_SLOTS).and_then(|frame| frame.f64(5)).unwrap_or_default();
        self.world.trace.enter(number, "");
        if let Err(response) = self.start(&home, frame, number, known) {
            self.finish(number, response, home.class);
        }
        self.world.trace.leave();
        self.run_ready(&home);
    }

    fn start(&self, home: &Rc<Activation>, buffer: Buffer, number: f64, known: u32) -> Result<(), Response> {
        let frame = Frame::new(buffer.as_bytes(), REQUEST_SLOTS).map_err(|error| self.malformed(&error))?;
        let head = Head::parse(&frame).map_err(|error| self.malformed(&error))?;
        self.check_size(&head, buffer.as_bytes())?;
        let chain = self.chain(&frame).map_err(|error| self.malformed(&error))?;
        let (path, _) = head.target(buffer.as_bytes());
        let method = head.method(buffer.as_bytes());
        let hit = self.app.table.resolve(method, path).map_err(|refusal| refused(&refusal))?;
        if hit.mount.class() != home.class {
            return Err(refused(&Refusal::NotFound));
        }
        let (route, params) = (hit.route, hit.params);
        let call = Call::new(home.clone(), number, chain, None);
        call.ops.borrow_mut().known = known;
        let request = Request::new(buffer, head, params, call.clone());
        if let Some(request) = self.run_now(&call, request, route)? {
            self.spawn(home, call, request, route)?;
        }
        Ok(())
    }

    /// The calls of the same actor that wait for this one, as slot 4 names them: text, number, tasks.
    fn chain(&self, frame: &Frame<'_>) -> Result<Chain, FrameError> {
        if frame.opt_bytes(4)?.is_none() {
            return Ok(Chain::default());
        }
        let links = frame.frame(4, 2)?;
        let count = links.i32(1)?.clamp(0, self.world.limits.chain_max as i32) as usize;
        let (text, links) = (links.str(0)?.to_owned(), frame.frame(4, 2 + count)?);
        let tasks = self.tasks.borrow();
        let mut ancestors = Vec::new();
        for slot in 2..2 + count {
            let key = Key::from_bits(links.i32(slot)?.cast_unsigned());
            ancestors.extend(tasks.get(key).map(|task| task.call.clone()));
        }
        Ok(Chain { text, ancestors })
    }

    /// Runs a method that never waits, if its turn is free. Otherwise the request comes back.
    fn run_now(&self, call: &Rc<Call>, request: Request, route: &'static Route) -> Result<Option<Request>, Response> {
        if let Run::Async(_) = route.run {
            return Ok(Some(request));
        }
        let Some(permit) = call.try_turn(route.turn).map_err(IntoResponse::into_response)? else {
            return Ok(Some(request));
        };
        self.world.trace.enter(call.number, route.name);
        let outcome = self.world.trace.guard(|| run_sync(call, permit, &request, route));
        let mut response = outcome.unwrap_or_else(|_| internal());
        if let Some(flow) = response.take_flow(call.number) {
            self.flow(call, response, flow, route.name);
            return Ok(None);
        }
        call.end();
        self.finish(call.number, response, route.name);
        self.start_effects(call);
        self.recycle(request.into_frame());
        Ok(None)
    }

    fn recycle(&self, frame: Buffer) {
        if frame.capacity() <= SPARE_MAX_BYTES {
            *self.spare.borrow_mut() = Some(frame);
        }
    }

    /// Results of operations, for calls of one actor.
    pub(crate) fn resume(&self, actor: Key, frame: Buffer) {
        let Some(home) = self.enter_actor(actor) else { return };
        if let Err(error) = self.deliver(&home, Rc::new(frame)) {
            self.malformed(&error);
        }
        self.run_ready(&home);
    }

    fn deliver(&self, home: &Rc<Activation>, buffer: Rc<Buffer>) -> Result<(), FrameError> {
        let count = Frame::new(buffer.as_bytes(), REQUEST_SLOTS)?.i32(4)?.max(0) as usize;
        let frame = Frame::new(buffer.as_bytes(), REQUEST_SLOTS.saturating_add(count))?;
        for slot in REQUEST_SLOTS..REQUEST_SLOTS + count {
            let result = frame.frame(slot, RESULT_SLOTS)?;
            let base = frame.range(slot)?.unwrap_or_default().start;
            let (task, id) = (Key::from_bits(result.i32(0)?.cast_unsigned()), result.i32(1)?);
            let outcome = read_outcome(&result, &buffer, base)?;
            let call =
                self.tasks.borrow().get(task).filter(|task| task.home.key == home.key).map(|task| task.call.clone());
            let waker = call.and_then(|call| call.ops.borrow_mut().complete(id, outcome));
            if let Some(waker) = waker {
                waker.wake();
            }
        }
        Ok(())
    }

    /// Goes on with the calls of an actor that were woken.
    pub(crate) fn run(&self, actor: Key) {
        if let Some(home) = self.enter_actor(actor) {
            self.run_ready(&home);
        }
    }

    /// The client has gone: an exclusive turn that has begun runs to its end, everything else is dropped.
    pub(crate) fn cancel(&self, actor: Key, task: Key) {
        self.end_if(actor, task, |call| call.held.get() != Turn::Exclusive);
    }

    /// The host has answered the call itself: it is dropped, and its turn is rolled back.
    pub(crate) fn abort(&self, actor: Key, task: Key) {
        self.end_if(actor, task, |_| true);
    }

    fn end_if(&self, actor: Key, task: Key, is_lost: impl FnOnce(&Call) -> bool) {
        let Some(home) = self.enter_actor(actor) else { return };
        if self.tasks.borrow().get(task).is_some_and(|task| task.home.key == actor && is_lost(&task.call)) {
            self.end(task, client_gone());
        }
        self.run_ready(&home);
    }

    /// A task was woken outside of any entry, by something that no journal knows. Asks the host to run its actor.
    #[cfg(target_arch = "wasm32")]
    pub(crate) fn notify(&self, task: Key) {
        let woken = self.tasks.borrow().get(task).map(|task| (task.home.key, task.call.number));
        if let Some((actor, number)) = woken {
            self.world.host.unjournaled(actor, number);
            self.world.host.wake(actor);
        }
    }

    fn enter(&self) {
        self.world.trace.answered(&[]);
        self.outbox.borrow_mut().clear();
    }

    fn enter_actor(&self, actor: Key) -> Option<Rc<Activation>> {
        self.enter();
        let home = self.actors.borrow().get(actor).cloned()?;
        self.entries.set(self.entries.get() + 1);
        home.used.set(self.entries.get());
        self.world.present.set(Some(actor));
        self.entered.set(Some(actor));
        Some(home)
    }

    fn finish(&self, number: f64, mut response: Response, what: &str) {
        if let Some(failure) = response.take_failure(self.world.development) {
            self.world.host.log(&format!("{what}: {failure}"));
        }
        response.strip_body();
        let mut outbox = self.outbox.borrow_mut();
        // It may move while it grows.
        self.world.trace.answered(&[]);
        outbox.respond(number, response);
        self.world.trace.answered(outbox.frames().as_bytes());
    }

    fn malformed(&self, error: &FrameError) -> Response {
        self.world.host.log(&format!("a frame from the host cannot be read: {error}"));
        internal()
    }
}

/// Where sessions come from.
struct Ground<'h>(&'h dyn Host);

impl Platform for Ground<'_> {
    fn now(&self) -> Duration {
        since_epoch(self.0.now())
    }

    fn random(&self, bytes: &mut [u8]) {
        self.0.random(bytes);
    }

    fn secret(&self, binding: &str) -> Option<String> {
        self.0.secret(binding)
    }
}

/// What a name may be made of.
struct HeadView<'f> {
    head: &'f Head,
    frame: &'f [u8],
}

impl duractor_router::Head for HeadView<'_> {
    fn method(&self) -> &str {
        self.head.method(self.frame)
    }

    fn path(&self) -> &str {
        self.head.target(self.frame).0
    }

    fn query(&self) -> &str {
        self.head.target(self.frame).1
    }

    fn header(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.head.headers(self.frame).get(name)?).ok()
    }
}
