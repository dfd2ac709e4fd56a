//! Side-by-side measurements: what a request costs beside the same actor by other means, and what a worker weighs.
//!
//! `cargo xtask bench overhead` measures CPU time. One workerd runs the same actor three times: as JavaScript written by
//! hand, as a `#[durable_object]` of the crate `worker`, and with Duractor. They are measured in turns, many times,
//! since a machine's speed changes from minute to minute: only what was measured side by side is compared.
//!
//! `cargo xtask bench state` measures what state costs: a turn that commits beside JavaScript that stores the same value, a
//! turn of an actor with much state beside one with little, and the memory of actors that nobody calls.
//!
//! `cargo xtask bench cache` measures what the cache of an actor costs: a fetch that it answers beside one that JavaScript
//! makes, and what a look-up and an eviction cost among many entries.
//!
//! `cargo xtask bench recovery` measures what a trap costs: the next answers, and what they cost afterwards.
//!
//! `cargo xtask bench columns` measures operations of a column beside the kernels that they run over one slice.
//!
//! `cargo xtask bench kernels` measures the numeric kernels in V8, beside their scalar twins, simd128 with one accumulator, loops
//! in JavaScript, and `memory.copy`.
//!
//! `cargo xtask size` weighs two workers, which tells what the runtime costs and what a route adds.
//!
//! Modules, low to high: `stats`, `cpu`, `load`, `scenario`, `aspect`, `part`, `kernel`, `args`, `build`, `workerd`, `report`,
//! `cost`, `full`, `measure`, `overhead`, `state`, `cache`, `recovery`, `columns`, `speed`, `chart`, `kernels`, `names`, `size`.

mod args;
mod aspect;
mod build;
mod cache;
mod chart;
mod columns;
mod cost;
mod cpu;
mod full;
mod kernel;
mod kernels;
mod load;
mod measure;
mod names;
mod overhead;
mod part;
mod recovery;
mod report;
mod scenario;
mod size;
mod speed;
mod state;
mod stats;
mod workerd;

use std::process::ExitCode;

use anyhow::Result;

use crate::args::Command;

fn main() -> ExitCode {
    match args::parse(std::env::args_os().skip(1)).and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Help => args::print_help(),
        Command::Overhead(options) => overhead::overhead(&options)?,
        Command::State(options) => state::state(&options)?,
        Command::Cache(options) => cache::cache(&options)?,
        Command::Recovery(options) => recovery::recovery(&options)?,
        Command::Kernels(options) => kernels::kernels(&options)?,
        Command::Columns(options) => columns::columns(&options)?,
        Command::Size(options) => size::size(&options)?,
    }
    Ok(())
}
