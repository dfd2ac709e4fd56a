//! Bodies that come and go piece by piece.

use std::{collections::VecDeque, time::Duration};

use super::{Event, Native, answer::Answer};
use crate::ops::{Outbound, Push};

/// The greatest piece of a body that is pulled, in bytes.
const PIECE_MAX_BYTES: usize = 64 << 10;

/// A body that is pulled.
#[derive(Debug, Default)]
pub(super) struct Pulled {
    pieces: VecDeque<Vec<u8>>,
    /// What comes after the last piece.
    is_cut: bool,
}

impl Pulled {
    pub(super) fn new(pieces: Vec<Vec<u8>>, is_cut: bool) -> Self {
        let small =
            pieces.into_iter().flat_map(|piece| piece.chunks(PIECE_MAX_BYTES).map(<[u8]>::to_vec).collect::<Vec<_>>());
        Self { pieces: small.collect(), is_cut }
    }

    fn next(&mut self) -> Answer {
        match self.pieces.pop_front() {
            Some(piece) => Answer::bytes(piece),
            None if self.is_cut => Answer::lost(),
            None => Answer::status(200),
        }
    }

    /// All the rest, and whether it is cut.
    pub(super) fn rest(self) -> (Vec<u8>, bool) {
        (self.pieces.into_iter().flatten().collect(), self.is_cut)
    }
}

/// A request whose body is pushed.
#[derive(Debug)]
pub(super) struct Pushed {
    pub(super) outbound: Box<Outbound>,
    pub(super) body: Vec<u8>,
}

impl Native {
    /// The next piece of a body.
    pub(super) fn pull(&self, number: i64, operation: i32, from: i32) {
        let piece = {
            let mut calls = self.calls.borrow_mut();
            calls.get_mut(&number).and_then(|call| call.pulled.get_mut(&from)).map_or_else(Answer::lost, Pulled::next)
        };
        self.schedule(Duration::ZERO, Event::Came { call: number, operation, came: Some(piece) });
    }

    /// The next piece of a body that is sent.
    pub(super) fn push(&self, number: i64, operation: i32, push: Push) {
        let is_taken = match push.to {
            None => self.write_reply(number, push.piece),
            Some(to) => self.write_request(number, to, push.piece),
        };
        let came = Some(if is_taken { Answer::status(200) } else { Answer::cancelled() });
        self.schedule(Duration::ZERO, Event::Came { call: number, operation, came });
    }

    /// Whether somebody takes it.
    fn write_reply(&self, number: i64, piece: Option<Vec<u8>>) -> bool {
        let mut calls = self.calls.borrow_mut();
        let Some(call) = calls.get_mut(&number).filter(|call| !call.is_head && !call.is_abandoned) else {
            return false;
        };
        let Some(head) = &mut call.head else { return false };
        match piece {
            Some(piece) => head.body.extend(piece),
            None => head.is_cut = false,
        }
        true
    }

    fn write_request(&self, number: i64, to: i32, piece: Option<Vec<u8>>) -> bool {
        let whole = {
            let mut calls = self.calls.borrow_mut();
            let Some(call) = calls.get_mut(&number) else { return false };
            match (call.pushed.get_mut(&to), piece) {
                (None, _) => return false,
                (Some(pushed), Some(piece)) => {
                    pushed.body.extend(piece);
                    None
                }
                (Some(_), None) => call.pushed.remove(&to),
            }
        };
        if let Some(Pushed { mut outbound, body }) = whole {
            outbound.body = Some(body);
            self.connect(number, to, outbound);
        }
        true
    }
}
