//! The calls that waited.

use super::listed;
use crate::dump::{Header, Operation, Waiting};
use crate::terminal::plain;

/// What is shown of a request or a URL.
const SHOWN_MAX_CHARS: usize = 200;

/// Operations that are shown of one call.
const OPERATIONS_SHOWN_MAX: usize = 64;

/// What is shown where the dump does not tell.
const UNKNOWN: &str = "?";

/// At most `max` calls, each with its operations.
pub(super) fn tasks(header: &Header, max: usize) -> String {
    let calls = header.calls.as_deref().unwrap_or_default();
    listed(calls.iter().map(call), max, "call", "no call waited")
}

fn call(call: &Waiting) -> String {
    let age = call.age_ms.map_or(UNKNOWN.into(), |ms| format!("{ms:.0}"));
    let mut text = format!(
        "{}  call {}, task {}: {}, for {age} ms",
        shown(call.actor.as_ref()),
        number(call.number),
        number(call.task),
        shown(call.request.as_ref()),
    );
    let operations = call.operations.as_deref().unwrap_or_default();
    for line in operations.iter().take(OPERATIONS_SHOWN_MAX).map(operation) {
        text.push_str("\n  ");
        text.push_str(&line);
    }
    if operations.len() > OPERATIONS_SHOWN_MAX {
        text.push_str(&format!("\n  … and {} more", operations.len() - OPERATIONS_SHOWN_MAX));
    }
    text
}

fn operation(operation: &Operation) -> String {
    let Operation { id, kind, method, url, state } = operation;
    let words = [kind, method, url].into_iter().flatten().map(|word| plain(word, SHOWN_MAX_CHARS));
    let what = words.collect::<Vec<_>>().join(" ");
    format!("{} {what}: {}", number(*id), shown(state.as_ref()))
}

fn shown(text: Option<&String>) -> String {
    text.map_or(UNKNOWN.into(), |text| plain(text, SHOWN_MAX_CHARS))
}

fn number(number: Option<impl ToString>) -> String {
    number.map_or(UNKNOWN.into(), |number| number.to_string())
}
