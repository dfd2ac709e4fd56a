#![allow(unused)]

use duractor::prelude::*;

#[derive(Default, Actor)]
struct Ledger;

#[methods]
impl Ledger {
    #[post("/a")]
    async fn waits(&mut self, sql: &mut Sql) {}

    #[get("/b")]
    fn shared(&self, sql: &mut Sql) {}

    #[get("/c")]
    fn free(sql: &mut Sql) {}

    #[get("/d")]
    async fn no_turn(me: Me<Self>, sql: &mut Sql) {}

    #[post("/e")]
    fn twice(&mut self, a: &mut Sql, b: &mut Sql) {}

    #[post("/f/{sql}")]
    fn parameter(&mut self, sql: &mut Sql) {}

    #[post("/g")]
    fn not_mutable(&mut self, sql: &Sql) {}
}

fn main() {}
