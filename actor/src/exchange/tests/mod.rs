//! The exchange against its golden bytes, against random frames and against random bytes.
//!
//! `tests/wasm_exchange.rs` runs `golden` in WebAssembly and `fuzz/` runs `model` on what the fuzzer finds.

use super::{Buffer, Frame, FrameError, FrameErrorKind, FrameWriter, Headers, SLOT_BYTES, Slot};

mod golden;
mod model;
mod properties;
mod rules;

#[test]
fn frames_are_written_as_the_golden_bytes() {
    golden::frames_are_written_as_the_golden_bytes();
}

#[test]
fn golden_bytes_are_read_as_what_they_mean() {
    golden::golden_bytes_are_read_as_what_they_mean();
}

#[test]
fn malformed_frames_are_errors() {
    golden::malformed_frames_are_errors();
}
