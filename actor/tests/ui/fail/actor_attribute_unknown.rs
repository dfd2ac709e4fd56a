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

#[derive(Default, Actor)]
#[actor(verzion = 2)]
struct Counter;

#[derive(Default, Actor)]
#[actor]
struct Hall;

#[derive(Default, Actor)]
#[actor = "2"]
struct House;

fn main() {}
