#![allow(unused)]

use duractor::prelude::*;

#[derive(Problem)]
enum Refusal {
    #[problem(409, "overdrawn by {1}")]
    Position(u64),
    #[problem(409, "overdrawn by {amount}")]
    Name { cents: u64, owner: String },
    #[problem(409, "overdrawn by {0}")]
    Unit,
    #[problem(409, "overdrawn by {}")]
    Next(u64),
    #[problem(409, "overdrawn by {0:1$}")]
    Width(u64, usize),
    #[problem(409, "overdrawn by {0")]
    Unbalanced(u64),
}

fn main() {}
