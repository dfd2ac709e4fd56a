//! A container in the entry of another one.

use duractor::prelude::*;

#[derive(Default, Actor)]
struct Nested {
    rooms: Arena<Log<String>>,
    named: Table<String, Arena<u8>>,
    plain: Vec<Column>,
}

fn main() {}
