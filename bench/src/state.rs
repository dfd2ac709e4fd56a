//! What state costs, in time and in memory.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use serde::Serialize;

use crate::args::{Pace, State};
use crate::aspect::Aspect;
use crate::build::{self, bench_dir};
use crate::cpu;
use crate::load::Ask;
use crate::measure::{Subject, measure};
use crate::report::{Row, Table};
use crate::scenario::{Promise, head};
use crate::workerd::{Peer, Workerd};

const MIB: f64 = 1024.0 * 1024.0;

/// How many entries the large arena and the large table have, and the small ones.
const ARENA_ENTRIES: u64 = 100_000;
const TABLE_ENTRIES: u64 = 1_000_000;
const FEW_ENTRIES: u64 = 10;

/// How many entries are put in one turn.
const FILL_MAX: u64 = 10_000;

const IDLE_ACTORS: u64 = 10_000;

/// Actors that are called before anything is weighed, so that only what each further one adds is.
const FIRST_ACTORS: u64 = 100;

/// What an idle actor's own data take.
const IDLE_DATA_BYTES: f64 = 8.0;

/// Peers, in workerd's order: each has its own isolate and so its own memory.
const JS: usize = 0;
const COUNT: usize = 1;
const ARENA: usize = 2;
const TABLE: usize = 3;
const IDLE: usize = 4;

/// Whatever of it was measured.
#[derive(Debug, Default, Serialize)]
struct Findings {
    rows: Vec<Row>,
    weights: Vec<Weight>,
}

/// Memory that something takes.
#[derive(Clone, Copy, Debug, Serialize)]
struct Weight {
    what: &'static str,
    bytes: f64,
    promised_bytes: Option<f64>,
}

/// A request that is answered by a number.
#[derive(Debug)]
pub(crate) struct Numbered {
    method: &'static str,
    path: String,
}

impl Numbered {
    pub(crate) fn new(method: &'static str, path: impl Into<String>) -> Self {
        Self { method, path: path.into() }
    }
}

impl Ask for Numbered {
    fn name(&self) -> &str {
        &self.path
    }

    fn request(&self) -> Vec<u8> {
        let length = if self.method == "POST" { "content-length: 0\r\n" } else { "" };
        head(self.method, &self.path, length)
    }

    fn check(&self, body: &[u8], last: &mut u64) -> Result<()> {
        let text = String::from_utf8_lossy(body);
        *last = text.parse().with_context(|| format!("{} brings {text:?}", self.path))?;
        Ok(())
    }
}

/// Measures, and prints what came of it.
///
/// # Errors
///
/// A peer does not build, or does not answer as expected.
pub(crate) fn state(options: &State) -> Result<()> {
    eprintln!("building the peers");
    let peers = peers()?;
    cpu::used(std::process::id())?;
    let greeting = Numbered::new("GET", "/count");
    let workerd = Workerd::start(&peers, &bench_dir().join("peers/upstream.js"), &greeting)?;
    let aspects = match &options.aspects[..] {
        [] => &Aspect::ALL[..],
        some => some,
    };
    let mut findings = Findings::default();
    for &aspect in aspects {
        find(&workerd, aspect, &options.pace, &mut findings).with_context(|| aspect.name())?;
    }
    if options.pace.json {
        println!("{}", serde_json::to_string_pretty(&findings)?);
    }
    Ok(())
}

fn peers() -> Result<Vec<Peer>> {
    let actors = build::actors("state/duractor", "duractor-bench-state", false)?;
    let crowd = crowd(&actors)?;
    let ours: &[&str] = &["Book", "Counter", "Idle", "Shelf"];
    let peer = |name: &str, dir: &Path, classes| Peer { name: name.to_owned(), dir: dir.to_owned(), classes };
    Ok(vec![
        peer("js", &bench_dir().join("state/js"), &["Counter"]),
        peer("count", &actors, ours),
        peer("arena", &actors, ours),
        peer("table", &actors, ours),
        peer("idle", &crowd, &["Counter", "Crowd", "Idle"]),
    ])
}

/// The same actors, many of them in one object, by an entry of its own; the folder of its modules.
fn crowd(actors: &Path) -> Result<PathBuf> {
    let dir = bench_dir().join("state/idle/build");
    build::copy_below(&bench_dir().join("state/idle/worker.js"), actors, &dir)?;
    Ok(dir)
}

fn find(workerd: &Workerd, aspect: Aspect, pace: &Pace, findings: &mut Findings) -> Result<()> {
    match aspect {
        Aspect::Count => add_table(counter(workerd, "count", "POST", pace)?, pace, findings),
        Aspect::Read => add_table(counter(workerd, "read", "GET", pace)?, pace, findings),
        Aspect::Arena => {
            fill(workerd, ARENA, "/shelf/few", FEW_ENTRIES)?;
            fill(workerd, ARENA, "/shelf/many", ARENA_ENTRIES)?;
            add_table(arena(workerd, pace)?, pace, findings);
        }
        Aspect::Table => {
            fill(workerd, TABLE, "/book/few", FEW_ENTRIES)?;
            fill(workerd, TABLE, "/book/many", TABLE_ENTRIES)?;
            add_table(table(workerd, pace)?, pace, findings);
            let bytes = number(workerd, TABLE, "GET", "/memory")? as f64;
            let what = "wasm memory with a table of 1,000,000 entries";
            add_weight(Weight { what, bytes, promised_bytes: Some(16.0 * MIB) }, pace, findings);
        }
        Aspect::Idle => add_weight(idle(workerd)?, pace, findings),
    }
    Ok(())
}

fn add_table(table: Table, pace: &Pace, findings: &mut Findings) {
    if !pace.json {
        print!("{table}");
    }
    findings.rows.extend(table.rows);
}

fn add_weight(weight: Weight, pace: &Pace, findings: &mut Findings) {
    if !pace.json {
        println!("\n{}: {:.0} bytes{}", weight.what, weight.bytes, promised(weight));
    }
    findings.weights.push(weight);
}

fn promised(weight: Weight) -> String {
    let Some(max) = weight.promised_bytes else { return String::new() };
    let holds = if weight.bytes <= max { "holds" } else { "missed" };
    format!(", promised at most {max:.0}: {holds}")
}

fn counter(workerd: &Workerd, name: &str, method: &'static str, pace: &Pace) -> Result<Table> {
    let ask = Numbered::new(method, "/count");
    let subjects = [Subject { name: "js", peer: JS, ask: &ask }, Subject { name: "duractor", peer: COUNT, ask: &ask }];
    measure(workerd, name, &subjects, Promise::Times(1.1), pace)
}

fn arena(workerd: &Workerd, pace: &Pace) -> Result<Table> {
    let (few, many) = (Numbered::new("POST", "/shelf/few/edit"), Numbered::new("POST", "/shelf/many/edit"));
    let subjects =
        [Subject { name: "of 10", peer: ARENA, ask: &few }, Subject { name: "of 100,000", peer: ARENA, ask: &many }];
    measure(workerd, "arena", &subjects, Promise::Times(1.2), pace)
}

fn table(workerd: &Workerd, pace: &Pace) -> Result<Table> {
    let few = Numbered::new("POST", "/book/few/edit");
    let (hot, any) = (Numbered::new("POST", "/book/many/edit-hot"), Numbered::new("POST", "/book/many/edit"));
    let subjects = [
        Subject { name: "of 10", peer: TABLE, ask: &few },
        Subject { name: "10 of 1000000", peer: TABLE, ask: &hot },
        Subject { name: "of 1000000", peer: TABLE, ask: &any },
    ];
    measure(workerd, "table", &subjects, Promise::Times(1.2), pace)
}

/// Puts entries until there are that many.
pub(crate) fn fill(workerd: &Workerd, peer: usize, path: &str, count: u64) -> Result<()> {
    let path = format!("{path}/fill/{}", count.min(FILL_MAX));
    eprintln!("{path}: putting {count} entries");
    let mut there = 0;
    while there < count {
        let before = there;
        there = number(workerd, peer, "POST", &path)?;
        ensure!(there > before, "{path} adds nothing to {there}");
    }
    Ok(())
}

/// Calls many actors once, and weighs what that left.
fn idle(workerd: &Workerd) -> Result<Weight> {
    number(workerd, IDLE, "POST", &format!("/crowd/{FIRST_ACTORS}"))?;
    let before = number(workerd, IDLE, "GET", "/memory")?;
    eprintln!("idle: calling {IDLE_ACTORS} actors");
    let there = number(workerd, IDLE, "POST", &format!("/crowd/{IDLE_ACTORS}"))?;
    ensure!(there == FIRST_ACTORS + IDLE_ACTORS, "{there} actors are there");
    let after = number(workerd, IDLE, "GET", "/memory")?;
    let bytes = after.saturating_sub(before) as f64 / IDLE_ACTORS as f64;
    Ok(Weight { what: "wasm memory of an idle actor", bytes, promised_bytes: Some(1024.0 + IDLE_DATA_BYTES) })
}

/// What one request is answered.
fn number(workerd: &Workerd, peer: usize, method: &'static str, path: &str) -> Result<u64> {
    let ask = Numbered::new(method, path);
    let mut client = workerd.connect(peer)?;
    client.ask(&ask, &ask.request())?;
    Ok(client.last())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_are_answers() {
        let mut last = 0;
        let ask = Numbered::new("POST", "/count");
        ask.check(b"12", &mut last).unwrap();
        assert_eq!(last, 12);
        assert!(ask.check(b"twelve", &mut last).is_err());
        assert!(ask.check(b"", &mut last).is_err());
    }

    #[test]
    fn a_promise_of_memory_holds_up_to_its_bound() {
        let weight = |bytes| Weight { what: "it", bytes, promised_bytes: Some(2.0) };
        assert!(promised(weight(2.0)).ends_with("holds"));
        assert!(promised(weight(3.0)).ends_with("missed"));
    }
}
