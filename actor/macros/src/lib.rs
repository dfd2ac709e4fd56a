//! The macros of duractor: derive(Actor), methods, routes, derive(Problem).

mod actor;
mod attributes;
mod errors;
mod methods;
mod names;
mod problem;
mod routes;
mod spans;

use proc_macro::TokenStream;
use syn::{DeriveInput, Item, parse_macro_input};

/// x
#[proc_macro_derive(Actor, attributes(actor))]
pub fn actor(input: TokenStream) -> TokenStream {
    actor::expand(&parse_macro_input!(input as DeriveInput)).into()
}

/// x
#[proc_macro_attribute]
pub fn methods(arguments: TokenStream, item: TokenStream) -> TokenStream {
    methods::expand(&arguments.into(), parse_macro_input!(item as Item)).into()
}

/// x
#[proc_macro_attribute]
pub fn routes(arguments: TokenStream, item: TokenStream) -> TokenStream {
    routes::expand(&arguments.into(), &parse_macro_input!(item as Item)).into()
}

/// x
#[proc_macro_derive(Problem, attributes(problem))]
pub fn problem(input: TokenStream) -> TokenStream {
    problem::expand(&parse_macro_input!(input as DeriveInput)).into()
}
