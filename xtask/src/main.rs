//! What a contributor runs: `cargo xtask`.
//!
//! Modules, low to high: `shell`, `args`, `setup`, `source`, `imports`, `dev`, `test`, `lint`, `fuzz`, `miri`.

mod args;
mod dev;
mod fuzz;
mod imports;
mod lint;
mod miri;
mod setup;
mod shell;
mod source;
mod test;

use std::process::ExitCode;

use anyhow::Result;

use crate::args::Task;

fn main() -> ExitCode {
    match args::parse(std::env::args_os().skip(1)).and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<()> {
    match task {
        Task::Help => args::print_help(),
        Task::Dev { port, dumps } => dev::dev(port, dumps)?,
        Task::Test => test::test()?,
        Task::Lint => lint::lint()?,
        Task::Crash { arguments } => test::crash(arguments)?,
        Task::Bench { arguments } => {
            setup::setup()?;
            shell::run(
                shell::cargo(["run", "--quiet", "--release", "--package", "duractor-bench", "--"]).args(arguments),
            )?;
        }
        Task::Fuzz { seconds, build_only } => fuzz::fuzz(seconds, build_only)?,
        Task::Miri { if_available } => miri::miri(if_available)?,
    }
    Ok(())
}
