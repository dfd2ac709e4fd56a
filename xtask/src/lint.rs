//! What does not need to run to be found wrong.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::imports;
use crate::setup::{self, WASM};
use crate::shell::{announce, cargo, root, run, works};

/// Crates that are compiled to wasm.
const WASM_CRATES: [&str; 6] = [
    "duractor",
    "duractor-router",
    "duractor-kernels",
    "duractor-examples",
    "duractor-test-worker",
    "duractor-bench-kernels",
];

const DENY: [&str; 5] = ["deny", "check", "bans", "licenses", "sources"];

/// Runs every check.
pub(crate) fn lint() -> Result<()> {
    setup::wasm_target()?;
    announce("import cycles");
    import_cycles()?;
    announce("format");
    run(&mut cargo(["fmt", "--all", "--check"]))?;
    announce("clippy");
    run(&mut cargo(["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]))?;
    announce("clippy for wasm");
    let packages = WASM_CRATES.iter().flat_map(|name| ["--package", name]);
    run(cargo(["clippy", "--target", WASM]).args(packages).args(["--", "--deny", "warnings"]))?;
    announce("documentation");
    run(cargo(["doc", "--no-deps", "--lib"]).env("RUSTDOCFLAGS", "--deny warnings"))?;
    dependencies()
}

/// Advisories need the network and change without a commit, so `cargo deny check advisories` is run apart.
fn dependencies() -> Result<()> {
    announce("dependencies");
    if !works(&mut cargo(["deny", "--version"])) {
        eprintln!("skipped: cargo-deny is not installed; `cargo install --locked cargo-deny` installs it");
        return Ok(());
    }
    run(&mut cargo(DENY))
}

fn import_cycles() -> Result<()> {
    let mut cycles = Vec::new();
    for src in source_dirs()? {
        let cycle = imports::cycle(&root().join(&src))?;
        cycles.extend(cycle.map(|modules| format!("{src}: {}", modules.join(" -> "))));
    }
    if !cycles.is_empty() {
        bail!("modules import each other in a circle; move what both need below them\n  {}", cycles.join("\n  "));
    }
    Ok(())
}

/// The `src` of every member of the workspace.
fn source_dirs() -> Result<Vec<String>> {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).context("cannot read Cargo.toml")?;
    let members = manifest.split("members = [").nth(1).and_then(|rest| rest.split(']').next());
    let members = members.context("Cargo.toml lists no members")?;
    let names = members.split(',').map(|name| name.trim().trim_matches('"')).filter(|name| !name.is_empty());
    let dirs = names.map(|name| format!("{name}/src"));
    Ok(dirs.filter(|dir| root().join(Path::new(dir)).is_dir()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_with_sources_is_looked_at() {
        let dirs = source_dirs().unwrap();
        for dir in ["actor/src", "actor/macros/src", "xtask/src", "xtask/runner/src"] {
            assert!(dirs.contains(&dir.to_owned()), "{dirs:?}");
        }
    }

    #[test]
    fn this_crate_has_no_import_cycle() {
        assert_eq!(imports::cycle(&root().join("xtask/src")).unwrap(), None);
    }
}
