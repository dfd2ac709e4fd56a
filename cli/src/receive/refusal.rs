//! Why a dump is not taken.

use std::io::{self, ErrorKind};

/// A status of HTTP and why.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) why: String,
}

impl Refusal {
    pub(super) fn new(status: u16, why: impl Into<String>) -> Self {
        Self { status, why: why.into() }
    }

    /// The client fell silent, or is gone.
    pub(super) fn lost(error: &io::Error) -> Self {
        match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => Self::new(408, "nothing came for too long"),
            _ => Self::new(400, format!("the connection was lost: {error}")),
        }
    }

    /// The folder cannot be written.
    pub(super) fn disk(error: &io::Error) -> Self {
        Self::new(500, format!("cannot write the dump: {error}"))
    }
}

/// A status in words.
pub(super) fn reason(status: u16) -> &'static str {
    match status {
        201 => "Created",
        400 => "Bad Request",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        411 => "Length Required",
        413 => "Content Too Large",
        431 => "Request Header Fields Too Large",
        _ => "Internal Server Error",
    }
}
