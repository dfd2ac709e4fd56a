//! Each rule as docs/http-cache.md has it.

mod bounds;
mod fresh;
mod hostile;
mod invalidation;
mod modes;
mod requests;
mod stale;
mod storing;
mod validation;
mod variants;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderName, HeaderValue};

use crate::dates;

use super::{
    Arrived, Cache, Found, Request, Store, Stored,
    fields::Fields,
    store::{Stale, Ticket},
};

const URL: &str = "https://a.example/x";
/// Tuesday, 2 January 2024.
const START: Duration = Duration::from_secs(1_704_153_600);

type Pairs<'a> = &'a [(&'a str, &'a str)];

/// A request in the making.
#[derive(Clone, Debug)]
struct Ask {
    method: String,
    url: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    mode: Cache,
}

fn get() -> Ask {
    Ask { method: "GET".into(), url: URL.into(), headers: Vec::new(), mode: Cache::Standard }
}

fn head() -> Ask {
    get().method("HEAD")
}

impl Ask {
    fn method(self, method: &str) -> Self {
        Self { method: method.into(), ..self }
    }

    fn url(self, url: &str) -> Self {
        Self { url: url.into(), ..self }
    }

    fn mode(self, mode: Cache) -> Self {
        Self { mode, ..self }
    }

    fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.parse().unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap()));
        self
    }

    fn says(self, cache_control: &str) -> Self {
        self.header("cache-control", cache_control)
    }

    fn request(&self) -> Request<'_> {
        Request { method: &self.method, url: &self.url, headers: &self.headers }
    }
}

/// A store and a clock.
struct World {
    store: Store,
    now: SystemTime,
    delay: Duration,
}

/// What a look-up found, easy to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Saw {
    Fresh,
    Stale,
    Miss,
    Unavailable,
}

impl World {
    fn new() -> Self {
        Self { store: Store::new(1_000, 10 << 20), now: UNIX_EPOCH + START, delay: Duration::ZERO }
    }

    fn wait(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }

    /// The date so many seconds from now.
    fn date(&self, seconds: i64) -> String {
        let shift = Duration::from_secs(seconds.unsigned_abs());
        dates::format(if seconds < 0 { self.now - shift } else { self.now + shift }).unwrap()
    }

    /// A 200 with these headers comes for a plain GET.
    fn keep(&mut self, headers: Pairs<'_>) {
        self.keep_as(&get(), 200, headers, "body");
    }

    fn keep_as(&mut self, ask: &Ask, status: u16, headers: Pairs<'_>, body: &str) {
        let (now, sent_at) = (self.now, self.now - self.delay);
        with_headers(headers, |headers| {
            let arrived = Arrived { status, headers, body: body.as_bytes(), sent_at, now };
            self.store.keep(&ask.request(), ask.mode, &arrived);
        });
    }

    fn invalidate(&mut self, method: &str, status: u16, headers: Pairs<'_>) {
        let now = self.now;
        with_headers(headers, |headers| {
            let arrived = Arrived { status, headers, body: &[], sent_at: now, now };
            self.store.invalidate(&get().method(method).request(), &arrived);
        });
    }

    fn revalidated(&mut self, ticket: &Ticket, headers: Pairs<'_>) -> Option<Stored> {
        let (now, sent_at) = (self.now, self.now - self.delay);
        let mut stored = None;
        with_headers(headers, |headers| {
            let arrived = Arrived { status: 304, headers, body: &[], sent_at, now };
            stored = self.store.revalidated(ticket, &get().request(), Cache::Standard, &arrived);
        });
        stored
    }

    fn find(&mut self, ask: &Ask) -> Found {
        self.store.look_up(&ask.request(), ask.mode, self.now)
    }

    fn sees(&mut self, ask: &Ask) -> Saw {
        match self.find(ask) {
            Found::Fresh(_) => Saw::Fresh,
            Found::Stale(_) => Saw::Stale,
            Found::Miss => Saw::Miss,
            Found::Unavailable => Saw::Unavailable,
        }
    }

    fn fresh(&mut self, ask: &Ask) -> Stored {
        match self.find(ask) {
            Found::Fresh(stored) => stored,
            other => panic!("not fresh: {other:?}"),
        }
    }

    fn stale(&mut self, ask: &Ask) -> Stale {
        match self.find(ask) {
            Found::Stale(stale) => stale,
            other => panic!("not stale: {other:?}"),
        }
    }

    /// For how many whole seconds from now a plain GET is answered from the store.
    fn fresh_seconds(&mut self) -> u64 {
        let start = self.now;
        let mut seconds = 0;
        while self.sees(&get()) == Saw::Fresh && seconds < 1_000 {
            seconds += 1;
            self.wait(1);
        }
        self.now = start;
        seconds
    }
}

fn with_headers(headers: Pairs<'_>, then: impl FnOnce(crate::exchange::Headers<'_>)) {
    then(Fields::collect(headers.iter().map(|(name, value)| (*name, value.as_bytes()))).get());
}

/// For how long an answer with these headers is fresh when it comes.
fn fresh_for(headers: Pairs<'_>) -> u64 {
    let mut world = World::new();
    world.keep(&[headers, &[("etag", "\"1\"")]].concat());
    world.fresh_seconds()
}

fn header(stored: &Stored, name: &str) -> Option<String> {
    let mut values = stored.headers().filter(|(other, _)| *other == name);
    let value = values.next().map(|(_, value)| String::from_utf8_lossy(value).into_owned());
    assert!(name == "set-cookie" || values.next().is_none(), "{name} twice");
    value
}
