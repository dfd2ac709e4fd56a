//! Fuzzing of what reads bytes that the other side wrote.

use anyhow::{Result, bail, ensure};

use crate::shell::{announce, cargo, output, root, run, works};

const CRATE: &str = "actor";

/// Builds the fuzz targets and, unless told otherwise, runs each for `seconds`.
pub(crate) fn fuzz(seconds: u32, build_only: bool) -> Result<()> {
    if !works(&mut cargo(["fuzz", "--version"])) {
        bail!("cargo-fuzz is not installed; `cargo install --locked cargo-fuzz` installs it");
    }
    announce("building the fuzz targets");
    if build_only {
        return run(&mut cargo_fuzz(&["build", "--dev"]));
    }
    run(&mut cargo_fuzz(&["build"]))?;
    let targets = output(&mut cargo_fuzz(&["list"])).unwrap_or_default();
    ensure!(!targets.is_empty(), "there is no fuzz target in {CRATE}/fuzz");
    for target in targets.lines() {
        announce(&format!("fuzzing {target} for {seconds} s"));
        run(&mut cargo_fuzz(&["run", target, "--", &format!("-max_total_time={seconds}")]))?;
    }
    Ok(())
}

fn cargo_fuzz(arguments: &[&str]) -> std::process::Command {
    let mut command = cargo(["fuzz"]);
    // The sanitizer's flags are unstable; this lets the pinned stable compiler take them.
    command.args(arguments).current_dir(root().join(CRATE)).env("RUSTC_BOOTSTRAP", "1");
    command
}
