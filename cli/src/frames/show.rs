//! Frames as a line of text.

use std::fmt;

use super::{Body, End, Frame, Operation, Outcome, Want};
use crate::terminal::{count, plain, size};

/// What is shown of a path, a URL or a reason.
const SHOWN_MAX_CHARS: usize = 200;

/// Operations or results that are shown of one frame.
const NESTED_SHOWN_MAX: usize = 16;

/// What is said of a body that calls pull or push.
const IN_PIECES: &str = "body in pieces";

impl fmt::Display for Frame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Frame::Request { call, method, path, headers, body, chain } => {
                write!(f, "request   {}, {}", number(*call), method)?;
                write!(f, " {}, {}, {}", shown(path), count(*headers, "header"), body_of(*body))?;
                chain.map_or(Ok(()), |chain| write!(f, ", waited for by {}", shown(chain)))
            }
            Frame::Response { call, status, content_type, headers, body } => {
                write!(f, "response  {}, {status}", number(*call))?;
                content_type.map_or(Ok(()), |value| write!(f, " {}", shown(value)))?;
                write!(f, ", {}, {body}", count(*headers, "header"))
            }
            Frame::Wait { call, task, operations } => {
                write!(f, "wait      {}, task {task}: ", number(*call))?;
                list(f, operations)
            }
            Frame::Resume { results } => {
                f.write_str("resume    ")?;
                list(f, results)
            }
        }
    }
}

impl fmt::Display for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Body::None => f.write_str(&body_of(None)),
            Body::Here(bytes) => f.write_str(&body_of(Some(bytes))),
            Body::Operation(id) => write!(f, "body of operation {id}"),
            Body::Call => f.write_str("body that the call writes"),
        }
    }
}

impl fmt::Display for Operation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.id;
        match self.want {
            Want::Cancel => write!(f, "cancel {id}"),
            Want::Sleep { ms } => write!(f, "{id} sleep {ms} ms"),
            Want::Fetch { method, url, body, is_pushed, is_pulled } => {
                let body = if is_pushed { format!(", {IN_PIECES}") } else { and_body_of(body) };
                let answer = if is_pulled { ", answer in pieces" } else { "" };
                write!(f, "{id} fetch {method} {}{body}{answer}", shown(url))
            }
            Want::Hit { method, url, status, body } => {
                write!(f, "{id} hit {method} {}: {status}, {}", shown(url), body_of(Some(body)))
            }
            Want::Bound { action, target, body } => {
                write!(f, "{id} {action} {}{}", shown(target), and_body_of(body))
            }
            Want::Pull { from } => write!(f, "{id} pull of {from}"),
            Want::Push { to, piece } => {
                let to = to.map_or("the reply".into(), |to| to.to_string());
                write!(f, "{id} push to {to}, {}", piece.map_or("end".into(), |bytes| body_of(Some(bytes))))
            }
        }
    }
}

impl fmt::Display for Outcome<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {} operation {} ", self.task, self.operation)?;
        match self.end {
            End::Slept => f.write_str("slept"),
            End::Fetched { status, is_pulled: true, .. } => write!(f, "{status}, {IN_PIECES}"),
            End::Fetched { status, body, .. } => write!(f, "{status}, {}", body_of(body)),
            End::Failed { why, text: "" } => write!(f, "failed: {why}"),
            End::Failed { why, text } => write!(f, "failed: {why} ({})", shown(text)),
        }
    }
}

/// The host asks where a request belongs before it has a number.
fn number(call: u64) -> String {
    if call == 0 { "no call".into() } else { format!("call {call}") }
}

fn shown(text: &str) -> String {
    plain(text, SHOWN_MAX_CHARS)
}

fn body_of(bytes: Option<usize>) -> String {
    bytes.map_or("no body".into(), |bytes| format!("body of {}", size(bytes)))
}

/// Nothing where there is no body.
fn and_body_of(bytes: Option<usize>) -> String {
    bytes.map_or(String::new(), |_| format!(", {}", body_of(bytes)))
}

fn list(f: &mut fmt::Formatter<'_>, items: &[impl fmt::Display]) -> fmt::Result {
    if items.is_empty() {
        return f.write_str("nothing new");
    }
    for (index, item) in items.iter().take(NESTED_SHOWN_MAX).enumerate() {
        let separator = if index == 0 { "" } else { "; " };
        write!(f, "{separator}{item}")?;
    }
    match items.len().saturating_sub(NESTED_SHOWN_MAX) {
        0 => Ok(()),
        more => write!(f, "; {more} more"),
    }
}
