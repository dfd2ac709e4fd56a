//! `Cache-Control`, read strictly (RFC 9111 section 5.2). `http-cache-semantics` splits quoted strings, skips lines that are
//! not ASCII and knows no directive in upper case, so it is handed what this file has understood.

use std::time::Duration;

/// The greatest number of seconds, RFC 9111 section 1.2.2: what is more saturates.
pub(super) const DELTA_MAX_SECONDS: u64 = 1 << 31;

/// The seconds that a directive carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Delta {
    #[default]
    Absent,
    Of(Duration),
    /// Not a number of seconds, or several that differ (RFC 9111 section 4.2.1: to be taken for stale).
    Invalid,
}

impl Delta {
    fn read(value: Option<&[u8]>) -> Self {
        value.and_then(seconds).map_or(Self::Invalid, Self::Of)
    }

    /// `max-stale` without a value: however stale (RFC 9111 section 5.2.1.2).
    fn read_or_any(value: Option<&[u8]>) -> Self {
        if value.is_none() { Self::Of(Duration::from_secs(DELTA_MAX_SECONDS)) } else { Self::read(value) }
    }

    fn note(&mut self, other: Self) {
        *self = match *self {
            Self::Absent => other,
            same if same == other => same,
            _ => Self::Invalid,
        };
    }

    /// A window in which a rule is loosened: what is not understood loosens nothing.
    pub(super) fn window(self) -> Duration {
        if let Self::Of(duration) = self { duration } else { Duration::ZERO }
    }
}

/// Digits, as a token or as a quoted string (RFC 9111 section 5.2: both are to be accepted).
pub(super) fn seconds(value: &[u8]) -> Option<Duration> {
    let digits = value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(value);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let add = |sum: u64, digit: &u8| (sum * 10 + u64::from(digit - b'0')).min(DELTA_MAX_SECONDS);
    Some(Duration::from_secs(digits.iter().fold(0, add)))
}

/// What the `Cache-Control` of a request or an answer says, as far as a private cache cares: not `s-maxage`,
/// `proxy-revalidate` and `no-transform`, which are for shared caches and proxies, nor `immutable` (RFC 8246), which is
/// about reloads by a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Directives {
    pub(super) no_store: bool,
    /// Also with field names: reusing the answer without these fields would be allowed, validating it is as right.
    pub(super) no_cache: bool,
    pub(super) must_revalidate: bool,
    pub(super) must_understand: bool,
    /// `public` or `private`, with or without field names: may be stored by a private cache.
    pub(super) storable: bool,
    pub(super) only_if_cached: bool,
    pub(super) max_age: Delta,
    pub(super) max_stale: Delta,
    pub(super) min_fresh: Delta,
    pub(super) stale_while_revalidate: Delta,
    pub(super) stale_if_error: Delta,
}

impl Directives {
    /// Reads the lines of `Cache-Control`, and where there is none those of `Pragma` (RFC 9111 section 5.4).
    pub(super) fn read<'v>(
        cache_control: impl Iterator<Item = &'v [u8]>,
        pragma: impl Iterator<Item = &'v [u8]>,
    ) -> Self {
        let mut directives = Self::default();
        let mut lines = cache_control.peekable();
        if lines.peek().is_none() {
            let says_no_cache = pragma.flat_map(members).any(|member| member.eq_ignore_ascii_case(b"no-cache"));
            return Self { no_cache: says_no_cache, ..directives };
        }
        lines.flat_map(members).for_each(|member| directives.note(member));
        directives
    }

    fn note(&mut self, member: &[u8]) {
        let (name, value) = split(member);
        match name.to_ascii_lowercase().as_slice() {
            b"no-store" => self.no_store = true,
            b"no-cache" => self.no_cache = true,
            b"must-revalidate" => self.must_revalidate = true,
            b"must-understand" => self.must_understand = true,
            b"public" | b"private" => self.storable = true,
            b"only-if-cached" => self.only_if_cached = true,
            b"max-age" => self.max_age.note(Delta::read(value)),
            b"max-stale" => self.max_stale.note(Delta::read_or_any(value)),
            b"min-fresh" => self.min_fresh.note(Delta::read(value)),
            b"stale-while-revalidate" => self.stale_while_revalidate.note(Delta::read(value)),
            b"stale-if-error" => self.stale_if_error.note(Delta::read(value)),
            _ => {}
        }
    }
}

/// A directive's name and what stands behind its `=`. Blanks around the `=` are no grammar; the name is understood all the
/// same, the number is not.
fn split(member: &[u8]) -> (&[u8], Option<&[u8]>) {
    match member.iter().position(|byte| *byte == b'=') {
        Some(at) => (member[..at].trim_ascii_end(), Some(&member[at + 1..])),
        None => (member, None),
    }
}

/// The members of one line of a list: what is between commas, but for those in quoted strings (RFC 9110 section 5.6.1).
pub(super) fn members(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    // A quote that never ends would hide whatever follows, such as no-store.
    let is_balanced = !ends_quoted(line);
    let mut quotes = Quotes::default();
    line.split(move |byte| !(quotes.hold(*byte) && is_balanced) && *byte == b',')
        .map(<[u8]>::trim_ascii)
        .filter(|member| !member.is_empty())
}

fn ends_quoted(line: &[u8]) -> bool {
    let mut quotes = Quotes::default();
    line.iter().for_each(|byte| _ = quotes.hold(*byte));
    quotes.open
}

/// Follows quoted strings (RFC 9110 section 5.6.4) byte by byte.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Quotes {
    pub(super) open: bool,
    is_escaped: bool,
}

impl Quotes {
    /// Whether a byte is within a quoted string.
    pub(super) fn hold(&mut self, byte: u8) -> bool {
        let was_escaped = std::mem::take(&mut self.is_escaped);
        match byte {
            b'"' if !was_escaped => self.open = !self.open,
            b'\\' if self.open && !was_escaped => self.is_escaped = true,
            _ => {}
        }
        self.open
    }
}
