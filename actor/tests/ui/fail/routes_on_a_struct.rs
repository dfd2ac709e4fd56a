#![allow(unused)]

use duractor::prelude::*;

#[routes]
struct Routes;

fn main() {}
