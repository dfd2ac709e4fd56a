//! The workers that are measured, each built as a release and made small by the same optimiser.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use duractor_cli::args::{Mode, Options};
use duractor_cli::cargo::Workspace;
use duractor_cli::{build, optimize};
use wasm_bindgen_cli_support::Bindgen;

/// The entry of a built worker.
pub(crate) const ENTRY: &str = "worker.js";

/// The package's own folder.
pub(crate) fn bench_dir() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Builds a crate of actors in a folder of this package as `duractor build` does; the folder of its modules.
///
/// # Errors
///
/// It does not build.
pub(crate) fn actors(dir: &str, package: &str, keep_names: bool) -> Result<PathBuf> {
    let dir = bench_dir().join(dir);
    let out = dir.join("build");
    build::build(&Options {
        dir: Some(dir.clone()),
        package: Some(package.into()),
        mode: Some(Mode::Release),
        keep_names,
        wrangler: Some(dir.join("wrangler.toml")),
        out: Some(out.clone()),
    })?;
    Ok(out)
}

/// Builds a crate that uses `worker` alone; the folder of its modules. It brings its own entry, `entry.js`.
///
/// # Errors
///
/// It does not build.
pub(crate) fn worker_crate(dir: &str, package: &str) -> Result<PathBuf> {
    let dir = bench_dir().join(dir);
    let out = dir.join("build");
    let workspace = Workspace::around(&dir)?;
    workspace.check_wasm_bindgen()?;
    let wasm = workspace.compile(workspace.package(Some(package), &dir)?, Mode::Release)?;
    fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
    Bindgen::new()
        .input_bytes("index", wasm)
        .typescript(false)
        .remove_name_section(true)
        .module(true)?
        .generate_output()
        .and_then(|mut output| output.emit(&out))
        .context("wasm-bindgen refuses the crate's wasm")?;
    optimize::optimize(&optimize::find(&out)?, &out.join("index_bg.wasm"), false)?;
    fs::copy(dir.join("entry.js"), out.join(ENTRY)).context("cannot copy entry.js")?;
    Ok(out)
}

/// Builds a crate in a folder of this package that is a wasm module without glue, with flags for rustc; the module's path,
/// which is `to`.
///
/// # Errors
///
/// It does not build.
pub(crate) fn module(dir: &str, package: &str, rustc_flags: &[&str], to: &Path) -> Result<PathBuf> {
    let dir = bench_dir().join(dir);
    let workspace = Workspace::around(&dir)?;
    let wasm = workspace.compile_with(workspace.package(Some(package), &dir)?, Mode::Release, rustc_flags)?;
    fs::write(to, wasm).with_context(|| format!("cannot write {}", to.display()))?;
    optimize::optimize(&optimize::find(&dir)?, to, false)?;
    Ok(to.to_owned())
}

/// The modules in a folder and the folders in it, by their paths from there, the entry first.
///
/// # Errors
///
/// It cannot be read, or has no entry.
pub(crate) fn modules(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(sub) = open.pop() {
        let path = dir.join(&sub);
        let entries = fs::read_dir(&path);
        for entry in entries.with_context(|| format!("cannot read {}", path.display()))? {
            let entry = entry?;
            let name = sub.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                open.push(name);
            } else if is_module(&name) {
                found.push(name);
            }
        }
    }
    found.sort();
    let entry = found.iter().position(|path| path == Path::new(ENTRY));
    let entry = entry.with_context(|| format!("there is no {ENTRY} in {}", dir.display()))?;
    found[..=entry].rotate_right(1);
    Ok(found)
}

/// Copies a built worker to a folder, below an entry of its own, for which its own one is `actors.js`.
///
/// # Errors
///
/// It is not there, or cannot be copied.
pub(crate) fn copy_below(entry: &Path, actors: &Path, dir: &Path) -> Result<()> {
    fs::create_dir_all(dir)?;
    for module in modules(actors)? {
        let name = if module == Path::new(ENTRY) { Path::new("actors.js") } else { &module };
        fs::copy(actors.join(&module), dir.join(name)).with_context(|| format!("cannot copy {}", module.display()))?;
    }
    fs::copy(entry, dir.join(ENTRY)).context("cannot copy the entry")?;
    Ok(())
}

fn is_module(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "js" || end == "wasm")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entry_is_the_first_of_the_modules() {
        let dir = tempfile::tempdir().unwrap();
        assert!(modules(dir.path()).is_err());
        fs::create_dir(dir.path().join("sub")).unwrap();
        for file in ["worker.js", "a.js", "b.wasm", "sub/c.js", "d.toml", "z.js"] {
            fs::write(dir.path().join(file), "").unwrap();
        }
        let expected = ["worker.js", "a.js", "b.wasm", "sub/c.js", "z.js"].map(PathBuf::from);
        assert_eq!(modules(dir.path()).unwrap(), expected);
    }

    #[test]
    fn an_entry_of_its_own_is_put_before_the_actors() {
        let (actors, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(actors.path().join(ENTRY), "actors").unwrap();
        fs::write(actors.path().join("a.wasm"), "").unwrap();
        let entry = actors.path().join("entry.txt");
        fs::write(&entry, "entry").unwrap();
        copy_below(&entry, actors.path(), to.path()).unwrap();
        assert_eq!(modules(to.path()).unwrap(), [ENTRY, "a.wasm", "actors.js"].map(PathBuf::from));
        assert_eq!(fs::read_to_string(to.path().join(ENTRY)).unwrap(), "entry");
        assert_eq!(fs::read_to_string(to.path().join("actors.js")).unwrap(), "actors");
    }
}
