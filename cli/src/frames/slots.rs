//! Slots read out of memory that may hold anything.

use std::str;

pub(super) const SLOT_BYTES: usize = 16;
const PAYLOAD_ALIGN: usize = 4;
const LENGTH_BYTES: usize = 4;

pub(super) const NULL: u32 = 0;
pub(super) const I32: u32 = 2;
pub(super) const F64: u32 = 3;
pub(super) const STRING: u32 = 4;
pub(super) const BYTES: u32 = 8;
pub(super) const VIEW: u32 = 9;

/// The largest integer up to which JavaScript's numbers have no gaps.
const INTEGER_MAX: f64 = 9_007_199_254_740_991.0;

/// The slots of what may be a frame.
///
/// Every method is `None` where the slot breaks a rule of `docs/exchange.md`, those for writers included: what a slot does not
/// use is zero. Where a frame ends is not known, so its payloads may lie anywhere up to the end of `bytes`.
#[derive(Clone, Copy)]
pub(super) struct Slots<'m> {
    /// From the frame's first byte on.
    bytes: &'m [u8],
    count: usize,
    /// Views lie below this address.
    memory_bytes: usize,
}

impl<'m> Slots<'m> {
    /// `count` slots at an address, if they fit.
    pub(super) fn at(memory: &'m [u8], address: usize, count: usize) -> Option<Self> {
        Self { bytes: memory.get(address..)?, count: 0, memory_bytes: memory.len() }.with(count)
    }

    /// The same frame with another number of slots, if they fit.
    pub(super) fn with(self, count: usize) -> Option<Self> {
        (count <= self.bytes.len() / SLOT_BYTES).then_some(Self { count, ..self })
    }

    /// The nested frame of `count` slots in a slot.
    pub(super) fn frame(self, index: usize, count: usize) -> Option<Self> {
        let bytes = self.bytes(index)?;
        if bytes.len().is_multiple_of(PAYLOAD_ALIGN) { Self { bytes, ..self }.with(count) } else { None }
    }

    pub(super) fn null(self, index: usize) -> Option<()> {
        (self.raw(index)? == (NULL, 0, 0)).then_some(())
    }

    pub(super) fn i32(self, index: usize) -> Option<i32> {
        match self.raw(index)? {
            (I32, value, 0) => Some(value.cast_signed()),
            _ => None,
        }
    }

    /// A number of something: not negative.
    pub(super) fn count(self, index: usize) -> Option<usize> {
        usize::try_from(self.i32(index)?).ok()
    }

    /// A number that is finite and not negative.
    pub(super) fn amount(self, index: usize) -> Option<f64> {
        match self.raw(index)? {
            (F64, 0, bits) => Some(f64::from_bits(bits)).filter(|value| value.is_finite() && *value >= 0.0),
            _ => None,
        }
    }

    /// An integer that JavaScript chose.
    pub(super) fn number(self, index: usize) -> Option<u64> {
        let value = self.amount(index)?;
        (value <= INTEGER_MAX && value.fract() == 0.0).then_some(value as u64)
    }

    /// Text of at most `max_bytes`.
    pub(super) fn str(self, index: usize, max_bytes: usize) -> Option<&'m str> {
        let content = self.payload(index, STRING)?;
        (content.len() <= max_bytes).then_some(content).and_then(|content| str::from_utf8(content).ok())
    }

    pub(super) fn bytes(self, index: usize) -> Option<&'m [u8]> {
        self.payload(index, BYTES)
    }

    /// What `read` reads, or null.
    pub(super) fn opt<T>(self, index: usize, read: impl FnOnce() -> Option<T>) -> Option<Option<T>> {
        if self.raw(index)?.0 == NULL { self.null(index).map(|()| None) } else { read().map(Some) }
    }

    /// The length of bytes, or of a view, or null.
    pub(super) fn body(self, index: usize) -> Option<Option<usize>> {
        self.opt(index, || match self.raw(index)? {
            (VIEW, address, bits) => self.view(address, f64::from_bits(bits)),
            _ => Some(self.bytes(index)?.len()),
        })
    }

    /// How many headers there are in at most `max_bytes`.
    pub(super) fn headers(self, index: usize, max_bytes: usize) -> Option<usize> {
        let headers = self.opt(index, || self.bytes(index).filter(|bytes| bytes.len() <= max_bytes))?;
        headers.map_or(Some(0), count_headers)
    }

    /// The tag with the three bytes behind it, `a` and the bits of `b`.
    fn raw(self, index: usize) -> Option<(u32, u32, u64)> {
        debug_assert!(index < self.count);
        let (slots, _) = self.bytes.as_chunks::<SLOT_BYTES>();
        let [t0, t1, t2, t3, a0, a1, a2, a3, b @ ..] = *slots.get(index)?;
        let [tag, a] = [[t0, t1, t2, t3], [a0, a1, a2, a3]].map(u32::from_le_bytes);
        Some((tag, a, u64::from_le_bytes(b)))
    }

    fn view(self, address: u32, length: f64) -> Option<usize> {
        let room = self.memory_bytes.checked_sub(address as usize)?;
        (length.fract() == 0.0 && (0.0..=room as f64).contains(&length)).then_some(length as usize)
    }

    fn payload(self, index: usize, expected: u32) -> Option<&'m [u8]> {
        let (tag, offset, b) = self.raw(index)?;
        let start = offset as usize;
        if (tag, b) != (expected, 0) || start < self.count * SLOT_BYTES || !start.is_multiple_of(PAYLOAD_ALIGN) {
            return None;
        }
        let (length, rest) = self.bytes.get(start..)?.split_first_chunk::<LENGTH_BYTES>()?;
        let length = u32::from_le_bytes(*length) as usize;
        let padding = rest.get(length..length.next_multiple_of(PAYLOAD_ALIGN))?;
        padding.iter().all(|&byte| byte == 0).then_some(&rest[..length])
    }
}

fn count_headers(mut rest: &[u8]) -> Option<usize> {
    let mut count = 0;
    while !rest.is_empty() {
        let name = take(&mut rest)?;
        take(&mut rest)?;
        let is_name = !name.is_empty() && name.iter().all(|byte| byte.is_ascii_graphic() && !byte.is_ascii_uppercase());
        count += is_name.then_some(1)?;
    }
    Some(count)
}

/// Splits `[length u32][bytes]` off the front.
fn take<'m>(rest: &mut &'m [u8]) -> Option<&'m [u8]> {
    let (length, tail) = rest.split_first_chunk::<LENGTH_BYTES>()?;
    let (bytes, tail) = tail.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    *rest = tail;
    Some(bytes)
}
