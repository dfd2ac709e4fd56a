#![allow(unused)]

use duractor::prelude::*;

#[derive(Default, Actor)]
#[actor(transient)]
struct Room {
    #[actor(transcient)]
    name: String,
    #[actor]
    title: String,
    #[actor = "transient"]
    topic: String,
    #[actor(transient = true)]
    members: u64,
}

fn main() {}
