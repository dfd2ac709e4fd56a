//! What is large in a wasm module.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use anyhow::Result;
use serde::Serialize;
use wasmparser::{FunctionBody, KnownCustom, Name, Parser, Payload, TypeRef};

/// What vector instructions begin with.
const VECTOR_PREFIX: u8 = 0xfd;

/// One thing in a module and its length.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) bytes: usize,
}

/// Sections and functions, the largest first.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    pub(crate) sections: Vec<Part>,
    pub(crate) functions: Vec<Part>,
}

/// Takes a module apart. Functions have names if the module has a name section, else numbers.
///
/// # Errors
///
/// It is no wasm module.
pub(crate) fn parts(wasm: &[u8]) -> Result<Parts> {
    let mut parts = Parts::default();
    let mut names = BTreeMap::new();
    let (mut imports, mut bodies) = (0, Vec::new());
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        if let Some((id, range)) = payload.as_section() {
            parts.sections.push(Part { name: section(&payload, id), bytes: range.len() });
        }
        match payload {
            Payload::ImportSection(reader) => {
                for import in reader.into_imports() {
                    imports += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionEntry(body) => bodies.push(body.range().len()),
            Payload::CustomSection(reader) => {
                if let KnownCustom::Name(reader) = reader.as_known() {
                    read_names(reader, &mut names)?;
                }
            }
            _ => {}
        }
    }
    let function =
        |(at, bytes)| Part { name: names.get(&at).cloned().unwrap_or_else(|| format!("function {at}")), bytes };
    parts.functions = (imports..).zip(bodies).map(function).collect();
    for list in [&mut parts.sections, &mut parts.functions] {
        list.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.name.cmp(&b.name)));
    }
    Ok(parts)
}

/// How long the functions are that have vector instructions. None has them in a module without a kernel; with one, which may
/// be inlined into what calls it, the compiler uses them wherever 16 bytes are moved.
///
/// # Errors
///
/// It is no wasm module.
pub(crate) fn vector_bytes(wasm: &[u8]) -> Result<usize> {
    let mut bytes = 0;
    for payload in Parser::new(0).parse_all(wasm) {
        if let Payload::CodeSectionEntry(body) = payload?
            && has_vectors(wasm, &body)?
        {
            bytes += body.range().len();
        }
    }
    Ok(bytes)
}

fn has_vectors(wasm: &[u8], body: &FunctionBody<'_>) -> Result<bool> {
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() {
        if wasm[operators.original_position()] == VECTOR_PREFIX {
            return Ok(true);
        }
        operators.read()?;
    }
    Ok(false)
}

/// Functions by the crate that they are of. What is generic is of the crate that wrote it, whoever made use of it.
pub(crate) fn by_crate(functions: &[Part]) -> Vec<Part> {
    let mut sums = BTreeMap::new();
    for function in functions {
        *sums.entry(crate_of(&function.name)).or_insert(0) += function.bytes;
    }
    let mut crates: Vec<Part> = sums.into_iter().map(|(name, bytes)| Part { name: name.to_owned(), bytes }).collect();
    crates.sort_by_key(|part| Reverse(part.bytes));
    crates
}

/// The crate in `<a::B as c::D>::e`, `a::b` or `core::ptr::drop_in_place<a::B>`.
fn crate_of(name: &str) -> &str {
    let inner = name.strip_prefix("core::ptr::drop_in_place").unwrap_or(name);
    let path = inner.trim_start_matches(['<', '&', '[', '(', '*']);
    let path = ["mut ", "dyn ", "const "].iter().fold(path, |path, word| path.trim_start_matches(word));
    // `T as crate::Trait`
    let path = path.split_once(" as ").filter(|(own, _)| !own.contains("::")).map_or(path, |(_, path)| path);
    match path.split_once("::") {
        Some((name, _)) if name.chars().all(|c| c.is_alphanumeric() || c == '_') => name,
        _ => "other",
    }
}

fn section(payload: &Payload<'_>, id: u8) -> String {
    match (payload, id) {
        (Payload::CustomSection(reader), _) => format!("custom {}", reader.name()),
        (_, 10) => "code".into(),
        (_, 11) => "data".into(),
        (_, id) => format!("section {id}"),
    }
}

fn read_names(reader: wasmparser::NameSectionReader<'_>, names: &mut BTreeMap<u32, String>) -> Result<()> {
    for subsection in reader {
        let Name::Function(map) = subsection? else {
            continue;
        };
        for naming in map {
            let naming = naming?;
            names.insert(naming.index, plain(naming.name));
        }
    }
    Ok(())
}

/// Without what tells apart crates and functions of one name: `dlmalloc[1f…]::f` and `a::f::h0123456789abcdef`.
fn plain(name: &str) -> String {
    let name = match name.rsplit_once("::h") {
        Some((path, hash)) if is_hash(hash) && hash.len() == 16 => path,
        _ => name,
    };
    let mut parts = name.split('[');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once(']') {
            Some((hash, rest)) if is_hash(hash) => plain += rest,
            _ => plain.extend(["[", part]),
        }
    }
    plain
}

fn is_hash(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_belong_to_crates() {
        let cases = [
            ("serde_json::de::from_slice", "serde_json"),
            ("<&alloc::string::String as core::fmt::Debug>::fmt", "alloc"),
            ("core::ptr::drop_in_place<worker::env::Env>", "worker"),
            ("<dyn duractor::Field>::load", "duractor"),
            ("<T as duractor::Field>::load", "duractor"),
            ("memcpy", "other"),
        ];
        for (name, expected) in cases {
            assert_eq!(crate_of(name), expected, "{name}");
        }
    }

    #[test]
    fn hashes_are_left_out() {
        let cases = [
            ("<dlmalloc[e24a27]::D<dlmalloc[e24a]::S>>::f", "<dlmalloc::D<dlmalloc::S>>::f"),
            ("a::f::h0123456789abcdef", "a::f"),
            ("<[u8] as a::B>::hear", "<[u8] as a::B>::hear"),
        ];
        for (name, expected) in cases {
            assert_eq!(plain(name), expected);
        }
    }

    /// A module with a function of each body.
    fn module(bodies: &[&[u8]]) -> Vec<u8> {
        let count = bodies.len() as u8;
        let mut code = vec![count];
        for body in bodies {
            code.push(body.len() as u8);
            code.extend_from_slice(body);
        }
        let mut wasm = b"\0asm\x01\0\0\0".to_vec();
        wasm.extend_from_slice(&[1, 4, 1, 0x60, 0, 0, 3, count + 1, count]);
        wasm.extend(vec![0; bodies.len()]);
        wasm.extend_from_slice(&[10, code.len() as u8]);
        wasm.extend(code);
        wasm
    }

    #[test]
    fn functions_with_vector_instructions_are_told_from_others() {
        // i32.const 0x7d, drop: a byte of a number is no instruction.
        let plain: &[u8] = &[0, 0x41, 0xfd, 0x00, 0x1a, 0x0b];
        // i32.const 0, i8x16.splat, drop.
        let vectors: &[u8] = &[0, 0x41, 0x00, 0xfd, 0x0f, 0x1a, 0x0b];
        assert_eq!(vector_bytes(&module(&[plain])).unwrap(), 0);
        assert_eq!(vector_bytes(&module(&[plain, vectors])).unwrap(), vectors.len());
    }

    #[test]
    fn the_largest_crate_comes_first() {
        let part = |name: &str, bytes| Part { name: name.into(), bytes };
        let functions = [part("a::x", 2), part("b::x", 3), part("a::y", 4)];
        assert_eq!(by_crate(&functions), [part("a", 6), part("b", 3)]);
    }
}
