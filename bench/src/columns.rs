//! What operations of a column cost beside the kernels that they run, of the same values in one slice: natively and in
//! wasm under Node.js.

use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use duractor_bench_columns::{OPERATIONS, Operation, VALUES, World};
use duractor_cli::args::Mode;
use duractor_cli::cargo::Workspace;
use duractor_cli::optimize;
use serde::Serialize;

use crate::args::Rounds;
use crate::build::bench_dir;
use crate::scenario::Promise;
use crate::stats::median;

const PROMISE: Promise = Promise::Times(1.1);

/// How long one round took, in milliseconds: by the kernel, and by the column.
type Pair = [f64; 2];

/// One operation in one place: medians over all rounds.
#[derive(Debug, Serialize)]
struct Row {
    operation: &'static str,
    place: &'static str,
    kernel_ms: f64,
    column_ms: f64,
    /// Both ran at the same speed in one round.
    times: f64,
}

impl Row {
    fn new(place: &'static str, operation: &'static str, pairs: &[Pair]) -> Self {
        let middle = |of: fn(&Pair) -> f64| median(pairs.iter().map(of));
        Self {
            operation,
            place,
            kernel_ms: middle(|[kernel, _]| *kernel),
            column_ms: middle(|[_, column]| *column),
            times: middle(|[kernel, column]| column / kernel),
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operation, place, kernel_ms, column_ms, times } = self;
        let outcome = PROMISE.outcome(0.0, *times);
        write!(f, "  {operation:<14} {place:<8} {kernel_ms:>10.3} {column_ms:>10.3} {times:>7.3}  {outcome}")
    }
}

/// Measures, and prints what came of it.
///
/// # Errors
///
/// The crate does not build, or Node.js does not run it.
pub(crate) fn columns(options: &Rounds) -> Result<()> {
    let mut rows = rows("native", &natively(options.rounds));
    rows.extend(self::rows("wasm", &in_wasm(options.rounds)?));
    if options.json {
        println!("{}", serde_json::to_string_pretty(&rows)?);
        return Ok(());
    }
    println!("\noperations of a column of {VALUES} values: promised {}", PROMISE.says("the kernel over one slice"));
    println!("  {:<14} {:<8} {:>10} {:>10} {:>7}  promise", "operation", "where", "kernel ms", "column ms", "times");
    rows.iter().for_each(|row| println!("{row}"));
    Ok(())
}

fn rows(place: &'static str, times: &[Vec<Pair>]) -> Vec<Row> {
    OPERATIONS.iter().zip(times).map(|(operation, pairs)| Row::new(place, operation.name, pairs)).collect()
}

/// Each operation in each round.
fn natively(rounds: u32) -> Vec<Vec<Pair>> {
    eprintln!("native");
    let world = World::new();
    OPERATIONS.iter().for_each(|operation| _ = pair(&world, operation, 0));
    let mut times = vec![Vec::new(); OPERATIONS.len()];
    for round in 0..rounds {
        for (operation, times) in OPERATIONS.iter().zip(&mut times) {
            times.push(pair(&world, operation, round));
        }
    }
    times
}

/// The kernel goes first in one round, and the column in the next.
fn pair(world: &World, operation: &Operation, round: u32) -> Pair {
    let mut pair = Pair::default();
    for turn in 0..2 {
        let is_column = (round + turn) % 2 == 1;
        let start = Instant::now();
        world.run(operation, is_column);
        pair[usize::from(is_column)] = start.elapsed().as_secs_f64() * 1_000.0;
    }
    pair
}

fn in_wasm(rounds: u32) -> Result<Vec<Vec<Pair>>> {
    let dir = bench_dir().join("columns");
    let out = tempfile::tempdir().context("cannot make a folder")?;
    let wasm = out.path().join("columns.wasm");
    build(&dir, &wasm)?;
    eprintln!("wasm");
    let output = Command::new("node")
        .args([dir.join("time.mjs"), wasm])
        .args([rounds.to_string(), OPERATIONS.len().to_string()])
        .output()
        .context("cannot run node")?;
    ensure!(output.status.success(), "node failed: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).context("columns/time.mjs prints something else than times")
}

/// The crate as wasm, made small as that of a worker.
fn build(dir: &Path, wasm: &Path) -> Result<()> {
    let workspace = Workspace::around(dir)?;
    let package = workspace.package(Some("duractor-bench-columns"), dir)?;
    fs::write(wasm, workspace.compile(package, Mode::Release)?).context("cannot write columns.wasm")?;
    optimize::optimize(&optimize::find(dir)?, wasm, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_are_compared_round_by_round() {
        let row = Row::new("wasm", "stats", &[[1.0, 1.0], [4.0, 5.0], [2.0, 2.2]]);
        assert_eq!((row.kernel_ms, row.column_ms, row.times), (2.0, 2.2, 1.1));
        assert!(row.to_string().ends_with("1.100  holds"));
        assert!(Row::new("wasm", "stats", &[[1.0, 1.2]]).to_string().ends_with("missed"));
    }
}
