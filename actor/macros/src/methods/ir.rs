//! What is meant: checked routes, each with where its arguments come from.

use std::collections::HashSet;

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Attribute, FnArg, GenericParam, LitStr, Pat, PatType, ReturnType, Signature, Type};

use super::parse::{self, Attached, Function, Verb};
use super::pattern::Pattern;
use crate::attributes;
use crate::errors::Errors;
use crate::names;

pub(super) struct Block {
    pub(super) actor: Type,
    pub(super) cfgs: Vec<Attribute>,
    pub(super) methods: Vec<Method>,
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
}

/// What the method's receiver asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Turn {
    None,
    Shared,
    Exclusive,
}

impl Block {
    /// Leaves out what has errors, so that the rest of the actor still compiles.
    pub(super) fn check(block: parse::Block, errors: &mut Errors) -> Self {
        let mut taken = Taken::default();
        let mut methods = Vec::with_capacity(block.functions.len());
        for function in block.functions {
            let routes = routes(&function, &mut taken, errors);
            methods.extend(method(function, &block.actor, routes, errors));
        }
        Self { actor: block.actor, cfgs: block.cfgs, methods }
    }
}

fn method(function: Function, actor: &Type, routes: Vec<Route>, errors: &mut Errors) -> Option<Method> {
    let before = errors.len();
    check_signature(&function.sig, errors);
    let turn = errors.keep(turn(&function.sig, actor))?;
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

fn arguments(sig: &Signature) -> impl Iterator<Item = &PatType> {
    sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(argument) => Some(argument),
        FnArg::Receiver(_) => None,
    })
}

/// What a route's signature cannot have, whatever its path.
fn check_signature(sig: &Signature, errors: &mut Errors) {
    if let Some(keyword) = &sig.unsafety {
        errors.at(keyword, "a route is called from safe code: write a safe `fn`");
    }
    if let Some(abi) = &sig.abi {
        errors.at(abi, "a route is called from Rust: write a plain `fn`");
    }
    if let Some(variadic) = &sig.variadic {
        errors.at(variadic, "a route has a fixed number of arguments");
    }
    for parameter in &sig.generics.params {
        if !matches!(parameter, GenericParam::Lifetime(_)) {
            errors.at(parameter, "a route cannot be generic: its arguments are taken by their types; name the type");
        }
    }
    for argument in arguments(sig) {
        check_argument(argument, errors);
    }
}

fn check_argument(argument: &PatType, errors: &mut Errors) {
    if let Some(cfg) = attributes::cfgs(&argument.attrs).first() {
        errors.at(cfg, "a route's argument is always there: put the `#[cfg]` on the method");
    }
    if has_word(argument.ty.to_token_stream(), "impl") {
        errors.at(
            &argument.ty,
            "a route cannot take `impl Trait`: its arguments are taken by their types; name the type",
        );
    }
}

/// Whether `word` is among the tokens, at any depth.
fn has_word(tokens: TokenStream, word: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => has_word(group.stream(), word),
        TokenTree::Ident(ident) => ident == word,
        _ => false,
    })
}

fn turn(sig: &Signature, actor: &Type) -> syn::Result<Turn> {
    let Some(receiver) = sig.receiver() else {
        return Ok(Turn::None);
    };
    match &*receiver.ty {
        Type::Reference(reference) if is_self(&reference.elem, actor) => {
            Ok(if reference.mutability.is_some() { Turn::Exclusive } else { Turn::Shared })
        }
        ty if is_self(ty, actor) => {
            Err(syn::Error::new_spanned(receiver, "the actor outlives the call: write `&self` or `&mut self`"))
        }
        _ => Err(syn::Error::new_spanned(
            receiver,
            "a route's receiver is `&self` or `&mut self`; without a turn, write `me: Me<Self>`",
        )),
    }
}

fn is_self(ty: &Type, actor: &Type) -> bool {
    let text = ty.to_token_stream().to_string();
    text == "Self" || text == actor.to_token_stream().to_string()
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
    let named: Vec<_> = arguments(sig).map(|argument| plain_name(&argument.pat)).collect();
    for parameter in &pattern.parameters {
        if !named.iter().flatten().any(|name| name == parameter) {
            errors.at(&attached.path, missing(parameter, pattern, sig));
        }
    }
    let sources = named.into_iter().map(|name| match name {
        Some(name) if pattern.parameters.contains(&name) => Source::Parameter(name),
        _ => Source::Request,
    });
    (errors.len() == before).then(|| Route {
        verb: attached.verb,
        path: attached.path.value(),
        sources: sources.collect(),
    })
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
        .map(|argument| argument.pat.to_token_stream())
        .find(|pattern| has_word(pattern.clone(), parameter))
    {
        return format!("{fault}: write `{parameter}: …` instead of `{taken_apart}: …`");
    }
    let free: Vec<_> = arguments(sig)
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
