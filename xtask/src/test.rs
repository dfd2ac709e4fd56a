//! Every test, from the quickest to the widest.

use std::ffi::OsString;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::setup::{self, WASM};
use crate::shell::{announce, cargo, node, program, root, run};

const JS_TESTS: &str = "tests/js";
const JS_TEST_END: &str = ".test.mjs";

/// Tests of actors that run in wasm as well. The others need SQLite, or random input.
const WASM_TESTS: [&str; 9] =
    ["damage", "destroy", "faults", "native", "state", "transactions", "versions", "waiting", "wasm_exchange"];

/// Has kernels run their scalar twin in wasm. Flags in the environment would count instead.
const SCALAR_KERNELS: &str = r#"target.wasm32-unknown-unknown.rustflags = ["--cfg", "duractor_kernels=\"scalar\""]"#;

/// Runs every test.
pub(crate) fn test() -> Result<()> {
    setup::setup()?;
    announce("native tests");
    run(&mut cargo(["test"]))?;
    wasm()?;
    javascript()?;
    end_to_end()?;
    announce("all tests passed");
    Ok(())
}

fn wasm() -> Result<()> {
    announce("wasm tests, in Node.js");
    run(&mut cargo(["build", "--package", "wasm-test-runner"]))?;
    let actors = ["--lib"].into_iter().chain(WASM_TESTS.iter().flat_map(|test| ["--test", test]));
    run(wasm_test("duractor").args(actors))?;
    run(wasm_test("duractor-kernels").arg("--tests"))?;
    announce("wasm tests of kernels, without simd128");
    let scalar = ["--tests", "--config", SCALAR_KERNELS];
    run(wasm_test("duractor-kernels").args(scalar).env_remove("RUSTFLAGS"))
}

/// `cargo test` of a package in wasm.
fn wasm_test(package: &str) -> Command {
    let mut test = cargo(["test", "--package", package, "--target", WASM]);
    let runner = "cargo run --quiet --package wasm-test-runner --";
    test.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", runner);
    test
}

fn javascript() -> Result<()> {
    announce("JavaScript types");
    run(&mut node("typescript/bin/tsc", ["--project", "."]))?;
    announce("JavaScript tests");
    let dir = fs::read_dir(root().join(JS_TESTS)).with_context(|| format!("cannot read {JS_TESTS}"))?;
    let mut files: Vec<String> = dir
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(JS_TEST_END))
        .map(|name| format!("{JS_TESTS}/{name}"))
        .collect();
    files.sort();
    ensure!(!files.is_empty(), "there is no test {JS_TESTS}/*{JS_TEST_END}");
    run(program("node", ["--test"]).args(files))
}

fn end_to_end() -> Result<()> {
    build_worker()?;
    announce("tests in workerd");
    run(&mut cargo(["test", "--package", "duractor-tests", "--features", "workerd"]))
}

/// Kills workerd under load, as the arguments say.
pub(crate) fn crash(arguments: Vec<OsString>) -> Result<()> {
    setup::setup()?;
    build_worker()?;
    announce("kills of workerd");
    run(cargo(["run", "--quiet", "--package", "duractor-tests", "--bin", "crash", "--"]).args(arguments))
}

fn build_worker() -> Result<()> {
    announce("building the worker of the tests");
    let cli = ["run", "--quiet", "--package", "duractor-cli", "--", "build", "--package", "duractor-test-worker"];
    let places = ["--wrangler", "tests/worker/wrangler.toml", "--out", "tests/worker/build"];
    run(cargo(cli).args(places))
}
