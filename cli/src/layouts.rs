//! What the actors store, compared with what they stored before: `layouts.json`, beside wrangler's configuration.
//!
//! A stored actor whose layout changed without a migration is refused when it is called next, which is late to learn of it.
//! So a build asks the wasm for its layouts, by running it under Node, and warns.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::terminal::say;

/// Where layouts are recorded. To be committed, since only then the next build knows what is stored.
pub const FILE: &str = "layouts.json";

/// Runs the wasm that comes by stdin, without anything around it, and writes its layouts to stdout.
const SCRIPT: &str = r#"
try {
  const module = new WebAssembly.Module(require("fs").readFileSync(0));
  const imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    // The runtime's log tells why it panicked.
    const stub = name.startsWith("__wbg_log_") ? (address, length = 0) => console.error(text(address, length)) : () => 0;
    (imports[from] ??= {})[name] = stub;
  }
  const { exports } = new WebAssembly.Instance(module, imports);
  const bytes = (address, length) => new Uint8Array(exports.memory.buffer, address >>> 0, length);
  const text = (address, length) => new TextDecoder().decode(bytes(address, length));
  exports.duractor_routes();
  const address = exports.duractor_layouts();
  const length = new DataView(exports.memory.buffer).getUint32(address >>> 0, true);
  process.stdout.write(bytes(address + 4, length));
} catch (error) {
  console.error(String(error));
  process.exitCode = 1;
}
"#;

/// The longest part of a layout that a warning shows.
const SHOWN_MAX_CHARS: usize = 160;

/// Actors by class.
pub type Layouts = BTreeMap<String, Class>;

/// What an actor stores.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Class {
    /// The version that it declares.
    pub version: u32,
    /// Its fields by name.
    pub fields: BTreeMap<String, Field>,
}

/// What a field stores.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// What stored bytes are checked against.
    pub hash: String,
    /// The same, readable.
    pub layout: String,
    /// Why it cannot be stored at all; such a field is not recorded.
    #[serde(default, skip_serializing)]
    pub refusal: Option<String>,
}

/// What comes of a comparison.
#[derive(Debug, PartialEq, Eq)]
pub struct Comparison {
    /// What is to be recorded: what was built, but as it was where that would be refused.
    pub record: Layouts,
    /// What a deploy would break.
    pub warnings: Vec<String>,
}

/// The layouts of the actors in cargo's wasm.
///
/// # Errors
///
/// Node is not installed, or the wasm does not tell: its routes are in conflict, or its `duractor` is older than this.
pub fn of_wasm(wasm: &[u8]) -> Result<Layouts> {
    let mut node = Command::new("node");
    node.args(["-e", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut node = node.spawn().context("cannot run node; install Node.js 20 or newer")?;
    // It reads all before it writes; if it ends before it has read, it says why.
    let _ = node.stdin.take().map(|mut stdin| stdin.write_all(wasm));
    let output = node.wait_with_output().context("node was lost")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
    serde_json::from_slice(&output.stdout).context("the wasm tells them in a form that this version does not know")
}

/// Compares what was built with what was recorded.
///
/// # Examples
///
/// ```
/// use duractor_cli::layouts::compare;
///
/// let json = |hash| format!(r#"{{"Todo":{{"version":1,"fields":{{"done":{{"hash":"{hash}","layout":"bool"}}}}}}}}"#);
/// let [before, after] = ["01", "02"].map(|hash| serde_json::from_str(&json(hash)).unwrap());
/// assert!(compare(&before, &after).warnings[0].contains("`Todo.done`"));
/// assert!(compare(&before, &before).warnings.is_empty());
/// ```
pub fn compare(recorded: &Layouts, built: &Layouts) -> Comparison {
    let mut comparison = Comparison { record: built.clone(), warnings: Vec::new() };
    for (name, class) in &mut comparison.record {
        comparison.warnings.extend(take_refused(name, class));
        if let Some(before) = recorded.get(name) {
            comparison.warnings.extend(compare_class(name, before, class));
        }
    }
    comparison
}

fn take_refused(name: &str, class: &mut Class) -> Vec<String> {
    let refused = class.fields.extract_if(.., |_, field| field.refusal.is_some());
    let warning = |(field, now): (String, Field)| format!("`{name}.{field}`: {}", now.refusal.unwrap_or_default());
    refused.map(warning).collect()
}

/// `built` becomes what is to be recorded.
fn compare_class(name: &str, before: &Class, built: &mut Class) -> Vec<String> {
    if built.version > before.version {
        return Vec::new();
    }
    if built.version < before.version {
        let warning = older_version(name, before.version, built.version);
        *built = before.clone();
        return vec![warning];
    }
    let mut warnings = Vec::new();
    for (field, now) in &mut built.fields {
        let changed = before.fields.get(field).filter(|before| before.hash != now.hash);
        if let Some(before) = changed {
            warnings.push(changed_field(name, field, built.version, before, now));
            now.clone_from(before);
        }
    }
    warnings
}

fn older_version(name: &str, before: u32, now: u32) -> String {
    format!(
        "`{name}` is version {now} and was version {before}: actors that are stored by version {before} will be refused; \
         a version never goes back"
    )
}

fn changed_field(name: &str, field: &str, version: u32, before: &Field, now: &Field) -> String {
    let (before, now) = difference(&before.layout, &now.layout);
    let next = version.saturating_add(1);
    format!(
        "`{name}.{field}` is stored in another way than before, in the same version {version}: actors that are stored will be \
         refused
    was: {before}
    is:  {now}
  Move the old struct to a module `v{version}`, declare `#[actor(version = {next}, from = v{version}::{name})]`, and write \
         `impl From<v{version}::{name}> for {name}`. If nothing is stored yet, delete `{name}` from {FILE}."
    )
}

/// Both layouts, without what stands long before their first difference.
fn difference(before: &str, now: &str) -> (String, String) {
    let same = before.chars().zip(now.chars()).take_while(|(a, b)| a == b).count();
    let start =
        if before.len().max(now.len()) > SHOWN_MAX_CHARS { same.saturating_sub(SHOWN_MAX_CHARS / 4) } else { 0 };
    let shown = |text: &str| {
        let mut shown = if start > 0 { String::from("…") } else { String::new() };
        shown.extend(text.chars().skip(start).take(SHOWN_MAX_CHARS));
        if text.chars().count() > start + SHOWN_MAX_CHARS {
            shown.push('…');
        }
        shown
    };
    (shown(before), shown(now))
}

/// Compares with the record in `dir`, says what a deploy would break, and records the rest.
///
/// Nothing that happens here ends a build: what cannot be done is said.
pub fn keep(dir: &Path, built: Result<Layouts>) {
    let done = built.context("cannot find out what the actors store").and_then(|built| record(dir, &built));
    if let Err(error) = done {
        say(format_args!("warning: {FILE}: {error:#}"));
    }
}

fn record(dir: &Path, built: &Layouts) -> Result<()> {
    let path = dir.join(FILE);
    let old = if path.exists() { Some(fs::read_to_string(&path).context("cannot read it")?) } else { None };
    let recorded: Layouts = match &old {
        Some(text) => serde_json::from_str(text).context("it is not what duractor wrote; mend it or delete it")?,
        None => Layouts::new(),
    };
    let Comparison { record, warnings } = compare(&recorded, built);
    for warning in warnings {
        say(format_args!("warning: {FILE}: {warning}"));
    }
    let text = serde_json::to_string_pretty(&record)? + "\n";
    if old.as_ref() != Some(&text) {
        fs::write(&path, text).context("cannot write it")?;
    }
    if old.is_none() {
        say(format_args!("wrote {FILE}: what the actors store, which later builds compare with; commit it"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written as `Todo 1 items:a done:b`, where a letter stands for a layout.
    fn layouts(lines: &[&str]) -> Layouts {
        let class = |line: &&str| {
            let mut words = line.split(' ');
            let (name, version) = (words.next().unwrap(), words.next().unwrap().parse().unwrap());
            let fields = words.map(|word| word.split_once(':').unwrap());
            let field = |layout: &str| Field { hash: format!("#{layout}"), layout: layout.into(), refusal: None };
            let fields = fields.map(|(name, layout)| (name.into(), field(layout))).collect();
            (name.to_owned(), Class { version, fields })
        };
        lines.iter().map(class).collect()
    }

    fn silent(before: &[&str], now: &[&str]) {
        let comparison = compare(&layouts(before), &layouts(now));
        assert_eq!(comparison, Comparison { record: layouts(now), warnings: Vec::new() });
    }

    fn warned(before: &[&str], now: &[&str], kept: &[&str]) -> Vec<String> {
        let comparison = compare(&layouts(before), &layouts(now));
        assert_eq!(comparison.record, layouts(kept));
        comparison.warnings
    }

    #[test]
    fn what_loads_is_recorded_without_a_word() {
        silent(&[], &["Todo 1 items:a"]);
        silent(&["Todo 1 items:a"], &["Todo 1 items:a"]);
        silent(&["Todo 1 items:a"], &["Todo 1 items:a done:b"]);
        silent(&["Todo 1 items:a done:b"], &["Todo 1 items:a"]);
        silent(&["Todo 1 items:a"], &["Todo 2 items:b"]);
        silent(&["Todo 1 items:a"], &["Cart 1 items:b"]);
    }

    #[test]
    fn a_layout_that_changed_in_one_version_is_warned_of_until_it_is_mended() {
        let [warning] = &warned(&["Todo 3 a:x b:x"], &["Todo 3 a:y b:x c:z"], &["Todo 3 a:x b:x c:z"])[..] else {
            panic!("one warning for the one field");
        };
        for part in ["`Todo.a`", "version 3", "was: x", "is:  y", "#[actor(version = 4, from = v3::Todo)]", FILE] {
            assert!(warning.contains(part), "{part} is not in {warning}");
        }
        silent(&["Todo 3 a:x b:x c:z"], &["Todo 4 a:y b:x c:z"]);
    }

    #[test]
    fn every_field_is_warned_of() {
        let warnings = warned(&["A 1 a:x", "B 1 b:x c:x"], &["A 1 a:y", "B 1 b:y c:y"], &["A 1 a:x", "B 1 b:x c:x"]);
        assert_eq!(warnings.len(), 3);
    }

    #[test]
    fn a_version_that_goes_back_is_warned_of() {
        let warnings = warned(&["Todo 2 a:x"], &["Todo 1 a:y"], &["Todo 2 a:x"]);
        assert!(warnings[0].contains("version 1 and was version 2"), "{}", warnings[0]);
    }

    #[test]
    fn a_field_that_cannot_be_stored_is_warned_of() {
        let mut built = layouts(&["Todo 1 a:x b:x"]);
        built.get_mut("Todo").unwrap().fields.get_mut("a").unwrap().refusal = Some("it is untagged".into());
        let comparison = compare(&Layouts::new(), &built);
        assert_eq!(comparison.warnings, ["`Todo.a`: it is untagged"]);
        assert_eq!(comparison.record, layouts(&["Todo 1 b:x"]));
    }

    #[test]
    fn of_long_layouts_the_difference_is_shown() {
        let (before, now) = difference(&format!("{}u8", "é,".repeat(500)), &format!("{}str", "é,".repeat(500)));
        assert!(before.starts_with('…') && before.ends_with(",u8"), "{before}");
        assert!(now.starts_with('…') && now.ends_with(",str"), "{now}");
        assert_eq!(difference("u8", "str"), ("u8".into(), "str".into()));
    }

    #[test]
    fn the_record_is_written_once_and_then_only_where_it_changed() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(FILE);
        let built = layouts(&["Todo 1 items:a"]);
        record(dir.path(), &built).unwrap();
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(serde_json::from_str::<Layouts>(&text).unwrap(), built);
        record(dir.path(), &layouts(&["Todo 1 items:b"])).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), text, "what stands there is what is stored");
        record(dir.path(), &layouts(&["Todo 2 items:b"])).unwrap();
        assert_ne!(fs::read_to_string(&file).unwrap(), text);
    }

    #[test]
    fn a_record_that_cannot_be_read_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(FILE), "<<<<<<< ours").unwrap();
        let error = record(dir.path(), &layouts(&["Todo 1 items:a"])).unwrap_err();
        assert!(error.to_string().contains("mend it or delete it"), "{error}");
        assert_eq!(fs::read_to_string(dir.path().join(FILE)).unwrap(), "<<<<<<< ours");
    }

    fn section(id: u8, content: &[u8]) -> Vec<u8> {
        // Lengths up to two bytes of LEB128.
        let len = [content.len() as u8 | 0x80, (content.len() >> 7) as u8];
        [&[id][..], &len, content].concat()
    }

    fn name(text: &str) -> Vec<u8> {
        [&[text.len() as u8][..], text.as_bytes()].concat()
    }

    /// A module with an import that its routes call, whose layouts stand at address 16.
    fn module(layouts_export: &str, json: &str, routes: &[u8]) -> Vec<u8> {
        let types = [2, 0x60, 0, 0, 0x60, 0, 1, 0x7f];
        let import = [&[1][..], &name("__wbindgen_placeholder__"), &name("__wbg_now_00"), &[0, 1]].concat();
        let exports =
            [&[3][..], &name("memory"), &[2, 0], &name("duractor_routes"), &[0, 1], &name(layouts_export), &[0, 2]];
        let body = |code: &[u8]| [&[code.len() as u8 + 2, 0][..], code, &[0x0b]].concat();
        let code = [&[2][..], &body(routes), &body(&[0x41, 16])].concat();
        let bytes = [&(json.len() as u32).to_le_bytes(), json.as_bytes()].concat();
        let len = [bytes.len() as u8 | 0x80, (bytes.len() >> 7) as u8];
        let data = [&[1, 0, 0x41, 16, 0x0b][..], &len, &bytes].concat();
        let sections = [
            section(1, &types),
            section(2, &import),
            section(3, &[2, 0, 1]),
            section(5, &[1, 0, 1]),
            section(7, &exports.concat()),
            section(10, &code),
            section(11, &data),
        ];
        [&b"\0asm\x01\0\0\0"[..], &sections.concat()].concat()
    }

    const CALL_IMPORT: &[u8] = &[0x10, 0, 0x1a];
    const TRAP: &[u8] = &[0];

    #[test]
    fn the_wasm_tells_its_layouts() {
        let json = r#"{"Todo":{"version":1,"fields":{"é":{"hash":"0123456789abcdef","layout":"arena<{text:str}>"}}}}"#;
        let found = of_wasm(&module("duractor_layouts", json, CALL_IMPORT)).unwrap();
        assert_eq!(found["Todo"].fields["é"].layout, "arena<{text:str}>");
    }

    #[test]
    fn a_wasm_that_does_not_tell_is_an_error_and_no_failed_build() {
        let error = |wasm: &[u8]| format!("{:#}", of_wasm(wasm).unwrap_err());
        assert!(error(&module("another_export", "{}", CALL_IMPORT)).contains("duractor_layouts"));
        assert!(error(&module("duractor_layouts", "{}", TRAP)).contains("unreachable"));
        assert!(error(&module("duractor_layouts", "[]", CALL_IMPORT)).contains("does not know"));
        assert!(error(b"no wasm").contains("WebAssembly"));
        let dir = tempfile::tempdir().unwrap();
        keep(dir.path(), of_wasm(b"no wasm"));
        assert!(!dir.path().join(FILE).exists());
    }
}
