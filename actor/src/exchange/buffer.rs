//! The memory that frames live in.

use std::fmt;

/// What a buffer's first byte is aligned to.
const WORD_BYTES: usize = size_of::<u64>();

/// A growable buffer of bytes whose first byte lies at a multiple of 8, as a frame's must.
///
/// What it has once allocated it keeps, initialised, until [`shrink`](Buffer::shrink): a buffer that is cleared and
/// filled anew neither allocates nor writes a byte twice.
///
/// # Examples
///
/// ```
/// use duractor::exchange::Buffer;
///
/// let mut inbox = Buffer::with_len(16);
/// inbox.as_bytes_mut()[0] = 1;
/// inbox.clear();
/// inbox.resize(8);
/// assert_eq!(inbox.as_bytes(), [0; 8]);
/// assert_eq!(inbox.capacity(), 16);
/// ```
#[derive(Default)]
pub struct Buffer {
    /// At least as long as `len` needs. Behind `len` stands whatever stood there before.
    words: Vec<u64>,
    len: usize,
}

impl Buffer {
    /// A buffer of `len` zero bytes.
    pub fn with_len(len: usize) -> Self {
        Self { words: vec![0; len.div_ceil(WORD_BYTES)], len }
    }

    /// The number of bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no byte.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The number of bytes that there is memory for.
    pub fn capacity(&self) -> usize {
        self.words.capacity() * WORD_BYTES
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.words)[..self.len]
    }

    /// The bytes, to change.
    pub fn as_bytes_mut(&mut self) -> &mut [u8] {
        &mut bytemuck::cast_slice_mut(&mut self.words)[..self.len]
    }

    /// Where the first byte lies, a multiple of 8. It moves when the buffer grows or shrinks.
    pub fn as_ptr(&self) -> *const u8 {
        self.words.as_ptr().cast()
    }

    /// Makes the buffer `len` bytes long: cuts off the rest, or appends zeros.
    pub fn resize(&mut self, len: usize) {
        let old = self.len;
        self.set_len(len);
        if len > old {
            self.as_bytes_mut()[old..].fill(0);
        }
    }

    /// Makes the buffer as long as its memory reaches, and at least `len` bytes. What the new bytes are is not said:
    /// somebody else is to write them.
    #[cfg_attr(not(target_arch = "wasm32"), allow(dead_code))]
    pub(crate) fn expose(&mut self, len: usize) {
        self.set_len(len.max(self.words.len() * WORD_BYTES));
    }

    /// Removes all bytes and keeps their memory.
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// Gives back the memory that the bytes do not need.
    pub fn shrink(&mut self) {
        self.words.truncate(self.len.div_ceil(WORD_BYTES));
        self.words.shrink_to_fit();
    }

    /// Appends bytes.
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        let old = self.len;
        self.set_len(old + bytes.len());
        self.as_bytes_mut()[old..].copy_from_slice(bytes);
    }

    /// Appends zeros up to the next multiple of `align`.
    pub(super) fn pad(&mut self, align: usize) {
        self.resize(self.len.next_multiple_of(align));
    }

    /// Makes the buffer `len` bytes long; what the new ones are is not said.
    fn set_len(&mut self, len: usize) {
        let words = len.div_ceil(WORD_BYTES);
        if words > self.words.len() {
            self.words.resize(words, 0);
        }
        self.len = len;
    }
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffer").field("len", &self.len).field("capacity", &self.capacity()).finish()
    }
}
