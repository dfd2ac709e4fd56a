//! What a request costs, beside the same actor by other means.

use std::path::absolute;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::args::Overhead;
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
    let peers = peers(options)?;
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

/// The first is what the others are compared with.
fn peers(options: &Overhead) -> Result<Vec<Peer>> {
    eprintln!("building the peers");
    let js = bench_dir().join("peers/js");
    let worker = build::worker_crate("peers/worker", "duractor-bench-worker")?;
    let duractor = build::actors("peers/duractor", "duractor-bench-actor", false)?;
    let own = [("js", js), ("worker", worker), ("duractor", duractor)];
    let own = own.map(|(name, dir)| (name.to_owned(), dir));
    let all = own.into_iter().chain(options.peers.iter().cloned());
    all.map(|(name, dir)| {
        let dir = absolute(dir)?;
        Ok(Peer { name, dir })
    })
    .collect()
}

/// Measures all peers in turns.
fn measure(workerd: &Workerd, peers: &[Peer], scenario: Scenario, options: &Overhead) -> Result<Table> {
    let mut clients: Vec<Vec<Client>> =
        (0..peers.len()).map(|peer| connect(workerd, peer, options.connections)).collect::<Result<_>>()?;
    for clients in &mut clients {
        drive(clients, scenario, WARM_UP)?;
    }
    let mut rounds = vec![Vec::new(); peers.len()];
    for number in 1..=options.rounds {
        eprintln!("{}: round {number} of {}", scenario.name(), options.rounds);
        for (peer, clients) in clients.iter_mut().enumerate() {
            let name = &peers[peer].name;
            let round = slice(workerd, clients, scenario, options.slice);
            rounds[peer].push(round.with_context(|| format!("the peer {name}"))?);
        }
    }
    let pairs = || peers.iter().zip(&rounds);
    Ok(Table {
        scenario,
        rows: pairs().map(|(peer, rounds)| Row::new(scenario, &peer.name, rounds)).collect(),
        differences: rounds.iter().map(|each| Difference::new(each, &rounds[0])).collect(),
    })
}

fn connect(workerd: &Workerd, peer: usize, count: usize) -> Result<Vec<Client>> {
    (0..count).map(|_| workerd.connect(peer)).collect()
}

/// Measures one peer once.
fn slice(workerd: &Workerd, clients: &mut [Client], scenario: Scenario, duration: Duration) -> Result<Round> {
    drive(clients, scenario, LEAD_IN)?;
    let before = cpu::used(workerd.pid())?;
    let sample = drive(clients, scenario, duration)?;
    let used = cpu::used(workerd.pid())?.saturating_sub(before);
    Ok(Round { cpu_us: used.as_secs_f64() * 1e6 / sample.requests as f64, sample })
}
