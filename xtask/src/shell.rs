//! Programs that tasks run.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// The workspace's folder.
pub(crate) fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).to_owned()
}

/// Says which part of a task begins.
pub(crate) fn announce(what: &str) {
    eprintln!("\n== {what}");
}

/// `program` with arguments, in the workspace's folder.
pub(crate) fn program<S: AsRef<OsStr>>(program: impl AsRef<OsStr>, arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    command
}

/// Cargo with arguments, in the workspace's folder.
pub(crate) fn cargo<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    program(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), arguments)
}

/// The same, by way of rustup, so that the first argument may be `+nightly`.
pub(crate) fn rustup_cargo<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = program("cargo", arguments);
    // What cargo tells the programs that it runs would otherwise choose the toolchain.
    command.env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO").env_remove("RUSTC").env_remove("RUSTDOC");
    command
}

/// A program of an npm package that is installed here.
pub(crate) fn node<S: AsRef<OsStr>>(script: &str, arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = program("node", [Path::new("node_modules").join(script)]);
    command.args(arguments);
    command
}

/// Runs a program that has the terminal.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot run `{}`", words(command)))?;
    if !status.success() {
        bail!("`{}` failed, see above", words(command));
    }
    Ok(())
}

/// What a program prints, or none if it is not there or fails.
pub(crate) fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// Whether a program runs at all.
pub(crate) fn works(command: &mut Command) -> bool {
    output(command).is_some()
}

/// The command as one would type it.
fn words(command: &Command) -> String {
    let name = Path::new(command.get_program()).file_stem().unwrap_or_default();
    let words = std::iter::once(name).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_shows_the_command_as_one_would_type_it() {
        let error = run(Command::new("/no/such/tool").args(["--all", "x"])).unwrap_err();
        assert_eq!(error.to_string(), "cannot run `tool --all x`");
    }

    #[test]
    fn the_root_is_the_workspace() {
        assert!(root().join("Cargo.lock").is_file());
    }
}
