#![allow(unused)]

use duractor::prelude::*;

#[derive(Default, Actor)]
struct Cache<T> {
    values: Vec<T>,
}

#[methods]
impl<T> Cache<T> {
    #[get]
    fn count(&self) -> u64 {
        0
    }
}

#[methods]
impl Cache<u8> {
    #[get]
    fn other_count(&self) -> u64 {
        0
    }
}

fn main() {}
