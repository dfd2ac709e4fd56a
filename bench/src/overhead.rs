//! What a request costs, beside the same actor by other means.

use std::path::absolute;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::args::{Choice, Overhead};
use crate::build::{self, bench_dir};
use crate::cpu;
use crate::load::{Client, drive};
use crate::report::{Difference, Round, Row, Table};
use crate::scenario::Scenario;
use crate::workerd::{Peer, Workerd};

/// How long each peer is asked before it is measured for the first time, so that its code is compiled.
const WARM_UP: Duration = Duration::from_secs(2);

/// How long it is asked before each other time, so that its caches are its own again.
const LEAD_IN: Duration = Duration::from_millis(150);

/// Measures, and prints what came of it.
///
/// # Errors
///
/// A peer does not build, or does not answer as expected.
pub(crate) fn overhead(options: &Overhead) -> Result<()> {
    eprintln!("building the peers");
    let peers: Vec<Peer> = options.peers.iter().map(peer).collect::<Result<_>>()?;
    cpu::used(std::process::id())?;
    let workerd = Workerd::start(&peers, &bench_dir().join("peers/upstream.js"))?;
    let scenarios = match &options.scenarios[..] {
        [] => &Scenario::ALL[..],
        some => some,
    };
    let mut rows = Vec::new();
    for &scenario in scenarios {
        let table = measure(&workerd, &peers, scenario, options)?;
        if !options.json {
            print!("{table}");
        }
        rows.extend(table.rows);
    }
    if options.json {
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
    Ok(Peer { name: name.to_owned(), dir })
}

/// Measures all peers in turns.
fn measure(workerd: &Workerd, peers: &[Peer], scenario: Scenario, options: &Overhead) -> Result<Table> {
    let ask = |at: usize, before: Duration| {
        slice(workerd, at, scenario, before, options).with_context(|| format!("the peer {}", peers[at].name))
    };
    for at in 0..peers.len() {
        ask(at, WARM_UP)?;
    }
    let mut rounds = vec![Vec::new(); peers.len()];
    for number in 1..=options.rounds {
        eprintln!("{}: round {number} of {}", scenario.name(), options.rounds);
        for (at, rounds) in rounds.iter_mut().enumerate() {
            rounds.push(ask(at, LEAD_IN)?);
        }
    }
    let pairs = peers.iter().zip(&rounds);
    let rows = pairs.map(|(peer, rounds)| Row::new(scenario, &peer.name, rounds));
    let differences = rounds.iter().map(|each| Difference::new(each, &rounds[0]));
    Ok(Table { scenario, rows: rows.collect(), differences: differences.collect() })
}

/// Measures one peer once, after it was asked for a time that does not count. The connections are new, since the server
/// closes those that idle while the other peers have their turn.
fn slice(workerd: &Workerd, peer: usize, scenario: Scenario, before: Duration, options: &Overhead) -> Result<Round> {
    let clients = (0..options.connections).map(|_| workerd.connect(peer));
    let mut clients: Vec<Client> = clients.collect::<Result<_>>()?;
    drive(&mut clients, scenario, before)?;
    let before = cpu::used(workerd.pid())?;
    let sample = drive(&mut clients, scenario, options.slice)?;
    let used = cpu::used(workerd.pid())?.saturating_sub(before);
    Ok(Round { cpu_us: used.as_secs_f64() * 1e6 / sample.requests as f64, sample })
}
