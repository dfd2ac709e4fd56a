//! Which of a crate's top modules import which.
//!
//! A folder is one node with all that is in it: what is within a module may know each other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::source;

type Graph = BTreeMap<String, BTreeSet<String>>;

/// The modules of one import cycle below `src`, the first again at the end, if there is one.
pub(crate) fn cycle(src: &Path) -> Result<Option<Vec<String>>> {
    let mut files = Vec::new();
    rust_files(src, &mut Vec::new(), &mut files)?;
    Ok(find_cycle(&graph(&files)))
}

/// A file's module path and its text.
type File = (Vec<String>, String);

fn rust_files(dir: &Path, module: &mut Vec<String>, files: &mut Vec<File>) -> Result<()> {
    let entries = fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    for entry in entries {
        let path = entry?.path();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            module.push(stem);
            rust_files(&path, module, files)?;
            module.pop();
        } else if path.extension().is_some_and(|end| end == "rs") && stem != "tests" {
            let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let own = (stem != "mod").then_some(stem);
            files.push((module.iter().cloned().chain(own).collect(), text));
        }
    }
    Ok(())
}

fn graph(files: &[File]) -> Graph {
    let is_root = |name: &str| matches!(name, "lib" | "main");
    let tops: BTreeSet<&str> =
        files.iter().filter_map(|(path, _)| path.first().map(String::as_str)).filter(|name| !is_root(name)).collect();
    let mut graph = Graph::new();
    for (path, text) in files.iter().filter(|(path, _)| tops.contains(path[0].as_str())) {
        let imports = imports(&source::code(text), path.len());
        let known = imports.into_iter().filter(|name| tops.contains(name.as_str()) && *name != path[0]);
        graph.entry(path[0].clone()).or_default().extend(known);
    }
    graph
}

/// First names of paths that start at the crate's root, in a module `depth` below it.
fn imports(code: &str, depth: usize) -> BTreeSet<String> {
    let above = "super::".repeat(depth);
    let mut found = BTreeSet::new();
    for start in ["crate::", above.as_str()] {
        for (at, _) in code.match_indices(start) {
            let before = code[..at].chars().next_back();
            let is_whole = !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | ':'));
            if is_whole {
                found.extend(first_names(&code[at + start.len()..]));
            }
        }
    }
    found
}

/// `a` of `a::b`; `a` and `c` of `{a::b, c::{d, e}}`.
fn first_names(path: &str) -> Vec<String> {
    let Some(group) = path.strip_prefix('{') else {
        return vec![first_name(path)];
    };
    let (mut names, mut depth, mut start) = (Vec::new(), 1_usize, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => {
                names.push(first_name(group[start..at].trim_start()));
                start = at + 1;
            }
            _ => {}
        }
        if depth == 0 {
            names.push(first_name(group[start..at].trim_start()));
            break;
        }
    }
    names
}

fn first_name(path: &str) -> String {
    path.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn find_cycle(graph: &Graph) -> Option<Vec<String>> {
    let mut done = BTreeSet::new();
    graph.keys().find_map(|name| visit(graph, name, &mut Vec::new(), &mut done))
}

fn visit<'g>(
    graph: &'g Graph,
    name: &'g str,
    way: &mut Vec<&'g str>,
    done: &mut BTreeSet<&'g str>,
) -> Option<Vec<String>> {
    if let Some(at) = way.iter().position(|visited| *visited == name) {
        return Some(way[at..].iter().chain(&[name]).map(|name| (*name).to_owned()).collect());
    }
    if !done.insert(name) {
        return None;
    }
    way.push(name);
    let found = graph.get(name)?.iter().find_map(|next| visit(graph, next, way, done));
    way.pop();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cycle_of(files: &[(&str, &str)]) -> Option<Vec<String>> {
        let files = files.iter().map(|(path, text)| (path.split('/').map(str::to_owned).collect(), (*text).to_owned()));
        find_cycle(&graph(&files.collect::<Vec<_>>()))
    }

    #[test]
    fn a_cycle_is_shown_from_start_to_start() {
        let cycle = cycle_of(&[
            ("a", "use crate::b::B;"),
            ("b", "use crate::{d::D, c::{C, E}};"),
            ("c", "fn f() { crate::b::g() }"),
            ("d", ""),
        ]);
        assert_eq!(cycle.unwrap(), ["b", "c", "b"]);
    }

    #[test]
    fn super_reaches_another_top_module_from_its_depth_only() {
        assert!(cycle_of(&[("a/x", "use super::b::B;"), ("a/b", ""), ("b", "use super::a;")]).is_none());
        assert!(cycle_of(&[("a/x", "use super::super::b::B;"), ("b", "use super::a;")]).is_some());
    }

    #[test]
    fn the_root_tests_comments_and_the_module_itself_do_not_count() {
        let cycle = cycle_of(&[
            ("lib", "use crate::a;"),
            ("a", "use crate::b; use crate::a::C; // crate::c"),
            ("b", "#[cfg(test)] mod tests { use crate::a; }"),
            ("c", "use crate::a; macro_rules! m { () => { $crate::c::x } }"),
        ]);
        assert_eq!(cycle, None);
    }

    #[test]
    fn a_diamond_is_no_cycle() {
        let cycle = cycle_of(&[("a", "use crate::{b, c};"), ("b", "use crate::d;"), ("c", "use crate::d;"), ("d", "")]);
        assert_eq!(cycle, None);
    }
}
