//! Reading: a checked borrow of a frame's bytes.

use std::fmt;
use std::ops::Range;
use std::str;

use super::error::{FrameError, FrameErrorKind};
use super::tag::{LENGTH_BYTES, PAYLOAD_ALIGN, SLOT_BYTES, Tag};

/// What a slot holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Slot<'f> {
    /// Nothing.
    Null,
    /// A truth value.
    Bool(bool),
    /// A 32-bit integer.
    I32(i32),
    /// A 64-bit float.
    F64(f64),
    /// Text.
    Str(&'f str),
    /// Bytes: a body, headers, a nested frame.
    Bytes(&'f [u8]),
}

impl Slot<'_> {
    fn tag(&self) -> Tag {
        match self {
            Slot::Null => Tag::Null,
            Slot::Bool(_) => Tag::Bool,
            Slot::I32(_) => Tag::I32,
            Slot::F64(_) => Tag::F64,
            Slot::Str(_) => Tag::String,
            Slot::Bytes(_) => Tag::Bytes,
        }
    }
}

/// A frame, borrowed from the bytes that hold it.
///
/// Nothing is decoded ahead: each method checks the one slot that it reads, and what it returns lies within the frame.
///
/// # Errors
///
/// Every method fails if the frame has no such slot, if the slot breaks a rule of the exchange, and if it holds
/// something other than what the method reads; see [`FrameErrorKind`].
#[derive(Clone, Copy)]
pub struct Frame<'f> {
    bytes: &'f [u8],
    slots: usize,
}

impl<'f> Frame<'f> {
    /// The frame of `slots` slots that `bytes` are.
    ///
    /// A frame whose number of slots stands in one of its slots is borrowed twice: with the slots that it always has,
    /// then with all of them.
    ///
    /// # Errors
    ///
    /// Fails if that many slots do not fit, and if the length is not a multiple of 4. No slot is looked at.
    pub fn new(bytes: &'f [u8], slots: usize) -> Result<Self, FrameError> {
        let fit = slots <= bytes.len() / SLOT_BYTES;
        if fit && bytes.len().is_multiple_of(PAYLOAD_ALIGN) && u32::try_from(bytes.len()).is_ok() {
            Ok(Self { bytes, slots })
        } else {
            Err(FrameError::new(slots, FrameErrorKind::Size))
        }
    }

    /// What a slot holds.
    pub fn slot(&self, index: usize) -> Result<Slot<'f>, FrameError> {
        let RawSlot { tag, a, b } = self.raw(index)?;
        Ok(match tag {
            Tag::Null => Slot::Null,
            Tag::Bool if a > 1 => return Err(FrameError::new(index, FrameErrorKind::Bool(a))),
            Tag::Bool => Slot::Bool(a == 1),
            Tag::I32 => Slot::I32(a.cast_signed()),
            Tag::F64 => Slot::F64(f64::from_bits(b)),
            Tag::String => {
                let content = &self.bytes[self.payload(index, a)?];
                let text = str::from_utf8(content).map_err(|_| FrameError::new(index, FrameErrorKind::Utf8))?;
                Slot::Str(text)
            }
            Tag::Bytes => Slot::Bytes(&self.bytes[self.payload(index, a)?]),
            Tag::View => return Err(FrameError::new(index, FrameErrorKind::View)),
        })
    }

    /// The integer in a slot.
    pub fn i32(&self, index: usize) -> Result<i32, FrameError> {
        match self.slot(index)? {
            Slot::I32(value) => Ok(value),
            other => Err(mismatch(index, Tag::I32, other)),
        }
    }

    /// The integer in a slot, or `None` if it is null.
    pub fn opt_i32(&self, index: usize) -> Result<Option<i32>, FrameError> {
        match self.slot(index)? {
            Slot::Null => Ok(None),
            Slot::I32(value) => Ok(Some(value)),
            other => Err(mismatch(index, Tag::I32, other)),
        }
    }

    /// The float in a slot. An integer is none.
    pub fn f64(&self, index: usize) -> Result<f64, FrameError> {
        match self.slot(index)? {
            Slot::F64(value) => Ok(value),
            other => Err(mismatch(index, Tag::F64, other)),
        }
    }

    /// The text in a slot.
    pub fn str(&self, index: usize) -> Result<&'f str, FrameError> {
        self.opt_str(index)?.ok_or_else(|| mismatch(index, Tag::String, Slot::Null))
    }

    /// The text in a slot, or `None` if it is null.
    pub fn opt_str(&self, index: usize) -> Result<Option<&'f str>, FrameError> {
        match self.slot(index)? {
            Slot::Null => Ok(None),
            Slot::Str(text) => Ok(Some(text)),
            other => Err(mismatch(index, Tag::String, other)),
        }
    }

    /// The bytes in a slot.
    pub fn bytes(&self, index: usize) -> Result<&'f [u8], FrameError> {
        self.opt_bytes(index)?.ok_or_else(|| mismatch(index, Tag::Bytes, Slot::Null))
    }

    /// The bytes in a slot, or `None` if it is null.
    pub fn opt_bytes(&self, index: usize) -> Result<Option<&'f [u8]>, FrameError> {
        match self.slot(index)? {
            Slot::Null => Ok(None),
            Slot::Bytes(bytes) => Ok(Some(bytes)),
            other => Err(mismatch(index, Tag::Bytes, other)),
        }
    }

    /// The frame of `slots` slots whose bytes a slot holds.
    ///
    /// # Errors
    ///
    /// Fails as [`new`](Frame::new) does, too.
    pub fn frame(&self, index: usize, slots: usize) -> Result<Frame<'f>, FrameError> {
        Frame::new(self.bytes(index)?, slots)
    }

    /// Where in the frame the text or the bytes of a slot lie, or `None` if it is null: for who owns the frame's bytes
    /// and cannot borrow from them. The text is UTF-8.
    pub fn range(&self, index: usize) -> Result<Option<Range<usize>>, FrameError> {
        match self.slot(index)? {
            Slot::Null => Ok(None),
            Slot::Str(_) | Slot::Bytes(_) => self.payload(index, self.raw(index)?.a).map(Some),
            other => Err(mismatch(index, Tag::Bytes, other)),
        }
    }

    fn raw(&self, index: usize) -> Result<RawSlot, FrameError> {
        if index >= self.slots {
            return Err(FrameError::new(index, FrameErrorKind::Index));
        }
        let (slots, _) = self.bytes.as_chunks::<SLOT_BYTES>();
        let [t0, t1, t2, t3, a0, a1, a2, a3, b @ ..] = slots[index];
        let word = u32::from_le_bytes([t0, t1, t2, t3]);
        let unknown = FrameError::new(index, FrameErrorKind::UnknownTag(word));
        Ok(RawSlot {
            tag: Tag::from_word(word).ok_or(unknown)?,
            a: u32::from_le_bytes([a0, a1, a2, a3]),
            b: u64::from_le_bytes(b),
        })
    }

    /// Where the content of the payload lies that starts at `offset`.
    fn payload(&self, index: usize, offset: u32) -> Result<Range<usize>, FrameError> {
        let start = offset as usize;
        let behind_slots = start >= self.slots * SLOT_BYTES && start.is_multiple_of(PAYLOAD_ALIGN);
        let Some((length, rest)) =
            self.bytes.get(start..).filter(|_| behind_slots).and_then(<[u8]>::split_first_chunk::<LENGTH_BYTES>)
        else {
            return Err(FrameError::new(index, FrameErrorKind::Offset(offset)));
        };
        let length = u32::from_le_bytes(*length);
        if length as usize > rest.len() {
            return Err(FrameError::new(index, FrameErrorKind::Length(length)));
        }
        let content = start + LENGTH_BYTES..start + LENGTH_BYTES + length as usize;
        // It fits, since the frame's length is a multiple of the same.
        let padding = &self.bytes[content.end..content.end.next_multiple_of(PAYLOAD_ALIGN)];
        if padding.iter().any(|&byte| byte != 0) {
            return Err(FrameError::new(index, FrameErrorKind::Padding));
        }
        Ok(content)
    }
}

/// Prints the slots.
impl fmt::Debug for Frame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries((0..self.slots).map(|index| self.slot(index))).finish()
    }
}

/// A slot whose tag is known and whose offset is not yet followed.
struct RawSlot {
    tag: Tag,
    a: u32,
    b: u64,
}

fn mismatch(index: usize, expected: Tag, found: Slot<'_>) -> FrameError {
    FrameError::new(index, FrameErrorKind::Tag { expected, found: found.tag() })
}
