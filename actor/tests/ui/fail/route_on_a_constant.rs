#![allow(unused)]

use duractor::prelude::*;

#[derive(Default, Actor)]
struct Counter {
    count: u64,
}

macro_rules! methods_of {
    () => {};
}

#[methods]
impl Counter {
    #[get("/limit")]
    const LIMIT: u64 = 10;

    #[post]
    methods_of!();
}

fn main() {}
