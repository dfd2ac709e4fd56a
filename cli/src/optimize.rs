//! `wasm-opt` of the npm package `binaryen`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

const WASM_OPT: &str = "node_modules/binaryen/bin/wasm-opt";

/// What rustc's wasm may use. Kernels turn SIMD on function by function, which the module's own list does not say.
const FEATURES: &[&str] = &[
    "bulk-memory",
    "bulk-memory-opt",
    "call-indirect-overlong",
    "extended-const",
    "multivalue",
    "mutable-globals",
    "nontrapping-float-to-int",
    "reference-types",
    "sign-ext",
    "simd",
];

/// The `wasm-opt` that is installed for `project` or for a folder above it.
///
/// # Errors
///
/// There is none.
pub fn find(project: &Path) -> Result<PathBuf> {
    project.ancestors().map(|dir| dir.join(WASM_OPT)).find(|path| path.is_file()).context(
        "a release needs wasm-opt, which is not installed; run `npm install --save-dev binaryen`, or build with `--dev`",
    )
}

/// Optimises a file in place.
///
/// # Errors
///
/// Node is not installed, or `wasm-opt` refuses the file.
pub fn optimize(wasm_opt: &Path, file: &Path, keep_names: bool) -> Result<()> {
    let optimized = file.with_extension("opt");
    let status = Command::new("node")
        .arg(wasm_opt)
        .arg(file)
        .arg("--output")
        .arg(&optimized)
        .args(FEATURES.iter().map(|feature| format!("--enable-{feature}")))
        .args(["-Oz", "--converge", "--strip-producers", "--strip-target-features"])
        .arg(if keep_names { "--debuginfo" } else { "--strip-debug" })
        .status()
        .context("cannot run node, which wasm-opt needs; install Node.js 20 or newer")?;
    ensure!(status.success(), "wasm-opt refuses {}, see above", file.display());
    fs::rename(&optimized, file).context("cannot replace the wasm by the optimised one")
}
