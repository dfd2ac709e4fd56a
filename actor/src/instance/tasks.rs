//! The calls that wait: begun, woken, polled, ended.

use std::{
    rc::Rc,
    task::{Context, Poll},
};

use super::{
    Instance, Waiting,
    turns::{drive, run_effects},
};
use crate::{
    activation::{Activation, Call, Chain, Effect},
    app::{Route, Task},
    body_stream::write_reply,
    key::Key,
    problem::Problem,
    refusal::internal,
    request::Request,
    response::{Flow, IntoResponse, Response},
};

/// Polls in one entry; then the host is asked for another one, so that its events come in between.
const POLLS_MAX: usize = 10_000;

impl Instance {
    pub(super) fn spawn(
        &self,
        home: &Rc<Activation>,
        call: Rc<Call>,
        request: Request,
        route: &'static Route,
    ) -> Result<(), Response> {
        if let Some(overloaded) = overloaded(home) {
            return Err(overloaded.retry_after(1));
        }
        let future: Task = Box::pin(drive(call.clone(), request, route));
        self.begin(home, call, future, route.name);
        Ok(())
    }

    /// Begins what a committed turn has asked for: calls of their own, which nobody waits for.
    pub(super) fn start_effects(&self, call: &Call) {
        let effects = call.effects.take();
        if !effects.is_empty() {
            self.begin_behind(&call.home, effects, "after_commit");
        }
        for refresh in call.refreshes.take() {
            // What is not renewed now is at its next use.
            if call.home.tasks.get() < call.home.limits.tasks_max {
                self.begin_behind(&call.home, vec![refresh], "refresh");
            }
        }
    }

    fn begin_behind(&self, home: &Rc<Activation>, effects: Vec<Effect>, what: &'static str) {
        self.effects.set(self.effects.get() + 1);
        let call = Call::new(home.clone(), -(self.effects.get() as f64), Chain::default(), None);
        let future: Task = Box::pin(run_effects(call.clone(), effects));
        self.begin(home, call, future, what);
    }

    fn begin(&self, home: &Rc<Activation>, call: Rc<Call>, future: Task, what: &'static str) {
        let waiting = Waiting { home: home.clone(), call: call.clone(), what, future: Some(future), is_ready: false };
        let key = self.tasks.borrow_mut().insert(waiting);
        home.tasks.set(home.tasks.get() + 1);
        call.task.set(Some(key));
        self.poll(key);
        call.mark_outgoing();
    }

    pub(super) fn run_ready(&self, home: &Rc<Activation>) {
        for _ in 0..POLLS_MAX {
            self.sort_woken(home);
            // What is left of a lost actor is told to try again.
            let Some(key) = home.ready.borrow_mut().pop_front().filter(|_| !home.is_lost()) else {
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
        let Some((call, what, mut future)) = self.take_future(key) else { return };
        let (waker, trace) = (self.woken.waker(key), &self.world.trace);
        trace.enter(call.number, what);
        trace.hold(call.held.get());
        let polled = trace.guard(|| future.as_mut().poll(&mut Context::from_waker(&waker)));
        match polled {
            Ok(Poll::Ready(response)) => self.answer(key, &call, what, response),
            Ok(Poll::Pending) => self.put_back(key, future),
            Err(_) => self.end(key, internal()),
        }
        trace.leave();
        self.start_effects(&call);
    }

    /// The future, out of its slot, so that wakes and new tasks find the slab free.
    fn take_future(&self, key: Key) -> Option<(Rc<Call>, &'static str, Task)> {
        let mut tasks = self.tasks.borrow_mut();
        let task = tasks.get_mut(key)?;
        task.is_ready = false;
        Some((task.call.clone(), task.what, task.future.take()?))
    }

    fn put_back(&self, key: Key, future: Task) {
        let mut tasks = self.tasks.borrow_mut();
        let Some(task) = tasks.get_mut(key) else { return };
        let failure = task.call.failure.borrow_mut().take();
        match failure {
            None => {
                task.future = Some(future);
                if !task.call.waits_for_own() {
                    self.world.host.unjournaled(task.home.key, task.call.number);
                }
            }
            Some(problem) => {
                drop(tasks);
                drop(future);
                self.end(key, problem.into_response());
            }
        }
    }

    /// The method has returned.
    fn answer(&self, key: Key, call: &Rc<Call>, what: &'static str, mut response: Response) {
        let Some(flow) = response.take_flow(call.number) else { return self.end(key, response) };
        self.finish(call.number, response, what);
        self.put_back(key, Box::pin(write_reply(call.clone(), flow)));
        self.woken.waker(key).wake();
    }

    /// A method that never waits has returned a reply whose body is yet to be written.
    pub(super) fn flow(&self, call: &Rc<Call>, response: Response, flow: Flow, what: &'static str) {
        // What the method has done is done: nothing says that the client should try again.
        if let Some(overloaded) = overloaded(&call.home) {
            call.end();
            return self.finish(call.number, overloaded, what);
        }
        self.finish(call.number, response, what);
        let future: Task = Box::pin(write_reply(call.clone(), flow));
        self.begin(&call.home, call.clone(), future, what);
    }

    pub(super) fn end(&self, key: Key, response: Response) {
        if let Some(task) = self.remove(key) {
            self.finish(task.call.number, response, task.what);
        }
    }

    /// Drops the task's future before the call counts as ended, so that what it cancels is still the call's.
    pub(super) fn remove(&self, key: Key) -> Option<Waiting> {
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
            let Some(task) = call.task.get().filter(|_| !call.ended.get() && !home.is_lost()) else { continue };
            let (wanted, cancelled) = {
                let mut ops = call.ops.borrow_mut();
                (ops.take_wanted(), ops.take_cancelled())
            };
            let mut outbox = self.outbox.borrow_mut();
            outbox.wait(call.number, task, wanted, &cancelled);
            self.world.trace.answered(outbox.frames().as_bytes());
        }
        if home.is_lost() {
            self.lose(home);
        } else {
            home.keep_cache();
        }
        home.trim();
        self.make_room();
        self.world.present.set(None);
    }
}

/// The answer, if as many calls of an actor wait as may.
fn overloaded(home: &Activation) -> Option<Response> {
    let waiting = home.tasks.get();
    let detail = || format!("{waiting} calls of this actor are waiting already");
    (waiting >= home.limits.tasks_max).then(|| Problem::new(503, "overloaded", detail()).into_response())
}
