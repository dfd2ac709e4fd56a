//! `tests/golden/exchange.json`: what frames mean beside their bytes, and bytes that are none.

use serde_json::Value as Json;

use super::model::{self, Value};
use super::{Buffer, Frame, FrameError, FrameErrorKind, FrameWriter, Headers};

const GOLDEN: &str = include_str!("../../../../tests/golden/exchange.json");

/// Where a response says where the next one starts.
const NEXT: usize = 4;

pub(crate) fn frames_are_written_as_the_golden_bytes() {
    for entry in entries("frames") {
        // What stood in the buffer before must not show through.
        let mut buffer = Buffer::default();
        buffer.resize(1 << 16);
        buffer.as_bytes_mut().fill(0xff);
        buffer.clear();
        for slots in frames(&entry) {
            let mut writer = FrameWriter::begin(&mut buffer, slots.len());
            model::write(&mut writer, &slots);
            let (start, length) = (writer.start(), writer.finish());
            assert_eq!(start + length, buffer.len());
        }
        assert_eq!(buffer.as_bytes(), hex(&entry["hex"]), "{}", entry["name"]);
    }
}

pub(crate) fn golden_bytes_are_read_as_what_they_mean() {
    for entry in entries("frames") {
        let bytes = hex(&entry["hex"]);
        let frames = frames(&entry);
        let mut start = 0;
        for (index, slots) in frames.iter().enumerate() {
            let frame = Frame::new(&bytes[start..], slots.len()).unwrap();
            model::assert_holds(frame, slots);
            if index + 1 < frames.len() {
                start += usize::try_from(frame.i32(NEXT).unwrap()).unwrap();
            }
        }
    }
}

pub(crate) fn malformed_frames_are_errors() {
    for entry in entries("malformed") {
        if entry["reader"] == "js" {
            continue;
        }
        let bytes = hex(&entry["hex"]);
        let read = read(&bytes, size(&entry["slots"]), size(&entry["slot"]), entry["as"].as_str().unwrap());
        assert_eq!(read.map_err(name), Err(entry["error"].as_str().unwrap()), "{}", entry["name"]);
    }
}

/// Reads a slot and throws away what it holds.
fn read(bytes: &[u8], slots: usize, slot: usize, kind: &str) -> Result<(), FrameError> {
    let frame = Frame::new(bytes, slots)?;
    match kind {
        "bool" => frame.slot(slot).map(|_| ()),
        "i32" => frame.i32(slot).map(|_| ()),
        "f64" => frame.f64(slot).map(|_| ()),
        "str" => frame.str(slot).map(|_| ()),
        "bytes" => frame.bytes(slot).map(|_| ()),
        "headers" => Headers::new(frame.bytes(slot)?).map(|_| ()),
        "frame" => frame.frame(slot, 1).map(|_| ()),
        other => panic!("a slot is not read as {other}"),
    }
}

/// What the golden file calls a broken rule.
fn name(error: FrameError) -> &'static str {
    match error.kind() {
        FrameErrorKind::Size => "size",
        FrameErrorKind::Index => "index",
        FrameErrorKind::UnknownTag(_) => "unknown-tag",
        FrameErrorKind::Tag { .. } => "tag",
        FrameErrorKind::View => "view",
        FrameErrorKind::Bool(_) => "bool",
        FrameErrorKind::Offset(_) => "offset",
        FrameErrorKind::Length(_) => "length",
        FrameErrorKind::Padding => "padding",
        FrameErrorKind::Utf8 => "utf8",
        FrameErrorKind::Header => "header",
    }
}

fn entries(key: &str) -> Vec<Json> {
    let mut golden: Json = serde_json::from_str(GOLDEN).unwrap();
    serde_json::from_value(golden[key].take()).unwrap()
}

/// The frames of an entry: a chain of them, or one.
fn frames(entry: &Json) -> Vec<Vec<Value>> {
    match entry["chain"].as_array() {
        Some(chain) => chain.iter().map(slots).collect(),
        None => vec![slots(&entry["slots"])],
    }
}

fn slots(list: &Json) -> Vec<Value> {
    list.as_array().unwrap().iter().map(value).collect()
}

fn value(slot: &Json) -> Value {
    let Some((kind, value)) = slot.as_object().and_then(|object| object.iter().next()) else {
        return Value::Null;
    };
    match &**kind {
        "bool" => Value::Bool(value.as_bool().unwrap()),
        "i32" => Value::I32(value.as_i64().unwrap().try_into().unwrap()),
        "f64" => Value::F64(float(value)),
        "str" => Value::Str(value.as_str().unwrap().to_owned()),
        "bytes" => Value::Bytes(hex(value)),
        "view" => Value::View { address: size(&value["address"]), length: size(&value["length"]) },
        "headers" => Value::Headers(value.as_array().unwrap().iter().map(header).collect()),
        "frame" => Value::Frame(slots(value)),
        other => panic!("no slot holds {other}"),
    }
}

fn header(pair: &Json) -> (String, Vec<u8>) {
    let name = pair[0].as_str().unwrap().to_owned();
    let value = pair[1].as_str().map_or_else(|| hex(&pair[1]["hex"]), |text| text.into());
    (name, value)
}

fn float(value: &Json) -> f64 {
    value.as_f64().unwrap_or_else(|| value.as_str().unwrap().parse().unwrap())
}

fn size(value: &Json) -> usize {
    value.as_u64().unwrap().try_into().unwrap()
}

/// Bytes: hexadecimal with spaces, `{"repeat": hex, "times": n}`, or a list of such.
fn hex(value: &Json) -> Vec<u8> {
    match value {
        Json::String(text) => digits(text),
        Json::Array(parts) => parts.iter().flat_map(hex).collect(),
        part => hex(&part["repeat"]).repeat(size(&part["times"])),
    }
}

fn digits(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().filter_map(|c| c.to_digit(16)).map(|d| d as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}
