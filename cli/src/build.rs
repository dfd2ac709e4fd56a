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
use crate::optimize;
use crate::output::{Output, Stamp};
use crate::snippet;
use crate::terminal::say;
use crate::wasm;

/// Builds the worker.
///
/// # Errors
///
/// The crate does not compile, it has no actors or no routes, wrangler's configuration does not fit them, or a tool is
/// missing. The output folder then still holds the build before.
pub fn build(options: &Options) -> Result<()> {
    let start = Instant::now();
    let mode = options.mode(env::var("WRANGLER_COMMAND").ok().as_deref());
    let dir = start_dir(options)?;
    let workspace = Workspace::around(&dir)?;
    let package = workspace.package(options.package.as_deref(), &dir)?;
    workspace.check_wasm_bindgen()?;
    let config = read_config(options, &dir)?;
    let out = match (&options.out, &config) {
        (Some(out), _) => std::path::absolute(out)?,
        (None, Some(config)) => config.dir().join("build"),
        (None, None) => dir.join("build"),
    };

    let output = Output::lock(&out)?;
    let wasm = workspace.compile(package, mode)?;
    let wasm = fs::read(&wasm).with_context(|| format!("cannot read {}", wasm.display()))?;
    let actors = wasm::actors(&wasm)?;
    let config = config.with_context(|| no_config(package, &dir, &actors))?;
    let inputs = (
        env!("CARGO_PKG_VERSION"),
        mode == Mode::Dev,
        options.keep_names,
        &wasm,
        &config.path,
        &config.text,
    );
    let stamp = Stamp::of(&inputs);
    if output.is_current(stamp) {
        return Ok(());
    }
    report(
        &config,
        check::check(&config, &actors, &out.join("worker.js")),
    )?;

    let stage = output.stage()?;
    make(wasm, &actors, &config, mode, options.keep_names, &stage)?;
    let bytes = fs::metadata(stage.join("index_bg.wasm"))?.len();
    output.publish(stamp)?;
    let (size, seconds) = (bytes.div_ceil(1024), start.elapsed().as_secs_f32());
    say(format_args!(
        "wrote {} ({}, {size} KiB of wasm, {seconds:.1} s)",
        shown(&out),
        actors.join(", ")
    ));
    Ok(())
}

/// Fills the stage.
fn make(
    wasm: Vec<u8>,
    actors: &[String],
    config: &Config,
    mode: Mode,
    keep_names: bool,
    stage: &Path,
) -> Result<()> {
    let development = mode == Mode::Dev;
    let host = bindgen::generate(wasm, development || keep_names, stage)?;
    if !development {
        let wasm_opt = optimize::find(config.dir())?;
        say("optimising with wasm-opt");
        optimize::optimize(&wasm_opt, &stage.join("index_bg.wasm"), keep_names)?;
    }
    let entry = Entry {
        host: &host,
        actors,
        bindings: config.bindings(),
        development,
    };
    fs::write(stage.join("worker.js"), entry.text()).context("cannot write worker.js")
}

fn start_dir(options: &Options) -> Result<PathBuf> {
    let dir = options.dir.as_deref().unwrap_or(Path::new("."));
    dir.canonicalize()
        .with_context(|| format!("there is no folder {}", dir.display()))
}

fn read_config(options: &Options, dir: &Path) -> Result<Option<Config>> {
    match &options.wrangler {
        Some(path) => Config::read(&std::path::absolute(path)?).map(Some),
        None => Config::find(dir)
            .map(|path| Config::read(&path))
            .transpose(),
    }
}

fn no_config(package: &Package, dir: &Path, actors: &[String]) -> String {
    let text = snippet::starter(&package.name, check::COMPATIBILITY_DATE, actors);
    format!(
        "there is no wrangler.toml; write to {}:\n\n{text}",
        dir.join("wrangler.toml").display()
    )
}

fn report(config: &Config, report: Report) -> Result<()> {
    let file = shown(&config.path);
    for warning in report.warnings {
        say(format_args!("warning: {file}: {warning}"));
    }
    match &report.errors[..] {
        [] => Ok(()),
        [error] => bail!("{file}: {error}"),
        errors => bail!(
            "{file} does not fit the actors:\n\n- {}",
            errors.join("\n\n- ")
        ),
    }
}

/// A path as the person at the terminal would write it.
fn shown(path: &Path) -> String {
    let here = env::current_dir().unwrap_or_default();
    path.strip_prefix(&here)
        .unwrap_or(path)
        .display()
        .to_string()
}
