//! Cargo: which crate is built, and its wasm.

use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::args::Mode;

const TARGET: &str = "wasm32-unknown-unknown";

/// What `cargo metadata` tells about a workspace.
#[derive(Debug, Deserialize)]
pub struct Workspace {
    packages: Vec<Package>,
    workspace_members: Vec<String>,
    workspace_root: PathBuf,
}

/// One crate.
#[derive(Debug, Deserialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its `Cargo.toml`.
    pub manifest_path: PathBuf,
    id: String,
    version: String,
    targets: Vec<Target>,
}

#[derive(Debug, Deserialize)]
struct Target {
    crate_types: Vec<String>,
}

/// A line that cargo writes with `--message-format json`.
#[derive(Deserialize)]
struct Message {
    reason: String,
    package_id: Option<String>,
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

impl Package {
    fn has(&self, crate_type: &str) -> bool {
        self.targets.iter().any(|target| target.crate_types.iter().any(|found| found == crate_type))
    }

    fn is_library(&self) -> bool {
        ["lib", "rlib", "cdylib"].iter().any(|kind| self.has(kind))
    }

    fn dir(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(Path::new(""))
    }
}

impl Workspace {
    /// Asks cargo about the workspace around `dir`.
    ///
    /// # Errors
    ///
    /// Cargo fails, which it has then explained itself.
    pub fn around(dir: &Path) -> Result<Self> {
        let output = cargo()
            .args(["metadata", "--format-version", "1", "--filter-platform", TARGET])
            .current_dir(dir)
            .stderr(Stdio::inherit())
            .output()
            .context("cannot run cargo; install Rust with rustup")?;
        ensure!(output.status.success(), "cargo finds no workspace that it can read around {}", dir.display());
        serde_json::from_slice(&output.stdout).context("cannot read what `cargo metadata` prints")
    }

    /// The crate called `name`, else the one around `dir`, else the only cdylib.
    ///
    /// # Errors
    ///
    /// There is none, or nothing decides.
    pub fn package(&self, name: Option<&str>, dir: &Path) -> Result<&Package> {
        let package = match name {
            Some(name) => self.members().find(|package| package.name == name).with_context(|| {
                let names: Vec<&str> = self.members().map(|package| package.name.as_str()).collect();
                format!("the workspace has no crate `{name}`; it has {}", names.join(", "))
            })?,
            None => self.around_dir(dir).map_or_else(|| self.only_cdylib(), Ok)?,
        };
        ensure!(
            package.is_library(),
            "the crate `{}` has no library (src/lib.rs) that could hold actors",
            package.name
        );
        Ok(package)
    }

    /// Checks that the locked wasm-bindgen is the one that this program can read.
    ///
    /// # Errors
    ///
    /// It is another one; the error says how to change it.
    pub fn check_wasm_bindgen(&self) -> Result<()> {
        let ours = wasm_bindgen_shared::SCHEMA_VERSION;
        let locked = self.packages.iter().find(|package| package.name == "wasm-bindgen");
        let locked = locked.context("the crate does not depend on duractor; run `cargo add duractor`")?;
        ensure!(
            locked.version == ours,
            "Cargo.lock has wasm-bindgen {theirs}, this duractor reads {ours}, and they must be equal; either run\n    \
             cargo update -p wasm-bindgen --precise {ours}\nor install the duractor whose `--version` says {theirs}",
            theirs = locked.version,
        );
        Ok(())
    }

    fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }

    fn around_dir(&self, dir: &Path) -> Option<&Package> {
        let around = self.members().filter(|package| dir.starts_with(package.dir()));
        around.max_by_key(|package| package.dir().as_os_str().len())
    }

    fn only_cdylib(&self) -> Result<&Package> {
        let found: Vec<&Package> = self.members().filter(|package| package.has("cdylib")).collect();
        match found[..] {
            [package] => Ok(package),
            [] => bail!("no crate of the workspace is a cdylib; say which holds the actors with `--package`"),
            _ => {
                let names: Vec<&str> = found.iter().map(|package| package.name.as_str()).collect();
                bail!("more than one crate could hold the actors; choose one with `--package`: {}", names.join(", "))
            }
        }
    }

    fn defines_profile(&self, name: &str) -> bool {
        let manifest = fs::read_to_string(self.workspace_root.join("Cargo.toml")).unwrap_or_default();
        let manifest: toml::Table = toml::from_str(&manifest).unwrap_or_default();
        manifest.get("profile").and_then(|profiles| profiles.get(name)).is_some()
    }

    /// The profile of `mode` and what the workspace leaves open about it.
    fn profile(&self, mode: Mode) -> (&'static str, &'static [&'static str]) {
        let (name, defaults): (_, &[_]) = match mode {
            Mode::Dev => ("wrangler-dev", &["inherits=\"dev\"", "opt-level=1", "debug=false", "panic=\"abort\""]),
            Mode::Release => ("release", &["opt-level=\"s\"", "lto=true", "codegen-units=1", "panic=\"abort\""]),
        };
        (name, if self.defines_profile(name) { &[] } else { defaults })
    }

    /// Compiles a crate to wasm.
    ///
    /// # Errors
    ///
    /// The crate does not compile; the compiler has then said why.
    pub fn compile(&self, package: &Package, mode: Mode) -> Result<Vec<u8>> {
        self.compile_with(package, mode, &[])
    }

    /// The same with flags for rustc, beside those that the environment has.
    ///
    /// # Errors
    ///
    /// As of [`compile`](Self::compile).
    pub fn compile_with(&self, package: &Package, mode: Mode, rustc_flags: &[&str]) -> Result<Vec<u8>> {
        let (profile, settings) = self.profile(mode);
        let mut command = cargo();
        command
            .args(["rustc", "--lib", "--crate-type", "cdylib", "--target", TARGET, "--profile", profile])
            .args(["--message-format", "json-render-diagnostics", "--package", &package.id])
            .current_dir(package.dir());
        if !rustc_flags.is_empty() {
            let given = env::var("RUSTFLAGS").unwrap_or_default();
            let flags = given.split_whitespace().chain(rustc_flags.iter().copied());
            command.env("CARGO_ENCODED_RUSTFLAGS", flags.collect::<Vec<_>>().join("\x1f"));
        }
        // Stripped wasm does not say any more which features it uses; wasm-opt strips later.
        for setting in settings.iter().chain(&["strip=\"none\""]) {
            command.arg("--config").arg(format!("profile.{profile}.{setting}"));
        }
        let wasm = run_for_wasm(command, &package.id)?.with_context(|| {
            missing_target().unwrap_or_else(|| format!("`{}` does not compile, see above", package.name))
        })?;
        fs::read(&wasm).with_context(|| format!("cannot read {}", wasm.display()))
    }
}

/// Runs a build; the path of the package's wasm, or none if cargo failed.
fn run_for_wasm(mut command: Command, id: &str) -> Result<Option<PathBuf>> {
    let mut child = command.stdout(Stdio::piped()).spawn().context("cannot run cargo")?;
    let mut wasm = None;
    for line in BufReader::new(child.stdout.take().context("cargo has no output")?).lines() {
        let Ok(message) = serde_json::from_str::<Message>(&line?) else {
            continue;
        };
        if message.reason == "compiler-artifact" && message.package_id.as_deref() == Some(id) {
            wasm =
                message.filenames.into_iter().find(|file| file.extension().is_some_and(|end| end == "wasm")).or(wasm);
        }
    }
    Ok(if child.wait()?.success() { wasm } else { None })
}

fn missing_target() -> Option<String> {
    let output = Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]).output().ok()?;
    let dir = String::from_utf8(output.stdout).ok()?;
    let missing = output.status.success() && !Path::new(dir.trim()).exists();
    missing.then(|| format!("Rust's wasm target is not installed; run `rustup target add {TARGET}`"))
}

fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, crate_type: &str) -> Package {
        Package {
            name: name.into(),
            id: format!("id-{name}"),
            version: wasm_bindgen_shared::SCHEMA_VERSION.into(),
            manifest_path: format!("/w/{name}/Cargo.toml").into(),
            targets: vec![Target { crate_types: vec![crate_type.into()] }],
        }
    }

    fn workspace(packages: Vec<Package>) -> Workspace {
        let workspace_members = packages.iter().map(|package| package.id.clone()).collect();
        Workspace { packages, workspace_members, workspace_root: "/w".into() }
    }

    fn chosen(workspace: &Workspace, name: Option<&str>, dir: &str) -> Result<String> {
        workspace.package(name, Path::new(dir)).map(|package| package.name.clone())
    }

    #[test]
    fn the_crate_is_the_named_one_else_the_one_around_else_the_only_cdylib() {
        let workspace = workspace(vec![package("a", "cdylib"), package("b", "lib"), package("tool", "bin")]);
        assert_eq!(chosen(&workspace, Some("b"), "/w/a").unwrap(), "b");
        assert_eq!(chosen(&workspace, None, "/w/b/src").unwrap(), "b");
        assert_eq!(chosen(&workspace, None, "/w").unwrap(), "a");
    }

    #[test]
    fn what_does_not_decide_is_refused() {
        let workspace = workspace(vec![package("a", "cdylib"), package("b", "cdylib"), package("tool", "bin")]);
        assert!(chosen(&workspace, None, "/w").unwrap_err().to_string().contains("a, b"));
        assert!(chosen(&workspace, Some("c"), "/w").unwrap_err().to_string().contains("`c`"));
        assert!(chosen(&workspace, Some("tool"), "/w").unwrap_err().to_string().contains("src/lib.rs"));
    }

    #[test]
    fn another_wasm_bindgen_is_refused_with_the_command_that_mends_it() {
        let mut packages = vec![package("wasm-bindgen", "lib")];
        assert!(workspace(vec![package("wasm-bindgen", "lib")]).check_wasm_bindgen().is_ok());
        packages[0].version = "0.2.1".into();
        let error = workspace(packages).check_wasm_bindgen().unwrap_err().to_string();
        let command = format!("cargo update -p wasm-bindgen --precise {}", wasm_bindgen_shared::SCHEMA_VERSION);
        assert!(error.contains(&command), "{error}");
    }
}
