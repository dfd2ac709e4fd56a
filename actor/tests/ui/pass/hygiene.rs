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

#[derive(::std::default::Default, Actor)]
struct Odd {
    visit: ::std::primitive::u8,
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
