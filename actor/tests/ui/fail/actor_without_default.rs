#![allow(unused)]

use duractor::prelude::*;

#[derive(Actor)]
struct Counter {
    count: u64,
}

fn main() {}
