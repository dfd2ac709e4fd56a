//! What a fetch costs whose answer is kept in place of another, in this process: in workerd a request that leaves costs
//! ten times what it costs to keep its answer, and varies by more than that.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use duractor::Native;
use duractor::native::Answer;
use duractor_bench_cache::router;

use crate::cpu;

/// How many fetches are made in one turn to fill the cache.
const FILL_MAX: u32 = 10_000;

/// How long something is asked before it is measured.
const LEAD_IN: Duration = Duration::from_millis(150);

/// What requests cost, in µs of CPU time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    /// Those with fetches past the cache.
    pub(crate) passed_us: f64,
    /// Those with as many whose answers are kept.
    pub(crate) kept_us: f64,
}

/// Fills the cache of a new actor with so many entries, and then measures requests with `fetches` fetches, each kind for
/// as long as `slice`.
///
/// # Errors
///
/// Something is not answered as expected.
pub(crate) fn ask(entries: u32, fetches: u32, slice: Duration) -> Result<Asked> {
    let native = native(entries);
    for _ in 0..entries.div_ceil(FILL_MAX) {
        number(&native, &format!("/fill/{}", entries.min(FILL_MAX)))?;
    }
    let passed_us = cpu_us(&native, &format!("/pass/{fetches}"), entries, slice)?;
    ensure!(number(&native, "/left")? == 0, "what passes the cache has made room");
    let kept_us = cpu_us(&native, &format!("/fill/{fetches}"), entries, slice)?;
    ensure!(number(&native, "/left")? > 0, "nothing has made room");
    Ok(Asked { passed_us, kept_us })
}

/// The actor with the same upstream as in workerd (peers/upstream.js).
fn native(entries: u32) -> Native {
    let native = Native::new().routes(router(entries));
    native.upstream(
        "http://upstream.test/kept/*",
        Answer::text("u".repeat(1000)).header("cache-control", "max-age=3600"),
    );
    native
}

/// What one request costs, of as many as there is time for. Each is to be answered by the number of entries.
fn cpu_us(native: &Native, target: &str, entries: u32, slice: Duration) -> Result<f64> {
    requests(native, target, entries, LEAD_IN)?;
    let before = cpu::used(std::process::id())?;
    let count = requests(native, target, entries, slice)?;
    let used = cpu::used(std::process::id())?.saturating_sub(before);
    Ok(used.as_secs_f64() * 1e6 / f64::from(count))
}

/// Asks again and again for that long; how often.
fn requests(native: &Native, target: &str, entries: u32, duration: Duration) -> Result<u32> {
    let end = Instant::now() + duration;
    let mut count = 0;
    while count == 0 || Instant::now() < end {
        let kept = number(native, target)?;
        ensure!(kept == entries, "{target} leaves {kept} entries");
        count += 1;
    }
    Ok(count)
}

fn number(native: &Native, target: &str) -> Result<u32> {
    let method = if target == "/left" { "GET" } else { "POST" };
    let response = native.request(method, target).send();
    let text = response.text();
    text.parse().with_context(|| format!("{target} brings {text:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_cache_makes_room_for_what_may_be_kept() {
        let asked = ask(10, 5, Duration::from_millis(1)).unwrap();
        assert!(asked.kept_us >= 0.0 && asked.passed_us >= 0.0);
    }

    #[test]
    fn another_number_of_entries_is_refused() {
        let native = native(10);
        assert!(requests(&native, "/fill/5", 5, Duration::ZERO).is_ok());
        assert!(requests(&native, "/fill/6", 11, Duration::ZERO).is_err());
    }
}
