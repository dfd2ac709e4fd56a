#![allow(unused)]

use duractor::prelude::*;

#[derive(Default, Actor)]
struct Counter {
    count: u64,
}

#[methods]
impl Counter {
    #[get("/a/{x}")]
    fn first(&self, x: u64) {}

    #[get("/a/{y}/")]
    #[post("/a/{y}")]
    fn other_name(&self, y: u64) {}

    #[get]
    fn root(&self) {}

    #[get("/")]
    fn root_again(&self) {}
}

fn main() {}
