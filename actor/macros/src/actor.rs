//! `#[derive(Actor)]`.

mod settings;

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Field, Fields, Ident, Type};

use self::settings::Settings;
use crate::errors::Errors;
use crate::spans;

pub(crate) fn expand(input: &DeriveInput) -> TokenStream {
    let mut errors = Errors::default();
    let actor = Actor::parse(input, &mut errors).map(|actor| actor.codegen());
    quote!(#errors #actor)
}

struct Actor<'i> {
    name: &'i Ident,
    /// The fields that are visited: all but the transient ones.
    durable: Vec<(&'i Ident, &'i Type)>,
    settings: Settings,
}

impl<'i> Actor<'i> {
    /// `None` where an implementation would only add errors to the one that says why.
    fn parse(input: &'i DeriveInput, errors: &mut Errors) -> Option<Self> {
        let settings = Settings::parse(&input.ident, &input.attrs, errors);
        if !input.generics.params.is_empty() {
            errors.at(&input.generics, "an actor cannot be generic: it is one Durable Object class; name the types");
            return None;
        }
        let fields = fields(input, errors)?;
        let durable = fields
            .iter()
            .filter(|field| !is_transient(field, errors))
            .filter_map(|field| Some((field.ident.as_ref()?, &field.ty)))
            .collect();
        Some(Self { name: &input.ident, durable, settings })
    }

    fn codegen(&self) -> TokenStream {
        let (name, class) = (self.name, self.name.unraw().to_string());
        let visits = self.durable.iter().map(|(field, ty)| visit(field, ty));
        let settings = self.settings.codegen();
        quote! {
            #[automatically_derived]
            impl ::duractor::Actor for #name {
                const CLASS: &'static ::core::primitive::str = #class;
                #settings
                fn fields(
                    &mut self,
                    __visit: &mut dyn ::core::ops::FnMut(
                        &'static ::core::primitive::str,
                        &mut dyn ::duractor::Field,
                    ),
                ) {
                    let _ = &__visit;
                    #(#visits)*
                }
            }
        }
    }
}

fn fields<'i>(input: &'i DeriveInput, errors: &mut Errors) -> Option<&'i Fields> {
    let Data::Struct(body) = &input.data else {
        errors.at(&input.ident, "an actor is a struct, whose fields are its state");
        return None;
    };
    if let Fields::Unnamed(unnamed) = &body.fields {
        errors.at(unnamed, "an actor's fields need names, by which they are stored: write `{ name: Type }`");
        return None;
    }
    Some(&body.fields)
}

fn is_transient(field: &Field, errors: &mut Errors) -> bool {
    let mut transient = false;
    for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("actor")) {
        if !matches!(attribute.meta, syn::Meta::List(_)) {
            errors.at(attribute, "write `#[actor(transient)]`");
            continue;
        }
        errors.keep(attribute.parse_nested_meta(|key| {
            if !key.path.is_ident("transient") {
                return Err(key.error("unknown key: a field can be `#[actor(transient)]`"));
            }
            transient = true;
            Ok(())
        }));
    }
    transient
}

/// The coercion stands under the field's type, where a type that is no `Field` is reported.
fn visit(field: &Ident, ty: &Type) -> TokenStream {
    let name = field.unraw().to_string();
    let (start, end) = spans::ends(ty);
    // `self` cannot move there: where a macro passes the type in, it would be another's `self`.
    let actor = Ident::new("__actor", start);
    let mut field = field.clone();
    field.set_span(end);
    let target = quote_spanned!(start=> &mut #actor.#field);
    quote! {
        let #actor = &mut *self;
        __visit(#name, #target);
    }
}
