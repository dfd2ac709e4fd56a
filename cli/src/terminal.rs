//! Words to the person at the terminal.

use std::fmt::Display;
use std::io::{Write as _, stderr, stdout};

/// What text that is shown was cut at.
const CUT: char = '…';

const KIB: f64 = 1024.0;

/// Prints a line to stderr in one write, since wrangler labels every write that it gets from a build.
pub fn say(text: impl Display) {
    // Nobody is left to be told that stderr is closed.
    let _ = stderr().write_all(format!("{text}\n").as_bytes());
}

/// Prints what was asked for to stdout.
pub fn print(text: &str) {
    // `head` closes it when it has enough.
    let _ = stdout().write_all(text.as_bytes());
}

/// Text from elsewhere, as it can be shown: on one line, of at most `max_chars`, and without what steers a terminal.
///
/// # Examples
///
/// ```
/// use duractor_cli::terminal::plain;
/// assert_eq!(plain("Grüße\u{1b}[2J\n", 80), "Grüße\\u{1b}[2J\\n");
/// assert_eq!(plain("abcdef", 3), "abc…");
/// ```
pub fn plain(text: &str, max_chars: usize) -> String {
    let mut shown = String::new();
    for c in text.chars().take(max_chars) {
        if is_printable(c) { shown.push(c) } else { shown.extend(c.escape_default()) }
    }
    if text.chars().nth(max_chars).is_some() {
        shown.push(CUT);
    }
    shown
}

/// Whether a character is text that stays where it is printed: no control character, none that turns the direction of
/// a line, and none without a meaning.
pub fn is_printable(c: char) -> bool {
    match c {
        ' '..='~' => true,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => false,
        '\u{e000}'..='\u{f8ff}' | '\u{feff}' | '\u{fff0}'..='\u{ffff}' | '\u{e0000}'.. => false,
        _ => !c.is_control(),
    }
}

/// A number of bytes, readable.
///
/// # Examples
///
/// ```
/// use duractor_cli::terminal::size;
/// assert_eq!([size(1), size(1023), size(1536), size(65 << 20)], ["1 byte", "1023 bytes", "1.5 KiB", "65.0 MiB"]);
/// ```
pub fn size(bytes: usize) -> String {
    match bytes {
        1 => "1 byte".into(),
        0..1024 => format!("{bytes} bytes"),
        1024..1_048_576 => format!("{:.1} KiB", bytes as f64 / KIB),
        _ => format!("{:.1} MiB", bytes as f64 / KIB / KIB),
    }
}

/// A number of things: `1 call`, `2 calls`.
pub fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}
