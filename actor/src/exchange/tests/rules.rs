//! Rules that no golden bytes show.

use super::{Buffer, Frame, FrameErrorKind, FrameWriter, Headers, Slot};

#[test]
fn bodies_of_every_size_come_back() {
    let largest = if cfg!(miri) { 8 << 10 } else { 10 << 20 };
    for length in
        [0, 1, 2, 3, 4, 5, 1 << 10, 8 << 10, 1 << 20, 10 << 20].into_iter().filter(|&length| length <= largest)
    {
        let body: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
        let mut buffer = Buffer::default();
        let mut writer = FrameWriter::begin(&mut buffer, 3);
        writer.bytes(1, &body);
        writer.str(2, "behind");
        writer.finish();
        let frame = Frame::new(buffer.as_bytes(), 3).unwrap();
        assert!(frame.bytes(1).unwrap() == body);
        assert_eq!(frame.str(2), Ok("behind"));
    }
}

#[test]
fn a_range_is_where_the_content_lies() {
    let mut buffer = Buffer::default();
    let mut writer = FrameWriter::begin(&mut buffer, 4);
    writer.str(0, "text");
    writer.bytes(1, b"bytes");
    writer.i32(3, 1);
    writer.finish();
    let frame = Frame::new(buffer.as_bytes(), 4).unwrap();
    assert_eq!(&buffer.as_bytes()[frame.range(0).unwrap().unwrap()], b"text");
    assert_eq!(&buffer.as_bytes()[frame.range(1).unwrap().unwrap()], b"bytes");
    assert_eq!(frame.range(2), Ok(None));
    assert_eq!(frame.range(3).unwrap_err().to_string(), "slot 3: expected bytes, found i32");
}

#[test]
fn a_slot_holds_what_was_written_last() {
    let mut buffer = Buffer::default();
    let mut writer = FrameWriter::begin(&mut buffer, 1);
    writer.str(0, "first");
    writer.f64(0, 2.5);
    writer.i32(0, 3);
    writer.finish();
    assert_eq!(Frame::new(buffer.as_bytes(), 1).unwrap().slot(0), Ok(Slot::I32(3)));
}

#[test]
fn null_is_none_and_nothing_else_is() {
    let mut buffer = Buffer::default();
    let mut writer = FrameWriter::begin(&mut buffer, 2);
    writer.bool(1, true);
    writer.finish();
    let frame = Frame::new(buffer.as_bytes(), 2).unwrap();
    assert_eq!((frame.opt_i32(0), frame.opt_str(0), frame.opt_bytes(0)), (Ok(None), Ok(None), Ok(None)));
    for kind in [frame.opt_i32(1).err(), frame.opt_str(1).err(), frame.opt_bytes(1).err()] {
        assert!(matches!(kind.unwrap().kind(), FrameErrorKind::Tag { .. }));
    }
}

#[test]
fn headers_are_found_in_any_case_and_keep_their_order() {
    let mut buffer = Buffer::default();
    let mut writer = FrameWriter::begin(&mut buffer, 1);
    let pairs: [(&str, &[u8]); 3] = [("Set-Cookie", b"a"), ("x", b""), ("set-cookie", b"\xff")];
    writer.headers(0, pairs.into_iter());
    writer.finish();
    let headers = Headers::new(Frame::new(buffer.as_bytes(), 1).unwrap().bytes(0).unwrap()).unwrap();
    assert_eq!(headers.get("SET-cookie"), Some(&b"a"[..]));
    assert_eq!(headers.get_all("set-cookie").collect::<Vec<_>>(), [&b"a"[..], b"\xff"]);
    assert_eq!(headers.iter().next(), Some(("set-cookie", &b"a"[..])));
    assert_eq!(headers.get("y"), None);
    assert_eq!(format!("{headers:?}"), r#"["set-cookie", "x", "set-cookie"]"#);
    assert!(Headers::default().is_empty());
}

#[test]
#[should_panic(expected = "a frame of 1 slots has no slot 1")]
fn a_slot_that_the_frame_does_not_have_cannot_be_written() {
    FrameWriter::begin(&mut Buffer::default(), 1).i32(1, 0);
}

#[test]
#[should_panic(expected = "a header's name is ASCII")]
fn a_header_beyond_ascii_cannot_be_written() {
    FrameWriter::begin(&mut Buffer::default(), 1).headers(0, [("ä", &b""[..])].into_iter());
}

#[test]
#[should_panic(expected = "32-bit linear memory")]
#[cfg(target_pointer_width = "64")]
fn an_address_beyond_32_bits_cannot_be_written() {
    FrameWriter::begin(&mut Buffer::default(), 1).view(0, 1 << 32, 0);
}

#[test]
#[should_panic(expected = "a frame's slots fit into memory")]
fn slots_beyond_memory_cannot_be_begun() {
    FrameWriter::begin(&mut Buffer::default(), usize::MAX / 8);
}

#[test]
fn more_slots_than_memory_has_are_an_error() {
    for slots in [1, usize::MAX / 16, usize::MAX / 16 + 2, usize::MAX] {
        assert_eq!(Frame::new(&[], slots).unwrap_err().kind(), FrameErrorKind::Size);
    }
}

#[test]
fn a_buffer_is_aligned_and_shows_zeros_where_it_grows() {
    let mut buffer = Buffer::with_len(13);
    assert_eq!((buffer.len(), buffer.as_bytes()), (13, &[0; 13][..]));
    buffer.as_bytes_mut().fill(0xff);
    let capacity = buffer.capacity();
    buffer.resize(3);
    buffer.resize(13);
    assert_eq!(buffer.as_bytes()[..4], [0xff, 0xff, 0xff, 0]);
    buffer.clear();
    assert!(buffer.is_empty() && buffer.capacity() == capacity);
    buffer.shrink();
    assert_eq!(buffer.capacity(), 0);
    buffer.resize(1 << 10);
    assert_eq!((buffer.as_ptr().addr() % 8, buffer.as_bytes()), (0, &[0; 1 << 10][..]));
}

#[test]
fn an_exposed_buffer_is_as_long_as_its_memory_or_as_asked() {
    let mut buffer = Buffer::with_len(32);
    buffer.clear();
    buffer.expose(16);
    assert_eq!(buffer.len(), 32);
    buffer.expose(100);
    assert!(buffer.len() >= 100 && buffer.len() <= buffer.capacity());
}

#[test]
fn a_reopened_frame_takes_new_values_and_leaves_the_next_frame_alone() {
    let mut buffer = Buffer::default();
    let mut writer = FrameWriter::begin(&mut buffer, 2);
    writer.str(0, "first");
    let (first, _) = (writer.start(), writer.finish());
    let mut writer = FrameWriter::begin(&mut buffer, 1);
    writer.str(0, "second");
    let (second, _) = (writer.start(), writer.finish());
    let end = buffer.len();
    FrameWriter::reopen(&mut buffer, first, 2).i32(1, 7);
    assert_eq!(buffer.len(), end);
    let frame = Frame::new(&buffer.as_bytes()[first..], 2).unwrap();
    assert_eq!((frame.str(0), frame.i32(1)), (Ok("first"), Ok(7)));
    assert_eq!(Frame::new(&buffer.as_bytes()[second..], 1).unwrap().str(0), Ok("second"));
}
