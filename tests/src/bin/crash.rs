//! Kills workerd again and again, until nothing was lost often enough: `cargo xtask crash`.

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use duractor_tests::crash::{self, Plan, Summary};
use lexopt::prelude::*;

const HELP: &str = "\
Kills workerd under load, starts it again on the same disk, and looks for what should not have been lost

Usage: cargo xtask crash [OPTIONS]

Options:
  --kills <N>        How often; default: 20
  --seed <N>         What chooses the moments and the load; default: the time
  --seconds-max <N>  No further kill after that time";

const KILLS: u32 = 20;

/// After so many kills, a line tells how it stands.
const KILLS_PER_LINE: u32 = 10;

fn main() -> ExitCode {
    match parse(std::env::args_os().skip(1)).and_then(|plan| plan.map_or_else(help, kill)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn help() -> Result<()> {
    println!("{HELP}");
    Ok(())
}

fn kill(plan: Plan) -> Result<()> {
    println!("seed {}", plan.seed);
    let start = Instant::now();
    let summary = crash::run(plan, |summary| {
        if summary.kills.is_multiple_of(KILLS_PER_LINE) {
            println!("{}", line(summary));
        }
    })?;
    println!("{}; 0 violations in {:.0} s, seed {}", line(summary), start.elapsed().as_secs_f64(), plan.seed);
    Ok(())
}

fn line(summary: Summary) -> String {
    let Summary { kills, acknowledged, found, lost } = summary;
    format!("{kills} kills: {acknowledged} acknowledged, all there; of what was under way {found} done, {lost} not")
}

/// None, if help is wanted.
fn parse(arguments: impl IntoIterator<Item = std::ffi::OsString>) -> Result<Option<Plan>> {
    let mut parser = lexopt::Parser::from_args(arguments);
    let mut plan = Plan { kills: KILLS, seed: now(), time_max: None };
    while let Some(argument) = parser.next()? {
        match argument {
            Long("kills") => plan.kills = parser.value()?.parse()?,
            Long("seed") => plan.seed = parser.value()?.parse()?,
            Long("seconds-max") => plan.time_max = Some(Duration::from_secs(parser.value()?.parse()?)),
            Short('h') | Long("help") => return Ok(None),
            other => return Err(other.unexpected().into()),
        }
    }
    ensure!(plan.kills > 0, "--kills is at least 1");
    Ok(Some(plan))
}

fn now() -> u64 {
    std::time::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_secs())
}
