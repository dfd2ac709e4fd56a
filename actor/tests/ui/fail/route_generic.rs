#![allow(unused)]

use duractor::prelude::*;

#[derive(Default, Actor)]
struct Counter {
    count: u64,
}

#[methods]
impl Counter {
    #[get("/a")]
    fn of_a_type<T: Default>(&self, value: Json<T>) {}

    #[get("/b")]
    fn of_a_length<const N: usize>(&self, value: Json<[u8; N]>) {}
}

fn main() {}
