//! Upstreams that answer from a script.

use std::{cell::RefCell, fmt, rc::Rc, time::Duration};

use serde::Serialize;

use super::streams::Pulled;
use crate::{
    exchange::{Buffer, Frame, FrameWriter},
    failure,
    ops::{Hit, Outbound, Outcome, RESULT_SLOTS, read_outcome},
};

/// What an upstream does with a request.
///
/// ```
/// use std::time::Duration;
/// use duractor::native::Answer;
///
/// let slow = Answer::json(&[1.1, 1.2]).header("x-source", "alpha").after(Duration::from_millis(300));
/// let down = Answer::refused();
/// ```
#[derive(Clone, Debug)]
pub struct Answer {
    what: What,
    delay: Duration,
    /// Whether an equal request has brought it.
    is_shared: bool,
    /// How its body is cut into pieces for who takes it piece by piece; what is not cut comes as one.
    pieces: Vec<usize>,
    /// Whether the connection is lost behind the body.
    is_cut: bool,
    /// Whether its body is pulled.
    is_pulled: bool,
    is_redirected: bool,
}

#[derive(Clone, Debug)]
enum What {
    Reply { status: u16, headers: Vec<(String, Vec<u8>)>, body: Vec<u8> },
    Failure { code: i32, text: String },
    Never,
}

impl Answer {
    fn of(what: What) -> Self {
        Self {
            what,
            delay: Duration::ZERO,
            is_shared: false,
            pieces: Vec::new(),
            is_cut: false,
            is_pulled: false,
            is_redirected: false,
        }
    }

    /// A status without a body.
    ///
    /// # Panics
    ///
    /// If it is not 200-599.
    pub fn status(status: u16) -> Self {
        assert!((200..600).contains(&status), "a status is 200-599, not {status}");
        Self::of(What::Reply { status, headers: Vec::new(), body: Vec::new() })
    }

    /// 200 with these bytes.
    pub fn bytes(body: impl Into<Vec<u8>>) -> Self {
        Self::of(What::Reply { status: 200, headers: Vec::new(), body: body.into() })
    }

    /// 200 with a text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::bytes(text.into()).header("content-type", "text/plain; charset=utf-8")
    }

    /// 200 with JSON.
    ///
    /// # Panics
    ///
    /// If the value cannot be written as JSON.
    pub fn json(value: &impl Serialize) -> Self {
        let json = serde_json::to_vec(value).expect("an answer's value is plain data");
        Self::bytes(json).header("content-type", "application/json")
    }

    /// 200 with a body that comes in these pieces to who [takes it so](crate::Fetch::stream), and else as a whole.
    pub fn pieces<P: Into<Vec<u8>>>(pieces: impl IntoIterator<Item = P>) -> Self {
        let pieces: Vec<Vec<u8>> = pieces.into_iter().map(Into::into).collect();
        let lengths = pieces.iter().map(Vec::len).collect();
        Self { pieces: lengths, ..Self::bytes(pieces.concat()) }
    }

    /// The connection is refused.
    pub fn refused() -> Self {
        Self::failure(failure::REFUSED, "connection refused")
    }

    /// The host is not known.
    pub fn not_found() -> Self {
        Self::failure(failure::NOT_FOUND, "host not found")
    }

    /// The connection is lost before the answer is whole.
    pub fn lost() -> Self {
        Self::failure(failure::LOST, "connection lost")
    }

    /// The connection is lost behind what there is of the body: a failure to who takes it as a whole.
    #[must_use]
    pub fn cut(mut self) -> Self {
        self.is_cut = true;
        self
    }

    /// The same as what redirects have led to, which the cache does not keep.
    #[must_use]
    pub fn redirected(mut self) -> Self {
        self.is_redirected = true;
        self
    }

    /// There is no such binding.
    pub(crate) fn no_binding() -> Self {
        Self::failure(failure::NO_BINDING, "")
    }

    /// Nobody takes it any more.
    pub(crate) fn cancelled() -> Self {
        Self::failure(failure::CANCELLED, "")
    }

    /// Anything else that can go wrong.
    pub(crate) fn other(text: &str) -> Self {
        Self::failure(failure::OTHER, text)
    }

    pub(crate) fn without_body(mut self) -> Self {
        if let What::Reply { body, .. } = &mut self.what {
            body.clear();
        }
        self
    }

    /// The body out of an answer whose head goes ahead.
    pub(super) fn take_pulled(&mut self) -> Option<Pulled> {
        let What::Reply { body, .. } = &mut self.what else { return None };
        self.is_pulled = true;
        let mut rest = std::mem::take(body);
        let mut pieces = Vec::new();
        for length in self.pieces.drain(..) {
            let behind = rest.split_off(length.min(rest.len()));
            pieces.push(std::mem::replace(&mut rest, behind));
        }
        pieces.push(rest);
        Some(Pulled::new(pieces, self.is_cut))
    }

    /// There is no answer, ever.
    pub fn never() -> Self {
        Self::of(What::Never)
    }

    fn failure(code: i32, text: &str) -> Self {
        Self::of(What::Failure { code, text: text.into() })
    }

    /// Adds a header.
    ///
    /// # Panics
    ///
    /// If the answer is a failure, which has none.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        match &mut self.what {
            What::Reply { headers, .. } => headers.push((name.to_ascii_lowercase(), value.as_ref().to_vec())),
            _ => panic!("a failure has no headers"),
        }
        self
    }

    /// Sets the status.
    ///
    /// # Panics
    ///
    /// If the answer is a failure, which has none, or it is not 200-599.
    #[must_use]
    pub fn with_status(mut self, new: u16) -> Self {
        assert!((200..600).contains(&new), "a status is 200-599, not {new}");
        match &mut self.what {
            What::Reply { status, .. } => *status = new,
            _ => panic!("a failure has no status"),
        }
        self
    }

    /// Lets the answer come so much later, by the virtual clock.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// The answer to a request that has timed out.
    pub(crate) fn timeout() -> Self {
        Self::failure(failure::TIMEOUT, "timeout")
    }

    /// What the cache has answered.
    pub(crate) fn of_hit(hit: &Hit) -> Self {
        let headers: Vec<_> =
            hit.answer.headers().iter().map(|(name, value)| (name.to_owned(), value.to_vec())).collect();
        Self::of_response(hit.answer.status, &headers, hit.answer.body.as_bytes())
    }

    pub(crate) fn of_response(status: u16, headers: &[(String, Vec<u8>)], body: &[u8]) -> Self {
        Self::of(What::Reply { status, headers: headers.to_vec(), body: body.to_vec() })
    }

    /// When it comes, and what it then is: no answer within the time is a timeout, no room for the body a failure.
    pub(crate) fn within(self, outbound: &Outbound) -> (Duration, Self) {
        let is_pulled = outbound.is_pulled;
        self.within_bounds(outbound.time_max, (!is_pulled).then_some(outbound.body_max_bytes))
    }

    /// The same; a body without a bound is one that is pulled.
    pub(crate) fn within_bounds(self, time_max: Duration, body_max_bytes: Option<u32>) -> (Duration, Self) {
        if matches!(self.what, What::Never) || self.delay > time_max {
            return (time_max, Self::timeout());
        }
        let (delay, length) = (self.delay, if let What::Reply { body, .. } = &self.what { body.len() } else { 0 });
        let answer = match body_max_bytes {
            Some(max) if length > max as usize => Self::failure(failure::TOO_LARGE, "body too large"),
            Some(_) if self.is_cut => Self::lost(),
            _ => self,
        };
        (delay, answer)
    }

    /// When it comes; one that never comes has an end all the same, by the deadlines of who waits.
    pub(crate) fn delay(&self) -> Duration {
        if let What::Never = self.what { Duration::MAX } else { self.delay }
    }

    /// The same for a request that has joined the one that it is the answer to.
    pub(crate) fn shared(mut self) -> Self {
        self.is_shared = true;
        self
    }

    /// Writes the answer as a result's frame (docs/exchange.md).
    pub(crate) fn write(&self, frame: &mut FrameWriter<'_>) {
        match &self.what {
            What::Reply { status, headers, body } => {
                frame.i32(2, i32::from(*status));
                frame.bytes(3, body);
                frame.headers(4, headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())));
                let flags = [(self.is_shared, 1), (self.is_redirected, 2), (self.is_pulled, 4)];
                match flags.into_iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| flag).sum() {
                    0 => {}
                    flags => frame.i32(6, flags),
                }
            }
            What::Failure { code, text } => {
                frame.i32(2, 0);
                frame.i32(5, *code);
                frame.str(6, text);
            }
            What::Never => unreachable!("what never comes is not written"),
        }
    }

    pub(crate) fn into_outcome(self) -> Outcome {
        let mut buffer = Buffer::default();
        let mut frame = FrameWriter::begin(&mut buffer, RESULT_SLOTS);
        self.write(&mut frame);
        frame.finish();
        let buffer = Rc::new(buffer);
        let frame = Frame::new(buffer.as_bytes(), RESULT_SLOTS).expect("the frame was just written");
        read_outcome(&frame, &buffer, 0).expect("the frame was just written")
    }
}

/// A request that an actor sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The method.
    pub method: String,
    /// The URL.
    pub url: String,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body; empty where there is none.
    pub body: Vec<u8>,
}

impl Sent {
    pub(crate) fn new(outbound: &Outbound) -> Self {
        let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        Self {
            method: outbound.method.clone(),
            url: outbound.url.clone(),
            headers: outbound.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
            body: outbound.body.clone().unwrap_or_default(),
        }
    }
}

/// How an upstream answers: always the same, or by a function of the request.
pub trait Upstream: 'static {
    /// The answer to one request.
    fn answer(&self, sent: &Sent) -> Answer;
}

impl Upstream for Answer {
    fn answer(&self, _: &Sent) -> Answer {
        self.clone()
    }
}

impl<F: Fn(&Sent) -> Answer + 'static> Upstream for F {
    fn answer(&self, sent: &Sent) -> Answer {
        self(sent)
    }
}

/// All upstreams, and what was sent to them.
#[derive(Default)]
pub(crate) struct Upstreams {
    rules: RefCell<Vec<(String, Rc<dyn Upstream>)>>,
    sent: RefCell<Vec<Sent>>,
}

impl fmt::Debug for Upstreams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.rules.borrow().iter().map(|(pattern, _)| pattern)).finish()
    }
}

impl Upstreams {
    /// The rules so far, out of a host that is given up.
    pub(crate) fn take(&self) -> Self {
        Self { rules: self.rules.take().into(), sent: RefCell::default() }
    }

    /// A later rule wins over an earlier one.
    pub(crate) fn add(&self, pattern: &str, upstream: impl Upstream) {
        self.rules.borrow_mut().push((pattern.to_owned(), Rc::new(upstream)));
    }

    pub(crate) fn answer(&self, outbound: &Outbound) -> Answer {
        let sent = Sent::new(outbound);
        self.sent.borrow_mut().push(sent.clone());
        let found = self.rules.borrow().iter().rev().find(|(pattern, _)| matches(pattern, &sent.url)).cloned();
        found.map_or_else(Answer::not_found, |(_, upstream)| upstream.answer(&sent))
    }

    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.sent.borrow().clone()
    }
}

/// `https://a.example/x` is that URL, `https://a.example/*` every one that begins so.
fn matches(pattern: &str, url: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => url.starts_with(prefix),
        None => url == pattern,
    }
}
