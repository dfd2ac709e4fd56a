#![allow(unused)]

use duractor::prelude::*;

#[derive(Default, Actor)]
struct Counter {
    count: u64,
}

#[methods]
impl Counter {
    #[post("/a")]
    fn whole(&self, text: impl Into<String>) {}

    #[post("/b")]
    fn part(&self, text: Json<Vec<impl Into<String>>>) {}
}

fn main() {}
