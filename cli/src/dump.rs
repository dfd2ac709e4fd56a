//! A dump: what the memory of an instance held when it trapped, and what JavaScript knew of it.
//!
//! # The format
//!
//! | bytes | what |
//! |---|---|
//! | 0-15 | [`MAGIC`], ASCII |
//! | 16-19 | length of the header, u32, little-endian |
//! | then | the header: a JSON object in UTF-8 |
//! | up to the end of the file | the linear memory: one or more whole pages of 64 KiB, at address 0 first |
//!
//! The header's members, all but the first two of which can be missing or null; members that are not named here are ignored:
//!
//! | member | what |
//! |---|---|
//! | `time` | when it trapped, ms since 1970, an integer |
//! | `message` | why |
//! | `actor` | whose call it was: `Class/name` |
//! | `call` | the call: `number`, `method`, `target` (path and query), `rust` (the method), `turn` |
//! | `inbox`, `outbox` | `[address, length]` in linear memory |
//! | `calls` | those that waited, of all actors: `actor`, `number`, `task`, `request`, `ageMs`, `operations` |
//! | `operations` of those | `id`, `kind`, `method`, `url`, `state` |
//!
//! The magic's number grows with a change that an older reader would not understand.

use std::str;

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;

/// What a dump begins with.
pub const MAGIC: &[u8; 16] = b"duractor-dump-1\n";

/// The part of the magic that says that it is a dump at all.
const FAMILY: &[u8] = b"duractor-dump-";

/// The largest dump: twice what Cloudflare grants an isolate.
pub const DUMP_MAX_BYTES: u64 = 256 << 20;

/// WebAssembly's memory is so many bytes, or a multiple.
pub const PAGE_BYTES: usize = 64 << 10;

/// A dump, borrowed from the bytes that it was read from.
#[derive(Debug)]
pub struct Dump<'d> {
    /// What JavaScript knew.
    pub header: Header,
    /// The linear memory, from address 0 on.
    pub memory: &'d [u8],
}

/// What JavaScript knew of the instance that trapped.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub struct Header {
    /// When it trapped, ms since 1970.
    pub time: i64,
    /// Why.
    pub message: String,
    /// Whose call it was: `Class/name`.
    pub actor: Option<String>,
    /// The call whose turn it was.
    pub call: Option<Call>,
    /// Address and length of the inbox.
    pub inbox: Option<(u32, u32)>,
    /// Address and length of the outbox.
    pub outbox: Option<(u32, u32)>,
    /// The calls that waited, of all actors.
    pub calls: Option<Vec<Waiting>>,
}

/// The call whose turn it was.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub struct Call {
    /// Its number, unique in its actor; negative if it is no request's.
    pub number: Option<i64>,
    /// Method of HTTP.
    pub method: Option<String>,
    /// Path and query.
    pub target: Option<String>,
    /// Name of the Rust method.
    pub rust: Option<String>,
    /// `exclusive` or `shared`.
    pub turn: Option<String>,
}

/// A call that waited.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(rename_all = "camelCase")]
pub struct Waiting {
    /// Whose call it is: `Class/name`.
    pub actor: Option<String>,
    /// Its number, unique in its actor; negative if it is no request's.
    pub number: Option<i64>,
    /// The task by which results name it.
    pub task: Option<i64>,
    /// Method and path.
    pub request: Option<String>,
    /// How long ago it began.
    pub age_ms: Option<f64>,
    /// What it waits for, or has waited for.
    pub operations: Option<Vec<Operation>>,
}

/// What a call waited for.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub struct Operation {
    /// Its number, unique in its call.
    pub id: Option<i64>,
    /// `fetch` or `sleep`.
    pub kind: Option<String>,
    /// Method of a fetch.
    pub method: Option<String>,
    /// URL of a fetch.
    pub url: Option<String>,
    /// `under way`, `done` or `cancelled`.
    pub state: Option<String>,
}

/// Reads a dump.
///
/// # Examples
///
/// ```
/// use duractor_cli::dump::{MAGIC, parse};
///
/// let header = br#"{"time": 1795600000000, "message": "unreachable"}"#;
/// let file = [&MAGIC[..], &(header.len() as u32).to_le_bytes(), header, &[0; 65_536]].concat();
/// assert_eq!(parse(&file)?.header.message, "unreachable");
/// assert!(parse(b"\0asm").is_err());
/// # Ok::<(), anyhow::Error>(())
/// ```
///
/// # Errors
///
/// It is no dump, not a whole one, or one that another version wrote.
pub fn parse(bytes: &[u8]) -> Result<Dump<'_>> {
    let rest = behind_magic(bytes)?;
    let (length, rest) = rest.split_first_chunk().context("it is cut: it ends before its header")?;
    let length = u32::from_le_bytes(*length) as usize;
    let Some((header, memory)) = rest.split_at_checked(length) else {
        bail!("it is cut: its header has {length} bytes, of which {} are there", rest.len());
    };
    let header = str::from_utf8(header).context("its header is damaged")?;
    let header = serde_json::from_str(header).context("its header is damaged, or of another version")?;
    ensure!(
        !memory.is_empty() && memory.len().is_multiple_of(PAGE_BYTES),
        "it is cut: its memory has {} bytes, and a memory is one or more whole pages of {PAGE_BYTES}",
        memory.len()
    );
    Ok(Dump { header, memory })
}

fn behind_magic(bytes: &[u8]) -> Result<&[u8]> {
    match bytes.strip_prefix(MAGIC) {
        Some(rest) => Ok(rest),
        None if bytes.is_empty() => bail!("it is empty"),
        None if MAGIC.starts_with(bytes) => bail!("it is cut: it ends before its header"),
        None if bytes.starts_with(FAMILY) => bail!("it is a dump of another version of duractor, which reads it"),
        None => bail!("it is no dump of duractor"),
    }
}

/// The bytes of a dump.
#[cfg(test)]
pub(crate) fn write(header: &Header, memory: &[u8]) -> Vec<u8> {
    let header = serde_json::to_vec(header).unwrap();
    [MAGIC, &(header.len() as u32).to_le_bytes()[..], &header, memory].concat()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn error(bytes: &[u8]) -> String {
        format!("{:#}", parse(bytes).unwrap_err())
    }

    fn file(header: &str, memory: &[u8]) -> Vec<u8> {
        [MAGIC, &(header.len() as u32).to_le_bytes()[..], header.as_bytes(), memory].concat()
    }

    #[test]
    fn a_dump_is_read_as_it_was_written() {
        let operation = Operation { id: Some(0), kind: Some("sleep".into()), ..Operation::default() };
        let waiting =
            Waiting { task: Some(12), age_ms: Some(130.5), operations: Some(vec![operation]), ..Waiting::default() };
        let header = Header {
            time: 1_795_600_000_000,
            message: "a → b".into(),
            inbox: Some((8, 16)),
            call: Some(Call { number: Some(4), ..Call::default() }),
            calls: Some(vec![waiting]),
            ..Header::default()
        };
        let memory = vec![7; 2 * PAGE_BYTES];
        let bytes = write(&header, &memory);
        let dump = parse(&bytes).unwrap();
        assert_eq!((dump.header, dump.memory), (header, &memory[..]));
    }

    #[test]
    fn the_header_is_read_as_javascript_writes_it() {
        let header = r#"{"time": 1, "message": "m", "version": [9], "actor": null, "outbox": [1114112, 96], "calls": [
            {"actor": "Cart/7f3a", "number": 2, "task": 12, "request": "GET /cart", "ageMs": 130, "operations": [
            {"id": 0, "kind": "fetch", "method": "GET", "url": "https://a.test/", "state": "under way"}]}]}"#;
        let bytes = file(header, &[0; PAGE_BYTES]);
        let header = parse(&bytes).unwrap().header;
        assert_eq!((header.actor, header.call, header.outbox), (None, None, Some((1_114_112, 96))));
        let waiting = &header.calls.unwrap()[0];
        assert_eq!((waiting.task, waiting.age_ms), (Some(12), Some(130.0)));
        assert_eq!(waiting.operations.as_ref().unwrap()[0].state.as_deref(), Some("under way"));
    }

    #[test]
    fn a_dump_that_is_cut_anywhere_is_an_error() {
        let whole = file(r#"{"time": 1, "message": "m"}"#, &[0; PAGE_BYTES]);
        assert_eq!(error(&[]), "it is empty");
        for length in (1..whole.len().min(80)).chain([whole.len() - 1]) {
            assert!(error(&whole[..length]).contains("it is cut"), "{length}");
        }
    }

    #[test]
    fn what_is_no_dump_is_an_error() {
        assert_eq!(error(b"\0asm\x01\0\0\0"), "it is no dump of duractor");
        assert!(error(b"duractor-dump-2\n....").contains("another version"));
        assert!(error(&file("[]", &[0; PAGE_BYTES])).contains("header is damaged"));
        assert!(error(&file(r#"{"time": "now", "message": "m"}"#, &[0; PAGE_BYTES])).contains("expected i64"));
    }

    proptest! {
        #[test]
        fn any_bytes_behind_the_magic_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&[MAGIC, &bytes[..]].concat());
            let header = String::from_utf8_lossy(&bytes);
            let _ = parse(&file(&header, &[0; PAGE_BYTES]));
        }
    }
}
