//! What a slot looks like.

/// The size of a slot: the tag and three zero bytes, `a` as a u32, `b` as an f64, all little-endian.
pub const SLOT_BYTES: usize = 16;

/// What a payload starts at and is padded to a multiple of.
pub(super) const PAYLOAD_ALIGN: usize = 4;

/// The size of what stands before a payload's content: its length as a u32.
pub(super) const LENGTH_BYTES: usize = 4;

/// What a slot says it holds: its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Tag {
    /// Nothing.
    Null = 0,
    /// A truth value, in `a`.
    Bool = 1,
    /// A 32-bit integer, in `a`.
    I32 = 2,
    /// A 64-bit float, in `b`.
    F64 = 3,
    /// UTF-8 text within the frame, its offset in `a`.
    String = 4,
    /// Bytes within the frame, their offset in `a`.
    Bytes = 8,
    /// Bytes elsewhere in linear memory, their address in `a`, their number in `b`.
    View = 9,
}

impl Tag {
    /// The tag in a slot's first four bytes, the reserved three included: a tag beside a reserved byte that is not
    /// zero is none.
    pub(super) fn from_word(word: u32) -> Option<Self> {
        Some(match word {
            0 => Tag::Null,
            1 => Tag::Bool,
            2 => Tag::I32,
            3 => Tag::F64,
            4 => Tag::String,
            8 => Tag::Bytes,
            9 => Tag::View,
            _ => return None,
        })
    }

    /// The tag's name in the specification.
    pub(super) fn name(self) -> &'static str {
        match self {
            Tag::Null => "null",
            Tag::Bool => "bool",
            Tag::I32 => "i32",
            Tag::F64 => "f64",
            Tag::String => "string",
            Tag::Bytes => "bytes",
            Tag::View => "view",
        }
    }
}
