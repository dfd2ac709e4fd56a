#![allow(unused)]

use duractor::prelude::*;

#[derive(Default, Actor)]
struct Counter {
    count: u64,
}

#[methods]
impl Counter {
    #[get]
    fn count(&self) -> u64 {
        self.count
    }
}

#[methods]
impl Counter {
    #[post("/add/{by}")]
    fn add(&mut self, by: u64) {
        self.count += by;
    }
}

fn main() {}
