#![allow(unused)]

use duractor::prelude::*;

#[derive(Default, Actor)]
struct Counter {
    count: u64,
}

struct Foo;

#[methods]
impl Counter {
    #[get("/a")]
    fn plain(&self, foo: Foo) {}

    #[get("/b")]
    fn path(&self, foo: std::collections::HashMap<Foo, Foo>) {}

    #[get("/c")]
    async fn waits(&self, cx: &Cx, foo: &Foo) {}

    #[get("/d")]
    fn number(&self, by: u64) {}

    #[get("/e/{foo}")]
    fn parameter(&self, foo: Foo) {}
}

fn main() {}
