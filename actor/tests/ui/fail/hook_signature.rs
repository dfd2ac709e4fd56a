#![allow(unused)]

use duractor::prelude::*;

#[derive(Default, Actor)]
struct Asynchronous;

#[methods]
impl Asynchronous {
    #[activated]
    async fn load(&mut self) {}
}

#[derive(Default, Actor)]
struct Shared;

#[methods]
impl Shared {
    #[created]
    fn create(&self) {}

    #[activated]
    fn activate(me: Me<Self>) {}
}

#[derive(Default, Actor)]
struct WithArguments;

#[methods]
impl WithArguments {
    #[created]
    fn create(&mut self, Json(text): Json<String>, cx: &Cx) {}

    #[activated]
    fn activate(&mut self, sql: &Sql, cx: &mut Cx) {}
}

#[derive(Default, Actor)]
struct Doubled;

#[methods]
impl Doubled {
    #[created]
    fn create(&mut self, a: &Cx, b: &Cx) {}

    #[activated]
    fn activate(&mut self, a: &mut Sql, b: &mut duractor::Sql) {}
}

#[derive(Default, Actor)]
struct Generic;

#[methods]
impl Generic {
    #[created]
    unsafe extern "C" fn create<T>(&mut self) {}

    #[activated]
    fn activate(&mut self, #[cfg(test)] cx: &Cx) {}
}

fn main() {}
