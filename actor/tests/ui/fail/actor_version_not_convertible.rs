#![allow(unused)]

use duractor::prelude::*;

mod v1 {
    #[derive(Default, duractor::Actor)]
    pub struct Todo;

    #[derive(Default)]
    pub struct Plain;
}

#[derive(Default, Actor)]
#[actor(version = 2, from = v1::Todo)]
struct Todo;

#[derive(Default, Actor)]
#[actor(version = 2, from = v1::Plain)]
struct Plain;

impl From<v1::Plain> for Plain {
    fn from(_: v1::Plain) -> Self {
        Self
    }
}

fn main() {}
