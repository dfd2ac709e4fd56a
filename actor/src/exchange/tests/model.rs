//! What a frame means, apart from its bytes.

use super::{Frame, FrameWriter, Headers, SLOT_BYTES, Slot};

/// What a slot is to hold.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    I32(i32),
    F64(f64),
    Str(String),
    Bytes(Vec<u8>),
    View { address: usize, length: usize },
    Headers(Vec<(String, Vec<u8>)>),
    Frame(Vec<Value>),
}

/// Writes a frame's slots in their order.
pub(crate) fn write(writer: &mut FrameWriter<'_>, slots: &[Value]) {
    for (index, value) in slots.iter().enumerate() {
        match value {
            Value::Null => writer.null(index),
            Value::Bool(value) => writer.bool(index, *value),
            Value::I32(value) => writer.i32(index, *value),
            Value::F64(value) => writer.f64(index, *value),
            Value::Str(text) => writer.str(index, text),
            Value::Bytes(bytes) => writer.bytes(index, bytes),
            Value::View { address, length } => writer.view(index, *address, *length),
            Value::Headers(pairs) => {
                let pairs = pairs.iter().map(|(name, value)| (&**name, &**value));
                writer.headers(index, pairs);
            }
            Value::Frame(slots) => {
                writer.frame(index, slots.len(), |inner| write(inner, slots));
            }
        }
    }
}

/// Fails unless a frame holds these slots.
pub(crate) fn assert_holds(frame: Frame<'_>, slots: &[Value]) {
    for (index, value) in slots.iter().enumerate() {
        let slot = frame.slot(index);
        match value {
            Value::Null => assert_eq!(slot, Ok(Slot::Null)),
            Value::Bool(value) => assert_eq!(slot, Ok(Slot::Bool(*value))),
            Value::I32(value) => assert_eq!(frame.i32(index), Ok(*value)),
            Value::F64(value) => assert_eq!(frame.f64(index).unwrap().to_bits(), value.to_bits()),
            Value::Str(text) => assert_eq!(frame.str(index), Ok(&**text)),
            Value::Bytes(bytes) => assert_eq!(frame.bytes(index), Ok(&**bytes)),
            Value::View { .. } => assert!(slot.is_err()),
            Value::Headers(pairs) if pairs.is_empty() => assert_eq!(slot, Ok(Slot::Null)),
            Value::Headers(pairs) => assert_headers(frame.bytes(index).unwrap(), pairs),
            Value::Frame(slots) => assert_holds(frame.frame(index, slots.len()).unwrap(), slots),
        }
    }
}

fn assert_headers(bytes: &[u8], pairs: &[(String, Vec<u8>)]) {
    let headers = Headers::new(bytes).unwrap();
    assert_eq!(headers.len(), pairs.len());
    for (found, (name, value)) in headers.iter().zip(pairs) {
        assert_eq!(found, (&*name.to_ascii_lowercase(), &**value));
        assert!(headers.get_all(name).any(|other| other == value));
    }
}

/// Reads every slot of a frame as everything, frames in frames included, and fails if anything read lies elsewhere
/// than in the frame, behind its slots.
pub(crate) fn read_as_everything(frame: Frame<'_>, bytes: &[u8], slots: usize, depth: usize) {
    for index in 0..=slots {
        let slot = frame.slot(index);
        assert_eq!(frame.i32(index).is_ok(), matches!(slot, Ok(Slot::I32(_))));
        assert_eq!(frame.f64(index).is_ok(), matches!(slot, Ok(Slot::F64(_))));
        assert_eq!(frame.str(index).is_ok(), matches!(slot, Ok(Slot::Str(_))));
        assert_eq!(frame.bytes(index).is_ok(), matches!(slot, Ok(Slot::Bytes(_))));
        assert_eq!(frame.opt_i32(index) == Ok(None), slot == Ok(Slot::Null));
        let content = match slot {
            Ok(Slot::Str(text)) => text.as_bytes(),
            Ok(Slot::Bytes(content)) => content,
            Ok(Slot::Null) => {
                assert_eq!(frame.range(index), Ok(None));
                continue;
            }
            _ => {
                assert!(frame.range(index).is_err());
                continue;
            }
        };
        let range = frame.range(index).unwrap().unwrap();
        assert!(range.start >= slots * SLOT_BYTES + 4 && range.end <= bytes.len());
        assert!(std::ptr::eq(content, &raw const bytes[range]));
        read_headers(content);
        for slots in [1, 6.min(content.len() / SLOT_BYTES)] {
            if depth > 0
                && let Ok(inner) = frame.frame(index, slots)
            {
                read_as_everything(inner, content, slots, depth - 1);
            }
        }
    }
}

fn read_headers(content: &[u8]) {
    let Ok(headers) = Headers::new(content) else {
        return;
    };
    let walked: usize = headers.iter().map(|(name, value)| name.len() + value.len() + 8).sum();
    assert_eq!(walked, content.len());
    for (name, _) in headers.iter() {
        assert_eq!(headers.get(name), headers.get_all(name).next());
    }
}
