#![allow(unused)]

use duractor::prelude::*;

#[methods]
#[derive(Default)]
struct Counter {
    count: u64,
}

#[methods]
fn count() {}

fn main() {}
