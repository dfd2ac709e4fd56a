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
    fn plain(&self) -> Foo {
        Foo
    }

    #[get("/b")]
    async fn nested(&self) -> Result<Option<std::cell::Cell<Foo>>> {
        Ok(None)
    }

    #[get("/c")]
    fn error(&self) -> Result<(), Foo> {
        Ok(())
    }
}

fn main() {}
