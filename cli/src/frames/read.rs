//! What a frame means, if it is one.

use super::slots::{I32, NULL, SLOT_BYTES, STRING, Slots};
use super::{Body, End, Frame, Operation, Outcome, Want};

/// What a path, a URL and a failure may be long: more than a worker allows unless it was told to.
const TEXT_MAX_BYTES: usize = 64 << 10;
const HEADERS_MAX_BYTES: usize = 128 << 10;
const METHOD_MAX_BYTES: usize = 64;
const CONTENT_TYPE_MAX_BYTES: usize = 1 << 10;

/// Operations of one wait, results of one resume.
const NESTED_MAX: usize = 1_024;

/// Calls that wait for one.
const CHAIN_MAX: usize = 1_024;

/// Slots of a request, a response, a wait and a resume, before what is nested.
const SLOTS: usize = 6;
const CHAIN_SLOTS: usize = 2;
const RESULT_SLOTS: usize = 7;
const FETCH_SLOTS: usize = 11;
const HIT_SLOTS: usize = 7;
const SLEEP_SLOTS: usize = 3;
const BOUND_SLOTS: usize = 8;
const PIECE_SLOTS: usize = 5;
const CANCEL_SLOTS: usize = 2;

/// Frames of a chain start at a multiple of it.
const FRAME_ALIGN: usize = 8;

/// A resume says here how many results it has.
const RESULTS: usize = 4;

/// All that an answer says of itself, and the part of it that its body is pulled.
const FLAGS_MAX: usize = 7;
const FLAG_PULLED: usize = 4;

/// Which bodies of a fetch come and go piece by piece.
const PIECES_PULLED: usize = 1;
const PIECES_PUSHED: usize = 2;

/// In the place of an operation: the body is the reply's, and the call writes it.
const REPLY: i32 = -1;

const WAITS: i32 = -1;
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const CONTENT_TYPES: [&str; 6] = [
    "text/plain; charset=utf-8",
    "application/json",
    "application/problem+json",
    "application/octet-stream",
    "text/html; charset=utf-8",
    "image/svg+xml",
];
const ACTIONS: [&str; 9] =
    ["kv.get", "kv.put", "kv.delete", "kv.list", "r2.get", "r2.head", "r2.put", "r2.delete", "r2.list"];
const FAILURES: [&str; 15] = [
    "failed",
    "invalid request",
    "connection refused",
    "host not found",
    "timeout",
    "body too large",
    "connection lost",
    "cancelled",
    "the body's stream failed",
    "too many redirects",
    "the answer is a redirect",
    "the answer is not HTTP",
    "no such binding",
    "the circuit is open",
    "invalid URL",
];

/// The frame at an address, and how many slots it has.
///
/// Nearly all of memory is refused by the first eight bytes, and zeros by four more.
pub(super) fn frame(memory: &[u8], address: usize) -> Option<(Frame<'_>, usize)> {
    let word = |at: usize| Some(u32::from_le_bytes(*memory.get(at..)?.first_chunk()?));
    match (word(address)?, word(address + 4)?.cast_signed()) {
        (NULL, 0) if word(address + RESULTS * SLOT_BYTES)? == I32 => resume(Slots::at(memory, address, SLOTS)?),
        (I32, WAITS) => wait(Slots::at(memory, address, SLOTS)?),
        (I32, 0..=6) | (STRING, _) => Some((request(Slots::at(memory, address, SLOTS)?)?, SLOTS)),
        (I32, 200..=599) => Some((response(Slots::at(memory, address, SLOTS)?)?, SLOTS)),
        _ => None,
    }
}

fn request(slots: Slots<'_>) -> Option<Frame<'_>> {
    let call = slots.number(5)?;
    let method = match slots.i32(0) {
        Some(code) => METHODS.get(usize::try_from(code).ok()?)?,
        None => method(slots, 0)?,
    };
    let path = slots.str(1, TEXT_MAX_BYTES).filter(|path| path.starts_with('/'))?;
    let body = slots.opt(2, || slots.bytes(2).map(<[u8]>::len))?;
    let headers = slots.headers(3, HEADERS_MAX_BYTES)?;
    let chain = slots.opt(4, || chain(slots.frame(4, CHAIN_SLOTS)?))?;
    Some(Frame::Request { call, method, path, headers, body, chain })
}

/// A method as HTTP allows it.
fn method(slots: Slots<'_>, index: usize) -> Option<&str> {
    let is_token = |c: u8| c.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&c);
    slots.str(index, METHOD_MAX_BYTES).filter(|text| !text.is_empty() && text.bytes().all(is_token))
}

/// How a chain of calls reads.
fn chain(slots: Slots<'_>) -> Option<&str> {
    let count = slots.count(1).filter(|count| *count <= CHAIN_MAX)?;
    let slots = slots.with(CHAIN_SLOTS + count)?;
    (CHAIN_SLOTS..CHAIN_SLOTS + count).try_for_each(|index| slots.i32(index).map(drop))?;
    slots.str(0, TEXT_MAX_BYTES)
}

fn response(slots: Slots<'_>) -> Option<Frame<'_>> {
    let call = slots.number(5)?;
    next(slots)?;
    let status = slots.i32(0)?;
    let content_type = slots.opt(1, || content_type(slots))?;
    let body = reply_body(slots)?;
    let headers = slots.headers(3, HEADERS_MAX_BYTES)?;
    Some(Frame::Response { call, status, content_type, headers, body })
}

fn reply_body(slots: Slots<'_>) -> Option<Body> {
    match slots.i32(2) {
        Some(REPLY) => Some(Body::Call),
        Some(operation) => (operation >= 0).then_some(Body::Operation(operation)),
        None => Some(slots.body(2)?.map_or(Body::None, Body::Here)),
    }
}

fn content_type(slots: Slots<'_>) -> Option<&str> {
    match slots.count(1) {
        Some(code) => CONTENT_TYPES.get(code).copied(),
        None => slots.str(1, CONTENT_TYPE_MAX_BYTES),
    }
}

/// Checks where the next response of a chain starts.
fn next(slots: Slots<'_>) -> Option<()> {
    let next = slots.opt(4, || slots.count(4))?;
    let is_behind = |next: usize| next >= SLOTS * SLOT_BYTES && next.is_multiple_of(FRAME_ALIGN);
    next.is_none_or(is_behind).then_some(())
}

fn wait(slots: Slots<'_>) -> Option<(Frame<'_>, usize)> {
    let call = slots.number(5)?;
    next(slots)?;
    slots.null(3)?;
    let task = slots.i32(1)?;
    let (operations, count) = nested(slots, 2, operation)?;
    Some((Frame::Wait { call, task, operations }, count))
}

/// What the nested frames behind the slots mean, whose number is in slot `index`, and how many slots there are with them.
fn nested<'m, T>(
    slots: Slots<'m>,
    index: usize,
    read: impl Fn(Slots<'m>, usize) -> Option<T>,
) -> Option<(Vec<T>, usize)> {
    let count = SLOTS + slots.count(index).filter(|count| *count <= NESTED_MAX)?;
    let slots = slots.with(count)?;
    Some(((SLOTS..count).map(|index| read(slots, index)).collect::<Option<_>>()?, count))
}

fn operation(slots: Slots<'_>, index: usize) -> Option<Operation<'_>> {
    let cancel = slots.frame(index, CANCEL_SLOTS)?;
    let want = match cancel.i32(1)? {
        0 => Want::Cancel,
        1 => fetch(cancel.with(FETCH_SLOTS)?)?,
        2 => Want::Sleep { ms: cancel.with(SLEEP_SLOTS)?.amount(2)? },
        3 => hit(cancel.with(HIT_SLOTS)?)?,
        4 => bound(cancel.with(BOUND_SLOTS)?)?,
        5 => pull(cancel.with(PIECE_SLOTS)?)?,
        6 => push(cancel.with(PIECE_SLOTS)?)?,
        _ => return None,
    };
    Some(Operation { id: cancel.i32(0)?, want })
}

fn fetch(slots: Slots<'_>) -> Option<Want<'_>> {
    slots.amount(6)?;
    slots.amount(7)?;
    slots.count(8).filter(|redirects| *redirects <= 2)?;
    slots.count(9)?;
    let pieces = slots.count(10).filter(|pieces| *pieces <= PIECES_PULLED + PIECES_PUSHED)?;
    let (is_pulled, is_pushed) = (pieces & PIECES_PULLED != 0, pieces & PIECES_PUSHED != 0);
    let (method, url) = target(slots)?;
    Some(Want::Fetch { method, url, body: slots.body(5)?, is_pushed, is_pulled })
}

fn hit(slots: Slots<'_>) -> Option<Want<'_>> {
    let (method, url) = target(slots)?;
    let status = slots.i32(6).filter(|status| (200..=599).contains(status))?;
    Some(Want::Hit { method, url, status, body: slots.bytes(5)?.len() })
}

fn bound(slots: Slots<'_>) -> Option<Want<'_>> {
    let action = slots.str(2, METHOD_MAX_BYTES)?;
    let action = ACTIONS.into_iter().find(|known| *known == action)?;
    let target = slots.str(3, TEXT_MAX_BYTES).filter(|target| target.contains('/'))?;
    slots.str(4, TEXT_MAX_BYTES)?;
    slots.amount(6)?;
    slots.amount(7)?;
    Some(Want::Bound { action, target, body: slots.body(5)? })
}

fn pull(slots: Slots<'_>) -> Option<Want<'_>> {
    slots.null(3)?;
    slots.amount(4)?;
    let from = slots.i32(2).filter(|from| *from >= 0)?;
    Some(Want::Pull { from })
}

fn push(slots: Slots<'_>) -> Option<Want<'_>> {
    slots.amount(4)?;
    let to = slots.i32(2).filter(|to| *to >= REPLY)?;
    Some(Want::Push { to: (to != REPLY).then_some(to), piece: slots.body(3)? })
}

/// Method and URL of a request to elsewhere, whose headers are right.
fn target(slots: Slots<'_>) -> Option<(&str, &str)> {
    slots.headers(4, HEADERS_MAX_BYTES)?;
    let url = slots.str(3, TEXT_MAX_BYTES).filter(|url| !url.is_empty())?;
    Some((method(slots, 2)?, url))
}

fn resume(slots: Slots<'_>) -> Option<(Frame<'_>, usize)> {
    [0, 1, 2, 3, 5].into_iter().try_for_each(|index| slots.null(index))?;
    slots.count(RESULTS).filter(|count| *count > 0)?;
    let (results, count) = nested(slots, RESULTS, |slots, index| outcome(slots.frame(index, RESULT_SLOTS)?))?;
    Some((Frame::Resume { results }, count))
}

fn outcome(slots: Slots<'_>) -> Option<Outcome<'_>> {
    let status = slots.i32(2).filter(|status| matches!(status, 0 | 200..=599))?;
    let body = slots.opt(3, || slots.bytes(3).map(<[u8]>::len))?;
    slots.headers(4, HEADERS_MAX_BYTES)?;
    let code = slots.opt(5, || slots.count(5))?;
    let end = match (code, status) {
        (Some(code), 0) => {
            let text = slots.opt(6, || slots.str(6, TEXT_MAX_BYTES))?;
            End::Failed { why: FAILURES.get(code)?, text: text.unwrap_or_default() }
        }
        (None, 0) if body.is_none() => {
            slots.null(6)?;
            End::Slept
        }
        (None, 200..) => {
            let flags = slots.opt(6, || slots.count(6).filter(|flags| *flags <= FLAGS_MAX))?;
            let is_pulled = flags.unwrap_or_default() & FLAG_PULLED != 0;
            if is_pulled && body.is_some() {
                return None;
            }
            End::Fetched { status, body, is_pulled }
        }
        _ => return None,
    };
    Some(Outcome { task: slots.i32(0)?, operation: slots.i32(1)?, end })
}
