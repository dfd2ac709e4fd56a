//! For how long an answer may be used, and how it is validated: RFC 9111 sections 3 and 4.2 by `http-cache-semantics`.
//!
//! That crate decides from headers that it trusts to be plain. So it is handed plain ones: `max-age` and no `Expires`, the
//! directives that this cache understood, and the time at which the answer would have left its origin in place of `Date`,
//! `Age` and the delay.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use http_cache_semantics::{BeforeRequest, CacheOptions, CachePolicy, RequestLike, ResponseLike};

use crate::{
    dates::{self, since},
    exchange::Headers,
};

use super::{
    directives::{DELTA_MAX_SECONDS, Delta, Directives, members, seconds},
    mode::Cache,
    request::{Arrived, Times},
};

const OPTIONS: CacheOptions = CacheOptions {
    shared: false,
    cache_heuristic: 0.0,
    immutable_min_time_to_live: Duration::ZERO,
    ignore_cargo_cult: false,
};

/// Final statuses that this cache implements, for `must-understand` (RFC 9111 section 5.2.2.3).
const UNDERSTOOD: [u16; 14] = [200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 405, 410, 414, 501];
/// Statuses beside 2xx that RFC 9110 section 15.1 lets caches store without being told.
const CACHEABLE_BY_DEFAULT: [u16; 8] = [300, 301, 308, 404, 405, 410, 414, 501];

/// On which terms an answer may be used.
#[derive(Debug)]
pub(super) struct Terms {
    policy: CachePolicy,
    came_at: SystemTime,
    /// By which the most recent of several variants is found (RFC 9111 section 4.1).
    pub(super) date: SystemTime,
    lifetime: Duration,
    /// `must-revalidate` or `no-cache`: never to be used stale.
    must_validate: bool,
    stale_while_revalidate: Duration,
    stale_if_error: Duration,
    is_storable: bool,
}

/// What may be done with a stored answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Fresh,
    Stale { may_answer_now: bool, may_answer_error: bool },
}

impl Terms {
    pub(super) fn new(status: u16, headers: Headers<'_>, mode: Cache, times: Times) -> Self {
        let says = Directives::read(headers.get_all("cache-control"), headers.get_all("pragma"));
        let date = headers.get("date").and_then(dates::parse).unwrap_or(times.now);
        let age = initial_age(headers, date, times);
        let lifetime = lifetime(headers, &says, date);
        let is_forced = is_forced(status, mode);
        // Who forces an answer that forbids storing has it for himself: others validate it.
        let no_cache = says.no_cache || says.no_store && is_forced;
        let must_validate = says.must_revalidate || no_cache;
        let plain = Plain {
            status: understood_as(status, lifetime.is_some() || is_forced),
            headers: plain_headers(headers, &says, lifetime, no_cache, must_validate),
        };
        let born_at = times.now.checked_sub(age).unwrap_or(UNIX_EPOCH);
        let policy = CachePolicy::new_options(&Asked::default(), &plain, born_at, OPTIONS);
        let is_storable = may_store(status, &says, is_forced) && policy.is_storable();
        Self {
            policy,
            came_at: times.now,
            date,
            lifetime: lifetime.unwrap_or_default(),
            must_validate,
            stale_while_revalidate: says.stale_while_revalidate.window(),
            stale_if_error: says.stale_if_error.window(),
            is_storable,
        }
    }

    /// Whether the answer may be stored (RFC 9111 section 3), and could ever be used: one that is stale at once and can
    /// neither be validated nor be used stale is a waste.
    pub(super) fn are_worth_keeping(&self, mode: Cache, now: SystemTime) -> bool {
        let is_usable = !self.policy.is_stale(now)
            || !self.validators(now).is_empty()
            || !self.must_validate && self.stale_while_revalidate.max(self.stale_if_error) > Duration::ZERO
            || matches!(mode, Cache::FreshFor(_));
        self.is_storable && is_usable
    }

    /// Whether the answer left its origin after another one, which was asked for before this one was there: of two that cross,
    /// the one with the later date counts (RFC 9111 section 4).
    pub(super) fn are_later_than(&self, other: &Arrived<'_>) -> bool {
        let date = other.headers.get("date").and_then(dates::parse).unwrap_or(other.now);
        self.date > date && self.came_at > other.sent_at
    }

    pub(super) fn age(&self, now: SystemTime) -> Duration {
        self.policy.age(now)
    }

    pub(super) fn judge(&self, wants: &Directives, mode: Cache, now: SystemTime) -> Verdict {
        let is_fresh = match mode {
            Cache::FreshFor(time) => !wants.no_cache && since(now, self.came_at) < time,
            Cache::Standard => self.satisfies(wants, now),
            Cache::NoStore | Cache::Refresh => false,
        };
        if is_fresh {
            return Verdict::Fresh;
        }
        let may_be_stale = !self.must_validate && !wants.no_cache && mode != Cache::Refresh;
        let within = |window: Duration| may_be_stale && window > Duration::ZERO && self.overdue(mode, now) <= window;
        let asks_for_fresh = wants.max_age != Delta::Absent || wants.min_fresh != Delta::Absent;
        Verdict::Stale {
            may_answer_now: !asks_for_fresh && within(self.stale_while_revalidate),
            may_answer_error: within(self.stale_if_error.max(wants.stale_if_error.window())),
        }
    }

    fn satisfies(&self, wants: &Directives, now: SystemTime) -> bool {
        matches!(self.policy.before_request(&Asked::new(wants), now), BeforeRequest::Fresh(_))
    }

    /// For how long the answer has been stale.
    fn overdue(&self, mode: Cache, now: SystemTime) -> Duration {
        match mode {
            Cache::FreshFor(time) => since(now, self.came_at).saturating_sub(time),
            _ => self.age(now).saturating_sub(self.lifetime),
        }
    }

    /// The headers of a conditional request (RFC 9111 section 4.3.1).
    pub(super) fn validators(&self, now: SystemTime) -> Vec<(HeaderName, HeaderValue)> {
        let asked = Asked::new(&Directives { no_cache: true, ..Directives::default() });
        let BeforeRequest::Stale { mut request, .. } = self.policy.before_request(&asked, now) else {
            return Vec::new();
        };
        let names = [header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE];
        names.into_iter().filter_map(|name| request.headers.remove(&name).map(|value| (name, value))).collect()
    }
}

/// Whether [`Cache::FreshFor`] is stronger than what the answer says.
fn is_forced(status: u16, mode: Cache) -> bool {
    let is_cacheable = (200..300).contains(&status) || CACHEABLE_BY_DEFAULT.contains(&status);
    is_cacheable && matches!(mode, Cache::FreshFor(_))
}

/// Whether an answer says no-store and means it.
pub(super) fn forbids_storing(status: u16, headers: Headers<'_>, mode: Cache) -> bool {
    let says = Directives::read(headers.get_all("cache-control"), headers.get_all("pragma"));
    !may_store(status, &says, is_forced(status, mode))
}

/// What of RFC 9111 section 3 `http-cache-semantics` does not know.
fn may_store(status: u16, says: &Directives, is_forced: bool) -> bool {
    let is_whole = (200..600).contains(&status) && status != 206 && status != 304;
    let is_understood = UNDERSTOOD.contains(&status);
    // Section 5.2.2.3: who understands the status ignores the no-store beside must-understand.
    let may_store = if says.must_understand { is_understood } else { !says.no_store };
    is_whole && (may_store || is_forced)
}

/// The crate stores no status that it does not know, RFC 9111 section 3 any final one that says for how long it is fresh.
fn understood_as(status: u16, is_explicit: bool) -> StatusCode {
    StatusCode::from_u16(status).ok().filter(|_| !is_explicit).unwrap_or(StatusCode::OK)
}

/// RFC 9111 section 4.2.3, in whole seconds where two clocks are compared, since dates have no finer ones.
fn initial_age(headers: Headers<'_>, date: SystemTime, times: Times) -> Duration {
    let apparent = Duration::from_secs(since(times.now, date).as_secs());
    // Section 5.1: the first of several, and an invalid one is ignored.
    let age = headers.get("age").and_then(|value| seconds(members(value).next()?)).unwrap_or_default();
    let corrected = age.saturating_add(since(times.now, times.sent_at));
    apparent.max(corrected).min(Duration::from_secs(DELTA_MAX_SECONDS))
}

/// RFC 9111 section 4.2.1 for a private cache, None if the answer does not say. What is invalid or contradicts itself is
/// stale.
fn lifetime(headers: Headers<'_>, says: &Directives, date: SystemTime) -> Option<Duration> {
    match says.max_age {
        Delta::Of(max_age) => return Some(max_age),
        Delta::Invalid => return Some(Duration::ZERO),
        Delta::Absent => {}
    }
    let mut lines = headers.get_all("expires");
    let expires = lines.next()?;
    let lifetime = dates::parse(expires).filter(|_| lines.all(|line| line == expires)).map(|at| since(at, date));
    Some(lifetime.unwrap_or_default())
}

/// What the crate is to know of an answer.
fn plain_headers(
    headers: Headers<'_>,
    says: &Directives,
    lifetime: Option<Duration>,
    no_cache: bool,
    must_validate: bool,
) -> HeaderMap {
    let words = [(says.storable, "public"), (no_cache, "no-cache"), (must_validate, "must-revalidate")];
    let mut said: Vec<String> =
        words.iter().filter(|(is_said, _)| *is_said).map(|(_, word)| word.to_string()).collect();
    said.extend(lifetime.map(|lifetime| format!("max-age={}", lifetime.as_secs())));
    let mut plain = HeaderMap::new();
    plain.insert(header::CACHE_CONTROL, text(&said.join(", ")));
    for name in [header::ETAG, header::LAST_MODIFIED] {
        let value = headers.get(name.as_str()).filter(|value| !value.trim_ascii().is_empty());
        plain.extend(
            value.and_then(|value| HeaderValue::from_bytes(value.trim_ascii()).ok()).map(|value| (name, value)),
        );
    }
    plain
}

fn text(plain: &str) -> HeaderValue {
    HeaderValue::from_str(plain).expect("directives are ASCII")
}

/// An answer as the crate reads it.
struct Plain {
    status: StatusCode,
    headers: HeaderMap,
}

impl ResponseLike for Plain {
    fn status(&self) -> StatusCode {
        self.status
    }

    fn headers(&self) -> &HeaderMap {
        &self.headers
    }
}

/// A request as the crate reads it. The store has compared URL, method and selecting headers before.
#[derive(Default)]
struct Asked {
    headers: HeaderMap,
}

impl Asked {
    fn new(wants: &Directives) -> Self {
        let is_unclear = wants.max_age == Delta::Invalid || wants.min_fresh == Delta::Invalid;
        let mut said = Vec::new();
        // What cannot be read might have asked for anything.
        if wants.no_cache || is_unclear {
            said.push("no-cache".to_owned());
        }
        for (name, delta) in
            [("max-age", wants.max_age), ("min-fresh", wants.min_fresh), ("max-stale", wants.max_stale)]
        {
            if let Delta::Of(duration) = delta {
                said.push(format!("{name}={}", duration.as_secs()));
            }
        }
        let mut headers = HeaderMap::new();
        if !said.is_empty() {
            headers.insert(header::CACHE_CONTROL, text(&said.join(", ")));
        }
        Self { headers }
    }
}

impl RequestLike for Asked {
    fn uri(&self) -> Uri {
        Uri::from_static("/")
    }

    fn is_same_uri(&self, _: &Uri) -> bool {
        true
    }

    fn method(&self) -> &Method {
        &Method::GET
    }

    fn headers(&self) -> &HeaderMap {
        &self.headers
    }
}
