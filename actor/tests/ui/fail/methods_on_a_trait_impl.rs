#![allow(unused)]

use duractor::prelude::*;

#[derive(Default, Actor)]
struct Counter {
    count: u64,
}

trait Counts {
    fn count(&self) -> u64;
}

#[methods]
impl Counts for Counter {
    #[get]
    fn count(&self) -> u64 {
        self.count
    }
}

fn main() {}
