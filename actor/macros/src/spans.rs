//! Where the compiler reports what is wrong with generated code.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};

/// A call of a function of `duractor::__rt` as if it were written where `place` is, so that an error
/// about it underlines all of `place`.
pub(crate) fn call(place: &impl ToTokens, function: &str, arguments: TokenStream) -> TokenStream {
    let (start, end) = ends(place);
    let function = Ident::new(function, start);
    let arguments = delimited(Delimiter::Parenthesis, arguments, end);
    quote_spanned!(start=> ::duractor::__rt::#function #arguments)
}

/// A group whose delimiters, but not what is between them, are at `place`.
pub(crate) fn delimited(delimiter: Delimiter, inner: TokenStream, place: Span) -> Group {
    let mut group = Group::new(delimiter, inner);
    group.set_span(place);
    group
}

/// Where `place` starts and where it ends: a token has one span each, and the spans of an expression's
/// first and last token make the expression's.
pub(crate) fn ends(place: &impl ToTokens) -> (Span, Span) {
    let mut tokens = place.to_token_stream().into_iter();
    let Some(first) = tokens.next() else {
        return (Span::call_site(), Span::call_site());
    };
    let last = tokens.last().unwrap_or_else(|| first.clone());
    (start(&first), end(&last))
}

fn start(token: &TokenTree) -> Span {
    match token {
        TokenTree::Group(group) => group.span_open(),
        _ => token.span(),
    }
}

fn end(token: &TokenTree) -> Span {
    match token {
        TokenTree::Group(group) => group.span_close(),
        _ => token.span(),
    }
}
