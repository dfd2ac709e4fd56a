//! Every test, from the quickest to the widest.

use std::ffi::OsString;
use std::fs;

use anyhow::{Context, Result, ensure};

use crate::setup::{self, WASM};
use crate::shell::{announce, cargo, node, program, root, run};

const JS_TESTS: &str = "tests/js";
const JS_TEST_END: &str = ".test.mjs";

/// Tests of actors that run in wasm as well. The others need SQLite, or random input.
const WASM_TESTS: [&str; 9] =
    ["damage", "destroy", "faults", "native", "state", "transactions", "versions", "waiting", "wasm_exchange"];

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
    let mut tests = cargo(["test", "--package", "duractor", "--target", WASM]);
    tests.arg("--lib").args(WASM_TESTS.iter().flat_map(|test| ["--test", test]));
    let runner = "cargo run --quiet --package wasm-test-runner --";
    run(tests.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", runner))
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
