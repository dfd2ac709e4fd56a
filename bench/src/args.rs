//! What the command line asks for.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use lexopt::prelude::*;

use crate::aspect::Aspect;
use crate::kernel::Kernel;
use crate::part::Part;
use crate::scenario::Scenario;

const HELP: &str = "\
Side-by-side measurements against peers

Usage: cargo xtask bench overhead [OPTIONS]
       cargo xtask bench state [OPTIONS]
       cargo xtask bench cache [OPTIONS]
       cargo xtask bench recovery [OPTIONS]
       cargo xtask bench columns [OPTIONS]
       cargo xtask bench kernels [OPTIONS]
       cargo xtask size [OPTIONS]

What a request costs, beside the same actor by other means (overhead):
      --scenario <NAME>    hello, json, echo or fan; may be repeated; default: all
      --peer <NAME[=DIR]>  js, worker or duractor, or another worker whose modules are in a folder; may be repeated;
                           the first is what the others are compared with; default: js, worker, duractor

What state costs, in time and memory (state):
      --aspect <NAME>      count, read, arena, table or idle; may be repeated; default: all

What the cache of an actor costs (cache):
      --part <NAME>        hit, lookup or eviction; may be repeated; default: all

These three:
      --rounds <N>         How often each peer is measured, in turns with the others; default: 7
      --seconds <N>        How long each time; default: 2
      --connections <N>    How many clients ask at once; default: 16
      --json               Print rows as JSON

What a trap costs (recovery):
      --rounds <N>         How many traps; default: 200
      --json               Print rows as JSON

What operations of a column cost beside their kernels (columns):
      --rounds <N>         How often each of both is measured; default: 51
      --json               Print rows as JSON

How fast numeric kernels are (kernels):
      --kernel <NAME>      sum_f64, dot_i8 or another; may be repeated; default: all
      --rounds <N>         How often each variant is measured, in turns with the others; default: 15
      --svg <FILE>         Draw a chart too
      --json               Print rows as JSON

What a worker weighs (size):
      --top <N>            List the largest functions too
      --json               Print rows as JSON";

const ROUNDS: u32 = 7;
const TRAPS: u32 = 200;
const COLUMN_ROUNDS: u32 = 51;
const KERNEL_ROUNDS: u32 = 15;
const SECONDS: f64 = 2.0;
const SECONDS_MAX: f64 = 600.0;
const CONNECTIONS: usize = 16;
const CONNECTIONS_MAX: usize = 256;

/// A parsed command line.
#[derive(Debug, PartialEq)]
pub(crate) enum Command {
    Help,
    Overhead(Overhead),
    State(State),
    Cache(Cache),
    Recovery(Rounds),
    Columns(Rounds),
    Kernels(Kernels),
    Size(Size),
}

/// A peer to be measured.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Choice {
    /// JavaScript written by hand.
    Js,
    /// The crate `worker`.
    Worker,
    /// Duractor.
    Duractor,
    /// Another one: its name, and where its modules are.
    Other(String, PathBuf),
}

/// How long and how often to measure, and how to tell.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pace {
    pub(crate) rounds: u32,
    pub(crate) slice: Duration,
    pub(crate) connections: usize,
    pub(crate) json: bool,
}

impl Default for Pace {
    fn default() -> Self {
        Self { rounds: ROUNDS, slice: Duration::from_secs_f64(SECONDS), connections: CONNECTIONS, json: false }
    }
}

impl Pace {
    /// Takes an option, if it is one of these.
    fn take(&mut self, option: &str, parser: &mut lexopt::Parser) -> Result<bool> {
        match option {
            "rounds" => self.rounds = parser.value()?.parse()?,
            "seconds" => self.slice = seconds(parser.value()?.parse()?)?,
            "connections" => self.connections = parser.value()?.parse()?,
            "json" => self.json = true,
            _ => return Ok(false),
        }
        ensure!(self.rounds > 0, "--rounds is at least 1");
        let is_connected = (1..=CONNECTIONS_MAX).contains(&self.connections);
        ensure!(is_connected, "--connections is 1 to {CONNECTIONS_MAX}");
        Ok(true)
    }
}

/// How to measure what a request costs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Overhead {
    /// All, if none is named.
    pub(crate) scenarios: Vec<Scenario>,
    pub(crate) peers: Vec<Choice>,
    pub(crate) pace: Pace,
}

impl Default for Overhead {
    fn default() -> Self {
        let peers = vec![Choice::Js, Choice::Worker, Choice::Duractor];
        Self { scenarios: Vec::new(), peers, pace: Pace::default() }
    }
}

/// How to measure what state costs.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct State {
    /// All, if none is named.
    pub(crate) aspects: Vec<Aspect>,
    pub(crate) pace: Pace,
}

/// How to measure what the cache of an actor costs.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Cache {
    /// All, if none is named.
    pub(crate) parts: Vec<Part>,
    pub(crate) pace: Pace,
}

/// How often to measure what a trap, or an operation of a column, costs, and how to tell.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rounds {
    pub(crate) rounds: u32,
    pub(crate) json: bool,
}

/// How to measure kernels.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Kernels {
    /// All, if none is named.
    pub(crate) kernels: Vec<Kernel>,
    pub(crate) rounds: u32,
    pub(crate) json: bool,
    /// Where a chart goes.
    pub(crate) svg: Option<PathBuf>,
}

impl Default for Kernels {
    fn default() -> Self {
        Self { kernels: Vec::new(), rounds: KERNEL_ROUNDS, json: false, svg: None }
    }
}

/// How to weigh workers.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Size {
    /// How many functions to list.
    pub(crate) top: usize,
    pub(crate) json: bool,
}

pub(crate) fn print_help() {
    println!("{HELP}");
}

/// Parses a command line, without the program's name.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command> {
    let mut parser = lexopt::Parser::from_args(arguments);
    match parser.next()? {
        None | Some(Short('h') | Long("help")) => Ok(Command::Help),
        Some(Value(word)) if word == "overhead" => parse_overhead(parser),
        Some(Value(word)) if word == "state" => parse_state(parser),
        Some(Value(word)) if word == "cache" => parse_cache(parser),
        Some(Value(word)) if word == "recovery" => parse_rounds(parser, TRAPS, Command::Recovery),
        Some(Value(word)) if word == "columns" => parse_rounds(parser, COLUMN_ROUNDS, Command::Columns),
        Some(Value(word)) if word == "kernels" => parse_kernels(parser),
        Some(Value(word)) if word == "size" => parse_size(parser),
        Some(other) => Err(other.unexpected().into()),
    }
}

fn parse_overhead(mut parser: lexopt::Parser) -> Result<Command> {
    let mut options = Overhead::default();
    let mut peers = Vec::new();
    while let Some(option) = long(&mut parser)? {
        match option.as_str() {
            "scenario" => options.scenarios.push(parser.value()?.parse()?),
            "peer" => peers.push(peer(&parser.value()?.string()?)?),
            "help" => return Ok(Command::Help),
            other => ensure!(options.pace.take(other, &mut parser)?, "invalid option '--{other}'"),
        }
    }
    if !peers.is_empty() {
        options.peers = peers;
    }
    Ok(Command::Overhead(options))
}

fn parse_state(mut parser: lexopt::Parser) -> Result<Command> {
    let mut options = State::default();
    while let Some(option) = long(&mut parser)? {
        match option.as_str() {
            "aspect" => options.aspects.push(parser.value()?.parse()?),
            "help" => return Ok(Command::Help),
            other => ensure!(options.pace.take(other, &mut parser)?, "invalid option '--{other}'"),
        }
    }
    Ok(Command::State(options))
}

fn parse_cache(mut parser: lexopt::Parser) -> Result<Command> {
    let mut options = Cache::default();
    while let Some(option) = long(&mut parser)? {
        match option.as_str() {
            "part" => options.parts.push(parser.value()?.parse()?),
            "help" => return Ok(Command::Help),
            other => ensure!(options.pace.take(other, &mut parser)?, "invalid option '--{other}'"),
        }
    }
    Ok(Command::Cache(options))
}

fn parse_rounds(mut parser: lexopt::Parser, rounds: u32, command: fn(Rounds) -> Command) -> Result<Command> {
    let mut options = Rounds { rounds, json: false };
    while let Some(option) = long(&mut parser)? {
        match option.as_str() {
            "rounds" => options.rounds = parser.value()?.parse()?,
            "json" => options.json = true,
            "help" => return Ok(Command::Help),
            other => bail!("invalid option '--{other}'"),
        }
    }
    ensure!(options.rounds > 0, "--rounds is at least 1");
    Ok(command(options))
}

fn parse_kernels(mut parser: lexopt::Parser) -> Result<Command> {
    let mut options = Kernels::default();
    while let Some(option) = long(&mut parser)? {
        match option.as_str() {
            "kernel" => options.kernels.push(parser.value()?.parse()?),
            "rounds" => options.rounds = parser.value()?.parse()?,
            "svg" => options.svg = Some(parser.value()?.into()),
            "json" => options.json = true,
            "help" => return Ok(Command::Help),
            other => bail!("invalid option '--{other}'"),
        }
    }
    ensure!(options.rounds > 0, "--rounds is at least 1");
    Ok(Command::Kernels(options))
}

/// The next argument, which is an option.
fn long(parser: &mut lexopt::Parser) -> Result<Option<String>> {
    match parser.next()? {
        None => Ok(None),
        Some(Short('h')) => Ok(Some("help".to_owned())),
        Some(Long(name)) => Ok(Some(name.to_owned())),
        Some(other) => Err(other.unexpected().into()),
    }
}

fn parse_size(mut parser: lexopt::Parser) -> Result<Command> {
    let mut options = Size::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("top") => options.top = parser.value()?.parse()?,
            Long("json") => options.json = true,
            Short('h') | Long("help") => return Ok(Command::Help),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Command::Size(options))
}

fn seconds(value: f64) -> Result<Duration> {
    if value > 0.0 && value <= SECONDS_MAX {
        return Ok(Duration::from_secs_f64(value));
    }
    bail!("--seconds is more than 0 and at most {SECONDS_MAX}")
}

fn peer(value: &str) -> Result<Choice> {
    match value {
        "js" => return Ok(Choice::Js),
        "worker" => return Ok(Choice::Worker),
        "duractor" => return Ok(Choice::Duractor),
        _ => {}
    }
    let (name, dir) =
        value.split_once('=').context("--peer is js, worker, duractor or NAME=DIR, such as mine=/tmp/mine")?;
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    ensure!(is_name, "`{name}` is not letters, digits and `-`");
    Ok(Choice::Other(name.to_owned(), dir.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command> {
        parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn overhead_takes_all_its_options() {
        let line = "overhead --scenario echo --rounds 3 --seconds 0.5 --connections 4 --peer js --peer a=b --json";
        let expected = Overhead {
            scenarios: vec![Scenario::Echo],
            peers: vec![Choice::Js, Choice::Other("a".into(), "b".into())],
            pace: Pace { rounds: 3, slice: Duration::from_millis(500), connections: 4, json: true },
        };
        assert_eq!(parsed(line).unwrap(), Command::Overhead(expected));
    }

    #[test]
    fn state_takes_all_its_options() {
        let pace = Pace { rounds: 2, ..Pace::default() };
        let expected = State { aspects: vec![Aspect::Arena, Aspect::Idle], pace };
        assert_eq!(parsed("state --aspect arena --aspect idle --rounds 2").unwrap(), Command::State(expected));
        assert_eq!(parsed("state --help").unwrap(), Command::Help);
    }

    #[test]
    fn cache_takes_all_its_options() {
        let pace = Pace { rounds: 2, ..Pace::default() };
        let expected = Cache { parts: vec![Part::Eviction, Part::Hit], pace };
        assert_eq!(parsed("cache --part eviction --part hit --rounds 2").unwrap(), Command::Cache(expected));
        assert_eq!(parsed("cache -h").unwrap(), Command::Help);
    }

    #[test]
    fn recovery_takes_all_its_options() {
        let expected = Rounds { rounds: 9, json: true };
        assert_eq!(parsed("recovery --rounds 9 --json").unwrap(), Command::Recovery(expected));
    }

    #[test]
    fn columns_takes_all_its_options() {
        let expected = Rounds { rounds: 9, json: true };
        assert_eq!(parsed("columns --rounds 9 --json").unwrap(), Command::Columns(expected));
    }

    #[test]
    fn kernels_takes_all_its_options() {
        let kernels = ["sum_f64", "hamming"].map(|name| name.parse().unwrap()).into();
        let expected = Kernels { kernels, rounds: 3, json: true, svg: Some("a.svg".into()) };
        let line = "kernels --kernel sum_f64 --kernel hamming --rounds 3 --json --svg a.svg";
        assert_eq!(parsed(line).unwrap(), Command::Kernels(expected));
        assert_eq!(parsed("kernels").unwrap(), Command::Kernels(Kernels::default()));
        assert_eq!(parsed("kernels -h").unwrap(), Command::Help);
    }

    #[test]
    fn size_takes_all_its_options() {
        let expected = Size { top: 5, json: true };
        assert_eq!(parsed("size --top 5 --json").unwrap(), Command::Size(expected));
    }

    #[test]
    fn nonsense_is_refused() {
        for line in [
            "overheat",
            "--json",
            "overhead --scenario hallo",
            "overhead --rounds 0",
            "overhead --seconds 0",
            "overhead --seconds nan",
            "overhead --connections 0",
            "overhead --connections 1000",
            "overhead --peer rust",
            "overhead --peer a/b=c",
            "overhead --aspect arena",
            "state --aspect all",
            "state --peer js",
            "state now",
            "cache --part miss",
            "cache --aspect idle",
            "cache hit",
            "recovery --rounds 0",
            "recovery --seconds 1",
            "columns --rounds 0",
            "kernels --kernel sum",
            "kernels --rounds 0",
            "kernels --seconds 1",
            "kernels --svg",
            "kernels sum_f64",
            "size overhead",
        ] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }
}
