//! Where the compiler reports what is wrong with generated code.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::ToTokens;

/// `tokens` as if they were written where `place` is, so that an error about them underlines all of
/// `place`; what their names mean stays.
pub(crate) fn over(place: &impl ToTokens, tokens: TokenStream) -> TokenStream {
    let (start, end) = ends(place);
    let last = tokens.clone().into_iter().count().saturating_sub(1);
    let at = |index| if index == last { end } else { start };
    tokens.into_iter().enumerate().map(|(index, token)| moved(token, at(index))).collect()
}

fn moved(mut token: TokenTree, to: Span) -> TokenTree {
    let span = to.resolved_at(token.span());
    if let TokenTree::Group(group) = &token {
        let inner = group.stream().into_iter().map(|token| moved(token, to)).collect();
        token = TokenTree::Group(Group::new(group.delimiter(), inner));
    }
    token.set_span(span);
    token
}

fn ends(place: &impl ToTokens) -> (Span, Span) {
    let mut tokens = place.to_token_stream().into_iter();
    let Some(first) = tokens.next() else { return (Span::call_site(), Span::call_site()) };
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
