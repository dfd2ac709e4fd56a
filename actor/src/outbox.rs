//! What leaves at the end of an entry: a chain of response frames (docs/exchange.md).

use std::time::Duration;

use crate::{
    exchange::{Buffer, FrameWriter},
    key::Key,
    ops::{Bound, Hit, Outbound, Redirects, Want},
    response::{Body, ContentType, Response},
};

/// In the place of a body's request: the body is the reply's, and the call writes it.
const REPLY: i32 = -1;

/// Slots of a response before the operations.
const RESPONSE_SLOTS: usize = 6;
const FETCH_SLOTS: usize = 11;
const HIT_SLOTS: usize = 7;
const SLEEP_SLOTS: usize = 3;
const BOUND_SLOTS: usize = 8;
const PIECE_SLOTS: usize = 5;
const CANCEL_SLOTS: usize = 2;

/// From this size on a body is shown where it lies instead of being copied into the frame.
const VIEW_MIN_BYTES: usize = 4 << 10;

/// Memory that is kept for the next entry's frames; more is given back.
const KEEP_MAX_BYTES: usize = 64 << 10;

/// Where bodies go that are shown, if they are.
type Shown<'o> = Option<&'o mut Vec<Vec<u8>>>;

#[derive(Debug, Default)]
pub(crate) struct Outbox {
    buffer: Buffer,
    /// Bodies that the frames show.
    shown: Vec<Vec<u8>>,
    /// Whether large bodies are shown at all.
    shows: bool,
    last: Option<usize>,
}

impl Outbox {
    /// `shows` says whether the host can look into this memory.
    pub(crate) fn new(shows: bool) -> Self {
        Self { shows, ..Self::default() }
    }

    /// Forgets what the last entry left.
    pub(crate) fn clear(&mut self) {
        self.buffer.clear();
        if self.buffer.capacity() > KEEP_MAX_BYTES {
            self.buffer.shrink();
        }
        self.shown.clear();
        self.last = None;
    }

    /// The frames of this entry, one behind the other.
    pub(crate) fn frames(&self) -> &Buffer {
        &self.buffer
    }

    /// The end of a call.
    pub(crate) fn respond(&mut self, number: f64, response: Response) {
        let Self { buffer, shown, shows, last } = self;
        let mut shown = shows.then_some(shown);
        let mut frame = begin(buffer, last, RESPONSE_SLOTS);
        frame.i32(0, i32::from(response.status));
        match &response.content_type {
            ContentType::None => {}
            ContentType::Common(code) => frame.i32(1, i32::from(*code)),
            ContentType::Other(value) => frame.str(1, &String::from_utf8_lossy(value.as_bytes())),
        }
        write_body(&mut frame, 2, response.body, &mut shown);
        frame.headers(3, response.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
        frame.f64(5, number);
        frame.finish();
    }

    /// A call that waits, and what it newly wants.
    pub(crate) fn wait(&mut self, number: f64, task: Key, wanted: Vec<(i32, Want)>, cancelled: &[i32]) {
        let Self { buffer, shown, shows, last } = self;
        let mut shown = shows.then_some(shown);
        let count = wanted.len() + cancelled.len();
        let mut frame = begin(buffer, last, RESPONSE_SLOTS + count);
        frame.i32(0, -1);
        frame.i32(1, task.to_bits().cast_signed());
        frame.i32(2, count as i32);
        frame.f64(5, number);
        let mut slot = RESPONSE_SLOTS;
        for &id in cancelled {
            frame.frame(slot, CANCEL_SLOTS, |frame| {
                frame.i32(0, id);
                frame.i32(1, 0);
            });
            slot += 1;
        }
        for (id, want) in wanted {
            write_want(&mut frame, slot, id, want, &mut shown);
            slot += 1;
        }
        frame.finish();
    }

    /// A request that is for this actor. `is_lasting` says whether all requests of its method and path are.
    pub(crate) fn forward(&mut self, class: &str, name: &str, cookie: Option<&str>, is_lasting: bool) {
        let mut frame = begin(&mut self.buffer, &mut self.last, RESPONSE_SLOTS);
        frame.i32(0, 0);
        frame.str(1, class);
        frame.str(2, name);
        if let Some(cookie) = cookie {
            frame.str(3, cookie);
        }
        frame.i32(5, i32::from(is_lasting));
        frame.finish();
    }
}

/// Begins a response and links it to the one before.
fn begin<'b>(buffer: &'b mut Buffer, last: &mut Option<usize>, slots: usize) -> FrameWriter<'b> {
    let start = FrameWriter::begin(buffer, 0).start();
    if let Some(previous) = last.replace(start) {
        let next = i32::try_from(start - previous).expect("a chain of responses fits into 2 GiB");
        FrameWriter::reopen(buffer, previous, RESPONSE_SLOTS).i32(4, next);
    }
    FrameWriter::begin(buffer, slots)
}

fn write_want(frame: &mut FrameWriter<'_>, slot: usize, id: i32, want: Want, shown: &mut Shown<'_>) {
    match want {
        Want::Sleep(duration) => frame.frame(slot, SLEEP_SLOTS, |frame| {
            frame.i32(0, id);
            frame.i32(1, 2);
            frame.f64(2, millis(duration));
        }),
        Want::Hit(hit) => frame.frame(slot, HIT_SLOTS, |frame| write_hit(frame, id, &hit)),
        Want::Fetch(outbound) => frame.frame(slot, FETCH_SLOTS, |frame| write_fetch(frame, id, *outbound, shown)),
        Want::Bound(bound) => frame.frame(slot, BOUND_SLOTS, |frame| write_bound(frame, id, *bound, shown)),
        Want::Pull { from, time_max } => frame.frame(slot, PIECE_SLOTS, |frame| {
            frame.i32(0, id);
            frame.i32(1, 5);
            frame.i32(2, from);
            frame.f64(4, millis(time_max));
        }),
        Want::Push(push) => frame.frame(slot, PIECE_SLOTS, |frame| {
            frame.i32(0, id);
            frame.i32(1, 6);
            frame.i32(2, push.to.unwrap_or(REPLY));
            if let Some(piece) = push.piece {
                write_body(frame, 3, Body::Owned(piece), shown);
            }
            frame.f64(4, millis(push.time_max));
        }),
    }
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn write_bound(frame: &mut FrameWriter<'_>, id: i32, bound: Bound, shown: &mut Shown<'_>) {
    frame.i32(0, id);
    frame.i32(1, 4);
    frame.str(2, bound.action);
    frame.str(3, &format!("{}/{}", bound.binding, bound.key));
    frame.str(4, &bound.options);
    if let Some(body) = bound.body {
        write_body(frame, 5, Body::Owned(body), shown);
    }
    frame.f64(6, millis(bound.time_max));
    frame.f64(7, f64::from(bound.body_max_bytes));
}

fn write_hit(frame: &mut FrameWriter<'_>, id: i32, hit: &Hit) {
    frame.i32(0, id);
    frame.i32(1, 3);
    frame.str(2, &hit.method);
    frame.str(3, &hit.url);
    frame.bytes(4, hit.answer.headers.as_bytes());
    frame.bytes(5, hit.answer.body.as_bytes());
    frame.i32(6, i32::from(hit.answer.status));
}

fn write_fetch(frame: &mut FrameWriter<'_>, id: i32, outbound: Outbound, shown: &mut Shown<'_>) {
    frame.i32(0, id);
    frame.i32(1, 1);
    frame.str(2, &outbound.method);
    frame.str(3, &outbound.url);
    frame.headers(4, outbound.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
    if let Some(body) = outbound.body {
        write_body(frame, 5, Body::Owned(body), shown);
    }
    frame.f64(6, millis(outbound.time_max));
    frame.f64(7, f64::from(outbound.body_max_bytes));
    frame.i32(
        8,
        match outbound.redirects {
            Redirects::Follow => 0,
            Redirects::Manual => 1,
            Redirects::Error => 2,
        },
    );
    frame.i32(9, outbound.share.map_or(0, |epoch| (epoch & 0x3fff_ffff).cast_signed() + 1));
    frame.i32(10, i32::from(outbound.is_pulled) + 2 * i32::from(outbound.is_pushed));
}

/// Shows a large body in place, if the host can look there, and copies a small one.
fn write_body(frame: &mut FrameWriter<'_>, slot: usize, body: Body, shown: &mut Shown<'_>) {
    match (body, shown) {
        (Body::Static(b""), _) => {}
        (Body::Flow(_), _) => frame.i32(slot, REPLY),
        (Body::Piped(body), _) => frame.i32(slot, body.detach()),
        (Body::Owned(bytes), Some(shown)) if bytes.len() >= VIEW_MIN_BYTES => {
            frame.view(slot, bytes.as_ptr().addr(), bytes.len());
            shown.push(bytes);
        }
        (body, _) => frame.bytes(slot, body.as_bytes()),
    }
}
