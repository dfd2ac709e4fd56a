//! `#[derive(Problem)]`: parse the attributes, check each case, write the conversions.

mod codegen;
mod detail;
mod ir;
mod parse;

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use crate::errors::Errors;

pub(crate) fn expand(input: &DeriveInput) -> TokenStream {
    let mut errors = Errors::default();
    let problem = parse::cases(input, &mut errors).map(|cases| {
        let cases = ir::check(cases, &mut errors);
        codegen::conversions(input, &cases, errors.len() > 0)
    });
    quote!(#errors #problem)
}
