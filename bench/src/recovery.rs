//! What a trap costs: the call that traps, the next one of its actor, and one of another actor.

use std::fmt;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde::Serialize;

use crate::args::Rounds;
use crate::build::{self, bench_dir};
use crate::load::{Ask, Client};
use crate::state::Numbered;
use crate::stats::{median, percentile};
use crate::workerd::{Peer, Workerd};

/// From the request that traps to the next good answer of its actor.
const PROMISED_MS: f64 = 5.0;

/// Between a trap and what is measured of the time after it, and before it as well.
const PAUSE: Duration = Duration::from_millis(50);

/// How long something took, over all rounds.
#[derive(Debug, Serialize)]
struct Row {
    what: &'static str,
    p50_ms: f64,
    p99_ms: f64,
}

impl Row {
    fn new(what: &'static str, mut ms: Vec<f64>) -> Self {
        ms.sort_by(f64::total_cmp);
        Self { what, p50_ms: median(ms.iter().copied()), p99_ms: percentile(&ms, 99) }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  {:<46} {:>8.2} {:>8.2}", self.what, self.p50_ms, self.p99_ms)
    }
}

/// Measures, and prints what came of it.
///
/// # Errors
///
/// The worker does not build, or does not answer as expected.
pub(crate) fn recovery(options: &Rounds) -> Result<()> {
    eprintln!("building the actors");
    let dir = build::actors("state/duractor", "duractor-bench-state", false)?;
    let classes = &["Book", "Counter", "Idle", "Shelf"];
    let peers = [Peer { name: "duractor".to_owned(), dir, classes }];
    let read = Numbered::new("GET", "/idle/a");
    let workerd = Workerd::start(&peers, &bench_dir().join("peers/upstream.js"), &read)?;
    let rows = measure(&mut workerd.connect(0)?, options.rounds)?;
    if options.json {
        println!("{}", serde_json::to_string_pretty(&rows)?);
        return Ok(());
    }
    println!("\n  {:<46} {:>8} {:>8}", "", "p50 ms", "p99 ms");
    rows.iter().for_each(|row| println!("{row}"));
    let recovery = rows[1].p50_ms + rows[2].p50_ms;
    let holds = if recovery <= PROMISED_MS { "holds" } else { "missed" };
    println!("recovery of an actor: {recovery:.2} ms, promised at most {PROMISED_MS} ms: {holds}");
    Ok(())
}

fn measure(client: &mut Client, rounds: u32) -> Result<[Row; 5]> {
    let (a, b) = (Numbered::new("GET", "/idle/a"), Numbered::new("GET", "/idle/b"));
    let trap = Numbered::new("POST", "/idle/a/panic").request();
    let mut times = <[Vec<f64>; 5]>::default();
    for _ in 0..rounds {
        thread::sleep(PAUSE);
        client.ask(&a, &a.request())?;
        times[0].push(ask(client, &a)?);
        times[1].push(time(|| client.fail(&trap))?);
        times[2].push(ask(client, &a)?);
        client.ask(&b, &b.request())?;
        client.fail(&trap)?;
        times[3].push(ask(client, &b)?);
        thread::sleep(PAUSE);
        client.ask(&a, &a.request())?;
        times[4].push(ask(client, &a)?);
    }
    let names = [
        "a request, before",
        "a request that traps",
        "the next request of its actor",
        "the next request of another actor",
        "a request, 50 ms after a trap",
    ];
    let mut times = times.into_iter();
    Ok(names.map(|name| Row::new(name, times.next().unwrap_or_default())))
}

fn ask(client: &mut Client, what: &dyn Ask) -> Result<f64> {
    let request = what.request();
    time(|| client.ask(what, &request))
}

fn time(act: impl FnOnce() -> Result<()>) -> Result<f64> {
    let start = Instant::now();
    act()?;
    Ok(start.elapsed().as_secs_f64() * 1e3)
}
