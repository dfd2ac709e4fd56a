#![allow(unused)]

use duractor::prelude::*;

#[derive(Problem)]
enum Refusal {
    Overdrawn(u64),
    #[problem]
    Bare,
    #[problem()]
    Empty,
    #[problem("overdrawn")]
    DetailOnly,
    #[problem(overdrawn)]
    Name,
}

#[derive(Problem)]
struct Busy;

fn main() {}
