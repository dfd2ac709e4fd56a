//! What the runtime dispatches by: `impl Methods`, with one function a route and one a hook.
//!
//! A route's function takes the arguments, holds the actor, calls the method and makes the reply
//! while the actor is still held, since the reply may borrow from it. It calls `duractor::__rt` for
//! all the rest: it is instantiated for every route. Types of arguments are never written; the
//! method's signature infers them.

use proc_macro2::{Delimiter, Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Attribute, ReturnType, Type};

use super::hooks::Hook;
use super::ir::{Block, Method, Route, Source};
use super::signature::{Lent, Turn};
use crate::spans;

impl ToTokens for Block {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { actor, cfgs, methods, hooks } = self;
        let routes = methods.iter().flat_map(|method| method.routes.iter().map(|route| entry(actor, method, route)));
        let hooks = (!hooks.is_empty()).then(|| table(actor, hooks));
        let consts = quote! {
            const ROUTES: &'static [::duractor::__rt::Route] = &[#(#routes),*];
            #hooks
        };
        let (start, _) = spans::ends(actor);
        tokens.extend(quote! {
            #(#cfgs)*
            #[automatically_derived]
        });
        // A second block for the actor is reported under the actor's name.
        tokens.extend(quote_spanned!(start=> impl ::duractor::Methods for #actor));
        spans::delimited(Delimiter::Brace, consts, start).to_tokens(tokens);
        tokens.extend(listed(actor, cfgs));
    }
}

/// The class in the custom section of the wasm module that `duractor build` reads. It is listed here
/// and not where the actor is derived, since old versions of an actor are no classes of their own.
fn listed(actor: &Type, cfgs: &[Attribute]) -> TokenStream {
    quote! {
        #(#cfgs)*
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            const CLASS: &'static ::core::primitive::str = <#actor as ::duractor::Actor>::CLASS;
            #[used]
            #[unsafe(link_section = "duractor_actors")]
            static LINE: [::core::primitive::u8; CLASS.len() + 1] = {
                let mut line = [b'\n'; CLASS.len() + 1];
                line.split_at_mut(CLASS.len()).0.copy_from_slice(CLASS.as_bytes());
                line
            };
        };
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
    let name = method.name.to_string();
    let run = run(actor, method, route);
    quote! {
        #(#cfgs)*
        ::duractor::__rt::Route {
            verb: ::duractor::__rt::Verb::#verb,
            path: #path,
            name: #name,
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
    if route.sources.contains(&Source::Sql) {
        let sql = local("sql");
        return quote!(::duractor::__rt::Run::Sql({
            #allow
            fn run(#request: &::duractor::Request, #sql: &mut ::duractor::Sql) -> ::duractor::Response {
                #body
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
    let deprecated = allow_deprecated(method.deprecated);
    let holds = method.waits && method.turn != Turn::None;
    let holds = holds.then(|| quote!(#[allow(clippy::await_holding_refcell_ref)]));
    quote!(#deprecated #holds)
}

fn allow_deprecated(is_deprecated: bool) -> Option<TokenStream> {
    is_deprecated.then(|| quote!(#[allow(deprecated)]))
}

/// The hooks of a block, of which those under `#[cfg]` may be left out.
fn table(actor: &Type, hooks: &[Hook]) -> TokenStream {
    let table = local("hooks");
    let hooks = hooks.iter().map(|hook| {
        let (cfgs, run) = (&hook.cfgs, hook_run(actor, hook));
        let moment = Ident::new(&hook.moment.to_string(), Span::call_site());
        quote! {
            #(#cfgs)*
            {
                #table.#moment = ::core::option::Option::Some({ #run run });
            }
        }
    });
    quote! {
        const HOOKS: ::duractor::__rt::Hooks<Self> = {
            #[allow(unused_mut)]
            let mut #table = ::duractor::__rt::Hooks {
                created: ::core::option::Option::None,
                activated: ::core::option::Option::None,
            };
            #(#hooks)*
            #table
        };
    }
}

fn hook_run(actor: &Type, hook: &Hook) -> TokenStream {
    let (me, cx, sql) = (local("me"), local("cx"), local("sql"));
    let arguments = hook.arguments.iter().map(|(lent, ty)| lend(*lent, ty));
    let (name, allow) = (&hook.name, allow_deprecated(hook.deprecated));
    let (result, reply) = reply(name, &hook.reply);
    quote! {
        #allow
        fn run(
            #me: &mut #actor,
            #cx: &::duractor::Cx,
            #sql: &mut ::duractor::Sql,
        ) -> ::duractor::Response {
            let #result = <#actor>::#name(#me, #(#arguments),*);
            #reply
        }
    }
}

/// What is lent, under the type of its argument, where another type of the same name is reported.
fn lend(lent: Lent, ty: &Type) -> TokenStream {
    let (start, end) = spans::ends(ty);
    let at = |place| Span::mixed_site().located_at(place);
    let (name, borrow) = match lent {
        Lent::Cx => ("cx", quote_spanned!(at(start)=> &*)),
        Lent::Sql => ("sql", quote_spanned!(at(start)=> &mut *)),
    };
    let name = format_ident!("__{name}", span = at(end));
    quote!(#borrow #name)
}

fn body(actor: &Type, method: &Method, route: &Route) -> TokenStream {
    let arguments = method.arguments.iter().zip(&route.sources).enumerate();
    let (takes, values): (Vec<_>, Vec<_>) = arguments.map(|(at, (ty, source))| argument(at, ty, source)).unzip();
    let (hold, held) = hold(actor, method.turn);
    let (name, wait) = (&method.name, method.waits.then(|| quote!(.await)));
    let (result, reply) = reply(name, &method.reply);
    quote! {
        #(#takes)*
        #hold
        let #result = <#actor>::#name(#held #(#values),*) #wait;
        #reply
    }
}

/// The statement that takes an argument, if it needs one, and the value to pass.
fn argument(at: usize, ty: &Type, source: &Source) -> (TokenStream, TokenStream) {
    let request = local("req");
    // The call stands under the argument's type, where a type that is no extractor is reported.
    let call = match source {
        Source::Parameter(name) => spans::call(ty, "param", quote!(#request, #name)),
        Source::Request => spans::call(ty, "arg", quote!(#request)),
        Source::Sql => return (TokenStream::new(), lend(Lent::Sql, ty)),
    };
    let (value, problem) = (local(&format!("a{at}")), local("problem"));
    let take = quote! {
        let #value = match #call {
            ::core::result::Result::Ok(#value) => #value,
            ::core::result::Result::Err(#problem) => return ::duractor::__rt::refuse(#problem),
        };
    };
    (take, value.into_token_stream())
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
fn reply(name: &Ident, returned: &ReturnType) -> (Ident, TokenStream) {
    let place = match returned {
        ReturnType::Type(_, ty) => ty.to_token_stream(),
        ReturnType::Default => name.to_token_stream(),
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
