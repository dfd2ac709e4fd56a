#![allow(unused)]

use duractor::prelude::*;

#[routes]
fn routes() -> Option<Router> {
    None
}

fn main() {}
