//! The exchange against its golden bytes, in WebAssembly: `wasm-bindgen-test-runner` runs it in Node.

#![cfg(target_arch = "wasm32")]

use duractor::exchange::{Buffer, Frame, FrameError, FrameErrorKind, FrameWriter, Headers, SLOT_BYTES, Slot};
use wasm_bindgen_test::wasm_bindgen_test;

#[path = "../src/exchange/tests/golden.rs"]
mod golden;
#[path = "../src/exchange/tests/model.rs"]
mod model;

#[wasm_bindgen_test]
fn frames_are_written_as_the_golden_bytes() {
    golden::frames_are_written_as_the_golden_bytes();
}

#[wasm_bindgen_test]
fn golden_bytes_are_read_as_what_they_mean() {
    golden::golden_bytes_are_read_as_what_they_mean();
}

#[wasm_bindgen_test]
fn malformed_frames_are_errors() {
    golden::malformed_frames_are_errors();
}

#[wasm_bindgen_test]
fn bytes_are_read_as_everything_and_are_at_worst_an_error() {
    let mut seed = 1u32;
    for round in 0..2000usize {
        let bytes: Vec<u8> = (0..round % 200).map(|_| next(&mut seed)).collect();
        let slots = round % 9;
        if let Ok(frame) = Frame::new(&bytes, slots) {
            model::read_as_everything(frame, &bytes, slots, 2);
        }
    }
}

#[wasm_bindgen_test]
fn no_length_of_32_bits_overflows() {
    for word in [u32::MAX, u32::MAX - 3, u32::MAX - 16, 1 << 31, (1 << 31) - 4] {
        let mut bytes = vec![0; SLOT_BYTES + 8];
        bytes[0] = 8;
        bytes[4..8].copy_from_slice(&word.to_le_bytes());
        let frame = Frame::new(&bytes, 1).unwrap();
        assert_eq!(frame.slot(0).unwrap_err().kind(), FrameErrorKind::Offset(word));
        bytes[4..8].copy_from_slice(&16u32.to_le_bytes());
        bytes[16..20].copy_from_slice(&word.to_le_bytes());
        let frame = Frame::new(&bytes, 1).unwrap();
        assert_eq!(frame.slot(0).unwrap_err().kind(), FrameErrorKind::Length(word));
        assert!(Headers::new(&bytes[16..]).is_err());
        assert!(Frame::new(&bytes, word as usize).is_err());
    }
}

/// Small numbers for the most part, so that some bytes are slots.
fn next(seed: &mut u32) -> u8 {
    *seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    let [.., low, high] = seed.to_le_bytes();
    if high < 200 { low % 12 & high } else { low }
}
