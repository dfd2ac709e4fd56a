#![allow(unused)]

use duractor::prelude::*;

#[methods]
impl dyn Send {
    #[get]
    fn count(&self) -> u64 {
        0
    }
}

fn main() {}
