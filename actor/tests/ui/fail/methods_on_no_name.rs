#![allow(unused)]

use duractor::prelude::*;

trait Counts {}

#[methods]
impl dyn Counts {
    #[get]
    fn count(&self) -> u64 {
        0
    }
}

fn main() {}
