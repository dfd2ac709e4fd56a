//! `duractor inspect-dump`: what a dump tells.

mod strings;
mod summary;
mod tasks;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use crate::args::Inspect;
use crate::dump::{self, DUMP_MAX_BYTES, Dump, Header, MAGIC};
use crate::frames;
use crate::terminal::{count, print};
use strings::RUN_MIN_CHARS;

/// Prints what is asked of a dump.
///
/// # Errors
///
/// The file cannot be read, or is not a whole dump.
pub fn inspect(options: &Inspect) -> Result<()> {
    let file = options.file.display();
    let bytes = read(&options.file).with_context(|| format!("cannot read {file}"))?;
    let dump = dump::parse(&bytes).with_context(|| file.to_string())?;
    print(&report(options, &dump));
    Ok(())
}

/// The file, or the beginning of one that is no dump, which can be of any size.
fn read(path: &Path) -> Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut bytes = Vec::new();
    (&mut file).take(MAGIC.len() as u64).read_to_end(&mut bytes)?;
    if bytes == MAGIC {
        file.take(DUMP_MAX_BYTES).read_to_end(&mut bytes)?;
        ensure!(bytes.len() as u64 <= DUMP_MAX_BYTES, "it has more than {} MiB", DUMP_MAX_BYTES >> 20);
    }
    Ok(bytes)
}

/// What is asked of a dump, as text.
fn report(options: &Inspect, dump: &Dump<'_>) -> String {
    let max = options.max.get();
    let mut parts = Vec::new();
    if options.tasks {
        parts.push(tasks::tasks(&dump.header, max));
    }
    if options.frames {
        parts.push(frames(dump, max));
    }
    if options.strings {
        parts.push(strings(dump, options.text.as_deref(), max));
    }
    if parts.is_empty() {
        parts.push(summary::summary(&options.file, dump));
    }
    parts.join("\n")
}

fn frames(dump: &Dump<'_>, max: usize) -> String {
    let lines = frames::scan(dump.memory).map(|found| {
        let place = place(&dump.header, found.address);
        format!("{:#010x}  {}{place}", found.address, found.frame)
    });
    listed(lines, max, "frame", "no frames in memory")
}

/// Where an address lies, if that says something.
fn place(header: &Header, address: usize) -> &'static str {
    let is_in = |buffer: Option<(u32, u32)>| {
        buffer.is_some_and(|(start, length)| address.checked_sub(start as usize).is_some_and(|at| at < length as usize))
    };
    match () {
        () if is_in(header.inbox) => "  (inbox)",
        () if is_in(header.outbox) => "  (outbox)",
        () => "",
    }
}

fn strings(dump: &Dump<'_>, text: Option<&str>, max: usize) -> String {
    let line = |found: strings::Text<'_>| format!("{:#010x}  {}", found.address, found.text);
    match text {
        Some(text) => {
            let none = format!("{text:?} stands nowhere in memory, in text of {RUN_MIN_CHARS} characters or more");
            listed(strings::occurrences(dump.memory, text).map(line), max, "place", &none)
        }
        None => listed(strings::starts(dump.memory).map(line), max, "text", "no text in memory"),
    }
}

/// At most `max` lines, and how many more there are; or `none`.
fn listed(mut lines: impl Iterator<Item = String>, max: usize, thing: &str, none: &str) -> String {
    let mut text = String::new();
    for line in lines.by_ref().take(max) {
        text.push_str(&line);
        text.push('\n');
    }
    match lines.count() {
        0 if text.is_empty() => format!("{none}\n"),
        0 => text,
        more => {
            // Writing to a string does not fail.
            let _ = writeln!(text, "… and {}: --max N shows more", count(more, &format!("more {thing}")));
            text
        }
    }
}
