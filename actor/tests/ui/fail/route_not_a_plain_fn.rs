#![allow(unused)]

use duractor::prelude::*;

#[derive(Default, Actor)]
struct Counter {
    count: u64,
}

#[methods]
impl Counter {
    #[get("/a")]
    unsafe fn not_safe(&self) {}

    #[get("/b")]
    extern "C" fn of_another_language(&self) {}
}

fn main() {}
