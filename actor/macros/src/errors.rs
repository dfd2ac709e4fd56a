//! The errors of one expansion.

use std::fmt::Display;

use proc_macro2::TokenStream;
use quote::{ToTokens, TokenStreamExt};

/// Every error of an expansion, so that one build shows them all.
#[derive(Default)]
pub(crate) struct Errors(Vec<syn::Error>);

impl Errors {
    /// Adds an error that underlines `tokens`.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.0.push(syn::Error::new_spanned(tokens, message));
    }

    /// The value, or `None` once its error is added.
    pub(crate) fn keep<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.0.push(error)).ok()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

impl ToTokens for Errors {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.append_all(self.0.iter().map(syn::Error::to_compile_error));
    }
}

/// Refuses what was written between the parentheses of an attribute that takes nothing.
pub(crate) fn no_arguments(attribute: &str, arguments: &TokenStream, errors: &mut Errors) {
    if !arguments.is_empty() {
        errors.at(arguments, format!("`#[{attribute}]` takes no arguments"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    #[test]
    fn keeps_every_error() {
        let mut errors = Errors::default();
        errors.at(quote!(a), "first");
        assert_eq!(errors.keep(Ok(1)), Some(1));
        assert_eq!(errors.keep::<u8>(Err(syn::Error::new_spanned(quote!(b), "second"))), None);
        let text = errors.to_token_stream().to_string();
        assert!(text.contains("first") && text.contains("second"), "{text}");
    }
}
