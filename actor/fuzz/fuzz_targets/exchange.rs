//! The exchange on whatever the fuzzer finds: bytes are at worst an error, and frames come back as they were written.

#![no_main]

use arbitrary::{Arbitrary, Result, Unstructured};
use duractor::exchange::{Buffer, Frame, FrameWriter, Headers, SLOT_BYTES, Slot};
use libfuzzer_sys::fuzz_target;
use model::Value;

#[path = "../../src/exchange/tests/model.rs"]
mod model;

/// How deep frames lie in frames.
const DEPTH_MAX: usize = 3;

#[derive(Debug)]
enum Input<'i> {
    /// Bytes to read as a frame of so many slots, and as headers.
    Read { slots: u8, bytes: &'i [u8] },
    /// Frames to write behind each other and to read, then to read with some bytes changed.
    Write { frames: Vec<Vec<Value>>, damage: Vec<(u16, u8)> },
}

fuzz_target!(|input: Input<'_>| match input {
    Input::Read { slots, bytes } => read(bytes, slots.into()),
    Input::Write { frames, damage } => write(&frames, &damage),
});

fn read(bytes: &[u8], slots: usize) {
    let _ = Headers::new(bytes);
    // However many slots they are read as, the same bytes are at worst an error.
    if let Ok(frame) = Frame::new(bytes, slots) {
        model::read_as_everything(frame, bytes, slots, 2);
    }
}

fn write(frames: &[Vec<Value>], damage: &[(u16, u8)]) {
    let mut buffer = Buffer::default();
    let mut places = Vec::new();
    for slots in frames {
        let mut writer = FrameWriter::begin(&mut buffer, slots.len());
        model::write(&mut writer, slots);
        places.push((writer.start(), writer.finish()));
    }
    for (slots, &(start, length)) in frames.iter().zip(&places) {
        let bytes = &buffer.as_bytes()[start..start + length];
        model::assert_holds(Frame::new(bytes, slots.len()).unwrap(), slots);
        model::read_as_everything(Frame::new(bytes, slots.len()).unwrap(), bytes, slots.len(), 1);
    }
    for &(place, byte) in damage {
        if let Some(damaged) = buffer.as_bytes_mut().get_mut(usize::from(place)) {
            *damaged = byte;
        }
    }
    for (slots, (start, length)) in frames.iter().zip(places) {
        read(&buffer.as_bytes()[start..start + length], slots.len());
    }
}

impl<'i> Arbitrary<'i> for Input<'i> {
    fn arbitrary(u: &mut Unstructured<'i>) -> Result<Self> {
        if u.arbitrary()? {
            let frames = (0..u.int_in_range(1..=3)?).map(|_| slots(u, DEPTH_MAX)).collect::<Result<_>>()?;
            return Ok(Input::Write { frames, damage: u.arbitrary()? });
        }
        let slots = u.int_in_range(0..=16)?;
        Ok(Input::Read { slots, bytes: u.bytes(u.len())? })
    }
}

fn slots(u: &mut Unstructured<'_>, depth: usize) -> Result<Vec<Value>> {
    (0..u.int_in_range(0..=10)?).map(|_| value(u, depth)).collect()
}

fn value(u: &mut Unstructured<'_>, depth: usize) -> Result<Value> {
    Ok(match u.int_in_range(0..=if depth == 0 { 7 } else { 8 })? {
        0 => Value::Null,
        1 => Value::Bool(u.arbitrary()?),
        2 => Value::I32(u.arbitrary()?),
        3 => Value::F64(u.arbitrary()?),
        4 => Value::Str(u.arbitrary()?),
        5 => Value::Bytes(u.arbitrary()?),
        6 => Value::View { address: u.arbitrary::<u32>()? as usize, length: u.arbitrary::<u32>()? as usize },
        7 => Value::Headers(u.arbitrary_iter()?.map(header).collect::<Result<_>>()?),
        _ => Value::Frame(slots(u, depth - 1)?),
    })
}

fn header(pair: Result<(String, Vec<u8>)>) -> Result<(String, Vec<u8>)> {
    let (name, value) = pair?;
    Ok((name.chars().filter(char::is_ascii).collect(), value))
}
