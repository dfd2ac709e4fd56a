//! The conversions of a problem of the user's own.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{DeriveInput, LitStr};

use super::detail::{Detail, binding};
use super::ir::Case;

/// With `incomplete` cases the conversions still exist, so that only what is wrong is reported.
pub(super) fn conversions(input: &DeriveInput, cases: &[Case<'_>], incomplete: bool) -> TokenStream {
    let name = &input.ident;
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    let rest = incomplete.then(|| quote!(_ => ::core::unreachable!(),));
    let arms = cases.iter().map(|case| arm(&name.to_token_stream(), case));
    quote! {
        #[automatically_derived]
        impl #generics ::core::convert::From<#name #arguments> for ::duractor::Problem #bounds {
            fn from(__value: #name #arguments) -> Self {
                match __value { #(#arms)* #rest }
            }
        }
        #[automatically_derived]
        impl #generics ::core::convert::From<#name #arguments> for ::duractor::Error #bounds {
            fn from(__value: #name #arguments) -> Self {
                ::core::convert::From::from(::duractor::Problem::from(__value))
            }
        }
        #[automatically_derived]
        impl #generics ::duractor::IntoResponse for #name #arguments #bounds {
            fn into_response(self) -> ::duractor::Response {
                ::duractor::IntoResponse::into_response(::duractor::Problem::from(self))
            }
        }
    }
}

fn arm(name: &TokenStream, case: &Case<'_>) -> TokenStream {
    let Case { variant, status, kind, detail, text } = case;
    let variant = variant.iter();
    let fields = &detail.fields;
    let bindings = fields.iter().map(binding);
    let text = formatted(detail, text);
    quote! {
        #name #(:: #variant)* { #(#fields: #bindings,)* .. } => {
            ::duractor::Problem::new(#status, #kind, #text)
        }
    }
}

/// A literal where no field stands in it, so that only details with fields carry formatting code.
fn formatted(detail: &Detail, text: &LitStr) -> TokenStream {
    if detail.fields.is_empty() {
        return detail.format.replace("{{", "{").replace("}}", "}").to_token_stream();
    }
    let format = LitStr::new(&detail.format, Span::mixed_site().located_at(text.span()));
    quote!(::std::format!(#format))
}
