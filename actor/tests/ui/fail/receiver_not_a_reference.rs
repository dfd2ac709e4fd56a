#![allow(unused)]

use duractor::prelude::*;

#[derive(Default, Actor)]
struct Counter {
    count: u64,
}

#[methods]
impl Counter {
    #[get("/a")]
    fn by_value(self) {}

    #[get("/b")]
    fn by_mutable_value(mut self) {}

    #[get("/c")]
    fn boxed(self: Box<Self>) {}

    #[get("/d")]
    fn pinned(self: std::pin::Pin<&mut Self>) {}
}

fn main() {}
