//! The head of a request: HTTP/1.1 (RFC 9112), as much of it as a dump needs.

use std::io::{ErrorKind, Read};

use super::refusal::Refusal;

/// Request line and headers.
pub(super) const HEAD_MAX_BYTES: usize = 16 << 10;
const HEADERS_MAX: usize = 64;
const CHUNK_BYTES: usize = 4 << 10;

/// What a request says before its body.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub(super) method: String,
    pub(super) target: String,
    /// The length of the body, if it is told and not in chunks.
    pub(super) length: Option<u64>,
    /// Whether the client waits for a word before it sends the body.
    pub(super) waits: bool,
}

/// Reads a head, and what came of the body with it; `None` if nothing came at all.
pub(super) fn read(stream: &mut impl Read) -> Result<Option<(Head, Vec<u8>)>, Refusal> {
    let mut bytes = Vec::new();
    let mut chunk = [0; CHUNK_BYTES];
    loop {
        if let Some((head, length)) = parse(&bytes)? {
            return Ok(Some((head, bytes.split_off(length))));
        }
        let room = HEAD_MAX_BYTES - bytes.len();
        if room == 0 {
            return Err(Refusal::new(431, format!("the head has more than {HEAD_MAX_BYTES} bytes")));
        }
        match stream.read(&mut chunk[..room.min(CHUNK_BYTES)]) {
            Ok(0) if bytes.is_empty() => return Ok(None),
            Ok(0) => return Err(Refusal::new(400, "the request ended within its head")),
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(Refusal::lost(&error)),
        }
    }
}

/// The head and its length, if it is whole.
fn parse(bytes: &[u8]) -> Result<Option<(Head, usize)>, Refusal> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut request = httparse::Request::new(&mut headers);
    let invalid = |error| Refusal::new(400, format!("this is no request of HTTP/1.1: {error}"));
    let httparse::Status::Complete(length) = request.parse(bytes).map_err(invalid)? else {
        return Ok(None);
    };
    let text = |part: Option<&str>| part.unwrap_or_default().to_owned();
    let mut head = Head { method: text(request.method), target: text(request.path), ..Head::default() };
    let mut in_chunks = false;
    for header in request.headers.iter() {
        match header.name.to_ascii_lowercase().as_str() {
            "content-length" => head.length = Some(body_length(head.length, header.value)?),
            "transfer-encoding" => in_chunks = true,
            "expect" => head.waits = header.value.eq_ignore_ascii_case(b"100-continue"),
            _ => {}
        }
    }
    head.length = head.length.filter(|_| !in_chunks);
    Ok(Some((head, length)))
}

/// A length that is told twice has to be the same.
fn body_length(before: Option<u64>, value: &[u8]) -> Result<u64, Refusal> {
    let text = str::from_utf8(value).ok().filter(|text| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit()));
    // Digits that are no u64 are too many.
    let length = text.map(|text| text.parse().unwrap_or(u64::MAX));
    length
        .filter(|length| before.is_none_or(|before| before == *length))
        .ok_or(Refusal::new(400, "content-length is no number of bytes, or two"))
}
