//! Writing: a frame at the end of a buffer.

use super::buffer::Buffer;
use super::tag::{LENGTH_BYTES, PAYLOAD_ALIGN, SLOT_BYTES, Tag};

/// What a frame starts at a multiple of.
const FRAME_ALIGN: usize = 8;

/// Appends one frame to a [`Buffer`].
///
/// Slots can be written in any order, payloads lie in the order in which they are written. A slot that is not written
/// is null; one that is written twice holds the later value and leaves the earlier one's payload behind.
///
/// # Panics
///
/// Every method that takes an index panics if the frame has no such slot, and every method that writes a payload if
/// it, or where it starts, exceeds what a u32 can say. In 32-bit linear memory nothing does.
pub struct FrameWriter<'b> {
    buffer: &'b mut Buffer,
    start: usize,
    slots: usize,
}

impl<'b> FrameWriter<'b> {
    /// Starts a frame of `slots` slots, all null, at the next multiple of 8.
    pub fn begin(buffer: &'b mut Buffer, slots: usize) -> Self {
        buffer.pad(FRAME_ALIGN);
        Self::append(buffer, slots)
    }

    /// Starts a frame at the buffer's end.
    fn append(buffer: &'b mut Buffer, slots: usize) -> Self {
        let start = buffer.len();
        let slots_bytes = slots.checked_mul(SLOT_BYTES).expect("a frame's slots fit into memory");
        buffer.resize(start + slots_bytes);
        Self { buffer, start, slots }
    }

    /// Goes back to a frame that was finished, to change its slots. What stands behind it stays.
    pub(crate) fn reopen(buffer: &'b mut Buffer, start: usize, slots: usize) -> Self {
        Self { buffer, start, slots }
    }

    /// Where in the buffer the frame starts.
    pub fn start(&self) -> usize {
        self.start
    }

    /// Ends the frame and returns its length in bytes.
    ///
    /// # Panics
    ///
    /// Panics if the frame is longer than a u32 can say.
    pub fn finish(self) -> usize {
        let length = self.buffer.len() - self.start;
        to_u32(length);
        length
    }

    /// Writes null.
    pub fn null(&mut self, index: usize) {
        self.put(index, Tag::Null, 0, 0.0);
    }

    /// Writes a truth value.
    pub fn bool(&mut self, index: usize, value: bool) {
        self.put(index, Tag::Bool, value.into(), 0.0);
    }

    /// Writes an integer.
    pub fn i32(&mut self, index: usize, value: i32) {
        self.put(index, Tag::I32, value.cast_unsigned(), 0.0);
    }

    /// Writes a float.
    pub fn f64(&mut self, index: usize, value: f64) {
        self.put(index, Tag::F64, 0, value);
    }

    /// Writes text.
    pub fn str(&mut self, index: usize, text: &str) {
        self.payload(index, Tag::String, text.as_bytes());
    }

    /// Writes bytes.
    pub fn bytes(&mut self, index: usize, bytes: &[u8]) {
        self.payload(index, Tag::Bytes, bytes);
    }

    /// Writes where in linear memory `length` bytes lie, instead of copying them. They must stay there for as long as
    /// the frame is read.
    ///
    /// # Panics
    ///
    /// Panics if the address exceeds what a u32 can say, as it does natively.
    pub fn view(&mut self, index: usize, address: usize, length: usize) {
        let length = f64::from(to_u32(length));
        self.put(index, Tag::View, to_u32(address), length);
    }

    /// Writes headers, or null if there are none. Names are put into lower case.
    ///
    /// # Panics
    ///
    /// Panics if a name is not ASCII.
    pub fn headers<'h>(&mut self, index: usize, headers: impl Iterator<Item = (&'h str, &'h [u8])>) {
        let mut content = None;
        for (name, value) in headers {
            content = content.or_else(|| Some(self.open(index, Tag::Bytes)));
            self.header(name, value);
        }
        match content {
            Some(content) => self.close(content),
            None => self.null(index),
        }
    }

    /// Writes a frame of `slots` slots in place: `write` fills it.
    pub fn frame(&mut self, index: usize, slots: usize, write: impl FnOnce(&mut FrameWriter<'_>)) {
        let content = self.open(index, Tag::Bytes);
        write(&mut FrameWriter::append(self.buffer, slots));
        self.close(content);
    }

    fn put(&mut self, index: usize, tag: Tag, a: u32, b: f64) {
        assert!(index < self.slots, "a frame of {} slots has no slot {index}", self.slots);
        let (slots, _) = self.buffer.as_bytes_mut()[self.start..].as_chunks_mut::<SLOT_BYTES>();
        let slot = &mut slots[index];
        slot[..4].copy_from_slice(&u32::from(tag as u8).to_le_bytes());
        slot[4..8].copy_from_slice(&a.to_le_bytes());
        slot[8..].copy_from_slice(&b.to_le_bytes());
    }

    fn payload(&mut self, index: usize, tag: Tag, bytes: &[u8]) {
        let content = self.open(index, tag);
        self.buffer.extend(bytes);
        self.close(content);
    }

    /// Starts a payload that `index` points at. Returns where in the buffer its content starts.
    fn open(&mut self, index: usize, tag: Tag) -> usize {
        let offset = to_u32(self.buffer.len() - self.start);
        self.put(index, tag, offset, 0.0);
        self.buffer.extend(&[0; LENGTH_BYTES]);
        self.buffer.len()
    }

    /// Ends the payload whose content starts at `content` in the buffer.
    fn close(&mut self, content: usize) {
        let length = to_u32(self.buffer.len() - content);
        self.buffer.as_bytes_mut()[content - LENGTH_BYTES..content].copy_from_slice(&length.to_le_bytes());
        self.buffer.pad(PAYLOAD_ALIGN);
    }

    fn header(&mut self, name: &str, value: &[u8]) {
        self.prefixed(name.as_bytes());
        let start = self.buffer.len() - name.len();
        let written = &mut self.buffer.as_bytes_mut()[start..];
        written.make_ascii_lowercase();
        assert!(written.is_ascii(), "a header's name is ASCII");
        self.prefixed(value);
    }

    fn prefixed(&mut self, bytes: &[u8]) {
        self.buffer.extend(&to_u32(bytes.len()).to_le_bytes());
        self.buffer.extend(bytes);
    }
}

/// A length or an offset as the exchange has them.
fn to_u32(bytes: usize) -> u32 {
    u32::try_from(bytes).expect("the exchange is made for 32-bit linear memory")
}
