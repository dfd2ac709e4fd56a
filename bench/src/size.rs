//! What a worker weighs: wasm and JavaScript as `duractor build` writes them, compressed. wrangler drops comments from
//! the JavaScript before it uploads it, so that what it uploads is smaller yet.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;

use crate::args::Size;
use crate::build::{self, modules};
use crate::names::{self, Part};

/// What the least worker is promised to weigh at most. A KB is 1000 bytes.
const HELLO_MAX_BYTES: usize = 70_000;

/// What a route is promised to add at most.
const ROUTE_MAX_BYTES: usize = 3_000;

/// How many routes `size/routes` has more than `size/hello`.
const ROUTES: usize = 10;

/// One worker, compressed.
#[derive(Clone, Debug, Serialize)]
struct Row {
    worker: &'static str,
    wasm_bytes: usize,
    js_bytes: usize,
    total_bytes: usize,
    /// What each of its routes adds to the least worker.
    #[serde(skip_serializing_if = "Option::is_none")]
    route_bytes: Option<usize>,
    /// Functions with vector instructions, before compression: none unless it calls a kernel.
    vector_bytes: usize,
}

/// Weighs, and prints what came of it.
///
/// # Errors
///
/// A worker does not build.
pub(crate) fn size(options: &Size) -> Result<()> {
    let hello = weigh("hello", "duractor-size-hello", options)?;
    let mut routes = weigh("routes", "duractor-size-routes", options)?;
    let more = routes.total_bytes.saturating_sub(hello.total_bytes);
    let route = more.div_ceil(ROUTES);
    routes.route_bytes = Some(route);
    if options.json {
        println!("{}", serde_json::to_string_pretty(&[hello, routes])?);
        return Ok(());
    }
    println!("\ncompressed      wasm       JS    total");
    for row in [&hello, &routes] {
        let Row { worker, wasm_bytes, js_bytes, total_bytes, .. } = row;
        println!("{worker:<10} {wasm_bytes:>9} {js_bytes:>8} {total_bytes:>8}");
    }
    let holds = |bytes, max| if bytes <= max { "holds" } else { "missed" };
    println!(
        "hello: {} bytes, promised at most {HELLO_MAX_BYTES}: {}",
        hello.total_bytes,
        holds(hello.total_bytes, HELLO_MAX_BYTES)
    );
    println!(
        "kernels that hello does not call: {} bytes, promised 0: {}",
        hello.vector_bytes,
        holds(hello.vector_bytes, 0)
    );
    println!("a route: {route} bytes, promised at most {ROUTE_MAX_BYTES}: {}", holds(route, ROUTE_MAX_BYTES));
    Ok(())
}

fn weigh(worker: &'static str, package: &str, options: &Size) -> Result<Row> {
    let dir = format!("size/{worker}");
    if options.top > 0 {
        let out = build::actors(&dir, package, true)?;
        list(worker, &out, options.top)?;
    }
    let out = build::actors(&dir, package, false)?;
    let (mut wasm, mut js) = (Vec::new(), Vec::new());
    for module in modules(&out)? {
        let is_wasm = module.extension().is_some_and(|end| end == "wasm");
        let bytes = fs::read(out.join(&module)).with_context(|| format!("cannot read {}", module.display()))?;
        if is_wasm { &mut wasm } else { &mut js }.extend(bytes);
    }
    let (wasm_bytes, js_bytes) = (compressed(&wasm)?, compressed(&js)?);
    let vector_bytes = names::vector_bytes(&read_wasm(&out)?)?;
    let total_bytes = wasm_bytes + js_bytes;
    Ok(Row { worker, wasm_bytes, js_bytes, total_bytes, route_bytes: None, vector_bytes })
}

fn read_wasm(out: &Path) -> Result<Vec<u8>> {
    fs::read(out.join("index_bg.wasm")).context("cannot read the wasm")
}

/// The length as gzip at its best.
fn compressed(bytes: &[u8]) -> Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}

/// Lists to stderr what is large in a worker that was built with names.
fn list(worker: &str, out: &Path, top: usize) -> Result<()> {
    let parts = names::parts(&read_wasm(out)?)?;
    let table = |title: &str, parts: &[Part]| {
        eprintln!("\n{worker}: {title}, in bytes before compression");
        for Part { name, bytes } in parts.iter().take(top) {
            eprintln!("{bytes:>8}  {name}");
        }
    };
    table("sections", &parts.sections);
    table("crates", &names::by_crate(&parts.functions));
    table("functions", &parts.functions);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_repeats_compresses() {
        let length = compressed(&[7; 10_000]).unwrap();
        assert!(length > 10 && length < 100, "{length}");
    }
}
