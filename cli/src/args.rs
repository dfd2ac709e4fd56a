//! What the command line asks for.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Result, bail};
use lexopt::prelude::*;

const HELP: &str = "\
Durable actors in Rust on Cloudflare Durable Objects

Usage: duractor <COMMAND>

Commands:
  build      Build the worker that wrangler runs

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

/// A parsed command line.
#[derive(Debug, PartialEq)]
pub enum Command {
    /// Print a text and be done.
    Print(String),
    /// `duractor build`.
    Build(Options),
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

    #[test]
    fn nonsense_is_refused() {
        for line in ["biuld", "--fast", "build --fast", "build a b", "build --dev --release", "build --out"] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }

    #[test]
    fn help_and_version_are_printed() {
        for line in ["", "--help", "build --help", "-V"] {
            assert!(matches!(parsed(line), Ok(Command::Print(_))), "{line}");
        }
    }
}
