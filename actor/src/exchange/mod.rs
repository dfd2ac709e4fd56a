//! How a whole request, response, batch of operations or commit crosses between JavaScript and WebAssembly: as one
//! frame of 16-byte slots in linear memory.
//!
//! `docs/exchange.md` specifies the bytes; this module reads and writes them, and gives none of them a meaning. A
//! [`FrameWriter`] appends a frame to a [`Buffer`], a [`Frame`] borrows one and checks every offset and length that it
//! finds before it follows them, so that bytes from the other side can only ever be an error.
//!
//! # Examples
//!
//! ```
//! use duractor::exchange::{Buffer, Frame, FrameWriter};
//!
//! let mut buffer = Buffer::default();
//! let mut writer = FrameWriter::begin(&mut buffer, 3);
//! writer.i32(0, 200);
//! writer.bytes(2, b"hello");
//! let length = writer.finish();
//!
//! let frame = Frame::new(&buffer.as_bytes()[..length], 3)?;
//! assert_eq!(frame.i32(0)?, 200);
//! assert_eq!(frame.opt_str(1)?, None);
//! assert_eq!(frame.bytes(2)?, b"hello");
//! # Ok::<(), duractor::exchange::FrameError>(())
//! ```

mod buffer;
mod error;
mod frame;
mod headers;
mod tag;
mod writer;

pub use buffer::Buffer;
pub use error::{FrameError, FrameErrorKind};
pub use frame::{Frame, Slot};
pub use headers::Headers;
pub use tag::{SLOT_BYTES, Tag};
pub use writer::FrameWriter;

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
