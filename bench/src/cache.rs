//! What the cache costs: a fetch that it answers, and what many entries add.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use serde::Serialize;

use crate::args::{Cache, Pace};
use crate::build::{self, bench_dir};
use crate::cost::{Cost, Costs, Pair};
use crate::cpu;
use crate::full;
use crate::load::Ask;
use crate::measure::{Subject, rounds};
use crate::part::Part;
use crate::report::{Round, Row, Table};
use crate::scenario::{Promise, head};
use crate::state::fill;
use crate::workerd::{Peer, Workerd};

/// How many fetches a request makes, one after another.
const FETCHES: u32 = 50;

/// How many fetches a request makes that the cache answers out of many entries: somewhat less than
/// a call can note that waits for nothing (`HITS_MAX` in actor/src/ops.rs).
const LOOKUPS: u32 = 200;

/// What the upstream answers to a fetch (peers/upstream.js).
const BODY_BYTES: u32 = 1000;

/// How many entries the caches have, and what they are called.
const SIZES: [(u32, &str); 3] = [(10, "of 10"), (1_000, "of 1,000"), (100_000, "of 100,000")];

/// Whatever of it was measured.
#[derive(Debug, Default, Serialize)]
struct Findings {
    rows: Vec<Row>,
    costs: Vec<Cost>,
}

/// A request for fetches, whose answer is known before.
#[derive(Debug)]
struct Fetches {
    path: String,
    answer: u32,
}

impl Fetches {
    /// So many fetches, of which each brings what counts as `each`.
    fn new(count: u32, each: u32) -> Self {
        Self { path: format!("/fetch/{count}"), answer: count * each }
    }
}

impl Ask for Fetches {
    fn name(&self) -> &str {
        &self.path
    }

    fn request(&self) -> Vec<u8> {
        head("GET", &self.path, "")
    }

    fn check(&self, body: &[u8], _: &mut u64) -> Result<()> {
        let (text, answer) = (String::from_utf8_lossy(body), self.answer.to_string());
        ensure!(text == answer, "{} brings {text:?} in place of {answer}", self.path);
        Ok(())
    }
}

/// Measures, and prints what came of it.
///
/// # Errors
///
/// A peer does not build, or does not answer as expected.
pub(crate) fn cache(options: &Cache) -> Result<()> {
    cpu::used(std::process::id())?;
    let parts = match &options.parts[..] {
        [] => &Part::ALL[..],
        some => some,
    };
    let mut findings = Findings::default();
    for &part in parts {
        find(part, &options.pace, &mut findings).with_context(|| part.name())?;
    }
    if options.pace.json {
        println!("{}", serde_json::to_string_pretty(&findings)?);
    }
    Ok(())
}

fn start(peers: &[Peer]) -> Result<Workerd> {
    Workerd::start(peers, &bench_dir().join("peers/upstream.js"), &Fetches::new(0, 0))
}

fn beside_js() -> Result<Workerd> {
    eprintln!("building the peers");
    let peer = |name: &str, dir| Peer { name: name.to_owned(), dir, classes: &["Counter"] };
    let duractor = build::actors("peers/duractor", "duractor-bench-actor", false)?;
    start(&[peer("js", bench_dir().join("peers/js")), peer("duractor", duractor)])
}

/// One peer for each size, each with its own memory.
fn of_all_sizes() -> Result<Workerd> {
    eprintln!("building the actor");
    let actors = build::actors("cache/duractor", "duractor-bench-cache", false)?;
    let peer = |(entries, name): (u32, &str)| {
        Ok(Peer { name: name.to_owned(), dir: sized(&actors, entries)?, classes: &["Reader"] })
    };
    start(&SIZES.into_iter().map(peer).collect::<Result<Vec<_>>>()?)
}

/// The same actor with a cache of so many entries, by an entry of its own; the folder of its modules.
fn sized(actors: &Path, entries: u32) -> Result<PathBuf> {
    let sized = bench_dir().join("cache/sized");
    let dir = sized.join(format!("build/{entries}"));
    build::copy_below(&sized.join(build::ENTRY), actors, &dir)?;
    fs::write(dir.join("entries.js"), format!("globalThis.cacheEntries = () => {entries};\n"))?;
    Ok(dir)
}

fn find(part: Part, pace: &Pace, findings: &mut Findings) -> Result<()> {
    let costs = match part {
        Part::Hit => hits(pace, findings)?,
        Part::Lookup => lookups(pace)?,
        Part::Eviction => evictions(pace)?,
    };
    if !pace.json {
        print!("{costs}");
    }
    findings.costs.extend(costs.rows);
    Ok(())
}

/// A fetch that the cache answers, beside one that JavaScript makes.
fn hits(pace: &Pace, findings: &mut Findings) -> Result<Costs> {
    let workerd = beside_js()?;
    let asks = [0, 1, FETCHES].map(|count| Fetches::new(count, BODY_BYTES));
    let names = ["js", "duractor"];
    let mut subjects: Vec<Subject<'_>> = Vec::new();
    for ask in &asks {
        subjects.extend(names.into_iter().enumerate().map(|(peer, name)| Subject { name, peer, ask }));
    }
    let rounds = rounds(&workerd, "hit", &subjects, pace)?;
    let (none, one, many) = (&rounds[..2], &rounds[2..4], &rounds[4..]);
    let one = Table::new("one fetch", None, &[(names[0], &one[0]), (names[1], &one[1])]);
    if !pace.json {
        print!("{one}");
    }
    findings.rows.extend(one.rows);
    let pairs = [pair(names[0], &none[0], &many[0]), pair(names[1], &none[1], &many[1])];
    Ok(Costs::new("hit", FETCHES, Promise::Times(0.1), &pairs))
}

/// Hits of any of the entries.
fn lookups(pace: &Pace) -> Result<Costs> {
    let workerd = of_all_sizes()?;
    for (at, (entries, _)) in SIZES.into_iter().enumerate() {
        fill(&workerd, at, "", entries.into())?;
    }
    let asks = [Fetches::new(0, 1), Fetches::new(LOOKUPS, 1)];
    let mut subjects: Vec<Subject<'_>> = Vec::new();
    for (at, (_, name)) in SIZES.into_iter().enumerate() {
        subjects.extend(asks.iter().map(|ask| Subject { name, peer: at, ask }));
    }
    let rounds = rounds(&workerd, "lookup", &subjects, pace)?;
    let pairs = SIZES.into_iter().zip(rounds.chunks(2));
    let pairs: Vec<Pair<'_>> = pairs.map(|((_, name), rounds)| pair(name, &rounds[0], &rounds[1])).collect();
    Ok(Costs::new("lookup", LOOKUPS, Promise::Times(2.0), &pairs))
}

fn pair<'a>(name: &'a str, without: &[Round], with: &[Round]) -> Pair<'a> {
    let cpu_us = |rounds: &[Round]| rounds.iter().map(|round| round.cpu_us).collect();
    Pair { name, without_us: cpu_us(without), with_us: cpu_us(with) }
}

/// Fetches whose answers are kept while the cache is full, beside as many past the cache.
fn evictions(pace: &Pace) -> Result<Costs> {
    let mut pairs = SIZES.map(|(_, name)| Pair { name, without_us: Vec::new(), with_us: Vec::new() });
    for number in 1..=pace.rounds {
        eprintln!("eviction: round {number} of {}", pace.rounds);
        for ((entries, _), pair) in SIZES.into_iter().zip(&mut pairs) {
            let asked = full::ask(entries, FETCHES, pace.slice)?;
            pair.without_us.push(asked.passed_us);
            pair.with_us.push(asked.kept_us);
        }
    }
    Ok(Costs::new("eviction", FETCHES, Promise::Times(2.0), &pairs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_expected_number_is_an_answer() {
        let ask = Fetches::new(3, 1000);
        assert_eq!(ask.path, "/fetch/3");
        ask.check(b"3000", &mut 0).unwrap();
        assert!(ask.check(b"2000", &mut 0).is_err());
        assert!(ask.check(b"03000", &mut 0).is_err());
        assert!(ask.check(b"", &mut 0).is_err());
    }
}
