//! One instance: all actors of a worker in memory, their calls, and the entries through which a host drives them.

use std::{
    cell::{Cell, RefCell},
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
    task::{Context, Poll},
};

use duractor_router::Refusal;

use crate::{
    activation::{Activation, Call, Chain, Effect, Reading, Transaction, World},
    app::{App, Class, Route, Run, Task},
    cx::Cx,
    exchange::{Buffer, Frame, FrameError},
    host::Host,
    key::{Key, Slots},
    limits::Limits,
    ops::{RESULT_SLOTS, read_outcome},
    outbox::Outbox,
    problem::{Error, Problem, Result},
    refusal::{Unread, internal, refused, unnamed},
    request::{Head, REQUEST_SLOTS, Request},
    response::{IntoResponse, Response},
    sql::Sql,
    state::Origin,
    store::Place,
    tenancy::Tenants,
    turn::{Permit, Turn},
    waker::Inbox,
};

/// Polls in one entry; then the host is asked for another one, so that its events come in between.
const POLLS_MAX: usize = 10_000;

/// No key of an entry.
const NO_TASK: u32 = u32::MAX;

/// When actors have to leave memory, those do that were last used in the first so-manieth of the entries since the one
/// that was used longest ago: several at once, so that looking for them is seldom.
const LEAVING_SHARE: u64 = 8;

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
    /// The task that is being polled. After a trap the host reads here whose call it was.
    polled: Cell<u32>,
    /// Entries so far, by which it is known which actor was used longest ago.
    entries: Cell<u64>,
    /// Effects so far. Their calls have negative numbers, since they are nobody's request.
    effects: Cell<u64>,
    /// The instance's memory when idle actors left it last, in bytes.
    memory: Cell<usize>,
}

impl Instance {
    pub(crate) fn new(app: App, host: Rc<dyn Host>, setup: Setup) -> Self {
        let world = Rc::new(World {
            host,
            limits: app.limits,
            development: setup.development,
            scratch: RefCell::default(),
            present: Cell::default(),
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
            polled: Cell::new(NO_TASK),
            entries: Cell::new(0),
            effects: Cell::new(0),
            memory: Cell::new(0),
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

    /// Where the task stands that is being polled.
    #[cfg(target_arch = "wasm32")]
    pub(crate) fn polled(&self) -> &Cell<u32> {
        &self.polled
    }

    /// What every actor stores, as JSON: class, version, and of each field the layout and its hash.
    #[cfg(target_arch = "wasm32")]
    pub(crate) fn describe(&self) -> String {
        let classes: Vec<String> = self.app.classes.iter().map(Class::describe).collect();
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
        let name = self.app.table.name(&hit, &view).map_err(unnamed)?;
        self.outbox.borrow_mut().forward(hit.mount.class(), &name);
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

    /// Brings an actor into memory, or leaves the reason why it cannot in the outbox. The host calls it within a
    /// transaction of the actor's storage, and rolls that back if there is no key.
    ///
    /// `record` is what is stored under the record's key.
    pub(crate) fn activate(&self, class: &str, name: &str, record: Option<&[u8]>) -> Option<Key> {
        self.enter();
        self.make_room();
        let hydrated = self.hydrate(class, name, record);
        self.world.present.set(None);
        let what = format!("{class}/{name}");
        match hydrated {
            Ok(key) => Some(key),
            Err(response) => {
                self.finish(0.0, response, &what);
                None
            }
        }
    }

    fn hydrate(&self, class: &str, name: &str, record: Option<&[u8]>) -> Result<Key, Response> {
        let class = self.app.class(class).ok_or_else(|| {
            Problem::new(500, "unknown-class", format!("`{class}` is not mounted by the function under `#[routes]`"))
                .into_response()
        })?;
        let actor = self.actors.borrow().next_key();
        let place = Place {
            host: self.world.host.clone(),
            actor,
            class: class.name,
            name: name.into(),
            has_loaded: Cell::default(),
            tenants: Tenants::default(),
        };
        self.world.present.set(Some(actor));
        let layouts = class.layouts().map_err(IntoResponse::into_response)?;
        let state = (class.make)();
        let (home, origin) = Activation::hydrate(self.world.clone(), place, state, layouts, record)
            .map_err(IntoResponse::into_response)?;
        settle_in(&home, class, origin)?;
        home.used.set(self.entries.get());
        Ok(self.actors.borrow_mut().insert(home))
    }

    /// Lets idle actors leave memory when there are too many, or when memory grows beyond its bound: those that were used
    /// longest ago. Their next calls bring them back.
    fn make_room(&self) {
        let limits = &self.world.limits;
        let memory = self.world.host.memory_bytes();
        let has_grown = memory > limits.memory_max_bytes as usize && memory > self.memory.get();
        let count = self.actors.borrow().len();
        if !has_grown && count < limits.actors_max.max(1) as usize {
            return;
        }
        self.memory.set(memory);
        let entries = self.entries.get();
        let is_idle = |home: &Activation| home.is_idle() && self.world.present.get() != Some(home.key);
        let oldest = self.actors.borrow().iter().filter(|(_, home)| is_idle(home)).map(|(_, home)| home.used.get()).min();
        let Some(oldest) = oldest else { return };
        let until = oldest + (entries - oldest) / LEAVING_SHARE;
        let leaving: Vec<Key> = self
            .actors
            .borrow()
            .iter()
            .filter(|(_, home)| is_idle(home) && home.used.get() <= until)
            .map(|(key, _)| key)
            .collect();
        for key in leaving {
            self.forget(key);
        }
    }

    fn forget(&self, actor: Key) {
        let home = self.actors.borrow_mut().remove(actor);
        drop(home);
    }

    /// Forgets an actor, with its calls that wait.
    pub(crate) fn deactivate(&self, actor: Key) {
        self.enter();
        let left: Vec<Key> =
            self.tasks.borrow().iter().filter(|(_, task)| task.home.key == actor).map(|(key, _)| key).collect();
        for key in left {
            self.remove(key);
        }
        let home = self.actors.borrow_mut().remove(actor);
        if let Some(home) = home {
            home.outgoing.borrow_mut().clear();
        }
    }

    /// A request for an actor. One that has left memory leaves nothing: the host activates it, and calls again.
    pub(crate) fn call(&self, actor: Key, frame: Buffer) {
        let Some(home) = self.enter_actor(actor) else { return };
        let number = Frame::new(frame.as_bytes(), REQUEST_SLOTS).and_then(|frame| frame.f64(5)).unwrap_or_default();
        if let Err(response) = self.start(&home, frame, number) {
            self.finish(number, response, home.class);
        }
        self.run_ready(&home);
    }

    fn start(&self, home: &Rc<Activation>, buffer: Buffer, number: f64) -> Result<(), Response> {
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
        let outcome = catch_unwind(AssertUnwindSafe(|| run_sync(call, permit, &request, route)));
        call.end();
        self.finish(call.number, outcome.unwrap_or_else(|_| internal()), route.path);
        self.start_effects(call);
        self.recycle(request.into_frame());
        Ok(None)
    }

    fn recycle(&self, frame: Buffer) {
        if frame.capacity() <= SPARE_MAX_BYTES {
            *self.spare.borrow_mut() = Some(frame);
        }
    }

    fn spawn(
        &self,
        home: &Rc<Activation>,
        call: Rc<Call>,
        request: Request,
        route: &'static Route,
    ) -> Result<(), Response> {
        if home.tasks.get() >= self.world.limits.tasks_max {
            let detail = format!("{} calls of this actor are waiting already", home.tasks.get());
            return Err(Problem::new(503, "overloaded", detail).into_response().retry_after(1));
        }
        let future: Task = Box::pin(drive(call.clone(), request, route));
        self.begin(home, call, future, route.path);
        Ok(())
    }

    /// Begins what a committed turn has asked for: calls of their own, which nobody waits for.
    fn start_effects(&self, call: &Call) {
        let effects = call.effects.take();
        if effects.is_empty() {
            return;
        }
        self.effects.set(self.effects.get() + 1);
        let (home, number) = (&call.home, -(self.effects.get() as f64));
        let call = Call::new(home.clone(), number, Chain::default(), None);
        let future: Task = Box::pin(run_effects(call.clone(), effects));
        self.begin(home, call, future, "after_commit");
    }

    fn begin(&self, home: &Rc<Activation>, call: Rc<Call>, future: Task, what: &'static str) {
        let waiting = Waiting { home: home.clone(), call: call.clone(), what, future: Some(future), is_ready: false };
        let key = self.tasks.borrow_mut().insert(waiting);
        home.tasks.set(home.tasks.get() + 1);
        call.task.set(Some(key));
        self.poll(key);
        call.mark_outgoing();
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
        let Some(home) = self.enter_actor(actor) else { return };
        let is_lost = |task: &Waiting| task.home.key == actor && task.call.held.get() != Turn::Exclusive;
        if self.tasks.borrow().get(task).is_some_and(is_lost) {
            let problem = Problem::new(499, "client-gone", "the client went away before the call ended");
            self.end(task, problem.into_response());
        }
        self.run_ready(&home);
    }

    /// Asks the host to run a task's actor.
    #[cfg(target_arch = "wasm32")]
    pub(crate) fn notify(&self, task: Key) {
        let actor = self.tasks.borrow().get(task).map(|task| task.home.key);
        if let Some(actor) = actor {
            self.world.host.wake(actor);
        }
    }

    fn enter(&self) {
        self.outbox.borrow_mut().clear();
    }

    fn enter_actor(&self, actor: Key) -> Option<Rc<Activation>> {
        self.enter();
        let home = self.actors.borrow().get(actor).cloned()?;
        self.entries.set(self.entries.get() + 1);
        home.used.set(self.entries.get());
        self.world.present.set(Some(actor));
        Some(home)
    }

    fn run_ready(&self, home: &Rc<Activation>) {
        for _ in 0..POLLS_MAX {
            self.sort_woken(home);
            let Some(key) = home.ready.borrow_mut().pop_front() else {
                return self.send(home);
            };
            self.poll(key);
        }
        self.send(home);
        self.world.host.wake(home.key);
    }

    /// Puts woken tasks into the queues of their actors. Another actor than the present one goes on in its own context.
    fn sort_woken(&self, present: &Rc<Activation>) {
        let mut drained = self.drained.borrow_mut();
        self.woken.drain(&mut drained);
        for key in drained.drain(..) {
            let mut tasks = self.tasks.borrow_mut();
            let Some(task) = tasks.get_mut(key).filter(|task| !task.is_ready) else { continue };
            task.is_ready = true;
            let home = task.home.clone();
            drop(tasks);
            home.ready.borrow_mut().push_back(key);
            if home.key != present.key {
                self.world.host.wake(home.key);
            }
        }
    }

    fn poll(&self, key: Key) {
        let Some((call, mut future)) = self.take_future(key) else { return };
        let waker = self.woken.waker(key);
        self.polled.set(key.to_bits());
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut Context::from_waker(&waker))));
        self.polled.set(NO_TASK);
        match polled {
            Ok(Poll::Ready(response)) => self.end(key, response),
            Ok(Poll::Pending) => self.put_back(key, future),
            Err(_) => self.end(key, internal()),
        }
        self.start_effects(&call);
    }

    /// The future, out of its slot, so that wakes and new tasks find the slab free.
    fn take_future(&self, key: Key) -> Option<(Rc<Call>, Task)> {
        let mut tasks = self.tasks.borrow_mut();
        let task = tasks.get_mut(key)?;
        task.is_ready = false;
        Some((task.call.clone(), task.future.take()?))
    }

    fn put_back(&self, key: Key, future: Task) {
        let mut tasks = self.tasks.borrow_mut();
        let Some(task) = tasks.get_mut(key) else { return };
        let failure = task.call.failure.borrow_mut().take();
        match failure {
            None => task.future = Some(future),
            Some(problem) => {
                drop(tasks);
                drop(future);
                self.end(key, problem.into_response());
            }
        }
    }

    fn end(&self, key: Key, response: Response) {
        if let Some(task) = self.remove(key) {
            self.finish(task.call.number, response, task.what);
        }
    }

    /// Drops the task's future before the call counts as ended, so that what it cancels is still the call's.
    fn remove(&self, key: Key) -> Option<Waiting> {
        let mut task = self.tasks.borrow_mut().remove(key)?;
        drop(task.future.take());
        task.call.end();
        task.home.tasks.set(task.home.tasks.get() - 1);
        Some(task)
    }

    /// Ends an actor's entry: writes frames for the calls that want something.
    fn send(&self, home: &Rc<Activation>) {
        let calls = std::mem::take(&mut *home.outgoing.borrow_mut());
        for call in calls {
            call.clear_outgoing();
            let Some(task) = call.task.get().filter(|_| !call.ended.get()) else { continue };
            let (wanted, cancelled) = {
                let mut ops = call.ops.borrow_mut();
                (ops.take_wanted(), ops.take_cancelled())
            };
            self.outbox.borrow_mut().wait(call.number, task, wanted, &cancelled);
        }
        if home.is_lost() {
            self.lose(home);
        }
        home.trim();
        self.make_room();
        self.world.present.set(None);
    }

    /// Forgets an actor whose memory is not what is stored; its next call hydrates it anew.
    fn lose(&self, home: &Rc<Activation>) {
        let left: Vec<Key> =
            self.tasks.borrow().iter().filter(|(_, task)| task.home.key == home.key).map(|(key, _)| key).collect();
        for key in left {
            let problem = Problem::new(503, "interrupted", "the call was interrupted before it ended");
            self.end(key, problem.into_response().retry_after(1));
        }
        home.outgoing.borrow_mut().clear();
        self.forget(home.key);
    }

    fn finish(&self, number: f64, mut response: Response, what: &str) {
        if let Some(failure) = response.take_failure(self.world.development) {
            self.world.host.log(&format!("{what}: {failure}"));
        }
        response.strip_body();
        self.outbox.borrow_mut().respond(number, response);
    }

    fn malformed(&self, error: &FrameError) -> Response {
        self.world.host.log(&format!("a frame from the host cannot be read: {error}"));
        internal()
    }
}

/// One call, from taking its turn to giving it back.
async fn drive(call: Rc<Call>, request: Request, route: &'static Route) -> Response {
    let permit = match call.take_turn(route.turn).await {
        Ok(permit) => permit,
        Err(problem) => return problem.into_response(),
    };
    if let Run::Sql(run) = route.run {
        return run_sql(Transaction::new(&call, permit), &request, run);
    }
    match route.turn {
        Turn::Exclusive => {
            let transaction = Transaction::new(&call, permit);
            let response = run(request, route).await;
            settle(transaction, response)
        }
        Turn::Shared => {
            let _reading = Reading::new(&call, permit);
            run(request, route).await
        }
        Turn::None => run(request, route).await,
    }
}

async fn run(request: Request, route: &'static Route) -> Response {
    match route.run {
        Run::Async(run) => run(request).await,
        Run::Sync(run) => run(&request),
        Run::Sql(_) => unreachable!("such a method has an exclusive turn of its own kind"),
    }
}

/// A method that never waits, and whose turn is granted.
fn run_sync(call: &Call, permit: Permit, request: &Request, route: &Route) -> Response {
    match (route.run, route.turn) {
        (Run::Sql(run), _) => run_sql(Transaction::new(call, permit), request, run),
        (Run::Sync(run), Turn::Exclusive) => settle(Transaction::new(call, permit), run(request)),
        (Run::Sync(run), Turn::Shared) => {
            let _reading = Reading::new(call, permit);
            run(request)
        }
        (Run::Sync(run), Turn::None) => run(request),
        (Run::Async(_), _) => unreachable!("such a method is a task"),
    }
}

/// The end of an exclusive turn: commit, or no trace.
fn settle(transaction: Transaction<'_>, response: Response) -> Response {
    if response.is_rollback() {
        return response;
    }
    match transaction.commit() {
        Ok(()) => response,
        Err(error) => unstored(error),
    }
}

/// A turn whose method runs within the transaction that its commit is a part of.
fn run_sql(transaction: Transaction<'_>, request: &Request, run: fn(&Request, &mut Sql) -> Response) -> Response {
    let home = transaction.home();
    let (mut reply, mut changes) = (None, None);
    let stored = home.world.host.transact(home.key, &mut || {
        let mut sql = Sql::new(home.place.clone());
        let run = AssertUnwindSafe(|| run(request, &mut sql));
        let response = catch_unwind(run).unwrap_or_else(|_| internal());
        let mut is_kept = !response.is_rollback();
        reply = Some(response);
        if is_kept {
            match transaction.write() {
                Ok(written) => changes = written,
                Err(error) => (is_kept, reply) = (false, Some(unstored(error))),
            }
        }
        is_kept
    });
    let response = match (stored, reply) {
        (Ok(()), Some(response)) => response,
        (Err(error), _) => unstored(Error::new(Problem::commit_failed(), error)),
        (Ok(()), None) => internal(),
    };
    if !response.is_rollback() {
        transaction.accept(changes);
    }
    response
}

/// The reply of a turn that could not be committed.
fn unstored(error: Error) -> Response {
    let can_try_again = error.problem().status() == 503;
    let response = error.into_response();
    if can_try_again { response.retry_after(1) } else { response }
}

/// Calls an actor's hooks, and writes what they and a migration have changed.
fn settle_in(home: &Rc<Activation>, class: &Class, origin: Origin) -> Result<(), Response> {
    let call = Call::new(home.clone(), 0.0, Chain::default(), None);
    let permit = home.turns.try_take(Turn::Exclusive).expect("nobody else has a turn yet");
    // Whatever becomes of it, nobody sees this memory but after a commit.
    call.held.set(Turn::Exclusive);
    let mut sql = Sql::new(home.place.clone());
    let hooks = || (class.hooks)(home, &Cx(call.clone()), &mut sql, origin == Origin::New);
    let reply = catch_unwind(AssertUnwindSafe(hooks)).unwrap_or_else(|_| Some(internal()));
    call.held.set(Turn::None);
    call.end();
    drop(permit);
    let is_hooked = reply.is_some();
    if let Some(response) = reply.filter(Response::is_rollback) {
        return Err(response);
    }
    if !is_hooked && origin != Origin::Migrated {
        return Ok(());
    }
    let changes = home.write(call.writes.take(), origin != Origin::Stored).map_err(unstored)?;
    if let Some(changes) = changes {
        home.accept(changes);
    }
    Ok(())
}

/// Does what committed turns have asked for, one after the other.
async fn run_effects(call: Rc<Call>, effects: Vec<Effect>) -> Response {
    for effect in effects {
        if let Err(error) = effect(call.clone()).await {
            let home = &call.home;
            home.world.host.log(&format!("{}/{}: after a commit: {error}", home.class, home.name));
        }
    }
    ().into_response()
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
