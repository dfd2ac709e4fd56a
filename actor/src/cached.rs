//! One outbound request by way of its actor's cache.

use std::{
    fmt,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
    time::{Duration, SystemTime},
};

use http::{HeaderName, HeaderValue};

use crate::{
    activation::{Activation, Call, Effect},
    breaker::Passage,
    cache::{Arrived, Cache, CacheStats, Found, Request, Stale, Stored, url},
    cx::{Cx, Ended, Operation},
    exchange::Headers,
    failure,
    ops::{Failed, Hit, Inbound, Outbound, Outcome, Part, Redirects, Want},
    time::since_epoch,
};

/// Statuses in place of which a stale answer may stand
/// ([RFC 5861 section 4](https://www.rfc-editor.org/rfc/rfc5861#section-4)).
const ERRORS: [u16; 4] = [500, 502, 503, 504];

/// Statuses that are followed, if they say where to.
const REDIRECTS: [u16; 5] = [301, 302, 303, 307, 308];

/// Failures that are an upstream's.
const FAILURES: [i32; 5] =
    [failure::REFUSED, failure::NOT_FOUND, failure::TIMEOUT, failure::LOST, failure::INVALID_ANSWER];

/// A request that the cache may answer. It ends as an [`Operation`] does.
pub(crate) struct Cached {
    call: Rc<Call>,
    outbound: Box<Outbound>,
    mode: Cache,
    progress: Progress,
    /// Whether it was sent once more: what is answered then is the answer.
    is_again: bool,
    /// Whether it renews what is kept behind the calls.
    is_behind: bool,
}

enum Progress {
    Idle,
    UnderWay { operation: Operation, passage: Option<Passage>, plan: Plan, sent_at: SystemTime, epoch: u32 },
    Over,
}

/// What becomes of an answer.
enum Plan {
    /// It is passed on.
    Pass,
    /// It is kept if it may be.
    Keep,
    /// It says whether what is kept is still right.
    Validate(Box<Stale>),
    /// It has perhaps changed what is kept.
    Invalidate,
    /// It was told to a run before a trap.
    Told,
}

/// What comes of an answer.
enum Next {
    End(Ended),
    /// The request is sent once more, as it is and for itself alone.
    Again,
}

impl Cached {
    pub(crate) fn new(call: Rc<Call>, outbound: Box<Outbound>, mode: Cache) -> Self {
        Self { call, outbound, mode, progress: Progress::Idle, is_again: false, is_behind: false }
    }

    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + since_epoch(self.call.home.world.host.clock())
    }

    fn is_safe(&self) -> bool {
        matches!(self.outbound.method.as_str(), "GET" | "HEAD")
    }

    /// The number of the operation that is under way.
    pub(crate) fn id(&self) -> Option<i32> {
        if let Progress::UnderWay { operation, .. } = &self.progress { operation.id() } else { None }
    }

    /// Whether the cache has nothing to do with it: nobody's, one whose bodies are not in memory, or the caller's own
    /// validation.
    fn is_passed(&self) -> bool {
        let is_streamed = self.outbound.is_pulled || self.outbound.is_pushed;
        let has_no_cache = self.call.instant.is_some() || self.mode == Cache::NoStore || is_streamed;
        has_no_cache || request(&self.outbound).is_conditional()
    }

    /// The answer, if it is there already. Otherwise the request has left.
    fn begin(&mut self) -> Option<Inbound> {
        if !self.is_safe() {
            self.send(Plan::Invalidate, Vec::new());
            return None;
        }
        if self.is_passed() {
            if request(&self.outbound).is_only_if_cached() {
                return Some(self.unavailable());
            }
            self.send(Plan::Pass, Vec::new());
            return None;
        }
        // A run that follows a trap is told what the run before was told.
        if self.call.ops.borrow().is_known() {
            self.send(Plan::Told, Vec::new());
            return None;
        }
        let found = self.call.home.cache().borrow_mut().look_up(&request(&self.outbound), self.mode, self.now());
        match found {
            Found::Fresh(stored) if self.suits(&stored) => return Some(self.hit(None, &stored)),
            Found::Fresh(_) if request(&self.outbound).is_only_if_cached() => return Some(self.unavailable()),
            Found::Fresh(_) => self.send(Plan::Keep, Vec::new()),
            Found::Stale(stale) if stale.may_answer_now && self.suits(&stale.stored) => {
                self.refresh_behind(&stale.stored);
                return Some(self.hit(None, &stale.stored));
            }
            // A 304 would bring what the caller does not take.
            Found::Stale(stale) if !self.suits(&stale.stored) => self.send(Plan::Keep, Vec::new()),
            Found::Stale(mut stale) => {
                let conditions = std::mem::take(&mut stale.send);
                self.send(Plan::Validate(Box::new(stale)), conditions);
            }
            Found::Miss => self.send(Plan::Keep, Vec::new()),
            Found::Unavailable => return Some(self.unavailable()),
        }
        None
    }

    fn send(&mut self, plan: Plan, conditions: Vec<(HeaderName, HeaderValue)>) {
        let mut outbound = self.outbound.clone();
        // Answers of own routes depend on the chain that they are asked by.
        let is_plain = !outbound.headers.iter().any(|(name, _)| name == "cache-control" || name == "pragma");
        let may_share = is_plain && outbound.method == "GET" && !outbound.url.starts_with('/');
        let is_kept = matches!(plan, Plan::Keep | Plan::Validate(_) | Plan::Told);
        outbound.share = (may_share && is_kept && self.mode != Cache::Refresh).then(|| self.epoch());
        outbound.headers.extend(conditions);
        self.leave(outbound, plan);
    }

    fn leave(&mut self, outbound: Box<Outbound>, plan: Plan) {
        if (outbound.is_pulled || outbound.is_pushed) && self.call.instant.is_none() {
            // What comes and goes piece by piece is not kept.
            self.call.home.world.host.unjournaled(self.call.home.key, self.call.number);
        }
        let (operation, passage) = match self.enter_circuit() {
            Ok(passage) => (Operation::new(self.call.clone(), Want::Fetch(outbound)), passage),
            Err(left) => {
                // A run that follows a trap would not know of it.
                self.call.home.world.host.unjournaled(self.call.home.key, self.call.number);
                let failed = Failed { code: failure::CIRCUIT_OPEN, text: left.as_millis().to_string() };
                (Operation::failed(self.call.clone(), failed), None)
            }
        };
        self.progress = Progress::UnderWay { operation, passage, plan, sent_at: self.now(), epoch: self.epoch() };
    }

    /// Asks the circuit breaker, if there is one; for how long it is open.
    fn enter_circuit(&self) -> Result<Option<Passage>, Duration> {
        let circuit = self.outbound.breaker.zip(url::origin(&self.outbound.url));
        circuit.map(|(breaker, origin)| self.call.home.circuits.enter(breaker, &origin, self.now())).transpose()
    }

    /// What the cache has, noted for a run that may follow: at once, or in the place of an operation's answer.
    fn hit(&self, id: Option<i32>, stored: &Stored) -> Inbound {
        let answer = inbound(stored);
        self.note(id, &answer);
        answer
    }

    /// There is no answer without asking, and that was forbidden.
    fn unavailable(&self) -> Inbound {
        let answer = gateway_timeout();
        self.note(None, &answer);
        answer
    }

    fn note(&self, id: Option<i32>, answer: &Inbound) {
        if !self.call.can_replay() {
            return;
        }
        let (method, url) = (self.outbound.method.clone(), self.outbound.url.clone());
        let is_noted = self.call.ops.borrow_mut().note(id, Hit { method, url, answer: answer.clone() });
        if is_noted {
            self.call.mark_outgoing();
        } else {
            self.call.home.world.host.unjournaled(self.call.home.key, self.call.number);
        }
    }

    /// Whether the caller takes what is stored: its body is not too large, and it is no redirect that he wants to be
    /// followed.
    fn suits(&self, stored: &Stored) -> bool {
        let is_redirect = REDIRECTS.contains(&stored.status()) && stored.headers().any(|(name, _)| name == "location");
        let fits = stored.shared_body().len() <= self.outbound.body_max_bytes as usize;
        fits && (!is_redirect || self.outbound.redirects == Redirects::Manual)
    }

    fn epoch(&self) -> u32 {
        if self.call.instant.is_some() { 0 } else { self.call.home.cache().borrow().epoch() }
    }

    /// Renews what is kept while the caller has what was kept before
    /// ([RFC 5861 section 3](https://www.rfc-editor.org/rfc/rfc5861#section-3)).
    fn refresh_behind(&self, stored: &Stored) {
        let Some(refreshing) = stored.refresh() else { return };
        let outbound = self.outbound.clone();
        let refresh: Effect = Box::new(move |call| {
            Box::pin(async move {
                Cached { is_behind: true, ..Cached::new(call, outbound, Cache::Refresh) }.await;
                drop(refreshing);
                Ok(())
            })
        });
        self.call.refreshes.borrow_mut().push(refresh);
    }

    fn conclude(&self, id: Option<i32>, ended: Ended, plan: Plan, sent_at: SystemTime, epoch: u32) -> Next {
        let outcome = match ended {
            Ended::Done(outcome) => outcome,
            other => return Next::End(other),
        };
        match (outcome, plan) {
            (Ok(answer), Plan::Pass) => Next::End(Ended::Done(Ok(answer))),
            (Ok(answer), Plan::Told) => self.told(answer),
            (Ok(answer), Plan::Invalidate) => {
                self.invalidate(&answer, sent_at);
                Next::End(Ended::Done(Ok(answer)))
            }
            // It speaks of what a redirect has led to, which had been asked by the validators of another URL.
            (Ok(answer), Plan::Validate(_)) if answer.status == 304 && answer.is_redirected => Next::Again,
            (Ok(answer), Plan::Validate(stale)) if answer.status == 304 => self.validated(id, &stale, &answer, sent_at),
            (Ok(answer), Plan::Validate(stale)) if stale.may_answer_error && ERRORS.contains(&answer.status) => {
                Next::End(Ended::Done(Ok(self.hit(id, &stale.stored))))
            }
            (Err(failed), Plan::Validate(stale)) if stale.may_answer_error && failed.code != failure::TOO_LARGE => {
                Next::End(Ended::Done(Ok(self.hit(id, &stale.stored))))
            }
            (Err(failed), Plan::Invalidate) => {
                // It may have come there all the same.
                self.call.home.cache().borrow_mut().remove_url(&self.outbound.url);
                Next::End(Ended::Done(Err(failed)))
            }
            (Ok(answer), _) => self.keep(id, answer, sent_at, epoch),
            (Err(failed), _) => Next::End(Ended::Done(Err::<Inbound, Failed>(failed))),
        }
    }

    /// A run before has been told this, or would have been.
    fn told(&self, answer: Inbound) -> Next {
        let was_not_used = answer.status == 304 || answer.is_shared;
        if was_not_used && !self.is_again { Next::Again } else { Next::End(Ended::Done(Ok(answer))) }
    }

    /// What is kept is still right, and its headers are renewed.
    fn validated(&self, id: Option<i32>, stale: &Stale, answer: &Inbound, sent_at: SystemTime) -> Next {
        let (request, arrived) = (request(&self.outbound), self.arrived(answer, sent_at));
        let renewed = self.call.home.cache().borrow_mut().revalidated(&stale.ticket, &request, self.mode, &arrived);
        match renewed {
            Some(stored) => Next::End(Ended::Done(Ok(self.hit(id, &stored)))),
            None => Next::Again,
        }
    }

    fn keep(&self, id: Option<i32>, mut answer: Inbound, sent_at: SystemTime, epoch: u32) -> Next {
        // Who asks without a condition is told so if the cache that had set one is gone: after a trap.
        if answer.status == 304 && !self.is_again {
            return Next::Again;
        }
        let (request, arrived) = (request(&self.outbound), self.arrived(&answer, sent_at));
        // What a redirect has led to is the answer of another URL, and for how long it does is not known.
        // Nor is what was asked for before something was changed.
        let has_changed = self.call.home.cache().borrow().has_changed(&self.outbound.url, epoch);
        let may_keep = !answer.is_redirected && !has_changed;
        let is_kept = if may_keep {
            self.call.home.cache().borrow_mut().keep(&request, self.mode, &arrived)
        } else {
            // What is kept is older than what the caller is told now.
            self.call.home.cache().borrow_mut().supersede(&request, &arrived);
            false
        };
        // What may not be kept may not be used for a request that it is not the answer to
        // (RFC 9111 section 4, collapsed requests).
        if answer.is_shared && !is_kept && !self.is_again && !self.is_behind {
            return Next::Again;
        }
        if answer.is_shared {
            answer.is_shared = false;
            self.note(id, &answer);
        }
        Next::End(Ended::Done(Ok(answer)))
    }

    fn invalidate(&self, answer: &Inbound, sent_at: SystemTime) {
        let (request, arrived) = (request(&self.outbound), self.arrived(answer, sent_at));
        let mut cache = self.call.home.cache().borrow_mut();
        if answer.is_redirected {
            cache.invalidate_all(&request);
        } else {
            cache.invalidate(&request, &arrived);
        }
    }

    fn arrived<'a>(&self, answer: &'a Inbound, sent_at: SystemTime) -> Arrived<'a> {
        Arrived {
            status: answer.status,
            headers: answer.headers(),
            body: answer.body.as_bytes(),
            sent_at,
            now: self.now(),
        }
    }
}

impl Future for Cached {
    type Output = Ended;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ended> {
        let this = &mut *self;
        if matches!(this.progress, Progress::Idle)
            && let Some(answer) = this.begin()
        {
            this.progress = Progress::Over;
            return Poll::Ready(Ended::Done(Ok(answer)));
        }
        loop {
            let Progress::UnderWay { operation, .. } = &mut this.progress else {
                panic!("a request was polled after it had ended")
            };
            let id = operation.id();
            let ended = ready!(Pin::new(operation).poll(cx));
            let before = std::mem::replace(&mut this.progress, Progress::Over);
            let Progress::UnderWay { passage, plan, sent_at, epoch, .. } = before else {
                unreachable!("matched above")
            };
            if let (Some(passage), Ended::Done(outcome)) = (passage, &ended) {
                passage.record(has_failed(outcome), this.now());
            }
            match this.conclude(id, ended, plan, sent_at, epoch) {
                Next::End(ended) => return Poll::Ready(ended),
                Next::Again => {
                    this.is_again = true;
                    let plan = if this.call.ops.borrow().is_known() { Plan::Told } else { Plan::Keep };
                    let outbound = this.outbound.clone();
                    this.leave(outbound, plan);
                }
            }
        }
    }
}

/// Whether an upstream has.
fn has_failed(outcome: &Outcome) -> bool {
    match outcome {
        Ok(answer) => ERRORS.contains(&answer.status),
        Err(failed) => FAILURES.contains(&failed.code),
    }
}

fn request(outbound: &Outbound) -> Request<'_> {
    Request { method: &outbound.method, url: &outbound.url, headers: &outbound.headers }
}

fn inbound(stored: &Stored) -> Inbound {
    let headers = Part::Kept(Headers::encode(stored.headers()).into());
    Inbound {
        status: stored.status(),
        headers,
        body: Part::Kept(stored.shared_body()),
        is_shared: false,
        is_redirected: false,
        pulled: None,
    }
}

/// There is no answer without asking, and that was forbidden
/// ([RFC 9111 section 5.2.1.7](https://www.rfc-editor.org/rfc/rfc9111#section-5.2.1.7)).
fn gateway_timeout() -> Inbound {
    Inbound {
        status: 504,
        headers: Part::Kept(Rc::default()),
        body: Part::Kept(Rc::default()),
        is_shared: false,
        is_redirected: false,
        pulled: None,
    }
}

/// What an actor's requests were answered; see [`Cx::cache`].
pub struct FetchCache<'c>(&'c Activation);

impl fmt::Debug for FetchCache<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stats().fmt(f)
    }
}

impl FetchCache<'_> {
    /// How much is kept, and how often it was of use, since the actor came into memory.
    pub fn stats(&self) -> CacheStats {
        self.0.cache().borrow().stats()
    }

    /// Lets go of everything.
    pub fn clear(&self) {
        self.0.cache().borrow_mut().clear();
    }

    /// Lets go of what is kept of one URL.
    pub fn remove(&self, url: &str) {
        self.0.cache().borrow_mut().remove_url(url);
    }

    /// Lets go of what is kept of all URLs that begin so.
    pub fn remove_prefix(&self, prefix: &str) {
        self.0.cache().borrow_mut().remove_prefix(prefix);
    }
}

impl Cx {
    /// The actor's cache of what its requests were answered.
    ///
    /// ```
    /// # use duractor::Cx;
    /// # fn forget(cx: &Cx) {
    /// cx.cache().remove_prefix("https://rates.example/");
    /// # }
    /// ```
    pub fn cache(&self) -> FetchCache<'_> {
        FetchCache(&self.0.home)
    }
}
