//! `#[actor(version = 2, from = v1::Todo, limits = …, durable_cache)]` on the struct.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::meta::ParseNestedMeta;
use syn::parse::Parse;
use syn::{Attribute, Expr, Ident, LitInt, Meta, Path, Token, Type};

use crate::errors::Errors;
use crate::spans;

/// Which version of its state an actor is, which struct was the version before, and what is its own of what a worker sets.
#[derive(Default)]
pub(super) struct Settings {
    version: Option<u32>,
    from: Option<Type>,
    limits: Option<Expr>,
    keeps_cache: bool,
}

impl Settings {
    /// Nothing where there are errors, so that none follows from them.
    pub(super) fn parse(actor: &Ident, attributes: &[Attribute], errors: &mut Errors) -> Self {
        let before = errors.len();
        let mut keys = Keys::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("actor")) {
            let read = keys.read(actor, attribute);
            errors.keep(read);
        }
        // A key that could not be read is not a key that is missing.
        if errors.len() > before {
            return Self::default();
        }
        errors.keep(keys.check(actor)).unwrap_or_default()
    }

    /// What the implementation of `Actor` says beside the trait's defaults.
    pub(super) fn codegen(&self) -> TokenStream {
        let number = self.version.map(|number| quote!(const VERSION: ::core::primitive::u32 = #number;));
        let cache = self.keeps_cache.then(|| {
            quote!(
                const DURABLE_CACHE: ::core::primitive::bool = true;
            )
        });
        let upgrade = self.from.as_ref().map(upgrade);
        let limits = self.limits.as_ref().map(limits);
        quote!(#number #cache #upgrade #limits)
    }
}

/// What is written is a function of the worker's limits.
fn limits(make: &Expr) -> TokenStream {
    let worker = Ident::new("__worker", Span::mixed_site());
    quote! {
        fn limits(#worker: ::duractor::Limits) -> ::duractor::Limits {
            let __make: fn(::duractor::Limits) -> ::duractor::Limits = #make;
            __make(#worker)
        }
    }
}

/// The call stands under the type, where it is reported that the type is no actor, or that the new
/// version cannot be made of it.
fn upgrade(from: &Type) -> TokenStream {
    let (start, _) = spans::ends(from);
    let stored = Ident::new("__stored", Span::mixed_site());
    let call = quote_spanned!(start=> ::duractor::__rt::upgrade::<#from, Self>(#stored));
    quote! {
        fn upgrade(
            #stored: &::duractor::__rt::Stored<'_>,
        ) -> ::duractor::Result<::core::option::Option<Self>> {
            #call
        }
    }
}

/// The attribute as it is written.
#[derive(Default)]
struct Keys {
    version: Option<LitInt>,
    from: Option<(Path, Type)>,
    limits: Option<Expr>,
    durable_cache: Option<()>,
}

impl Keys {
    fn read(&mut self, actor: &Ident, attribute: &Attribute) -> syn::Result<()> {
        if !matches!(attribute.meta, Meta::List(_)) {
            return Err(syn::Error::new_spanned(attribute, format!("write `#[actor({})]`", example(actor))));
        }
        attribute.parse_nested_meta(|key| self.key(actor, &key))
    }

    fn key(&mut self, actor: &Ident, key: &ParseNestedMeta<'_>) -> syn::Result<()> {
        if key.path.is_ident("version") {
            let version = value(key, "write `version = 2`: a whole number")?;
            return set(&mut self.version, version, key);
        }
        if key.path.is_ident("from") {
            let from = value(key, &format!("write `from = v1::{actor}`: the struct of the version before"))?;
            return set(&mut self.from, (key.path.clone(), from), key);
        }
        if key.path.is_ident("limits") {
            let limits = value(key, "write `limits = …`: a function that makes `Limits` of those of the worker")?;
            return set(&mut self.limits, limits, key);
        }
        if key.path.is_ident("durable_cache") {
            return set(&mut self.durable_cache, (), key);
        }
        Err(key.error(if key.path.is_ident("transient") {
            "`transient` goes on a field: `#[actor(transient)]`".to_owned()
        } else {
            format!("unknown key: a struct can be `#[actor({}, limits = …, durable_cache)]`", example(actor))
        }))
    }

    fn check(self, actor: &Ident) -> syn::Result<Settings> {
        let number = self.version.as_ref().map(number).transpose()?;
        if let Some((key, from)) = &self.from {
            if number.is_none() {
                let message = format!("write which version is made of it: `{}`", example(actor));
                return Err(syn::Error::new_spanned(key, message));
            }
            if number == Some(1) {
                let message = "version 1 is the first, which is made of nothing: write `version = 2`";
                return Err(syn::Error::new_spanned(&self.version, message));
            }
            if is_itself(from, actor) {
                let message = format!("a version is made of another: keep it in a module, as in `from = v1::{actor}`");
                return Err(syn::Error::new_spanned(from, message));
            }
        }
        Ok(Settings {
            version: number,
            from: self.from.map(|(_, from)| from),
            limits: self.limits,
            keeps_cache: self.durable_cache.is_some(),
        })
    }
}

fn example(actor: &Ident) -> String {
    format!("version = 2, from = v1::{actor}")
}

fn value<T: Parse>(key: &ParseNestedMeta<'_>, message: &str) -> syn::Result<T> {
    if !key.input.peek(Token![=]) {
        return Err(key.error(message));
    }
    let value = key.value()?;
    let place = value.span();
    value.parse().map_err(|_| syn::Error::new(place, message))
}

fn set<T>(slot: &mut Option<T>, value: T, key: &ParseNestedMeta<'_>) -> syn::Result<()> {
    if slot.replace(value).is_some() {
        return Err(key.error(format!("`{}` is there already: keep one of them", key.path.to_token_stream())));
    }
    Ok(())
}

fn number(literal: &LitInt) -> syn::Result<u32> {
    match literal.base10_parse() {
        Ok(0) => {
            Err(syn::Error::new_spanned(literal, "versions count from 1, which is the first: write `version = 2`"))
        }
        Ok(number) => Ok(number),
        Err(_) => Err(syn::Error::new_spanned(literal, format!("a version is a whole number from 1 to {}", u32::MAX))),
    }
}

fn is_itself(from: &Type, actor: &Ident) -> bool {
    let Type::Path(path) = from else { return false };
    path.path.get_ident().is_some_and(|name| name == actor || name == "Self")
}
