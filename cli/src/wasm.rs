//! What a compiled crate says about itself: its actors, and that it has routes.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail, ensure};
use wasm_encoder::{ExportSection, Module, RawSection};
use wasmparser::{Parser, Payload};

/// The custom section in which `#[methods]` leaves class names, each with a newline.
pub const ACTORS_SECTION: &str = "duractor_actors";

const ROUTES_EXPORT: &str = "duractor_routes";
const LAYOUTS_EXPORT: &str = "duractor_layouts";

/// Names that `worker.js` declares or that JavaScript reserves in a module, and that Rust allows a struct to have.
const TAKEN_NAMES: &[&str] = &[
    "DurableObject",
    "__wbg_reset_state",
    "arguments",
    "case",
    "catch",
    "class",
    "debugger",
    "default",
    "delete",
    "duractor",
    "eval",
    "export",
    "finally",
    "function",
    "host",
    "implements",
    "import",
    "instanceof",
    "interface",
    "new",
    "null",
    "package",
    "private",
    "protected",
    "public",
    "switch",
    "this",
    "throw",
    "undefined",
    "var",
    "void",
    "with",
];

/// The classes of a crate's actors, in the order in which the linker left them.
///
/// # Errors
///
/// The file is no wasm module, there is no actor or no `#[routes]`, or a name cannot be a class of `worker.js`.
pub fn actors(wasm: &[u8]) -> Result<Vec<String>> {
    let found = scan(wasm).context("cargo's output is not a wasm module that duractor can read")?;
    ensure!(
        !found.names.is_empty(),
        "there is no actor: put `#[derive(Default, Actor)]` on a struct and `#[methods]` on its `impl` block, and mount \
         it in the function with `#[routes]`"
    );
    ensure!(
        found.has_routes,
        "there are no routes: add `#[routes] fn routes() -> Router {{ Router::new().mount::<{}>(\"/\", \"home\") }}`",
        found.names[0]
    );
    check_names(&found.names)?;
    Ok(found.names)
}

/// The module without what only a build asks it for, its layouts, so that a release carries nothing of it.
///
/// # Errors
///
/// The file is no wasm module.
pub fn released(wasm: &[u8]) -> Result<Vec<u8>> {
    let mut module = Module::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        let Some((id, range)) = payload.as_section() else { continue };
        if let Payload::ExportSection(exports) = payload {
            let mut kept = ExportSection::new();
            for export in exports {
                let export = export?;
                if export.name != LAYOUTS_EXPORT {
                    kept.export(export.name, export.kind.into(), export.index);
                }
            }
            module.section(&kept);
        } else {
            module.section(&RawSection { id, data: &wasm[range] });
        }
    }
    Ok(module.finish())
}

#[derive(Default)]
struct Found {
    names: Vec<String>,
    has_routes: bool,
}

fn scan(wasm: &[u8]) -> Result<Found> {
    let mut found = Found::default();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::CustomSection(section) if section.name() == ACTORS_SECTION => {
                let text = std::str::from_utf8(section.data())?;
                found.names.extend(text.lines().filter(|line| !line.is_empty()).map(str::to_owned));
            }
            Payload::ExportSection(exports) => {
                for export in exports {
                    found.has_routes |= export?.name == ROUTES_EXPORT;
                }
            }
            _ => {}
        }
    }
    Ok(found)
}

fn check_names(names: &[String]) -> Result<()> {
    let mut seen = BTreeSet::new();
    for name in names {
        ensure!(is_identifier(name), "the actor name {name:?} is not an identifier");
        if TAKEN_NAMES.contains(&name.as_str()) {
            bail!("an actor cannot be called `{name}`: worker.js needs that name itself; rename the struct");
        }
        ensure!(
            seen.insert(name),
            "two actors are called `{name}`: classes of a worker share one namespace; rename one of the structs, or, if \
             it is an old version of the other, leave out its `#[methods]`"
        );
    }
    Ok(())
}

fn is_identifier(name: &str) -> bool {
    name.starts_with(|c: char| c.is_alphabetic() || c == '_') && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &[u8] = b"\0asm\x01\0\0\0";

    fn section(id: u8, body: &[u8]) -> Vec<u8> {
        let mut bytes = vec![id, u8::try_from(body.len()).unwrap()];
        bytes.extend(body);
        bytes
    }

    fn names_section(text: &str) -> Vec<u8> {
        let mut body = vec![u8::try_from(ACTORS_SECTION.len()).unwrap()];
        body.extend(ACTORS_SECTION.as_bytes());
        body.extend(text.as_bytes());
        section(0, &body)
    }

    /// A module whose only memory is exported as `name`.
    fn export(name: &str) -> Vec<u8> {
        let mut body = vec![1, u8::try_from(name.len()).unwrap()];
        body.extend(name.as_bytes());
        body.extend([2, 0]);
        [section(5, &[1, 0, 1]), section(7, &body)].concat()
    }

    fn module(sections: &[Vec<u8>]) -> Vec<u8> {
        [HEADER.to_vec(), sections.concat()].concat()
    }

    fn refusal(sections: &[Vec<u8>]) -> String {
        format!("{:#}", actors(&module(sections)).unwrap_err())
    }

    #[test]
    fn names_of_all_sections_are_read_in_order() {
        let module = module(&[export(ROUTES_EXPORT), names_section("Home\nCounter\n"), names_section("Echo\n")]);
        assert_eq!(actors(&module).unwrap(), ["Home", "Counter", "Echo"]);
    }

    #[test]
    fn a_module_without_routes_is_refused() {
        assert!(refusal(&[export("other"), names_section("Home\n")]).contains("#[routes]"));
    }

    #[test]
    fn a_module_without_actors_is_refused() {
        assert!(refusal(&[export(ROUTES_EXPORT)]).contains("`#[methods]` on its `impl` block"));
    }

    #[test]
    fn a_class_twice_is_refused() {
        assert!(refusal(&[export(ROUTES_EXPORT), names_section("A\nB\nA\n")]).contains("`A`"));
    }

    #[test]
    fn names_that_worker_js_needs_are_refused() {
        for name in ["DurableObject", "duractor", "host", "__wbg_reset_state", "class"] {
            let text = refusal(&[export(ROUTES_EXPORT), names_section(&format!("{name}\n"))]);
            assert!(text.contains(name), "{text}");
        }
    }

    #[test]
    fn names_that_could_inject_code_are_refused() {
        assert!(refusal(&[export(ROUTES_EXPORT), names_section("A{}; x\n")]).contains("identifier"));
    }

    #[test]
    fn what_is_no_wasm_is_refused() {
        assert!(actors(b"no wasm").is_err());
    }

    #[test]
    fn a_release_has_all_sections_but_not_the_layouts() {
        let both = module(&[export(ROUTES_EXPORT), names_section("Home\n")]);
        assert_eq!(released(&both).unwrap(), both);
        assert_eq!(
            released(&module(&[export(LAYOUTS_EXPORT)])).unwrap(),
            module(&[section(5, &[1, 0, 1]), section(7, &[0])])
        );
        assert!(released(b"no wasm").is_err());
    }
}
