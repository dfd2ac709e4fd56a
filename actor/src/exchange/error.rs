//! Why a frame cannot be read.

use std::error::Error;
use std::fmt;

use super::tag::Tag;

/// A frame that breaks a rule of the exchange: what is wrong, and where.
///
/// It is always the fault of the side that wrote the frame.
///
/// # Examples
///
/// ```
/// use duractor::exchange::{Buffer, Frame, FrameWriter};
///
/// let mut buffer = Buffer::default();
/// let mut writer = FrameWriter::begin(&mut buffer, 2);
/// writer.str(1, "two");
/// writer.finish();
///
/// let error = Frame::new(buffer.as_bytes(), 2)?.i32(1).unwrap_err();
/// assert_eq!(error.to_string(), "slot 1: expected i32, found string");
/// # Ok::<(), duractor::exchange::FrameError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameError {
    slot: usize,
    kind: FrameErrorKind,
}

/// The rule that a frame breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameErrorKind {
    /// The frame is shorter than its slots, longer than 4 GiB, or its length is not a multiple of 4.
    Size,
    /// The frame has no such slot.
    Index,
    /// The slot's first four bytes, as a u32, are no tag.
    UnknownTag(u32),
    /// The slot holds something other than what was asked for.
    Tag {
        /// What was asked for.
        expected: Tag,
        /// What is there.
        found: Tag,
    },
    /// The slot is a view, which only WebAssembly writes.
    View,
    /// The bool is neither 0 nor 1.
    Bool(u32),
    /// The payload starts among the slots, off a multiple of 4, or too near to the frame's end.
    Offset(u32),
    /// The payload, this long, runs past the frame's end.
    Length(u32),
    /// The payload is not padded with zeros.
    Padding,
    /// The string is not UTF-8.
    Utf8,
    /// A header runs past the end, or its name is not lower-case ASCII.
    Header,
}

impl FrameError {
    pub(super) fn new(slot: usize, kind: FrameErrorKind) -> Self {
        Self { slot, kind }
    }

    /// Which slot is wrong. Where the kind is [`Size`](FrameErrorKind::Size) it is the number of slots that were to
    /// fit, where it is [`Header`](FrameErrorKind::Header) the number of headers before the wrong one.
    pub fn slot(&self) -> usize {
        self.slot
    }

    /// The rule that is broken.
    pub fn kind(&self) -> FrameErrorKind {
        self.kind
    }
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slot = self.slot;
        match self.kind {
            FrameErrorKind::Size => return write!(f, "no frame of {slot} slots has this size"),
            FrameErrorKind::Header => {
                return write!(f, "header {slot}: runs past the end or has an invalid name");
            }
            _ => write!(f, "slot {slot}: ")?,
        }
        match self.kind {
            FrameErrorKind::UnknownTag(word) => write!(f, "unknown tag {word:#x}"),
            FrameErrorKind::Tag { expected, found } => {
                write!(f, "expected {}, found {}", expected.name(), found.name())
            }
            FrameErrorKind::Bool(a) => write!(f, "a bool is 0 or 1, not {a}"),
            FrameErrorKind::Offset(offset) => write!(f, "no payload can start at {offset}"),
            FrameErrorKind::Length(length) => {
                write!(f, "a payload of {length} bytes runs past the frame's end")
            }
            FrameErrorKind::Padding => f.write_str("a payload is padded with zeros"),
            FrameErrorKind::Utf8 => f.write_str("the string is not UTF-8"),
            FrameErrorKind::View => f.write_str("only WebAssembly writes views"),
            FrameErrorKind::Index | FrameErrorKind::Size | FrameErrorKind::Header => {
                f.write_str("the frame has no such slot")
            }
        }
    }
}

impl Error for FrameError {}
