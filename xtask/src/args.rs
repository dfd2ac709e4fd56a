//! What the command line asks for.

use std::ffi::OsString;

use anyhow::{Result, bail};
use lexopt::prelude::*;

const HELP: &str = "\
What a contributor to Duractor runs

Usage: cargo xtask <TASK>

Tasks:
  dev [--port <N>] [--dump]           Run all examples on this machine, and again after each change;
                                      with --dump a trap leaves its memory in dumps/
  test                                Run every test: native, wasm, JavaScript, and end to end in workerd
  lint                                Check format, clippy, docs, import cycles and dependencies
  crash [ARGUMENTS]                   Kill workerd under load, and look for what is lost
  bench [ARGUMENTS]                   Measure against peers, and what state and cache cost
  size [ARGUMENTS]                    Measure what a worker weighs
  fuzz [--seconds <N>] [--build-only] Fuzz the reading of frames
  miri [--if-available]               Look for undefined behaviour in the parts without a host";

const DEFAULT_PORT: u16 = 8787;
const DEFAULT_FUZZ_SECONDS: u32 = 60;

/// A parsed command line.
#[derive(Debug, PartialEq)]
pub(crate) enum Task {
    Help,
    Dev { port: u16, dumps: bool },
    Test,
    Lint,
    Crash { arguments: Vec<OsString> },
    Bench { arguments: Vec<OsString> },
    Fuzz { seconds: u32, build_only: bool },
    Miri { if_available: bool },
}

pub(crate) fn print_help() {
    println!("{HELP}");
}

/// Parses a command line, without the program's name.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Task> {
    let mut parser = lexopt::Parser::from_args(arguments);
    let task = match parser.next()? {
        None | Some(Short('h') | Long("help")) => return Ok(Task::Help),
        Some(Value(task)) => task.string()?,
        Some(option) => return Err(option.unexpected().into()),
    };
    match task.as_str() {
        "dev" => parse_dev(parser),
        "test" => alone(parser, Task::Test),
        "lint" => alone(parser, Task::Lint),
        "crash" => Ok(Task::Crash { arguments: parser.raw_args()?.collect() }),
        "bench" => Ok(Task::Bench { arguments: parser.raw_args()?.collect() }),
        "size" => {
            let arguments = std::iter::once("size".into()).chain(parser.raw_args()?).collect();
            Ok(Task::Bench { arguments })
        }
        "fuzz" => parse_fuzz(parser),
        "miri" => parse_miri(parser),
        _ => bail!("there is no task `{task}`; `cargo xtask` lists them"),
    }
}

fn alone(mut parser: lexopt::Parser, task: Task) -> Result<Task> {
    match parser.next()? {
        None => Ok(task),
        Some(Short('h') | Long("help")) => Ok(Task::Help),
        Some(other) => Err(other.unexpected().into()),
    }
}

fn parse_dev(mut parser: lexopt::Parser) -> Result<Task> {
    let (mut port, mut dumps) = (DEFAULT_PORT, false);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("port") => port = parser.value()?.parse()?,
            Long("dump") => dumps = true,
            Short('h') | Long("help") => return Ok(Task::Help),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Task::Dev { port, dumps })
}

fn parse_fuzz(mut parser: lexopt::Parser) -> Result<Task> {
    let (mut seconds, mut build_only) = (DEFAULT_FUZZ_SECONDS, false);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("seconds") => seconds = parser.value()?.parse()?,
            Long("build-only") => build_only = true,
            Short('h') | Long("help") => return Ok(Task::Help),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Task::Fuzz { seconds, build_only })
}

fn parse_miri(mut parser: lexopt::Parser) -> Result<Task> {
    let mut if_available = false;
    while let Some(argument) = parser.next()? {
        match argument {
            Long("if-available") => if_available = true,
            Short('h') | Long("help") => return Ok(Task::Help),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Task::Miri { if_available })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Task> {
        parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn tasks_take_their_options() {
        assert_eq!(parsed("").unwrap(), Task::Help);
        assert_eq!(parsed("dev").unwrap(), Task::Dev { port: DEFAULT_PORT, dumps: false });
        assert_eq!(parsed("dev --port 9000").unwrap(), Task::Dev { port: 9000, dumps: false });
        assert_eq!(parsed("dev --dump").unwrap(), Task::Dev { port: DEFAULT_PORT, dumps: true });
        assert_eq!(parsed("fuzz --seconds 5").unwrap(), Task::Fuzz { seconds: 5, build_only: false });
        assert_eq!(parsed("miri --if-available").unwrap(), Task::Miri { if_available: true });
    }

    #[test]
    fn bench_size_and_crash_hand_everything_on() {
        let size = Task::Bench { arguments: ["size", "--json"].map(OsString::from).into() };
        assert_eq!(parsed("size --json").unwrap(), size);
        assert_eq!(parsed("bench").unwrap(), Task::Bench { arguments: vec![] });
        let crash = Task::Crash { arguments: ["--kills", "3"].map(OsString::from).into() };
        assert_eq!(parsed("crash --kills 3").unwrap(), crash);
    }

    #[test]
    fn nonsense_is_refused() {
        for line in ["tset", "--fast", "test --fast", "dev --port many", "dev --port 70000", "lint now"] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }
}
