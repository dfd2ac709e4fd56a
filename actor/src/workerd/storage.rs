//! Frames of reads and commits (docs/exchange.md).

use crate::{
    exchange::{Buffer, Frame, FrameError, FrameWriter},
    host::{ANSWER_MAX_BYTES, PAGE_MAX_BYTES, Read, StorageError, Write},
    value::Value,
};

/// Slots before the parameters of a read, and before the writes of a commit.
const SLOTS: usize = 6;
const WRITE_SLOTS: usize = 3;

/// From this size on a value is shown where it lies instead of being copied into the frame.
const VIEW_MIN_BYTES: usize = 4 << 10;

pub(super) fn write_read(buffer: &mut Buffer, read: &Read<'_>) {
    let params: &[Value] = if let Read::Sql { params, .. } = read { params } else { &[] };
    let mut frame = FrameWriter::begin(buffer, SLOTS + params.len());
    match *read {
        Read::Get { key } => {
            frame.i32(0, 0);
            frame.bytes(1, key);
        }
        Read::Scan { from, to, is_descending, rows_max } => {
            frame.i32(0, if is_descending { 2 } else { 1 });
            frame.bytes(1, from);
            frame.bytes(2, to);
            frame.i32(3, rows_max as i32);
            frame.i32(4, PAGE_MAX_BYTES as i32);
        }
        Read::Count { from, to } => {
            frame.i32(0, 3);
            frame.bytes(1, from);
            frame.bytes(2, to);
        }
        Read::Sql { text, may_write, .. } => {
            frame.i32(0, if may_write { 5 } else { 4 });
            frame.str(1, text);
            frame.i32(3, params.len() as i32);
            frame.i32(4, ANSWER_MAX_BYTES as i32);
        }
    }
    write_params(&mut frame, SLOTS, params);
    frame.finish();
}

pub(super) fn write_commit(buffer: &mut Buffer, writes: &[Write]) {
    let mut frame = FrameWriter::begin(buffer, SLOTS + WRITE_SLOTS * writes.len());
    frame.i32(4, writes.len() as i32);
    for (slot, write) in (SLOTS..).step_by(WRITE_SLOTS).zip(writes) {
        write_one(&mut frame, slot, write);
    }
    frame.finish();
}

fn write_one(frame: &mut FrameWriter<'_>, slot: usize, write: &Write) {
    let mut pair = |kind, first: &[u8], second: &[u8]| {
        frame.i32(slot, kind);
        frame.bytes(slot + 1, first);
        if second.len() < VIEW_MIN_BYTES {
            frame.bytes(slot + 2, second);
        } else {
            frame.view(slot + 2, second.as_ptr().addr(), second.len());
        }
    };
    match write {
        Write::Put { key, value } => pair(0, key, value),
        Write::Delete { key } => {
            frame.i32(slot, 1);
            frame.bytes(slot + 1, key);
        }
        Write::DeleteRange { from, to } => pair(2, from, to),
        Write::Erase => frame.i32(slot, 5),
        Write::Move { from, to } => pair(3, from, to),
        Write::Sql { text, params } => {
            frame.i32(slot, 4);
            frame.str(slot + 1, text);
            frame.frame(slot + 2, 1 + params.len(), |frame| {
                frame.i32(0, params.len() as i32);
                write_params(frame, 1, params);
            });
        }
    }
}

fn write_params(frame: &mut FrameWriter<'_>, first: usize, params: &[Value]) {
    for (slot, value) in (first..).zip(params) {
        match value {
            Value::Null => frame.null(slot),
            Value::Integer(integer) => frame.f64(slot, *integer as f64),
            Value::Real(number) => frame.f64(slot, *number),
            Value::Text(text) => frame.str(slot, text),
            Value::Blob(bytes) => frame.bytes(slot, bytes),
        }
    }
}

/// Why a commit failed, and at which write if that is known.
pub(super) fn read_failure(buffer: &Buffer) -> StorageError {
    let parts = Frame::new(buffer.as_bytes(), 2)
        .and_then(|frame| Ok::<_, FrameError>((frame.i32(0)?, frame.str(1)?.to_owned())));
    match parts {
        Ok((write, message)) => StorageError { message, write: usize::try_from(write).ok() },
        Err(error) => StorageError::new(format!("the host's answer cannot be read: {error}")),
    }
}
