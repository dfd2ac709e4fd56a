#![allow(unused)]

use duractor::prelude::*;

struct Foo;

mod other {
    pub struct Cx;
    pub struct Sql;
}

#[derive(Default, Actor)]
struct Counter;

#[methods]
impl Counter {
    #[created]
    fn create(&mut self) -> Result<(), Foo> {
        Ok(())
    }

    #[activated]
    fn activate(&mut self, cx: &other::Cx, sql: &mut other::Sql) -> Foo {
        Foo
    }

    #[post]
    fn write(&mut self, sql: &mut other::Sql) {}
}

fn main() {}
