//! The way of `duractor build`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::args::{Mode, Options};
use crate::bindgen;
use crate::cargo::{Package, Workspace};
use crate::check::{self, Report};
use crate::config::Config;
use crate::entry::Entry;
use crate::layouts;
use crate::minify;
use crate::optimize;
use crate::output::{Output, Stamp};
use crate::snippet;
use crate::terminal::say;
use crate::wasm;

/// The file that wasm-bindgen writes.
const WASM: &str = "index_bg.wasm";

/// The file that wrangler's `main` names.
const ENTRY: &str = "worker.js";

/// Builds the worker.
///
/// # Errors
///
/// The crate does not compile, it has no actors or no routes, wrangler's configuration does not fit them, or a tool is
/// missing. The output folder then still holds the build before.
pub fn build(options: &Options) -> Result<()> {
    let start = Instant::now();
    let dir = start_dir(options)?;
    let workspace = Workspace::around(&dir)?;
    let package = workspace.package(options.package.as_deref(), &dir)?;
    workspace.check_wasm_bindgen()?;
    let config = read_config(options, &dir)?;
    let out = out_dir(options, config.as_ref(), &dir)?;
    let recipe = Recipe::new(options, &out)?;

    let output = Output::lock(&out)?;
    let wasm = workspace.compile(package, recipe.mode())?;
    let actors = wasm::actors(&wasm)?;
    let config = config.with_context(|| no_config(package, &dir, &actors))?;
    let version = env!("CARGO_PKG_VERSION");
    let stamp = Stamp::of(&(version, &recipe, &wasm, &config.path, &config.text));
    if output.is_current(stamp) {
        return Ok(());
    }
    let found = check::check(&config, &actors, &out.join(ENTRY));
    report(&config, found)?;

    let layouts = layouts::of_wasm(&wasm);
    let stage = output.stage()?;
    recipe.make(wasm, &actors, &config, &stage)?;
    let kib = fs::metadata(stage.join(WASM))?.len().div_ceil(1024);
    output.publish(stamp)?;
    layouts::keep(config.dir(), layouts);
    let (out, actors, seconds) = (shown(&out), actors.join(", "), start.elapsed().as_secs_f32());
    say(format_args!("wrote {out} ({actors}; {kib} KiB of wasm) in {seconds:.1} s"));
    Ok(())
}

/// How the output is made from the wasm.
#[derive(Hash)]
struct Recipe {
    /// The optimiser of a release, none for a developer.
    wasm_opt: Option<PathBuf>,
    /// What makes the JavaScript of a release small, if it is installed.
    esbuild: Option<PathBuf>,
    keep_names: bool,
}

impl Recipe {
    fn new(options: &Options, out: &Path) -> Result<Self> {
        let wasm_opt = match options.mode(env::var("WRANGLER_COMMAND").ok().as_deref()) {
            Mode::Release => Some(optimize::find(out)?),
            Mode::Dev => None,
        };
        let esbuild = wasm_opt.as_ref().and_then(|_| minify::find(out));
        Ok(Self { wasm_opt, esbuild, keep_names: options.keep_names })
    }

    fn mode(&self) -> Mode {
        if self.wasm_opt.is_some() { Mode::Release } else { Mode::Dev }
    }

    /// Fills the stage.
    fn make(&self, wasm: Vec<u8>, actors: &[String], config: &Config, stage: &Path) -> Result<()> {
        let development = self.mode() == Mode::Dev;
        let wasm = if development { wasm } else { wasm::released(&wasm)? };
        let host = bindgen::generate(wasm, development || self.keep_names, stage)?;
        if let Some(wasm_opt) = &self.wasm_opt {
            say("optimising with wasm-opt");
            optimize::optimize(wasm_opt, &stage.join(WASM), self.keep_names)?;
        }
        let entry = Entry { host: &host, actors, bindings: config.bindings(), development };
        fs::write(stage.join(ENTRY), entry.text()).context("cannot write worker.js")?;
        match &self.esbuild {
            Some(esbuild) => minify::minify(esbuild, stage, ENTRY),
            None => Ok(()),
        }
    }
}

fn out_dir(options: &Options, config: Option<&Config>, dir: &Path) -> Result<PathBuf> {
    match &options.out {
        Some(out) => std::path::absolute(out).context("there is no current folder"),
        None => Ok(config.map_or(dir, Config::dir).join("build")),
    }
}

fn start_dir(options: &Options) -> Result<PathBuf> {
    let dir = options.dir.as_deref().unwrap_or(Path::new("."));
    dir.canonicalize().with_context(|| format!("there is no folder {}", dir.display()))
}

fn read_config(options: &Options, dir: &Path) -> Result<Option<Config>> {
    match &options.wrangler {
        Some(path) => Config::read(&std::path::absolute(path)?).map(Some),
        None => Config::find(dir).map(|path| Config::read(&path)).transpose(),
    }
}

fn no_config(package: &Package, dir: &Path, actors: &[String]) -> String {
    let text = snippet::starter(&package.name, check::COMPATIBILITY_DATE, actors);
    format!("there is no wrangler.toml; write to {}:\n\n{text}", dir.join("wrangler.toml").display())
}

fn report(config: &Config, report: Report) -> Result<()> {
    let file = shown(&config.path);
    for warning in report.warnings {
        say(format_args!("warning: {file}: {warning}"));
    }
    match &report.errors[..] {
        [] => Ok(()),
        [error] => bail!("{file}: {error}"),
        errors => bail!("{file} does not fit the actors:\n\n- {}", errors.join("\n\n- ")),
    }
}

/// A path as the person at the terminal would write it.
fn shown(path: &Path) -> String {
    let here = env::current_dir().unwrap_or_default();
    path.strip_prefix(&here).unwrap_or(path).display().to_string()
}
