//! `#[routes]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Item, ItemFn, ReturnType, Signature};

use crate::errors::{self, Errors};
use crate::{attributes, spans};

pub(crate) fn expand(arguments: &TokenStream, item: &Item) -> TokenStream {
    let mut errors = Errors::default();
    errors::no_arguments("routes", arguments, &mut errors);
    let table = parse(item, &mut errors).map(codegen);
    quote!(#item #errors #table)
}

fn parse<'i>(item: &'i Item, errors: &mut Errors) -> Option<&'i ItemFn> {
    let Item::Fn(function) = item else {
        errors.at(item, "`#[routes]` goes on a function: `fn routes() -> Router { … }`");
        return None;
    };
    let before = errors.len();
    check(&function.sig, errors);
    (errors.len() == before).then_some(function)
}

fn check(sig: &Signature, errors: &mut Errors) {
    if let Some(keyword) = &sig.asyncness {
        errors.at(keyword, "the routes are made before any request: write a plain `fn`");
    }
    if let Some(keyword) = &sig.unsafety {
        errors.at(keyword, "the routes are called from safe code: write a safe `fn`");
    }
    if let Some(abi) = &sig.abi {
        errors.at(abi, "the routes are called from Rust: write a plain `fn`");
    }
    if !sig.generics.params.is_empty() {
        errors.at(&sig.generics, "the routes cannot be generic: nothing would choose the types");
    }
    if !sig.inputs.is_empty() {
        errors.at(&sig.inputs, "the routes take no arguments: every instance makes the same ones");
    }
    if let ReturnType::Default = sig.output {
        errors.at(&sig.ident, format!("`{}` returns the routes: write `-> Router`", sig.ident));
    }
}

/// On every target the function is checked and counts as used; only wasm32 has a host to ask for it.
fn codegen(function: &ItemFn) -> TokenStream {
    let (name, output) = (&function.sig.ident, &function.sig.output);
    let ReturnType::Type(_, router) = output else {
        return TokenStream::new();
    };
    let (returned, _) = spans::ends(router);
    let mut routes = name.clone();
    routes.set_span(name.span().located_at(returned));
    let cfgs = attributes::cfgs(&function.attrs);
    quote! {
        #(#cfgs)*
        const _: fn() -> ::duractor::Router = #routes;
        #(#cfgs)*
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            #[unsafe(export_name = "duractor_routes")]
            extern "C" fn __install() {
                ::duractor::__rt::install(#name);
            }
        };
    }
}
