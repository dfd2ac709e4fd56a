//! `#[methods]`: parse what is written, check it into routes and hooks, write what the runtime dispatches by.

mod codegen;
mod hooks;
mod ir;
mod parse;
mod pattern;
mod signature;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Item;

use crate::errors::{self, Errors};

/// The impl block as it stands, less the attributes of its methods, and what the runtime calls by.
pub(crate) fn expand(arguments: &TokenStream, mut item: Item) -> TokenStream {
    let mut errors = Errors::default();
    errors::no_arguments("methods", arguments, &mut errors);
    let table = parse::block(&mut item, &mut errors)
        .map(|block| ir::Block::check(block, &mut errors))
        .map(|block| block.to_token_stream());
    quote!(#item #errors #table)
}
