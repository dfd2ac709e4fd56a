#![allow(unused)]

use duractor::prelude::*;

#[derive(Default, Actor)]
struct Counter {
    count: u64,
}

#[methods]
impl Counter {
    #[get("add")]
    fn no_slash(&self) {}

    #[get("")]
    fn empty(&self) {}

    #[get("/add/{by")]
    fn open_brace(&self, by: u64) {}

    #[get("/add/by}")]
    fn closed_brace(&self, by: u64) {}

    #[get("/{a}{b}")]
    fn two_in_a_segment(&self, a: u64, b: u64) {}

    #[get("/{*rest}/more")]
    fn catch_all_not_last(&self, rest: &str) {}

    #[get("/{a}/{a}")]
    fn duplicated(&self, a: u64) {}

    #[get("/{user-id}")]
    fn no_name(&self) {}

    #[get("/search?q={q}")]
    fn query(&self, q: &str) {}

    #[get("/a//b")]
    fn empty_segment(&self) {}

    #[get("/a b")]
    fn space(&self) {}
}

fn main() {}
