//! Miri on the parts that need no host.

use anyhow::{Result, bail};

use crate::shell::{announce, program, run, rustup_cargo, works};

/// Modules with unsafe code, or with hand-made wakers.
const MODULES: [&str; 4] = ["exchange::", "key::", "ops::", "waker::"];

const ADVICE: &str = "Miri is not installed; `rustup toolchain install nightly --component miri,rust-src` installs it";

/// Runs the modules' tests under Miri.
pub(crate) fn miri(if_available: bool) -> Result<()> {
    if !works(&mut rustup_cargo(["+nightly", "miri", "--version"])) {
        if if_available {
            eprintln!("skipped: {ADVICE}");
            return Ok(());
        }
        bail!(ADVICE);
    }
    announce("Miri");
    run(&mut program("rustup", ["component", "add", "--toolchain", "nightly", "rust-src"]))?;
    let mut tests = rustup_cargo(["+nightly", "miri", "test", "--package", "duractor", "--lib", "--"]);
    // Proptest looks for its regression files.
    run(tests.args(MODULES).env("MIRIFLAGS", "-Zmiri-disable-isolation"))
}
