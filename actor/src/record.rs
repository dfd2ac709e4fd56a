//! The bytes of an actor's record: its version, and of each field the name, the layout and, of plain ones, the data.
//!
//! `[format u8 = 1][version u32]`, then for each field `[name length u16][name][layout hash u64][length u32][bytes]`, all
//! integers little-endian. Containers have no bytes there. A format byte of another value is a record of another
//! release of Duractor, and refused.

use std::rc::Rc;

use crate::{
    problem::Result,
    store::{Place, Slot},
};

const FORMAT: u8 = 1;
/// Format and version.
const HEAD_BYTES: usize = 5;

/// A field in a record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'r> {
    pub(crate) name: &'r str,
    pub(crate) hash: u64,
    pub(crate) bytes: &'r [u8],
    /// All of the above, as it stands in the record.
    pub(crate) whole: &'r [u8],
}

/// A record that was read, and whose it is.
pub struct Stored<'r> {
    pub(crate) place: &'r Rc<Place>,
    pub(crate) version: u32,
    pub(crate) entries: Vec<Entry<'r>>,
}

impl std::fmt::Debug for Stored<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Stored(version {}, {} fields)", self.version, self.entries.len())
    }
}

impl<'r> Stored<'r> {
    /// Reads a record, all of it.
    pub(crate) fn parse(place: &'r Rc<Place>, record: &'r [u8]) -> Result<Self> {
        parse(record).map_or_else(
            |why| Err(place.unreadable("the record", why)),
            |(version, entries)| Ok(Self { place, version, entries }),
        )
    }

    pub(crate) fn entry(&self, name: &str) -> Option<&Entry<'r>> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    pub(crate) fn slot(&self, name: &'static str) -> Slot {
        Slot::new(self.place.clone(), name)
    }
}

fn parse(record: &[u8]) -> Result<(u32, Vec<Entry<'_>>), &'static str> {
    let cut = "it is cut off";
    let (&format, rest) = record.split_first().ok_or("it is empty")?;
    if format != FORMAT {
        return Err("its format is another than this release's");
    }
    let (version, mut rest) = rest.split_first_chunk().ok_or(cut)?;
    let mut entries = Vec::new();
    while !rest.is_empty() {
        let (entry, behind) = split_entry(rest).ok_or(cut)?;
        entries.push(entry.map_err(|_| "a field's name is not text")?);
        rest = behind;
    }
    Ok((u32::from_le_bytes(*version), entries))
}

type Checked<'r> = Result<Entry<'r>, std::str::Utf8Error>;

fn split_entry(record: &[u8]) -> Option<(Checked<'_>, &[u8])> {
    let (len, rest) = record.split_first_chunk()?;
    let (name, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes(*len)))?;
    let (hash, rest) = rest.split_first_chunk()?;
    let (len, rest) = rest.split_first_chunk()?;
    let (bytes, rest) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
    let whole = &record[..record.len() - rest.len()];
    let entry = std::str::from_utf8(name).map(|name| Entry { name, hash: u64::from_le_bytes(*hash), bytes, whole });
    Some((entry, rest))
}

/// Begins a record in place of what `record` holds.
pub(crate) fn begin(record: &mut Vec<u8>, version: u32) {
    record.clear();
    record.push(FORMAT);
    record.extend_from_slice(&version.to_le_bytes());
}

/// Appends a field, whose bytes `save` appends.
pub(crate) fn push(
    record: &mut Vec<u8>,
    name: &str,
    hash: u64,
    save: impl FnOnce(&mut Vec<u8>) -> Result<()>,
) -> Result<()> {
    record.extend_from_slice(&(name.len() as u16).to_le_bytes());
    record.extend_from_slice(name.as_bytes());
    record.extend_from_slice(&hash.to_le_bytes());
    let at = record.len();
    record.extend_from_slice(&[0; 4]);
    save(record)?;
    let len = (record.len() - at - 4) as u32;
    record[at..at + 4].copy_from_slice(&len.to_le_bytes());
    Ok(())
}

/// The fields of a record that this process has written, read without allocating.
pub(crate) fn entries(record: &[u8]) -> impl Iterator<Item = Entry<'_>> {
    let mut rest = record.get(HEAD_BYTES..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (entry, behind) = split_entry(rest)?;
        rest = behind;
        entry.ok()
    })
}
