//! What a dump tells at a glance.

use std::path::Path;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::dump::{Call, Dump, Header, PAGE_BYTES};
use crate::terminal::{count, plain, size};

/// What is shown of a line of the message, of a name and of a path.
const SHOWN_MAX_CHARS: usize = 500;
const MESSAGE_MAX_LINES: usize = 40;

const NANOS_PER_MS: i128 = 1_000_000;

/// Columns before what a line tells.
const LABEL_CHARS: usize = 9;

/// When, why, whose call, and how to go on.
pub(super) fn summary(file: &Path, dump: &Dump<'_>) -> String {
    let Dump { header, memory } = dump;
    let mut lines = vec![file.display().to_string(), line("when", &when(header.time)), message(&header.message)];
    lines.extend(header.actor.as_ref().map(|actor| line("actor", &plain(actor, SHOWN_MAX_CHARS))));
    lines.extend(header.call.as_ref().map(|call| line("call", &of_call(call))));
    let pages = count(memory.len() / PAGE_BYTES, "page");
    lines.push(line("memory", &format!("{}, {pages}", size(memory.len()))));
    lines.push(line("waiting", &waiting(header)));
    lines.extend(header.inbox.map(|inbox| line("inbox", &buffer(inbox))));
    lines.extend(header.outbox.map(|outbox| line("outbox", &buffer(outbox))));
    lines.push(go_on(file));
    lines.join("\n")
}

fn line(label: &str, text: &str) -> String {
    format!("  {label:LABEL_CHARS$}{text}")
}

fn when(ms: i64) -> String {
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * NANOS_PER_MS).ok();
    let text = time.and_then(|time| time.format(&Rfc3339).ok());
    text.unwrap_or_else(|| format!("{ms} ms since 1970"))
}

fn message(text: &str) -> String {
    let lines = text.lines().take(MESSAGE_MAX_LINES).map(|line| plain(line, SHOWN_MAX_CHARS)).collect::<Vec<_>>();
    line("message", &lines.join(&format!("\n{}", line("", ""))))
}

fn of_call(call: &Call) -> String {
    let Call { number, method, target, rust, turn } = call;
    let shown = |text: &String| plain(text, SHOWN_MAX_CHARS);
    let request = [method, target].into_iter().flatten().map(shown).collect::<Vec<_>>().join(" ");
    let parts = [
        number.map(|number| number.to_string()),
        Some(request).filter(|request| !request.is_empty()),
        rust.as_ref().map(|rust| format!("method `{}`", shown(rust))),
        turn.as_ref().map(|turn| format!("{} turn", shown(turn))),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn waiting(header: &Header) -> String {
    let calls = header.calls.as_deref().unwrap_or_default();
    let operations = calls.iter().flat_map(|call| &call.operations).map(Vec::len).sum();
    format!("{} with {}", count(calls.len(), "call"), count(operations, "operation"))
}

fn buffer((address, length): (u32, u32)) -> String {
    format!("{address:#010x}, {}", size(length as usize))
}

fn go_on(file: &Path) -> String {
    let file = file.display();
    format!(
        "
Go on with
  duractor inspect-dump {file} --tasks           every call that waited, and for what
  duractor inspect-dump {file} --frames          requests, responses, waits and results that are in memory
  duractor inspect-dump {file} --strings [TEXT]  text in memory, and where
"
    )
}
