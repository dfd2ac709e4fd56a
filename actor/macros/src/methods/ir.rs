//! What is meant: checked routes, each with where its arguments come from.

use std::collections::HashSet;

use proc_macro2::Ident;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Attribute, LitStr, Pat, PatType, ReturnType, Signature, Type};

use super::hooks::{self, Hook};
use super::parse::{self, Attached, Function, Verb};
use super::pattern::Pattern;
use super::signature::{self, Lent, Turn, arguments, has_word};
use crate::errors::Errors;
use crate::names;

pub(super) struct Block {
    pub(super) actor: Type,
    pub(super) cfgs: Vec<Attribute>,
    pub(super) methods: Vec<Method>,
    pub(super) hooks: Vec<Hook>,
}

/// A method that answers requests.
pub(super) struct Method {
    pub(super) name: Ident,
    pub(super) cfgs: Vec<Attribute>,
    pub(super) deprecated: bool,
    pub(super) turn: Turn,
    pub(super) waits: bool,
    /// The types of the arguments after the receiver.
    pub(super) arguments: Vec<Type>,
    pub(super) reply: ReturnType,
    pub(super) routes: Vec<Route>,
}

/// One verb and path of a method.
pub(super) struct Route {
    pub(super) verb: Verb,
    pub(super) path: String,
    /// Where each argument comes from.
    pub(super) sources: Vec<Source>,
}

#[derive(Debug, PartialEq)]
pub(super) enum Source {
    /// The path's parameter of this name.
    Parameter(String),
    /// The request as a whole, by the argument's type.
    Request,
    /// The storage transaction that the method runs in.
    Sql,
}

impl Block {
    /// Leaves out what has errors, so that the rest of the actor still compiles.
    pub(super) fn check(block: parse::Block, errors: &mut Errors) -> Self {
        let (mut taken, mut hooked) = (Taken::default(), hooks::Taken::default());
        let (mut methods, mut hooks) = (Vec::with_capacity(block.functions.len()), Vec::new());
        for function in block.functions {
            hooks.extend(hooks::check(&function, &block.actor, &mut hooked, errors));
            if !function.routes.is_empty() {
                let routes = routes(&function, &mut taken, errors);
                methods.extend(method(function, &block.actor, routes, errors));
            }
        }
        Self { actor: block.actor, cfgs: block.cfgs, methods, hooks }
    }
}

fn method(function: Function, actor: &Type, routes: Vec<Route>, errors: &mut Errors) -> Option<Method> {
    let before = errors.len();
    signature::check(&function.sig, "a route", errors);
    let turn = errors.keep(turn(&function.sig, actor))?;
    check_sql(&function.sig, turn, errors);
    let arguments = arguments(&function.sig).map(|argument| (*argument.ty).clone()).collect();
    (errors.len() == before).then_some(Method {
        name: function.sig.ident,
        cfgs: function.cfgs,
        deprecated: function.deprecated,
        turn,
        waits: function.sig.asyncness.is_some(),
        arguments,
        reply: function.sig.output,
        routes,
    })
}

fn turn(sig: &Signature, actor: &Type) -> syn::Result<Turn> {
    signature::turn(sig, actor).ok_or_else(|| {
        let receiver = sig.receiver();
        let is_value = receiver.is_some_and(|receiver| signature::is_self(&receiver.ty, actor));
        syn::Error::new_spanned(
            receiver,
            if is_value {
                "the actor outlives the call: write `&self` or `&mut self`"
            } else {
                "a route's receiver is `&self` or `&mut self`; without a turn, write `me: Me<Self>`"
            },
        )
    })
}

/// `&mut Sql` is lent for one synchronous storage transaction, at the end of which the turn commits.
fn check_sql(sig: &Signature, turn: Turn, errors: &mut Errors) {
    let mut lent = arguments(sig).filter(|argument| is_sql(argument));
    let Some(sql) = lent.next() else { return };
    if sig.asyncness.is_some() {
        errors.at(
            sql,
            "a method with `&mut Sql` runs inside one synchronous storage transaction and cannot wait: \
             queue writes with `cx.sql(…).execute()`",
        );
    }
    if turn != Turn::Exclusive {
        errors.at(sql, "`&mut Sql` needs `&mut self`: what it writes commits with the turn; read with `cx.sql(…)`");
    }
    for second in lent {
        errors.at(second, Lent::Sql.twice());
    }
}

fn is_sql(argument: &PatType) -> bool {
    Lent::of(&argument.ty) == Some(Lent::Sql)
}

fn routes(function: &Function, taken: &mut Taken, errors: &mut Errors) -> Vec<Route> {
    let mut routes = Vec::with_capacity(function.routes.len());
    for attached in &function.routes {
        match Pattern::parse(&attached.path.value()) {
            Ok(pattern) => {
                taken.claim(attached, &pattern, function, errors);
                routes.extend(route(attached, &pattern, &function.sig, errors));
            }
            Err(message) => errors.at(&attached.path, message),
        }
    }
    routes
}

fn route(attached: &Attached, pattern: &Pattern, sig: &Signature, errors: &mut Errors) -> Option<Route> {
    let before = errors.len();
    let sources: Vec<_> = arguments(sig).map(|argument| source(argument, pattern)).collect();
    for parameter in &pattern.parameters {
        if !sources.iter().any(|source| matches!(source, Source::Parameter(name) if name == parameter)) {
            errors.at(&attached.path, missing(parameter, pattern, sig));
        }
    }
    (errors.len() == before).then(|| Route { verb: attached.verb, path: attached.path.value(), sources })
}

fn source(argument: &PatType, pattern: &Pattern) -> Source {
    match plain_name(&argument.pat) {
        _ if is_sql(argument) => Source::Sql,
        Some(name) if pattern.parameters.contains(&name) => Source::Parameter(name),
        _ => Source::Request,
    }
}

/// The name of an argument that is only a name.
fn plain_name(pattern: &Pat) -> Option<String> {
    match pattern {
        Pat::Ident(name) => Some(name.ident.unraw().to_string()),
        _ => None,
    }
}

fn missing(parameter: &str, pattern: &Pattern, sig: &Signature) -> String {
    let fault = format!("`{{{parameter}}}` has no argument of its name");
    if let Some(taken_apart) = arguments(sig)
        .filter(|argument| !is_sql(argument))
        .map(|argument| argument.pat.to_token_stream())
        .find(|pattern| has_word(pattern.clone(), parameter))
    {
        return format!("{fault}: write `{parameter}: …` instead of `{taken_apart}: …`");
    }
    let free: Vec<_> = arguments(sig)
        .filter(|argument| !is_sql(argument))
        .filter_map(|argument| plain_name(&argument.pat))
        .filter(|name| !pattern.parameters.contains(name))
        .collect();
    match names::nearest(parameter, free.iter().map(String::as_str)) {
        Some(near) => format!("{fault}: did you mean `{{{near}}}`, as the argument is called?"),
        None => format!("{fault}: add `{parameter}: …` to the arguments of `{}`", sig.ident),
    }
}

/// The routes met so far.
#[derive(Default)]
struct Taken(HashSet<(&'static str, String)>);

impl Taken {
    /// Two methods under `#[cfg]` may answer the same requests: only one of them need exist.
    fn claim(&mut self, attached: &Attached, pattern: &Pattern, function: &Function, errors: &mut Errors) {
        if !function.cfgs.is_empty() {
            return;
        }
        let Attached { verb, path } = attached;
        if !self.0.insert((verb.variant(), pattern.shape.clone())) {
            errors.at(path, twice(*verb, path));
        }
    }
}

fn twice(verb: Verb, path: &LitStr) -> String {
    let verb = verb.to_string().to_uppercase();
    format!("a method above answers {verb} {} already", path.value())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proc_macro2::TokenStream;
    use quote::quote;

    /// The method that `function` is, and what is wrong with it.
    fn check(function: TokenStream) -> (Option<Method>, String) {
        let mut item = syn::parse_quote!(impl Counter { #function });
        let mut errors = Errors::default();
        let block = parse::block(&mut item, &mut errors).expect("an impl block");
        let mut block = Block::check(block, &mut errors);
        (block.methods.pop(), errors.to_token_stream().to_string())
    }

    fn method(function: TokenStream) -> Method {
        let (method, errors) = check(function);
        assert_eq!(errors, "");
        method.expect("a method without errors")
    }

    #[test]
    fn the_receiver_decides_the_turn() {
        let cases = [
            (
                quote!(
                    #[get]
                    fn f(&self) {}
                ),
                Turn::Shared,
            ),
            (
                quote!(
                    #[get]
                    fn f<'a>(&'a self) {}
                ),
                Turn::Shared,
            ),
            (
                quote!(
                    #[get]
                    fn f(self: &Counter) {}
                ),
                Turn::Shared,
            ),
            (
                quote!(
                    #[get]
                    fn f(&mut self) {}
                ),
                Turn::Exclusive,
            ),
            (
                quote!(
                    #[get]
                    fn f(self: &mut Self) {}
                ),
                Turn::Exclusive,
            ),
            (
                quote!(
                    #[get]
                    async fn f(me: Me<Self>) {}
                ),
                Turn::None,
            ),
            (
                quote!(
                    #[get]
                    fn f() {}
                ),
                Turn::None,
            ),
        ];
        for (function, turn) in cases {
            assert_eq!(method(function.clone()).turn, turn, "{function}");
        }
    }

    #[test]
    fn an_argument_named_like_a_parameter_is_the_parameter() {
        let method = method(quote! {
            #[get("/{by}/{type}")]
            #[post("/{by}")]
            fn f(&self, r#type: &str, mut by: u64, Json(x): Json<u64>, _: &Cx) {}
        });
        let parameter = |name: &str| Source::Parameter(name.to_owned());
        let [get, post] = method.routes.as_slice() else { panic!("two routes") };
        assert_eq!((get.verb, get.path.as_str()), (Verb::Get, "/{by}/{type}"));
        assert_eq!((post.verb, post.path.as_str()), (Verb::Post, "/{by}"));
        let [request, other] = [Source::Request, Source::Request];
        assert_eq!(get.sources, [parameter("type"), parameter("by"), request, other]);
        assert_eq!(post.sources[0], Source::Request);
        assert_eq!(post.sources[1], parameter("by"));
    }

    #[test]
    fn methods_under_cfg_may_answer_the_same_requests() {
        let (_, errors) = check(quote! {
            #[cfg(a)]
            #[get("/x")]
            fn a(&self) {}
            #[cfg(not(a))]
            #[get("/x")]
            fn b(&self) {}
        });
        assert_eq!(errors, "");
    }

    #[test]
    fn a_variadic_is_refused() {
        let (method, errors) = check(quote!(
            #[get]
            unsafe extern "C" fn f(&self, _: ...) {}
        ));
        assert!(method.is_none());
        assert!(errors.contains("a fixed number of arguments"), "{errors}");
    }

    #[test]
    fn a_method_without_a_route_is_left_alone() {
        let (method, errors) = check(quote!(
            unsafe fn f<T>(self, x: impl Copy) {}
        ));
        assert!(method.is_none());
        assert_eq!(errors, "");
    }
}
