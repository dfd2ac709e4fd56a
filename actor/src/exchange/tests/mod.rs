//! The exchange against its golden bytes, against random frames and against random bytes.
//!
//! `tests/wasm_exchange.rs` runs `golden` in WebAssembly and `fuzz/` runs `model` on what the fuzzer finds.

use super::{Buffer, Frame, FrameError, FrameErrorKind, FrameWriter, Headers, SLOT_BYTES, Slot};

mod golden;
mod model;
mod properties;
mod rules;

#[test]
#[cfg_attr(miri, ignore = "parsing the golden file takes minutes, and random frames take the same ways")]
fn frames_are_written_as_the_golden_bytes() {
    golden::frames_are_written_as_the_golden_bytes();
}

#[test]
#[cfg_attr(miri, ignore = "parsing the golden file takes minutes, and random frames take the same ways")]
fn golden_bytes_are_read_as_what_they_mean() {
    golden::golden_bytes_are_read_as_what_they_mean();
}

#[test]
#[cfg_attr(miri, ignore = "parsing the golden file takes minutes, and random frames take the same ways")]
fn malformed_frames_are_errors() {
    golden::malformed_frames_are_errors();
}
