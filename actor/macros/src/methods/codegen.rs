//! What the runtime dispatches by: `impl Methods`, with one function a route.
//!
//! A route's function takes the arguments, holds the actor, calls the method and makes the reply
//! while the actor is still held, since the reply may borrow from it. It calls `duractor::__rt` for
//! all the rest: it is instantiated for every route. Types of arguments are never written; the
//! method's signature infers them.

use proc_macro2::{Delimiter, Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{ReturnType, Type};

use super::ir::{Block, Method, Route, Source, Turn};
use crate::spans;

impl ToTokens for Block {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { actor, cfgs, methods } = self;
        let routes = methods.iter().flat_map(|method| method.routes.iter().map(|route| entry(actor, method, route)));
        let routes = quote!(const ROUTES: &'static [::duractor::__rt::Route] = &[#(#routes),*];);
        let (start, _) = spans::ends(actor);
        tokens.extend(quote! {
            #(#cfgs)*
            #[automatically_derived]
        });
        // A second block for the actor is reported under the actor's name.
        tokens.extend(quote_spanned!(start=> impl ::duractor::Methods for #actor));
        spans::delimited(Delimiter::Brace, routes, start).to_tokens(tokens);
    }
}

fn entry(actor: &Type, method: &Method, route: &Route) -> TokenStream {
    let cfgs = &method.cfgs;
    let verb = Ident::new(route.verb.variant(), Span::call_site());
    let path = &route.path;
    let turn = match method.turn {
        Turn::None => quote!(None),
        Turn::Shared => quote!(Shared),
        Turn::Exclusive => quote!(Exclusive),
    };
    let run = run(actor, method, route);
    quote! {
        #(#cfgs)*
        ::duractor::__rt::Route {
            verb: ::duractor::__rt::Verb::#verb,
            path: #path,
            turn: ::duractor::__rt::Turn::#turn,
            run: #run,
        }
    }
}

fn run(actor: &Type, method: &Method, route: &Route) -> TokenStream {
    let (request, body) = (local("req"), body(actor, method, route));
    let allow = allow(method);
    if method.waits {
        return quote!(::duractor::__rt::Run::Async({
            #allow
            fn run(#request: ::duractor::Request) -> ::duractor::__rt::Task {
                ::std::boxed::Box::pin(async move {
                    let #request = &#request;
                    #body
                })
            }
            run
        }));
    }
    quote!(::duractor::__rt::Run::Sync({
        #allow
        fn run(#request: &::duractor::Request) -> ::duractor::Response {
            #body
        }
        run
    }))
}

/// What is right in generated code: to call what is deprecated, and to hold the actor while waiting.
fn allow(method: &Method) -> TokenStream {
    let deprecated = method.deprecated.then(|| quote!(#[allow(deprecated)]));
    let holds = method.waits && method.turn != Turn::None;
    let holds = holds.then(|| quote!(#[allow(clippy::await_holding_refcell_ref)]));
    quote!(#deprecated #holds)
}

fn body(actor: &Type, method: &Method, route: &Route) -> TokenStream {
    let values: Vec<_> = (0..method.arguments.len()).map(|at| local(&format!("a{at}"))).collect();
    let takes = method.arguments.iter().zip(&values).zip(&route.sources);
    let takes = takes.map(|((ty, value), source)| take(value, ty, source));
    let (hold, held) = hold(actor, method.turn);
    let (name, wait) = (&method.name, method.waits.then(|| quote!(.await)));
    let (result, reply) = reply(method);
    quote! {
        #(#takes)*
        #hold
        let #result = <#actor>::#name(#held #(#values),*) #wait;
        #reply
    }
}

/// The call stands under the argument's type, where a type that is no extractor is reported.
fn take(value: &Ident, ty: &Type, source: &Source) -> TokenStream {
    let request = local("req");
    let call = match source {
        Source::Parameter(name) => spans::call(ty, "param", quote!(#request, #name)),
        Source::Request => spans::call(ty, "arg", quote!(#request)),
    };
    let problem = local("problem");
    quote! {
        let #value = match #call {
            ::core::result::Result::Ok(#value) => #value,
            ::core::result::Result::Err(#problem) => return ::duractor::__rt::refuse(#problem),
        };
    }
}

/// The statement that holds the actor for the call, and the receiver to pass.
fn hold(actor: &Type, turn: Turn) -> (TokenStream, TokenStream) {
    let (request, me) = (local("req"), local("me"));
    let home = quote!(::duractor::__rt::home::<#actor>(#request));
    match turn {
        Turn::None => (TokenStream::new(), TokenStream::new()),
        Turn::Shared => (quote!(let #me = #home.borrow();), quote!(&#me,)),
        Turn::Exclusive => (quote!(let mut #me = #home.borrow_mut();), quote!(&mut #me,)),
    }
}

/// The variable for what the method returns, and the reply that is made of it, which stands under
/// the return type, where a type that is no reply is reported.
fn reply(method: &Method) -> (Ident, TokenStream) {
    let place = match &method.reply {
        ReturnType::Type(_, ty) => ty.to_token_stream(),
        ReturnType::Default => method.name.to_token_stream(),
    };
    let (start, _) = spans::ends(&place);
    let result = Ident::new("__result", start);
    let call = spans::call(&place, "reply", result.to_token_stream());
    (result, call)
}

/// A variable that no name of the user's can be taken for.
fn local(name: &str) -> Ident {
    format_ident!("__{name}", span = Span::mixed_site())
}
