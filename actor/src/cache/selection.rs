//! `Vary`: for which requests an answer may be used (RFC 9111 section 4.1).

use http::{HeaderName, HeaderValue};

use super::directives::{Quotes, members};

/// Most headers that an answer may vary by; one with more is like `Vary: *`.
const VARY_MAX: usize = 64;

/// An actor may ask on behalf of many users, which the user agent that RFC 9111 calls private does not: an answer is only
/// ever used for the credentials that it was given for.
const ALWAYS: [&str; 2] = ["authorization", "cookie"];

/// Headers that are lists, in which blanks around commas mean nothing.
const LISTS: [&str; 5] = ["accept", "accept-charset", "accept-encoding", "accept-language", "prefer"];

type Sent = [(HeaderName, HeaderValue)];

/// A header's name, and its value in the request that was answered, or none.
type Selected = (Box<str>, Option<Box<[u8]>>);

/// The headers that selected an answer.
#[derive(Debug)]
pub(super) struct Selection(Vec<Selected>);

impl Selection {
    /// None if the answer is for this one request: `*`, or something that is no header's name.
    pub(super) fn new<'v>(vary: impl Iterator<Item = &'v [u8]>, sent: &Sent) -> Option<Self> {
        let mut selected: Vec<_> = ALWAYS.iter().map(|name| (Box::from(*name), value(name, sent))).collect();
        for member in vary.flat_map(members) {
            let name = HeaderName::from_bytes(member).ok().filter(|_| member != b"*")?;
            if selected.len() == VARY_MAX {
                return None;
            }
            selected.push((Box::from(name.as_str()), value(name.as_str(), sent)));
        }
        Some(Self(selected))
    }

    pub(super) fn matches(&self, sent: &Sent) -> bool {
        self.0.iter().all(|(name, selected)| *selected == value(name, sent))
    }

    /// For storage.
    pub(super) fn to_pairs(&self) -> Vec<(String, Option<Vec<u8>>)> {
        self.0.iter().map(|(name, value)| (name.to_string(), value.as_ref().map(|value| value.to_vec()))).collect()
    }

    pub(super) fn of_pairs(pairs: Vec<(String, Option<Vec<u8>>)>) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.map(Into::into))).collect())
    }

    pub(super) fn bytes(&self) -> usize {
        let pair = size_of::<Selected>();
        self.0.iter().map(|(name, value)| pair + name.len() + value.as_ref().map_or(0, |value| value.len())).sum()
    }
}

/// All lines of a header as one, without the blanks that have no meaning.
fn value(name: &str, sent: &Sent) -> Option<Box<[u8]>> {
    let mut lines = sent.iter().filter(|(other, _)| other.as_str() == name).map(|(_, value)| value.as_bytes());
    let mut joined = lines.next()?.trim_ascii().to_vec();
    for line in lines {
        joined.extend(b", ");
        joined.extend(line.trim_ascii());
    }
    Some(if LISTS.contains(&name) { without_blanks(&joined) } else { joined }.into())
}

/// Drops the blanks around commas that are not within a quoted string.
fn without_blanks(list: &[u8]) -> Vec<u8> {
    let mut quotes = Quotes::default();
    let mut kept: Vec<u8> = Vec::with_capacity(list.len());
    let mut after_comma = false;
    for &byte in list {
        let is_held = quotes.hold(byte);
        let is_blank = matches!(byte, b' ' | b'\t');
        if after_comma && is_blank {
            continue;
        }
        after_comma = byte == b',' && !is_held;
        if after_comma {
            kept.truncate(kept.trim_ascii_end().len());
        }
        kept.push(byte);
    }
    kept
}
