#![allow(unused)]

use duractor::prelude::*;

#[derive(Debug, Problem)]
#[problem(409, "overdrawn")]
struct Overdrawn;

impl std::fmt::Display for Overdrawn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("overdrawn")
    }
}

impl std::error::Error for Overdrawn {}

fn main() {}
