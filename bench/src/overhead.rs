//! What a request costs, beside the same actor by other means.

use std::path::absolute;

use anyhow::Result;

use crate::args::{Choice, Overhead};
use crate::build::{self, bench_dir};
use crate::cpu;
use crate::measure::{Subject, measure};
use crate::scenario::Scenario;
use crate::workerd::{Peer, Workerd};

/// Measures, and prints what came of it.
///
/// # Errors
///
/// A peer does not build, or does not answer as expected.
pub(crate) fn overhead(options: &Overhead) -> Result<()> {
    eprintln!("building the peers");
    let peers: Vec<Peer> = options.peers.iter().map(peer).collect::<Result<_>>()?;
    cpu::used(std::process::id())?;
    let workerd = Workerd::start(&peers, &bench_dir().join("peers/upstream.js"), &Scenario::Hello)?;
    let scenarios = match &options.scenarios[..] {
        [] => &Scenario::ALL[..],
        some => some,
    };
    let mut rows = Vec::new();
    for scenario in scenarios.iter().copied() {
        let subjects: Vec<Subject<'_>> =
            peers.iter().enumerate().map(|(at, peer)| Subject { name: &peer.name, peer: at, ask: &scenario }).collect();
        let table = measure(&workerd, scenario.name(), &subjects, scenario.promise(), &options.pace)?;
        if !options.pace.json {
            print!("{table}");
        }
        rows.extend(table.rows);
    }
    if options.pace.json {
        println!("{}", serde_json::to_string_pretty(&rows)?);
    }
    Ok(())
}

fn peer(choice: &Choice) -> Result<Peer> {
    let (name, dir) = match choice {
        Choice::Js => ("js", bench_dir().join("peers/js")),
        Choice::Worker => ("worker", build::worker_crate("peers/worker", "duractor-bench-worker")?),
        Choice::Duractor => ("duractor", build::actors("peers/duractor", "duractor-bench-actor", false)?),
        Choice::Other(name, dir) => (name.as_str(), absolute(dir)?),
    };
    Ok(Peer { name: name.to_owned(), dir, classes: &["Counter"] })
}
