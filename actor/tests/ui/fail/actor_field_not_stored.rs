#![allow(unused)]

use duractor::prelude::*;

#[derive(Default)]
struct Socket;

#[derive(Default, Actor)]
struct Room {
    name: String,
    sockets: Vec<Socket>,
    #[actor(transient)]
    first: Option<Socket>,
}

fn main() {}
