#![allow(unused)]

use duractor::prelude::*;

#[derive(Problem)]
enum Refusal {
    #[problem(404)]
    NoDetail,
    #[problem(404, detail)]
    NotAString,
    #[problem(404, "gone", type = "gone")]
    UnknownKey,
    #[problem(404, "gone", kind)]
    KindWithoutValue,
    #[problem(404, "gone", kind = "")]
    EmptyKind,
    #[problem(404, "gone", kind = "gone", kind = "lost")]
    TwoKinds,
    #[problem(404, "gone")]
    #[problem(410, "gone")]
    Twice,
}

#[derive(Problem)]
#[problem(404, "gone")]
enum OnTheEnum {
    #[problem(404, "gone")]
    Gone,
}

#[derive(Problem)]
union Both {
    a: u8,
    b: u8,
}

fn main() {}
