//! How fast the numeric kernels are in V8.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde::Serialize;
use tempfile::TempDir;

use crate::args::Kernels;
use crate::build::{self, bench_dir};
use crate::chart;
use crate::kernel::{Kernel, Task};
use crate::speed::{Place, Speed, head};

/// How long a variant is measured at once.
const SLICE_MS: f64 = 2.0;

/// What the script is to measure.
#[derive(Serialize)]
struct Plan {
    simd: PathBuf,
    scalar: PathBuf,
    rounds: u32,
    slice_ms: f64,
    tasks: Vec<Task>,
}

impl Plan {
    fn new(options: &Kernels, modules: &Path) -> Result<Self> {
        eprintln!("building the kernels, and their scalar twins");
        let build = |name: &str, flags| build::module("kernels", "duractor-bench-kernels", flags, &modules.join(name));
        let chosen = if options.kernels.is_empty() { Kernel::all().collect() } else { options.kernels.clone() };
        let tasks = chosen.iter().flat_map(|kernel| kernel.lengths().iter().map(|n| Task::new(*kernel, *n)));
        Ok(Self {
            simd: build("simd.wasm", &[])?,
            scalar: build("scalar.wasm", &["--cfg", "duractor_kernels=\"scalar\""])?,
            rounds: options.rounds,
            slice_ms: SLICE_MS,
            tasks: tasks.collect(),
        })
    }
}

/// Measures, and prints what came of it.
///
/// # Errors
///
/// The kernels do not build, or two variants of one say something else.
pub(crate) fn kernels(options: &Kernels) -> Result<()> {
    let modules = TempDir::new()?;
    let plan = Plan::new(options, modules.path())?;
    let (place, speeds) = measure(&plan, options.json)?;
    if options.json {
        let rows: Vec<_> = speeds.iter().flat_map(Speed::rows).collect();
        println!("{}", serde_json::to_string_pretty(&rows)?);
    }
    if let Some(file) = &options.svg {
        let svg = chart::chart(&place, &speeds);
        fs::write(file, svg).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

/// Has the script measure, and prints each line of the table as soon as it is known, unless nobody wants it.
fn measure(plan: &Plan, is_silent: bool) -> Result<(Place, Vec<Speed>)> {
    let mut script = start(plan)?;
    let output = script.stdout.take().context("the script has no output")?;
    let mut lines = BufReader::new(output).lines();
    let first = lines.next().context("the script fails, see above")??;
    let place: Place = serde_json::from_str(&first).context("the script does not say where it runs")?;
    if !is_silent {
        println!("\n{place}\nGB/s: bytes read and bytes written; ×: how many times as fast\n{}", head());
    }
    let mut speeds = Vec::new();
    for line in lines {
        let speed = Speed::read(&line?)?;
        if !is_silent {
            println!("{speed}");
        }
        speeds.push(speed);
    }
    ensure!(script.wait()?.success(), "the script fails, see above");
    Ok((place, speeds))
}

/// Starts the script. V8 compiles with its optimising compiler from the start, as it does in the end where a kernel runs
/// often: when it changes from one to the other is not what is measured.
fn start(plan: &Plan) -> Result<Child> {
    let mut script = Command::new("node")
        .arg("--no-liftoff")
        .arg(bench_dir().join("kernels/js/run.mjs"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot run node; install Node.js 20 or newer")?;
    let input = script.stdin.take().context("the script has no input")?;
    serde_json::to_writer(input, plan).context("the script does not read its plan")?;
    Ok(script)
}
