//! Words to the person at the terminal.

use std::fmt::Display;
use std::io::{Write as _, stderr};

/// Prints a line to stderr in one write, since wrangler labels every write that it gets from a build.
pub fn say(text: impl Display) {
    // Nobody is left to be told that stderr is closed.
    let _ = stderr().write_all(format!("{text}\n").as_bytes());
}
