#![allow(unused)]

use duractor::prelude::*;

mod v1 {
    #[derive(Default, duractor::Actor)]
    pub struct Todo;
}

#[derive(Default, Actor)]
#[actor(version)]
struct NoNumber;

#[derive(Default, Actor)]
#[actor(version = "2")]
struct Text;

#[derive(Default, Actor)]
#[actor(version = -1)]
struct Negative;

#[derive(Default, Actor)]
#[actor(version = 0)]
struct Zero;

#[derive(Default, Actor)]
#[actor(version = 4294967296)]
struct TooHigh;

#[derive(Default, Actor)]
#[actor(version = 2, version = 3)]
struct TwoVersions;

#[derive(Default, Actor)]
#[actor(version = 2, from)]
struct NoStruct;

#[derive(Default, Actor)]
#[actor(version = 2, from = "v1::Todo")]
struct Quoted;

#[derive(Default, Actor)]
#[actor(version = 2, from = v1::Todo)]
#[actor(from = v1::Todo)]
struct TwoStructs;

#[derive(Default, Actor)]
#[actor(from = v1::Todo)]
struct OnlyFrom;

#[derive(Default, Actor)]
#[actor(version = 1, from = v1::Todo)]
struct FirstFrom;

#[derive(Default, Actor)]
#[actor(version = 2, from = OfItself)]
struct OfItself;

fn main() {}
