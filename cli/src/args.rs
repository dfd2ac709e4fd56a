//! What the command line asks for.

use std::ffi::{OsStr, OsString};
use std::num::NonZeroUsize;
use std::path::PathBuf;

use anyhow::{Result, bail};
use lexopt::prelude::*;

const HELP: &str = "\
Durable actors in Rust on Cloudflare Durable Objects

Usage: duractor <COMMAND>

Commands:
  build          Build the worker that wrangler runs
  inspect-dump   Look into the memory of a worker that trapped
  receive-dumps  Receive the memory of workers that trap under `wrangler dev`
  mock-upstream  Make a worker that answers for the internet, from a script

Options:
  -h, --help     Print this, or the help of a command
  -V, --version  Print the version, and the wasm-bindgen that it fits";

const BUILD_HELP: &str = "\
Build the worker that wrangler runs

Usage: duractor build [OPTIONS] [DIR]

Arguments:
  [DIR]  Folder of the crate; default: the crate around the current folder, else the workspace's only cdylib

Options:
  -p, --package <NAME>   The workspace's crate that holds the actors
      --dev              Quick to build: profile `wrangler-dev`, no wasm-opt, readable traces
      --release          Small: profile `release`, then wasm-opt of the npm package `binaryen`
      --keep-names       Keep function names in a release
      --wrangler <FILE>  Wrangler's configuration; default: the next one upward, json before jsonc before toml
      --out <DIR>        Where to write; default: `build` beside wrangler's configuration
  -h, --help             Print this

Without --dev or --release, `wrangler dev` gets a dev build and everything else a release.

wrangler.toml runs it by
  main = \"build/worker.js\"
  [build]
  command = \"duractor build\"
  watch_dir = \"src\"";

const INSPECT_HELP: &str = "\
Look into the memory of a worker that trapped

Usage: duractor inspect-dump [OPTIONS] <FILE>

Arguments:
  <FILE>  A dump that `duractor receive-dumps` has written

Options:
      --tasks           Every call that waited, and for what
      --frames          Requests, responses, waits and results that are in memory
      --strings [TEXT]  Text in memory; only where TEXT is, in whatever case, if that follows FILE or is --strings=TEXT
      --max <N>         How many of each are shown at most; default: 100
  -h, --help            Print this

Without any of these it says when, why and in whose call the worker trapped.";

const RECEIVE_HELP: &str = "\
Receive the memory of workers that trap under `wrangler dev`

Usage: duractor receive-dumps [OPTIONS]

Options:
      --port <N>   Port on this machine; default: 8790
      --dir <DIR>  Folder to write to; default: `dumps`
      --max <N>    How many dumps are kept in the folder; default: 20, then the oldest goes
  -h, --help       Print this

It runs until Ctrl-C. A worker sends its memory if it is told where to:
  wrangler dev --var DURACTOR_DUMP:http://127.0.0.1:8790
A dump holds all that the worker knew, secrets included.";

const MOCK_HELP: &str = "\
Make a worker that answers for the internet, from a script

Usage: duractor mock-upstream [OPTIONS] <SCRIPT>

Arguments:
  <SCRIPT>  JSON; the format is that of duractor::native::Script, so that native tests use the same file

Options:
      --out <DIR>  Folder to write upstream.js and wrangler.toml to; default: `upstream`
  -h, --help       Print this

A worker in development sends its requests there if it is bound to it. In its own wrangler.toml:
  [[services]]
  binding = \"DURACTOR_UPSTREAM\"
  service = \"upstream\"
and both run by
  wrangler dev --config wrangler.toml --config upstream/wrangler.toml
What was sent is the answer to http://duractor.test/sent, as JSON. Raw workerd needs no binding: the worker is its
globalOutbound.";

const SHOWN_MAX: NonZeroUsize = NonZeroUsize::new(100).unwrap();
const PORT: u16 = 8790;
const MOCK: &str = "upstream";
const DUMPS: &str = "dumps";
const DUMPS_MAX: NonZeroUsize = NonZeroUsize::new(20).unwrap();

/// A parsed command line.
#[derive(Debug, PartialEq)]
pub enum Command {
    /// Print a text and be done.
    Print(String),
    /// `duractor build`.
    Build(Options),
    /// `duractor inspect-dump`.
    Inspect(Inspect),
    /// `duractor receive-dumps`.
    Receive(Receive),
    /// `duractor mock-upstream`.
    Mock(Mock),
}

/// How a build trades time for size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Quick to build.
    Dev,
    /// Small to ship.
    Release,
}

/// What `duractor build` was told.
#[derive(Debug, Default, PartialEq)]
pub struct Options {
    /// Folder of the crate.
    pub dir: Option<PathBuf>,
    /// Name of the crate.
    pub package: Option<String>,
    /// `--dev` or `--release`.
    pub mode: Option<Mode>,
    /// Keep function names in a release.
    pub keep_names: bool,
    /// Wrangler's configuration.
    pub wrangler: Option<PathBuf>,
    /// Where to write.
    pub out: Option<PathBuf>,
}

/// What `duractor inspect-dump` was told.
#[derive(Debug, PartialEq)]
pub struct Inspect {
    /// The dump.
    pub file: PathBuf,
    /// List the calls that waited.
    pub tasks: bool,
    /// List the frames in memory.
    pub frames: bool,
    /// List the text in memory.
    pub strings: bool,
    /// The text that is looked for.
    pub text: Option<String>,
    /// How many of each are listed.
    pub max: NonZeroUsize,
}

impl Default for Inspect {
    fn default() -> Self {
        Self { file: PathBuf::new(), tasks: false, frames: false, strings: false, text: None, max: SHOWN_MAX }
    }
}

/// What `duractor receive-dumps` was told.
#[derive(Debug, PartialEq)]
pub struct Receive {
    /// Port on this machine.
    pub port: u16,
    /// Folder to write to.
    pub dir: PathBuf,
    /// How many dumps are kept.
    pub max: NonZeroUsize,
}

impl Default for Receive {
    fn default() -> Self {
        Self { port: PORT, dir: DUMPS.into(), max: DUMPS_MAX }
    }
}

/// What `duractor mock-upstream` was told.
#[derive(Debug, PartialEq)]
pub struct Mock {
    /// The script.
    pub script: PathBuf,
    /// Folder to write to.
    pub out: PathBuf,
}

impl Options {
    /// The mode that was asked for, else what fits wrangler's command (`WRANGLER_COMMAND` of a custom build).
    pub fn mode(&self, wrangler_command: Option<&str>) -> Mode {
        match (self.mode, wrangler_command) {
            (Some(mode), _) => mode,
            (None, Some("dev")) => Mode::Dev,
            (None, _) => Mode::Release,
        }
    }
}

/// Parses a command line, without the program's name.
///
/// # Examples
///
/// ```
/// use duractor_cli::args::{Command, parse};
/// assert!(matches!(parse(["build".into(), "--dev".into()]), Ok(Command::Build(_))));
/// ```
///
/// # Errors
///
/// An unknown command or option, or an option without its value.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command> {
    let mut parser = lexopt::Parser::from_args(arguments);
    match parser.next()? {
        None | Some(Short('h') | Long("help")) => Ok(Command::Print(HELP.into())),
        Some(Short('V') | Long("version")) => Ok(Command::Print(version())),
        Some(Value(word)) if word == "build" => parse_build(parser),
        Some(Value(word)) if word == "inspect-dump" => parse_inspect(parser),
        Some(Value(word)) if word == "receive-dumps" => parse_receive(parser),
        Some(Value(word)) if word == "mock-upstream" => parse_mock(parser),
        Some(Value(word)) => bail!("there is no command `{}`; `duractor --help` lists them", word.display()),
        Some(option) => Err(option.unexpected().into()),
    }
}

fn parse_build(mut parser: lexopt::Parser) -> Result<Command> {
    let mut options = Options::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Command::Print(BUILD_HELP.into())),
            Short('p') | Long("package") => options.package = Some(parser.value()?.string()?),
            Long("dev") => set_mode(&mut options, Mode::Dev)?,
            Long("release") => set_mode(&mut options, Mode::Release)?,
            Long("keep-names") => options.keep_names = true,
            Long("wrangler") => options.wrangler = Some(parser.value()?.into()),
            Long("out") => options.out = Some(parser.value()?.into()),
            Value(dir) if options.dir.is_none() => options.dir = Some(dir.into()),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Command::Build(options))
}

fn set_mode(options: &mut Options, mode: Mode) -> Result<()> {
    match options.mode.replace(mode) {
        Some(before) if before != mode => bail!("--dev and --release exclude each other"),
        _ => Ok(()),
    }
}

fn parse_mock(mut parser: lexopt::Parser) -> Result<Command> {
    let (mut script, mut out) = (None, PathBuf::from(MOCK));
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Command::Print(MOCK_HELP.into())),
            Long("out") => out = parser.value()?.into(),
            Value(file) if script.is_none() => script = Some(file.into()),
            other => return Err(other.unexpected().into()),
        }
    }
    match script {
        Some(script) => Ok(Command::Mock(Mock { script, out })),
        None => bail!("which script? `duractor mock-upstream --help` says what it is"),
    }
}

fn parse_inspect(mut parser: lexopt::Parser) -> Result<Command> {
    let mut options = Inspect::default();
    let mut file = None;
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Command::Print(INSPECT_HELP.into())),
            Long("tasks") => options.tasks = true,
            Long("frames") => options.frames = true,
            Long("strings") => {
                options.strings = true;
                options.text = text(&mut parser, file.is_some())?;
            }
            Long("max") => options.max = parser.value()?.parse()?,
            Value(path) if file.is_none() => file = Some(path.into()),
            other => return Err(other.unexpected().into()),
        }
    }
    let Some(file) = file else { bail!("which dump? `duractor inspect-dump FILE`") };
    Ok(Command::Inspect(Inspect { file, ..options }))
}

/// The text behind `--strings`. A word that follows is one only where it cannot be the file.
fn text(parser: &mut lexopt::Parser, may_follow: bool) -> Result<Option<String>> {
    let mut text = parser.optional_value();
    if text.is_none() && may_follow {
        let is_word = |next: &OsStr| !next.as_encoded_bytes().starts_with(b"-");
        text = parser.try_raw_args().and_then(|mut arguments| arguments.next_if(is_word));
    }
    Ok(text.map(|text| text.string()).transpose()?.filter(|text| !text.is_empty()))
}

fn parse_receive(mut parser: lexopt::Parser) -> Result<Command> {
    let mut options = Receive::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Command::Print(RECEIVE_HELP.into())),
            Long("port") => options.port = parser.value()?.parse()?,
            Long("dir") => options.dir = parser.value()?.into(),
            Long("max") => options.max = parser.value()?.parse()?,
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Command::Receive(options))
}

fn version() -> String {
    format!("duractor {} (wasm-bindgen {})", env!("CARGO_PKG_VERSION"), wasm_bindgen_shared::SCHEMA_VERSION)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command> {
        parse(line.split_whitespace().map(OsString::from))
    }

    fn options(line: &str) -> Options {
        match parsed(line) {
            Ok(Command::Build(options)) => options,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn a_build_takes_all_its_options() {
        let expected = Options {
            dir: Some("api".into()),
            package: Some("p".into()),
            mode: Some(Mode::Dev),
            keep_names: true,
            wrangler: Some("w.toml".into()),
            out: Some("o".into()),
        };
        assert_eq!(options("build -p p --dev --keep-names --wrangler w.toml --out=o api"), expected);
    }

    #[test]
    fn wrangler_dev_gets_a_dev_build_unless_told_otherwise() {
        assert_eq!(options("build").mode(Some("dev")), Mode::Dev);
        assert_eq!(options("build").mode(Some("deploy")), Mode::Release);
        assert_eq!(options("build").mode(None), Mode::Release);
        assert_eq!(options("build --release").mode(Some("dev")), Mode::Release);
    }

    fn inspect(line: &str) -> Inspect {
        match parsed(line) {
            Ok(Command::Inspect(options)) => options,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn an_inspection_takes_all_its_options() {
        let expected = Inspect {
            file: "a.dump".into(),
            tasks: true,
            frames: true,
            strings: true,
            text: Some("cart".into()),
            max: NonZeroUsize::new(7).unwrap(),
        };
        assert_eq!(inspect("inspect-dump a.dump --tasks --frames --max 7 --strings cart"), expected);
        assert_eq!(inspect("inspect-dump a.dump"), Inspect { file: "a.dump".into(), ..Inspect::default() });
    }

    #[test]
    fn the_text_of_strings_is_never_taken_for_the_file() {
        let of = |line: &str| {
            let Inspect { file, strings, text, .. } = inspect(line);
            assert!(strings && file.as_os_str() == "a.dump", "{line}");
            text
        };
        assert_eq!(of("inspect-dump --strings a.dump"), None);
        assert_eq!(of("inspect-dump --strings=cart a.dump").as_deref(), Some("cart"));
        assert_eq!(of("inspect-dump a.dump --strings --tasks"), None);
        assert_eq!(of("inspect-dump a.dump --strings=--tasks").as_deref(), Some("--tasks"));
        assert_eq!(of("inspect-dump a.dump --strings"), None);
    }

    #[test]
    fn receiving_takes_all_its_options() {
        let max = NonZeroUsize::new(5).unwrap();
        let expected = Receive { port: 9000, dir: "d".into(), max };
        assert_eq!(parsed("receive-dumps --port 9000 --dir d --max=5").unwrap(), Command::Receive(expected));
        assert_eq!(parsed("receive-dumps").unwrap(), Command::Receive(Receive::default()));
    }

    #[test]
    fn nonsense_is_refused() {
        for line in [
            "biuld",
            "--fast",
            "build --fast",
            "build a b",
            "build --dev --release",
            "build --out",
            "inspect-dump",
            "inspect-dump a b",
            "inspect-dump a --max 0",
            "inspect-dump a --strings b c",
            "inspect-dump a --frames=b",
            "receive-dumps a",
            "receive-dumps --max 0",
            "receive-dumps --port 70000",
        ] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }

    #[test]
    fn help_and_version_are_printed() {
        for line in ["", "--help", "build --help", "inspect-dump --help", "receive-dumps -h", "-V"] {
            assert!(matches!(parsed(line), Ok(Command::Print(_))), "{line}");
        }
    }
}
