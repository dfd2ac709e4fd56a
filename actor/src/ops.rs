//! The operations of one call: wanted, under way, done.

use std::{
    borrow::Cow,
    ops::Range,
    rc::Rc,
    task::{Poll, Waker},
    time::Duration,
};

use http::{HeaderName, HeaderValue};
use serde::de::DeserializeOwned;

use crate::{
    breaker::Breaker,
    exchange::{Buffer, Frame, FrameError, Headers},
};

/// What to do with an answer that points elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Redirects {
    /// Go there, at most 20 times.
    #[default]
    Follow,
    /// Take the redirect as the answer.
    Manual,
    /// Fail.
    Error,
}

/// An outbound request, ready to leave.
#[derive(Clone, Debug)]
pub(crate) struct Outbound {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) time_max: Duration,
    pub(crate) body_max_bytes: u32,
    pub(crate) redirects: Redirects,
    /// If an equal request of the same actor may have the same answer: how often its cache had been changed before.
    pub(crate) share: Option<u32>,
    pub(crate) breaker: Option<Breaker>,
    /// Whether the answer's body is pulled, piece by piece.
    pub(crate) is_pulled: bool,
    /// Whether the request's body is pushed, piece by piece.
    pub(crate) is_pushed: bool,
}

impl Outbound {
    /// Whether another request is the same, so that both may have one answer.
    #[cfg(any(not(target_arch = "wasm32"), debug_assertions))]
    pub(crate) fn equals(&self, other: &Self) -> bool {
        let parts = |outbound: &Self| (outbound.body_max_bytes, outbound.redirects, outbound.share);
        (&self.method, &self.url, &self.headers, parts(self))
            == (&other.method, &other.url, &other.headers, parts(other))
    }
}

/// An operation, before it leaves.
#[derive(Clone, Debug)]
pub(crate) enum Want {
    Fetch(Box<Outbound>),
    Sleep(Duration),
    /// One that the cache has answered. It leaves to be noted.
    Hit(Box<Hit>),
    /// Something of a binding.
    Bound(Box<Bound>),
    /// The next piece of the body that the request of this number has brought.
    Pull {
        from: i32,
        time_max: Duration,
    },
    Push(Box<Push>),
}

/// The next piece of a body that is sent, or its end.
#[derive(Clone, Debug)]
pub(crate) struct Push {
    /// The request of this number, or the reply.
    pub(crate) to: Option<i32>,
    pub(crate) piece: Option<Vec<u8>>,
    pub(crate) time_max: Duration,
}

/// What can be asked of bindings.
#[cfg(any(not(target_arch = "wasm32"), debug_assertions))]
pub(crate) const ACTIONS: [&str; 9] =
    ["kv.get", "kv.put", "kv.delete", "kv.list", "r2.get", "r2.head", "r2.put", "r2.delete", "r2.list"];

/// What is asked of a KV namespace or an R2 bucket.
#[derive(Clone, Debug)]
pub(crate) struct Bound {
    /// What to do, as `kv.get`.
    pub(crate) action: &'static str,
    pub(crate) binding: String,
    /// Empty where none is needed.
    pub(crate) key: String,
    /// As JSON, in the platform's names; empty where there are none.
    pub(crate) options: String,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) time_max: Duration,
    pub(crate) body_max_bytes: u32,
}

/// What the cache has answered.
#[derive(Clone, Debug)]
pub(crate) struct Hit {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) answer: Inbound,
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Inbound {
    pub(crate) status: u16,
    pub(crate) body: Part,
    /// As the exchange has them, and checked.
    pub(crate) headers: Part,
    /// Whether an equal request has brought it.
    pub(crate) is_shared: bool,
    /// Whether redirects have led to it.
    pub(crate) is_redirected: bool,
    /// The request whose body is to be pulled.
    pub(crate) pulled: Option<i32>,
}

impl Inbound {
    /// The body as text; what is not UTF-8 is replaced by U+FFFD.
    pub(crate) fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.body.as_bytes())
    }

    pub(crate) fn json<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        serde_json::from_slice(self.body.as_bytes())
    }

    /// The first header of that name, if it is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.headers().get(name)?).ok()
    }

    pub(crate) fn headers(&self) -> Headers<'_> {
        Headers::new(self.headers.as_bytes()).expect("the headers were checked when they arrived")
    }
}

/// A part of an answer: still in the frame that it came in, or kept by the cache.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    InFrame(Rc<Buffer>, Range<usize>),
    Kept(Rc<[u8]>),
}

impl Part {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::InFrame(frame, range) => &frame.as_bytes()[range.clone()],
            Self::Kept(bytes) => bytes,
        }
    }
}

/// A failure, as a result names it (docs/exchange.md).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Failed {
    pub(crate) code: i32,
    pub(crate) text: String,
}

pub(crate) type Outcome = Result<Inbound, Failed>;

/// Slots of a result's frame.
pub(crate) const RESULT_SLOTS: usize = 7;

/// What a result's frame says. `base` is where that frame starts in `buffer`, from whose start an answer's ranges count.
pub(crate) fn read_outcome(result: &Frame<'_>, buffer: &Rc<Buffer>, base: usize) -> Result<Outcome, FrameError> {
    if let Some(code) = result.opt_i32(5)? {
        let text = result.opt_str(6)?.unwrap_or_default().to_owned();
        return Ok(Err(Failed { code, text }));
    }
    result.opt_bytes(3)?;
    if let Some(headers) = result.opt_bytes(4)? {
        Headers::new(headers)?;
    }
    let in_buffer = |range: Option<Range<usize>>| {
        let range = range.map_or(0..0, |range| base + range.start..base + range.end);
        Part::InFrame(buffer.clone(), range)
    };
    let flags = result.opt_i32(6)?.unwrap_or_default();
    Ok(Ok(Inbound {
        status: result.i32(2)?.clamp(0, 599) as u16,
        body: in_buffer(result.range(3)?),
        headers: in_buffer(result.range(4)?),
        is_shared: flags & 1 != 0,
        is_redirected: flags & 2 != 0,
        pulled: if flags & 4 == 0 { None } else { Some(result.i32(1)?) },
    }))
}

/// Hits that a call notes between two waits, so that it can be run again.
const HITS_MAX: usize = 256;
/// What these may be, in bytes.
const HITS_MAX_BYTES: usize = 1 << 20;

/// Something that answers operations at once, in place of a host.
pub(crate) trait Instant {
    fn answer(&self, want: &Want) -> Outcome;
}

#[derive(Debug, Default)]
pub(crate) struct Ops {
    next: i32,
    /// How many operations a run before a trap has begun.
    pub(crate) known: u32,
    /// What was noted since the last frame.
    hits: usize,
    hit_bytes: usize,
    live: Vec<Live>,
    wanted: Vec<(i32, Want)>,
    cancelled: Vec<i32>,
}

#[derive(Debug)]
struct Live {
    id: i32,
    state: State,
}

#[derive(Debug)]
enum State {
    UnderWay(Waker),
    Done(Outcome),
}

impl Ops {
    /// Notes what is wanted, or returns it when `max` operations are under way.
    pub(crate) fn start(&mut self, want: Want, waker: &Waker, max: u32) -> Result<i32, Want> {
        // What was a hit in the run before counted as nothing.
        if self.live.len() >= max as usize && !self.is_known() {
            return Err(want);
        }
        let id = self.next_id();
        self.live.push(Live { id, state: State::UnderWay(waker.clone()) });
        self.wanted.push((id, want));
        Ok(id)
    }

    /// Whether the next operation is one that a run before a trap has begun.
    pub(crate) fn is_known(&self) -> bool {
        self.next.cast_unsigned() < self.known
    }

    /// Notes what the cache has answered, at once or in the place of an operation's answer. False if there is too much of
    /// it.
    pub(crate) fn note(&mut self, id: Option<i32>, hit: Hit) -> bool {
        let id = id.unwrap_or_else(|| self.next_id());
        self.hits += 1;
        self.hit_bytes += hit.answer.headers.as_bytes().len() + hit.answer.body.as_bytes().len();
        let fits = self.hits <= HITS_MAX && self.hit_bytes <= HITS_MAX_BYTES;
        if fits {
            self.wanted.push((id, Want::Hit(Box::new(hit))));
        }
        fits
    }

    fn next_id(&mut self) -> i32 {
        let id = self.next;
        self.next = self.next.wrapping_add(1) & i32::MAX;
        id
    }

    pub(crate) fn poll(&mut self, id: i32, waker: &Waker) -> Poll<Outcome> {
        let at = self.position(id).expect("an operation is live until it is taken or cancelled");
        match &mut self.live[at].state {
            State::UnderWay(stored) => {
                stored.clone_from(waker);
                Poll::Pending
            }
            State::Done(_) => match self.live.swap_remove(at).state {
                State::Done(outcome) => Poll::Ready(outcome),
                State::UnderWay(_) => unreachable!("matched as done"),
            },
        }
    }

    /// Forgets an operation. One that has not left never does.
    pub(crate) fn cancel(&mut self, id: i32) {
        let Some(at) = self.position(id) else { return };
        let live = self.live.swap_remove(at);
        if let State::Done(outcome) = live.state {
            if let Ok(Inbound { pulled: Some(id), .. }) = outcome {
                self.release(id);
            }
            return;
        }
        let before = self.wanted.len();
        self.wanted.retain(|(wanted, _)| *wanted != id);
        if self.wanted.len() == before {
            self.cancelled.push(id);
        }
    }

    /// What is left of a body is not wanted.
    pub(crate) fn release(&mut self, id: i32) {
        self.cancelled.push(id);
    }

    /// A result has come. One that nobody waits for is dropped.
    pub(crate) fn complete(&mut self, id: i32, outcome: Outcome) -> Option<Waker> {
        let at = self.position(id)?;
        match std::mem::replace(&mut self.live[at].state, State::Done(outcome)) {
            State::UnderWay(waker) => Some(waker),
            State::Done(_) => None,
        }
    }

    /// Whether something is under way.
    pub(crate) fn is_waited_for(&self) -> bool {
        self.live.iter().any(|live| matches!(live.state, State::UnderWay(_)))
    }

    #[cfg(target_arch = "wasm32")]
    pub(crate) fn count(&self) -> usize {
        self.live.len()
    }

    pub(crate) fn take_wanted(&mut self) -> Vec<(i32, Want)> {
        (self.hits, self.hit_bytes) = (0, 0);
        std::mem::take(&mut self.wanted)
    }

    pub(crate) fn take_cancelled(&mut self) -> Vec<i32> {
        std::mem::take(&mut self.cancelled)
    }

    /// Forgets all operations, and returns who waits for them.
    pub(crate) fn abandon(&mut self) -> Vec<Waker> {
        let left = self.live.drain(..).filter_map(|live| match live.state {
            State::UnderWay(waker) => Some(waker),
            State::Done(_) => None,
        });
        left.collect()
    }

    fn position(&self, id: i32) -> Option<usize> {
        self.live.iter().position(|live| live.id == id)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn sleep() -> Want {
        Want::Sleep(Duration::ZERO)
    }

    fn failed() -> Outcome {
        Err(Failed { code: 4, text: String::new() })
    }

    #[test]
    fn an_operation_leaves_once_and_is_taken_once() {
        let (mut ops, waker) = (Ops::default(), Waker::noop());
        let id = ops.start(sleep(), waker, 2).unwrap();
        assert_eq!(ops.take_wanted().len(), 1);
        assert!(ops.take_wanted().is_empty());
        assert!(ops.poll(id, waker).is_pending());
        assert!(ops.complete(id, failed()).is_some());
        assert!(ops.complete(id, failed()).is_none());
        assert!(ops.poll(id, waker).is_ready());
        assert!(ops.complete(id, failed()).is_none());
    }

    #[test]
    fn no_more_than_the_bound_are_under_way() {
        let (mut ops, waker) = (Ops::default(), Waker::noop());
        let first = ops.start(sleep(), waker, 2).unwrap();
        ops.start(sleep(), waker, 2).unwrap();
        assert!(ops.start(sleep(), waker, 2).is_err());
        ops.cancel(first);
        assert!(ops.start(sleep(), waker, 2).is_ok());
    }

    #[test]
    fn what_has_not_left_is_cancelled_without_a_word() {
        let (mut ops, waker) = (Ops::default(), Waker::noop());
        let unsent = ops.start(sleep(), waker, 9).unwrap();
        ops.cancel(unsent);
        assert!(ops.take_wanted().is_empty() && ops.take_cancelled().is_empty());
        let sent = ops.start(sleep(), waker, 9).unwrap();
        ops.take_wanted();
        ops.cancel(sent);
        assert_eq!(ops.take_cancelled(), [sent]);
        let done = ops.start(sleep(), waker, 9).unwrap();
        ops.take_wanted();
        ops.complete(done, failed());
        ops.cancel(done);
        assert!(ops.take_cancelled().is_empty());
    }
}
