//! `duractor build`: from a crate of actors to a `build/` that wrangler runs; and what looks into the memory of one that trapped.
//!
//! ```
//! let help = duractor_cli::run(["--help".into()]);
//! assert!(help.is_ok());
//! ```
//!
//! The output fits exactly one version of wasm-bindgen, the one that `duractor --version` prints: a crate that locks
//! another is refused, with the command that mends it.
//!
//! # How does it work?
//!
//! [`build`] owns the way: [`cargo`] compiles, [`wasm`] reads which actors there are, [`check`] compares them with
//! wrangler's configuration ([`config`]), [`bindgen`] makes the glue, [`optimize`] and [`minify`] make wasm and JavaScript small, [`entry`] writes
//! `worker.js`, [`output`] puts it all in place at once, and [`layouts`] compares what the actors store with what they stored
//! before. What did not change is not built again.
//!
//! `duractor receive-dumps` ([`receive`]) writes down the memory that a worker sends when it traps under `wrangler dev`, and
//! `duractor inspect-dump` ([`inspect`]) reads it: [`dump`] is the format, [`frames`] finds what has crossed between
//! JavaScript and WebAssembly.
//!
//! `duractor mock-upstream` ([`mock`]) makes a worker of a script of upstreams, for tests in workerd.
//!
//! # Modules, low to high
//!
//! [`terminal`], [`args`], [`wasm`], [`config`], [`snippet`], [`check`], [`cargo`], [`bindgen`], [`optimize`], [`minify`], [`entry`], [`output`],
//! [`layouts`], [`build`], [`dump`], [`frames`], [`inspect`], [`receive`], [`mock`].

pub mod args;
pub mod bindgen;
pub mod build;
pub mod cargo;
pub mod check;
pub mod config;
pub mod dump;
pub mod entry;
pub mod frames;
pub mod inspect;
pub mod layouts;
pub mod minify;
pub mod mock;
pub mod optimize;
pub mod output;
pub mod receive;
pub mod snippet;
pub mod terminal;
pub mod wasm;

use std::ffi::OsString;
use std::io::{self, Write as _};

use args::Command;

/// Runs one command line, without the program's name.
///
/// # Errors
///
/// Whatever stopped the command, worded for the person at the terminal.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> anyhow::Result<()> {
    match args::parse(arguments)? {
        // Nobody may be there to read it to its end.
        Command::Print(text) => drop(writeln!(io::stdout(), "{text}")),
        Command::Build(options) => build::build(&options)?,
        Command::Inspect(options) => inspect::inspect(&options)?,
        Command::Receive(options) => receive::receive(&options)?,
        Command::Mock(options) => mock::mock(&options)?,
    }
    Ok(())
}
