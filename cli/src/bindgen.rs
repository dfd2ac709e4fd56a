//! wasm-bindgen as a library: from cargo's wasm to the wasm and the glue that workerd runs.

use std::path::Path;

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

use crate::wasm::ACTORS_SECTION;

const HOST_JS: &str = "src/workerd/host.js";

/// Writes `index.js`, `index_bg.wasm` and `snippets/` into `out`; the path of `host.js` in it.
///
/// # Errors
///
/// wasm-bindgen refuses the module, or no, or more than one, `duractor` crate is in it.
pub fn generate(wasm: Vec<u8>, keep_names: bool, out: &Path) -> Result<String> {
    let mut output = Bindgen::new()
        .input_bytes("index", wasm)
        .typescript(false)
        .reset_state_function(true)
        .remove_name_section(!keep_names)
        .module(true)?
        .generate_output()
        .context("wasm-bindgen refuses the crate's wasm")?;
    while output.wasm_mut().customs.remove_raw(ACTORS_SECTION).is_some() {}
    let host = host_path(output.local_modules().keys())?.to_owned();
    output.emit(out).context("cannot write wasm-bindgen's output")?;
    Ok(format!("snippets/{host}"))
}

/// The runtime's JavaScript comes out of the wasm, so that both are always of one version.
fn host_path<'a>(modules: impl Iterator<Item = &'a String>) -> Result<&'a str> {
    let mut hosts = modules.filter(|path| is_host(path));
    match (hosts.next(), hosts.next()) {
        (Some(path), None) => Ok(path),
        (None, _) => {
            bail!("the wasm has no duractor runtime in it; is the crate `duractor` a dependency that is used?")
        }
        (Some(_), Some(_)) => {
            bail!("two versions of duractor are in the wasm; `cargo tree -d` shows who wants which")
        }
    }
}

fn is_host(path: &str) -> bool {
    let hash = path.strip_prefix("duractor-").and_then(|rest| rest.strip_suffix(HOST_JS)?.strip_suffix('/'));
    hash.is_some_and(|hash| !hash.is_empty() && hash.chars().all(|c| c.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(paths: &[&str]) -> Result<String> {
        let paths: Vec<String> = paths.iter().map(|&path| path.into()).collect();
        host_path(paths.iter()).map(str::to_owned)
    }

    #[test]
    fn the_host_is_the_one_of_the_duractor_crate() {
        let found = host(&[
            "worker-64cc/inline0.js",
            "duractor-examples-aa/src/workerd/host.js",
            "duractor-00ff/src/workerd/frame.js",
            "duractor-00ff/src/workerd/host.js",
        ]);
        assert_eq!(found.unwrap(), "duractor-00ff/src/workerd/host.js");
    }

    #[test]
    fn no_host_and_two_hosts_are_refused() {
        assert!(host(&["worker-64cc/inline0.js"]).is_err());
        assert!(host(&["duractor-01/src/workerd/host.js", "duractor-02/src/workerd/host.js"]).is_err());
    }
}
