#![allow(unused)]

use duractor::prelude::*;

#[derive(Default, Actor)]
struct Counter {
    count: u64,
}

#[methods("/counter")]
impl Counter {
    #[get]
    fn count(&self) -> u64 {
        self.count
    }
}

fn main() {}
