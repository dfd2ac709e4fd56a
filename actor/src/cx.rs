//! [`Cx`]: what a method may do besides reading and writing its actor.

use std::{
    fmt,
    future::Future,
    pin::{Pin, pin},
    rc::Rc,
    task::{Context, Poll},
    time::{Duration, SystemTime},
};

use futures::future::{Either, select};
use wasm_bindgen::JsCast;

use crate::{
    activation::{Call, Effect},
    fetch_error::{Elapsed, FetchError},
    limits::EFFECTS_MAX,
    ops::{Failed, Inbound, Outcome, Want},
    problem::{Error, Problem, Result},
    time::since_epoch,
    turn::Turn,
};

/// The context of one call: outbound requests, time, randomness, the actor's name.
///
/// It is a handle: cloning it is cheap, and what it starts owns a clone.
#[derive(Clone)]
pub struct Cx(pub(crate) Rc<Call>);

impl fmt::Debug for Cx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cx({}/{})", self.class(), self.name())
    }
}

impl Cx {
    /// The actor's name, as the router made it: what a template is filled with is escaped, so `a/b` is `a%2Fb` there.
    pub fn name(&self) -> &str {
        &self.0.home.name
    }

    /// The actor's class: the struct's name.
    pub fn class(&self) -> &'static str {
        self.0.home.class
    }

    /// The time. In workerd the clock stands still while a method computes
    /// ([Cloudflare, "Security model"](https://developers.cloudflare.com/workers/reference/security-model/)).
    pub fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + since_epoch(self.0.home.world.host.now())
    }

    /// `N` random bytes, fit for cryptography.
    ///
    /// A call that is run again after a trap gets the same bytes again, though what it reads may have changed. A nonce must
    /// not come from here, therefore; [`crypto`](crate::crypto) makes nonces and keys that are in no journal.
    ///
    /// ```
    /// # let cx = duractor::Cx::test();
    /// let id = u128::from_le_bytes(cx.random());
    /// ```
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.home.world.host.random(&mut bytes);
        bytes
    }

    /// Waits. It starts at its first poll, and ends early only by being dropped.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # async fn wait(cx: &duractor::Cx) {
    /// cx.sleep(Duration::from_millis(50)).await;
    /// # }
    /// ```
    pub fn sleep(&self, duration: Duration) -> Sleep {
        Sleep(Operation::new(self.0.clone(), Want::Sleep(duration)))
    }

    /// Waits for `future`, but no longer than `limit`.
    ///
    /// # Errors
    ///
    /// [`Elapsed`] when the time is over; what the future had started is cancelled.
    pub async fn timeout<F: Future>(&self, limit: Duration, future: F) -> Result<F::Output, Elapsed> {
        match select(pin!(future), self.sleep(limit)).await {
            Either::Left((value, _)) => Ok(value),
            Either::Right(((), _)) => Err(Elapsed),
        }
    }

    /// Has something done when the turn is committed, such as telling somebody of it. If the turn is rolled back it is
    /// never done.
    ///
    /// It begins at once after the commit, holds no turn, and the reply does not wait for it. What it returns as an
    /// error is logged. It is done at most once: whoever must not miss it stores that it is due, and clears that when it
    /// is done.
    ///
    /// ```
    /// use duractor::prelude::*;
    ///
    /// #[derive(Default, Actor)]
    /// struct Order {
    ///     paid: bool,
    /// }
    ///
    /// #[methods]
    /// impl Order {
    ///     #[post("/pay")]
    ///     fn pay(&mut self, cx: &Cx) -> Result<()> {
    ///         self.paid = true;
    ///         cx.after_commit(async |cx| {
    ///             cx.post("https://mail.example/receipts").await?;
    ///             Ok(())
    ///         })?;
    ///         Ok(())
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Outside of an exclusive turn, in a hook, in a turn that an effect takes, beyond [`EFFECTS_MAX`] effects of one
    /// turn, and while as many calls and effects of the actor wait as may ([`TASKS_MAX`](crate::TASKS_MAX)).
    pub fn after_commit(&self, effect: impl AsyncFnOnce(&Cx) -> Result<()> + 'static) -> Result<()> {
        let call = &self.0;
        if call.held.get() != Turn::Exclusive || call.is_hook() || call.ended.get() {
            return Err(Error::new(Problem::internal(), NoTurn("after_commit")));
        }
        let (waiting, max) = (call.home.tasks.get(), call.home.limits.tasks_max);
        if waiting >= max {
            let detail = format!("{waiting} calls and effects of this actor are waiting already");
            return Err(Problem::new(503, "too-many-effects", detail).into());
        }
        if call.destroys.get() {
            return Err(Error::new(Problem::internal(), NoEffect));
        }
        let effect: Effect = Box::new(move |call| Box::pin(async move { effect(&Cx(call)).await }));
        if !call.effects.ask(effect) {
            let detail = format!("one turn may ask for {EFFECTS_MAX} effects");
            return Err(Problem::new(503, "too-many-effects", detail).into());
        }
        Ok(())
    }

    /// Deletes the actor when the turn is committed: all its fields, containers and tables of SQL. What comes next for its
    /// name is a new actor. If the turn is rolled back nothing is deleted.
    ///
    /// Calls of the actor that wait at that time are answered 503 `interrupted` with `Retry-After`, effects that wait
    /// are dropped. So is the body of its own reply if that is a [stream](crate::Response::stream).
    ///
    /// ```
    /// use duractor::prelude::*;
    ///
    /// #[derive(Default, Actor)]
    /// struct Account {
    ///     notes: Vec<String>,
    /// }
    ///
    /// #[methods]
    /// impl Account {
    ///     #[delete]
    ///     fn close(&mut self, cx: &Cx) -> Result<()> {
    ///         cx.destroy()
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Outside of an exclusive turn, in a hook, and in a turn that has asked for an effect, which would have no actor.
    pub fn destroy(&self) -> Result<()> {
        let call = &self.0;
        if call.held.get() != Turn::Exclusive || call.is_hook() || call.ended.get() {
            return Err(Error::new(Problem::internal(), NoTurn("destroy")));
        }
        if !call.effects.is_empty() {
            return Err(Error::new(Problem::internal(), NoEffect));
        }
        call.destroys.set(true);
        Ok(())
    }

    /// The worker's bindings, as the `worker` crate's `Env`: KV, R2, D1, queues, secrets and the rest. Its futures may be
    /// awaited beside Duractor's own.
    ///
    /// The type is named by the caller, so that a worker that needs no bindings does not carry that crate.
    ///
    /// ```
    /// # use duractor::prelude::*;
    /// # async fn remember(cx: &Cx) -> Result<()> {
    /// let kv = cx.env::<worker::Env>().kv("SETTINGS")?;
    /// let (reply, known) = join(cx.get("https://api.example/theme"), kv.get("theme").text()).await;
    /// # Ok(()) }
    /// ```
    ///
    /// # Panics
    ///
    /// In the native host, which has no bindings: a method that needs them is tested in workerd.
    pub fn env<E: JsCast>(&self) -> E {
        self.0.home.world.host.env(self.0.home.key).unchecked_into()
    }
}

/// What happens at a commit is asked for where nothing is committed.
#[derive(Debug)]
struct NoTurn(&'static str);

impl fmt::Display for NoTurn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` stands in an exclusive turn of a call: `&mut self`, or `me.turn(…)`", self.0)
    }
}

impl std::error::Error for NoTurn {}

/// An effect needs its actor.
#[derive(Debug)]
struct NoEffect;

impl fmt::Display for NoEffect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a turn that destroys its actor cannot ask for an effect: nobody would be there to do it")
    }
}

impl std::error::Error for NoEffect {}

/// One operation: it starts at its first poll and is cancelled when it is dropped.
pub(crate) struct Operation {
    call: Rc<Call>,
    state: Progress,
}

enum Progress {
    Idle(Want),
    UnderWay(i32),
    /// It has failed before it was begun.
    Failed(Failed),
    Over,
}

/// What an operation came to.
pub(crate) enum Ended {
    Done(Outcome),
    /// There are too many beside it; the bound.
    Refused(u32),
    /// Its call has ended.
    Orphaned,
}

impl Ended {
    /// The answer to a request, or why there is none.
    pub(crate) fn answer(self, url: String, body_max_bytes: u32) -> Result<Inbound, FetchError> {
        match self {
            Self::Done(Ok(inbound)) => Ok(inbound),
            Self::Done(Err(failed)) => Err(FetchError::from_code(failed.code, &failed.text, &url, body_max_bytes)),
            Self::Refused(max) => Err(FetchError::TooManyOperations { url, max }),
            Self::Orphaned => Err(FetchError::Cancelled { url }),
        }
    }
}

impl Operation {
    pub(crate) fn new(call: Rc<Call>, want: Want) -> Self {
        Self { call, state: Progress::Idle(want) }
    }

    /// One that fails without having been begun.
    pub(crate) fn failed(call: Rc<Call>, failed: Failed) -> Self {
        Self { call, state: Progress::Failed(failed) }
    }

    /// Its number in its call, while it is under way.
    pub(crate) fn id(&self) -> Option<i32> {
        if let Progress::UnderWay(id) = self.state { Some(id) } else { None }
    }

    fn start(&mut self, want: Want, cx: &mut Context<'_>) -> Poll<Ended> {
        if let Some(instant) = &self.call.instant {
            return Poll::Ready(Ended::Done(instant.answer(&want)));
        }
        if self.call.ended.get() {
            return Poll::Ready(Ended::Orphaned);
        }
        let max = self.call.home.limits.operations_max;
        let started = self.call.ops.borrow_mut().start(want, cx.waker(), max);
        match started {
            Ok(id) => {
                self.call.mark_outgoing();
                self.state = Progress::UnderWay(id);
                Poll::Pending
            }
            Err(want) => {
                self.state = Progress::Idle(want);
                Poll::Ready(Ended::Refused(max))
            }
        }
    }
}

impl Future for Operation {
    type Output = Ended;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ended> {
        match std::mem::replace(&mut self.state, Progress::Over) {
            Progress::Idle(want) => self.start(want, cx),
            Progress::Failed(failed) => Poll::Ready(Ended::Done(Err(failed))),
            Progress::UnderWay(_) if self.call.ended.get() => Poll::Ready(Ended::Orphaned),
            Progress::UnderWay(id) => {
                let polled = self.call.ops.borrow_mut().poll(id, cx.waker());
                if polled.is_pending() {
                    self.state = Progress::UnderWay(id);
                }
                polled.map(Ended::Done)
            }
            Progress::Over => panic!("an operation was polled after it had ended"),
        }
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        if let Progress::UnderWay(id) = self.state {
            self.call.ops.borrow_mut().cancel(id);
            self.call.mark_outgoing();
        }
    }
}

/// A wait; see [`Cx::sleep`].
pub struct Sleep(Operation);

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sleep")
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match Pin::new(&mut self.0).poll(cx) {
            Poll::Ready(Ended::Refused(max)) => {
                let detail = format!("more than {max} operations at once in one call");
                self.0.call.fail(Problem::new(503, "too-many-operations", detail));
                Poll::Pending
            }
            polled => polled.map(drop),
        }
    }
}
