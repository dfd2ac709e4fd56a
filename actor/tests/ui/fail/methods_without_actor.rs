#![allow(unused)]

use duractor::prelude::*;

struct Counter;

#[methods]
impl Counter {
    #[get]
    fn count(&self) -> u64 {
        0
    }
}

fn main() {}
