#![allow(unused)]

use duractor::prelude::*;

struct Amount;

#[derive(Problem)]
#[problem(409, "overdrawn by {0}")]
struct Overdrawn(Amount);

fn main() {}
