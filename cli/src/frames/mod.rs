//! Frames of the exchange, found in memory: what has lately crossed between JavaScript and WebAssembly.
//!
//! `docs/exchange.md` specifies the bytes. The reader of the crate `duractor` is not used for it, since that one is told what
//! a frame is and where; here anything can stand anywhere, and what is not strictly a frame is none.
//!
//! Memory that was freed keeps its frames until something else is written there, but for their first bytes, which the
//! allocator may use.

mod read;
mod show;
mod slots;
#[cfg(test)]
mod tests;

use std::iter;

use slots::SLOT_BYTES;

/// Frames start at a multiple of it.
const FRAME_ALIGN: usize = 8;

/// A frame and where it is.
#[derive(Debug, PartialEq)]
pub struct Found<'m> {
    /// Address of its first byte.
    pub address: usize,
    /// The frame.
    pub frame: Frame<'m>,
}

/// A frame, read. Of bodies it has the length in bytes, of headers the number.
#[derive(Debug, PartialEq)]
pub enum Frame<'m> {
    /// From JavaScript: a call begins.
    Request {
        /// The call's number; 0 where it is only asked which actor the request is for.
        call: u64,
        /// Method of HTTP.
        method: &'m str,
        /// Path and query.
        path: &'m str,
        /// Number of headers.
        headers: usize,
        /// Length of the body.
        body: Option<usize>,
        /// The calls of the same actor that wait for this one.
        chain: Option<&'m str>,
    },
    /// From WebAssembly: a call has ended, or has begun its reply.
    Response {
        /// The call's number.
        call: u64,
        /// Status of HTTP.
        status: i32,
        /// Content type.
        content_type: Option<&'m str>,
        /// Number of the other headers.
        headers: usize,
        /// The body.
        body: Body,
    },
    /// From WebAssembly: a call waits.
    Wait {
        /// The call's number.
        call: u64,
        /// The task by which results name the call.
        task: i32,
        /// What it newly wants.
        operations: Vec<Operation<'m>>,
    },
    /// From JavaScript: what calls waited for.
    Resume {
        /// What became of their operations.
        results: Vec<Outcome<'m>>,
    },
}

/// Where the body of a response comes from.
#[derive(Debug, PartialEq)]
pub enum Body {
    /// There is none.
    None,
    /// The frame, or where it says; its length.
    Here(usize),
    /// The answer to the operation of this number.
    Operation(i32),
    /// The call, which writes it after this.
    Call,
}

/// What a call newly wants.
#[derive(Debug, PartialEq)]
pub struct Operation<'m> {
    /// Its number, unique in its call.
    pub id: i32,
    /// What it is.
    pub want: Want<'m>,
}

/// What an operation is.
#[derive(Debug, PartialEq)]
pub enum Want<'m> {
    /// The end of the operation of the same number.
    Cancel,
    /// A time to pass.
    Sleep {
        /// Its length in ms.
        ms: f64,
    },
    /// A request to elsewhere.
    Fetch {
        /// Method of HTTP.
        method: &'m str,
        /// URL, or a path of the same worker.
        url: &'m str,
        /// Length of the body.
        body: Option<usize>,
        /// Whether the call pushes the body, piece by piece.
        is_pushed: bool,
        /// Whether the call pulls the answer's body, piece by piece.
        is_pulled: bool,
    },
    /// A request that the cache has answered.
    Hit {
        /// Method of HTTP.
        method: &'m str,
        /// URL.
        url: &'m str,
        /// Status of HTTP.
        status: i32,
        /// Length of the answer's body.
        body: usize,
    },
    /// Something of a binding.
    Bound {
        /// What is asked of it.
        action: &'static str,
        /// Binding and key, with a slash between them.
        target: &'m str,
        /// Length of the value.
        body: Option<usize>,
    },
    /// The next piece of an answer's body.
    Pull {
        /// The fetch that the answer is to.
        from: i32,
    },
    /// The next piece of a body that the call writes.
    Push {
        /// The fetch whose body it is, unless it is that of the reply.
        to: Option<i32>,
        /// Length of the piece; none at the end.
        piece: Option<usize>,
    },
}

/// What became of an operation.
#[derive(Debug, PartialEq)]
pub struct Outcome<'m> {
    /// The task of its call.
    pub task: i32,
    /// Its number, unique in its call.
    pub operation: i32,
    /// How it ended.
    pub end: End<'m>,
}

/// How an operation ended.
#[derive(Debug, PartialEq)]
pub enum End<'m> {
    /// The time has passed.
    Slept,
    /// A response came, or what a binding answers, or a piece of a body; or a piece was taken.
    Fetched {
        /// Status of HTTP.
        status: i32,
        /// Length of the body.
        body: Option<usize>,
        /// Whether the call pulls the body, piece by piece.
        is_pulled: bool,
    },
    /// It failed.
    Failed {
        /// What the failure's code means.
        why: &'static str,
        /// The failure in its own words.
        text: &'m str,
    },
}

/// The frames in memory, by address. Takes time in proportion to the memory, whatever stands in it.
///
/// # Examples
///
/// ```
/// use duractor_cli::frames::{Frame, scan};
///
/// let mut memory = vec![0; 1 << 16];
/// // A response to call 1: status 204, and nothing else.
/// memory[800..808].copy_from_slice(&[2, 0, 0, 0, 204, 0, 0, 0]);
/// memory[880..888].copy_from_slice(&[3, 0, 0, 0, 0, 0, 0, 0]);
/// memory[888..896].copy_from_slice(&1_f64.to_le_bytes());
///
/// let found: Vec<_> = scan(&memory).collect();
/// assert_eq!(found.len(), 1);
/// assert_eq!(found[0].address, 800);
/// assert!(matches!(found[0].frame, Frame::Response { call: 1, status: 204, .. }));
/// ```
pub fn scan(memory: &[u8]) -> impl Iterator<Item = Found<'_>> {
    let mut next = 0;
    iter::from_fn(move || {
        while next < memory.len() {
            let address = next;
            next += FRAME_ALIGN;
            if let Some((frame, slots)) = read::frame(memory, address) {
                next = address + slots * SLOT_BYTES;
                return Some(Found { address, frame });
            }
        }
        None
    })
}
