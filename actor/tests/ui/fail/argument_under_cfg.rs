#![allow(unused)]

use duractor::prelude::*;

#[derive(Default, Actor)]
struct Counter {
    count: u64,
}

#[methods]
impl Counter {
    #[post("/a/{by}")]
    fn add(&mut self, #[cfg(all())] by: u64) {}
}

fn main() {}
