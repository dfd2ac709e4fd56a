//! Names of the user's that generated code could trip over.
#![deny(warnings)]
#![allow(dead_code, non_camel_case_types, non_upper_case_globals)]

use duractor::{Actor, methods, routes};

type Result = ();
type Option = ();
type Box = ();
type Vec = ();
type String = ();
type Request = ();
type Response = ();
type Router = ();
type Cx = ();
type Sql = ();
type Stored = ();
type Hooks = ();
struct str;
struct u8;
enum Shadow {
    Ok,
    Err,
    None,
    Some,
}
#[allow(unused_imports)]
use Shadow::*;
const value: () = ();
const hooks: () = ();
const stored: () = ();
const sql: () = ();
const cx: () = ();
const problem: () = ();
const visit: () = ();
const reply: () = ();
mod std {}
mod core {}
mod serde {}
fn run() {}
#[allow(unused_macros)]
macro_rules! format {
    () => {};
}
trait From {}
trait FnMut {}
trait Methods {}

mod old {
    #[derive(::std::default::Default, ::duractor::Actor)]
    pub struct Odd;
}

#[derive(::std::default::Default, Actor)]
#[actor(version = 2, from = old::Odd)]
struct Odd {
    visit: ::std::primitive::u8,
}

impl ::std::convert::From<old::Odd> for Odd {
    fn from(_: old::Odd) -> Self {
        <Self as ::std::default::Default>::default()
    }
}

#[methods]
impl Odd {
    #[get("/{req}/{me}/{arg}/{home}")]
    fn run(&mut self, home: ::std::string::String, arg: u64, me: u64, req: u64, param: &::duractor::Cx) -> u64 {
        let _ = (home, param);
        arg + me + req
    }

    #[get("/{result}")]
    async fn wait(&self, result: u64) -> u64 {
        result
    }

    #[post("/{me}")]
    fn write(&mut self, a0: &mut ::duractor::Sql, me: u64) -> u64 {
        let _ = a0;
        me
    }

    #[created]
    fn hooks(&mut self, me: &::duractor::Cx) {
        let _ = me;
    }

    #[activated]
    fn created(&mut self, run: &mut ::duractor::Sql, table: &::duractor::Cx) {
        let _ = (run, table);
    }
}

#[derive(::duractor::Problem)]
#[problem(404, "{result} and {r}", kind = "odd")]
struct NotFound<T: ::std::fmt::Display> {
    result: T,
    r: u64,
    #[allow(unused)]
    s: u64,
}

#[routes]
fn install() -> ::duractor::Router {
    ::duractor::Router::new().mount::<Odd>("/", "odd")
}

fn main() {}
