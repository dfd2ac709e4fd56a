#![allow(unused)]

use duractor::prelude::*;

#[derive(Default, Actor)]
struct Counter {
    count: u64,
}

#[methods]
impl Counter {
    #[get(path)]
    fn name(&self) {}

    #[post("/a", "/b")]
    fn two(&self) {}

    #[put = "/a"]
    fn value(&self) {}

    #[patch()]
    fn empty(&self) {}

    #[delete(b"/a")]
    fn bytes(&self) {}

    #[any(concat!("/a", "/b"))]
    fn call(&self) {}
}

fn main() {}
