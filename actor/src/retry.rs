//! Requests that are made again: [`Retry`].

use std::{
    rc::Rc,
    time::{Duration, SystemTime},
};

use http::HeaderName;

use crate::{
    activation::Call,
    cache::Cache,
    cached::Cached,
    cx::{Cx, Ended, Operation},
    dates, failure,
    ops::{Failed, Inbound, Outbound, Want},
};

/// The methods that may be repeated ([RFC 9110 section 9.2.2](https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2)).
const IDEMPOTENT: [&str; 6] = ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"];

/// By this header an upstream recognizes a request that is repeated ([draft-ietf-httpapi-idempotency-key-header]).
///
/// [draft-ietf-httpapi-idempotency-key-header]: https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Statuses that may be others the next time.
const PASSING: [u16; 7] = [408, 425, 429, 500, 502, 503, 504];

/// Failures that may be over the next time.
const PASSING_FAILURES: [i32; 4] = [failure::REFUSED, failure::NOT_FOUND, failure::TIMEOUT, failure::LOST];

/// How often a request is made, and how long it waits in between; see [`Fetch::retry`](crate::Fetch::retry).
///
/// A request is made again after the statuses 408, 425, 429, 500, 502, 503 and 504, and if it had no answer: refused,
/// unknown host, connection lost, or none within [`attempt_timeout`](Self::attempt_timeout).
///
/// The wait before attempt `n + 1` is random between zero and `first * 2^(n - 1)`, and never more than `longest`, so
/// that clients that failed together do not come back together ("full jitter",
/// [Exponential Backoff And Jitter](https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/)). A
/// `Retry-After` that asks for more is obeyed
/// ([RFC 9110 section 10.2.3](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    attempts: u32,
    first: Duration,
    longest: Duration,
    attempt_time_max: Duration,
}

impl Retry {
    /// At most so many attempts, the first one included; 0 is as 1. The waits are up to 100 ms at first, and at most 10 s.
    pub const fn attempts(attempts: u32) -> Self {
        Self {
            attempts,
            first: Duration::from_millis(100),
            longest: Duration::from_secs(10),
            attempt_time_max: Duration::MAX,
        }
    }

    /// The greatest wait before the second attempt, which doubles with each, and the greatest of all.
    #[must_use]
    pub const fn backoff(mut self, first: Duration, longest: Duration) -> Self {
        (self.first, self.longest) = (first, longest);
        self
    }

    /// The longest time that one attempt may take. Without it one that is never answered takes all the time there is.
    #[must_use]
    pub const fn attempt_timeout(mut self, limit: Duration) -> Self {
        self.attempt_time_max = limit;
        self
    }

    /// How long to wait after so many attempts; none if what came of the last one stays.
    fn pause(&self, cx: &Cx, made: u32, ended: &Ended) -> Option<Duration> {
        if made >= self.attempts {
            return None;
        }
        let Ended::Done(outcome) = ended else { return None };
        let asked = match outcome {
            Ok(answer) if PASSING.contains(&answer.status) => retry_after(answer, cx.now()),
            Err(Failed { code, .. }) if PASSING_FAILURES.contains(code) => Duration::ZERO,
            _ => return None,
        };
        let greatest = self.first.saturating_mul(1 << (made - 1).min(31)).min(self.longest);
        let share = f64::from(u32::from_le_bytes(cx.random())) / f64::from(u32::MAX);
        // The greatest durations are more than what floating point rounds them to.
        let pause = Duration::try_from_secs_f64(greatest.as_secs_f64() * share).unwrap_or(greatest);
        Some(pause.max(asked))
    }
}

/// Why the request may not be made twice.
pub(crate) fn flaw(outbound: &Outbound) -> Option<String> {
    if outbound.is_pushed {
        return Some("a body that is a stream can be sent only once".to_owned());
    }
    let has_key = outbound.headers.iter().any(|(name, _)| *name == IDEMPOTENCY_KEY);
    let may_repeat = has_key || IDEMPOTENT.contains(&outbound.method.as_str());
    (!may_repeat).then(|| format!("a {} is made again only with the header Idempotency-Key", outbound.method))
}

/// Makes a request until its answer stays, or there is no time for one more attempt: the deadline of the request is that
/// of all its attempts.
pub(crate) async fn persist(call: Rc<Call>, outbound: Box<Outbound>, mode: Cache, retry: Retry) -> Ended {
    let cx = Cx(call.clone());
    let (started, total) = (cx.now(), outbound.time_max);
    let mut left = total;
    let mut made = 0;
    loop {
        let time_max = left.min(retry.attempt_time_max);
        let attempt = Box::new(Outbound { time_max, ..(*outbound).clone() });
        let ended = Cached::new(call.clone(), attempt, mode).await;
        made += 1;
        let Some(pause) = retry.pause(&cx, made, &ended) else { return ended };
        let until = dates::since(cx.now(), started).saturating_add(pause);
        if until >= total {
            return ended;
        }
        // A body that nobody reads keeps no connection meanwhile.
        let has_body = unread(&ended).map(|id| call.release(id)).is_none();
        // A call that has no room for a wait has none for another attempt.
        match Operation::new(call.clone(), Want::Sleep(pause)).await {
            Ended::Done(_) => {}
            refused => return if has_body { ended } else { refused },
        }
        left = total.saturating_sub(dates::since(cx.now(), started));
        if left.is_zero() {
            let late = Failed { code: failure::TIMEOUT, text: String::new() };
            return if has_body { ended } else { Ended::Done(Err(late)) };
        }
    }
}

/// The request whose body is yet to be pulled.
fn unread(ended: &Ended) -> Option<i32> {
    if let Ended::Done(Ok(answer)) = ended { answer.pulled } else { None }
}

/// What an upstream asks for, in seconds or as a date; nothing if it is neither.
fn retry_after(answer: &Inbound, now: SystemTime) -> Duration {
    let value = answer.headers().get("retry-after").unwrap_or_default().trim_ascii();
    let seconds = str::from_utf8(value).ok().and_then(|value| value.parse::<u32>().ok());
    let until = || dates::parse(value).map(|date| dates::since(date, now)).unwrap_or_default();
    seconds.map_or_else(until, |seconds| Duration::from_secs(seconds.into()))
}
