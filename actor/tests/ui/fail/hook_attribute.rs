#![allow(unused)]

use duractor::prelude::*;

#[derive(Default, Actor)]
struct Twice;

#[methods]
impl Twice {
    #[created]
    fn first(&mut self) {}

    #[created]
    fn second(&mut self) {}
}

#[derive(Default, Actor)]
struct Both;

#[methods]
impl Both {
    #[created]
    #[activated]
    fn start(&mut self) {}
}

#[derive(Default, Actor)]
struct Same;

#[methods]
impl Same {
    #[activated]
    #[activated]
    fn start(&mut self) {}
}

#[derive(Default, Actor)]
struct WithArguments;

#[methods]
impl WithArguments {
    #[created(once)]
    fn create(&mut self) {}

    #[activated = "always"]
    fn activate(&mut self) {}
}

#[derive(Default, Actor)]
struct NotAMethod;

#[methods]
impl NotAMethod {
    #[created]
    const LIMIT: u64 = 10;
}

fn main() {}
