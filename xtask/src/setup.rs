//! Gets a fresh checkout ready, and does nothing where it is.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use crate::shell::{self, announce, output, program, root};

/// Rust's name of what runs in workerd.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";

const NODE_MAJOR_MIN: u32 = 20;

/// A copy of the lock file that `node_modules` was installed from.
const INSTALLED_LOCK: &str = "node_modules/.installed-lock.json";

/// Makes sure of the wasm target, Node.js and the npm packages.
pub(crate) fn setup() -> Result<()> {
    wasm_target()?;
    node()?;
    npm_packages()
}

/// Makes sure of the wasm target only.
pub(crate) fn wasm_target() -> Result<()> {
    let libraries = output(&mut program("rustc", ["--print", "target-libdir", "--target", WASM]));
    if libraries.is_some_and(|dir| Path::new(&dir).is_dir()) {
        return Ok(());
    }
    if !shell::works(&mut program("rustup", ["--version"])) {
        bail!("Rust's target {WASM} is not installed; install Rust with rustup (https://rustup.rs), then try again");
    }
    announce(&format!("installing Rust's target {WASM}"));
    shell::run(&mut program("rustup", ["target", "add", WASM]))
}

fn node() -> Result<()> {
    let version = output(&mut program("node", ["--version"]));
    let version = version.with_context(|| {
        format!("Node.js is not installed; install version {NODE_MAJOR_MIN} or newer (https://nodejs.org)")
    })?;
    let is_new = major(&version).is_some_and(|major| major >= NODE_MAJOR_MIN);
    ensure!(is_new, "Node.js is {version}; wrangler needs version {NODE_MAJOR_MIN} or newer (https://nodejs.org)");
    Ok(())
}

fn major(version: &str) -> Option<u32> {
    version.trim_start_matches('v').split('.').next()?.parse().ok()
}

fn npm_packages() -> Result<()> {
    let lock = fs::read(root().join("package-lock.json")).context("cannot read package-lock.json")?;
    let installed = root().join(INSTALLED_LOCK);
    if fs::read(&installed).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    announce("installing wrangler, binaryen and typescript");
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    shell::run(&mut program(npm, ["ci", "--no-audit", "--no-fund", "--loglevel=error"]))?;
    fs::write(&installed, lock).with_context(|| format!("cannot write {}", installed.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read() {
        assert_eq!(major("v20.20.2"), Some(20));
        assert_eq!(major("nonsense"), None);
    }
}
