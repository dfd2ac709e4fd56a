//! One small module of all the JavaScript, by the npm package `esbuild`, which comes with wrangler.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

const ESBUILD: &str = "node_modules/esbuild/lib/main.js";

/// Bundles the first file into the second; the wasm and the runtime's own modules stay imports.
const SCRIPT: &str = r#"
const [esbuild, entry, out] = process.argv.slice(1);
require(esbuild).buildSync({
  entryPoints: [entry],
  outfile: out,
  bundle: true,
  minify: true,
  format: "esm",
  external: ["cloudflare:*", "*.wasm"],
  legalComments: "none",
  logLevel: "error",
});
"#;

/// The `esbuild` that is installed for `project` or for a folder above it, if there is one.
pub fn find(project: &Path) -> Option<PathBuf> {
    project.ancestors().map(|dir| dir.join(ESBUILD)).find(|path| path.is_file())
}

/// Makes one file of the entry and what it imports, and removes the rest from the folder.
///
/// # Errors
///
/// Node is not installed, or `esbuild` refuses a file.
pub fn minify(esbuild: &Path, dir: &Path, entry: &str) -> Result<()> {
    let (entry, small) = (dir.join(entry), dir.join("worker.min.js"));
    let mut node = Command::new("node");
    let status = node.args(["-e", SCRIPT]).args([esbuild, &entry, &small]).status();
    let status = status.context("cannot run node, which esbuild needs; install Node.js 20 or newer")?;
    ensure!(status.success(), "esbuild refuses the generated JavaScript, see above");
    let rest = || -> std::io::Result<()> {
        fs::rename(&small, &entry)?;
        fs::remove_file(dir.join("index.js"))?;
        fs::remove_dir_all(dir.join("snippets"))
    };
    rest().context("cannot replace the JavaScript by the small one")
}
