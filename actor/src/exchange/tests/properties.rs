//! Random frames come back as they were, and random bytes are at worst an error.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::model::{self, Value};
use super::{Buffer, Frame, FrameWriter, Headers};

/// Miri is a thousand times slower.
const CASES: u32 = if cfg!(miri) { 4 } else { 512 };

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_frame_is_read_as_it_was_written(before in vec(any::<u8>(), 0..20), slots in slots()) {
        let mut buffer = Buffer::default();
        buffer.resize(before.len());
        buffer.as_bytes_mut().copy_from_slice(&before);
        let (start, length) = append(&mut buffer, &slots);
        prop_assert_eq!(start % 8, 0);
        prop_assert_eq!(&buffer.as_bytes()[..before.len()], &*before);
        model::assert_holds(Frame::new(&buffer.as_bytes()[start..start + length], slots.len()).unwrap(), &slots);
    }

    #[test]
    fn frames_in_a_buffer_leave_each_other_alone(first in slots(), second in slots()) {
        let mut buffer = Buffer::default();
        let (a, length) = append(&mut buffer, &first);
        let (b, _) = append(&mut buffer, &second);
        prop_assert_eq!(b, (a + length).next_multiple_of(8));
        model::assert_holds(Frame::new(&buffer.as_bytes()[a..a + length], first.len()).unwrap(), &first);
        model::assert_holds(Frame::new(&buffer.as_bytes()[b..], second.len()).unwrap(), &second);
    }

    #[test]
    fn random_bytes_are_at_worst_an_error(bytes in vec(any::<u8>(), 0..300), slots in 0usize..20) {
        read(&bytes, slots);
        let _ = Headers::new(&bytes);
    }

    #[test]
    fn bytes_like_slots_are_at_worst_an_error(words in vec(0u32..48, 0..60), slots in 0usize..10) {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        read(&bytes, slots);
        let _ = Headers::new(&bytes);
    }

    #[test]
    fn a_damaged_frame_is_at_worst_an_error(slots in slots(), damage in vec((any::<Index>(), any::<u8>()), 1..8)) {
        let mut buffer = Buffer::default();
        append(&mut buffer, &slots);
        for (index, byte) in damage {
            if !buffer.is_empty() {
                let index = index.index(buffer.len());
                buffer.as_bytes_mut()[index] = byte;
            }
        }
        read(buffer.as_bytes(), slots.len());
    }

    #[test]
    fn a_frame_cut_short_is_at_worst_an_error(slots in slots(), cut in any::<Index>()) {
        let mut buffer = Buffer::default();
        append(&mut buffer, &slots);
        let cut = cut.index(buffer.len() + 1);
        read(&buffer.as_bytes()[..cut], slots.len());
    }
}

fn append(buffer: &mut Buffer, slots: &[Value]) -> (usize, usize) {
    let mut writer = FrameWriter::begin(buffer, slots.len());
    model::write(&mut writer, slots);
    (writer.start(), writer.finish())
}

fn read(bytes: &[u8], slots: usize) {
    if let Ok(frame) = Frame::new(bytes, slots) {
        model::read_as_everything(frame, bytes, slots, 2);
    }
}

fn slots() -> impl Strategy<Value = Vec<Value>> {
    let flat = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i32>().prop_map(Value::I32),
        any::<u64>().prop_map(|bits| Value::F64(f64::from_bits(bits))),
        vec(any::<char>(), 0..30).prop_map(|text| Value::Str(text.into_iter().collect())),
        vec(any::<u8>(), 0..100).prop_map(Value::Bytes),
        (any::<u32>(), any::<u32>())
            .prop_map(|(address, length)| Value::View { address: address as usize, length: length as usize }),
        vec((name(), vec(any::<u8>(), 0..20)), 0..5).prop_map(Value::Headers),
    ];
    vec(flat.prop_recursive(3, 24, 6, |inner| vec(inner, 0..6).prop_map(Value::Frame)), 0..10)
}

fn name() -> impl Strategy<Value = String> {
    vec(0u8..128, 0..8).prop_map(|bytes| bytes.into_iter().map(char::from).collect())
}
