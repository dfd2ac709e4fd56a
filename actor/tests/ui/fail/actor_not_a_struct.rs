#![allow(unused)]

use duractor::prelude::*;

#[derive(Actor)]
enum Either {
    A,
    B,
}

#[derive(Actor)]
union Both {
    a: u8,
    b: u8,
}

#[derive(Default, Actor)]
struct Unnamed(u8, String);

fn main() {}
