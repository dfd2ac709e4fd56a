//! `#[methods]`: parse what is written, check it into routes, write what the runtime dispatches by.

mod codegen;
mod ir;
mod parse;
mod pattern;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Item;

use crate::errors::{self, Errors};

/// The impl block as it stands, less its route attributes, and the table of its routes.
pub(crate) fn expand(arguments: &TokenStream, mut item: Item) -> TokenStream {
    let mut errors = Errors::default();
    errors::no_arguments("methods", arguments, &mut errors);
    let table = parse::block(&mut item, &mut errors)
        .map(|block| ir::Block::check(block, &mut errors))
        .map(|block| block.to_token_stream());
    quote!(#item #errors #table)
}
