//! Side-by-side measurements: what a request costs beside the same actor by other means, and what a worker weighs.
//!
//! `cargo xtask bench overhead` measures CPU time. One workerd runs the same actor three times: as JavaScript written by
//! hand, as a `#[durable_object]` of the crate `worker`, and with Duractor. They are measured in turns, many times,
//! since a machine's speed changes from minute to minute: only what was measured side by side is compared.
//!
//! `cargo xtask size` weighs two workers, which tells what the runtime costs and what a route adds.
//!
//! Modules, low to high: `args`, `stats`, `cpu`, `scenario`, `load`, `build`, `workerd`, `report`, `overhead`, `names`,
//! `size`.

mod args;
mod build;
mod cpu;
mod load;
mod names;
mod overhead;
mod report;
mod scenario;
mod size;
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
        Command::Size(options) => size::size(&options)?,
    }
    Ok(())
}
