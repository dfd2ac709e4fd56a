#![allow(unused)]

use duractor::prelude::*;

#[derive(Default, Actor)]
struct Counter {
    count: u64,
}

struct Id(u64);

#[methods]
impl Counter {
    #[post("/add/{by}")]
    fn add(&mut self) {}

    #[get("/accounts/{acount}")]
    fn typo(&self, account: &str) {}

    #[get("/items/{id}")]
    fn taken_apart(&self, Id(id): Id) {}

    #[get("/{a}/{*rest}")]
    fn both(&self) {}

    #[get("/users/{userId}")]
    fn other_case(&self, user_id: u64) {}
}

fn main() {}
