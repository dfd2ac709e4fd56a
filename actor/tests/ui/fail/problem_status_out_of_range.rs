#![allow(unused)]

use duractor::prelude::*;

#[derive(Problem)]
enum Refusal {
    #[problem(200, "not a problem")]
    Fine,
    #[problem(399, "below")]
    Below,
    #[problem(600, "above")]
    Above,
    #[problem(70000, "far above")]
    FarAbove,
}

fn main() {}
