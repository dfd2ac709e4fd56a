//! What is written: the cases of the type, and their attributes.

use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Data, DeriveInput, Fields, Ident, LitInt, LitStr, Meta, Token};

use crate::errors::Errors;

/// A struct, or a variant of an enum.
pub(super) struct Case<'i> {
    /// The variant; `None` for a struct.
    pub(super) variant: Option<&'i Ident>,
    /// The name that the kind is made of.
    pub(super) name: &'i Ident,
    pub(super) fields: &'i Fields,
    pub(super) written: Written,
}

/// `#[problem(409, "overdrawn by {0}", kind = "overdrawn")]`
pub(super) struct Written {
    pub(super) status: LitInt,
    pub(super) detail: LitStr,
    pub(super) kind: Option<LitStr>,
}

impl Parse for Written {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let status = input
            .parse()
            .map_err(|error| say(&error, "a problem starts with its status, 400 to 599: `#[problem(404, \"…\")]`"))?;
        let form = "a detail follows the status: `#[problem(404, \"…\")]`";
        input.parse::<Token![,]>().map_err(|error| say(&error, form))?;
        let detail = input.parse().map_err(|error| say(&error, form))?;
        Ok(Self { status, detail, kind: kind(input)? })
    }
}

fn kind(input: ParseStream<'_>) -> syn::Result<Option<LitStr>> {
    let form = "after the detail only `kind = \"…\"` can follow";
    if !input.is_empty() {
        input.parse::<Token![,]>().map_err(|error| say(&error, form))?;
    }
    if input.is_empty() {
        return Ok(None);
    }
    let key: Ident = input.parse().map_err(|error| say(&error, form))?;
    if key != "kind" {
        return Err(syn::Error::new(key.span(), form));
    }
    input.parse::<Token![=]>().map_err(|error| say(&error, form))?;
    let kind = input.parse().map_err(|error| say(&error, form))?;
    input.parse::<Option<Token![,]>>()?;
    if !input.is_empty() {
        return Err(input.error(form));
    }
    Ok(Some(kind))
}

fn say(error: &syn::Error, message: &str) -> syn::Error {
    syn::Error::new(error.span(), message)
}

/// The cases whose attribute can be read; `None` for a type that has no cases.
pub(super) fn cases<'i>(input: &'i DeriveInput, errors: &mut Errors) -> Option<Vec<Case<'i>>> {
    match &input.data {
        Data::Struct(body) => {
            let written = written(&input.attrs, &input.ident, errors);
            let case = |written| Case { variant: None, name: &input.ident, fields: &body.fields, written };
            Some(written.map(case).into_iter().collect())
        }
        Data::Enum(body) => {
            for attribute in attributes(&input.attrs) {
                errors.at(attribute, "each variant has its own `#[problem(…)]`: put it there");
            }
            let variants = body.variants.iter().filter_map(|variant| {
                let (name, fields) = (&variant.ident, &variant.fields);
                let written = written(&variant.attrs, name, errors)?;
                Some(Case { variant: Some(name), name, fields, written })
            });
            Some(variants.collect())
        }
        Data::Union(_) => {
            errors.at(&input.ident, "a problem is an enum or a struct");
            None
        }
    }
}

fn attributes(all: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    all.iter().filter(|attribute| attribute.path().is_ident("problem"))
}

fn written(all: &[Attribute], name: &Ident, errors: &mut Errors) -> Option<Written> {
    let mut attributes = attributes(all);
    let Some(attribute) = attributes.next() else {
        errors.at(name, format!("`{name}` has no status: write `#[problem(404, \"…\")]` above it"));
        return None;
    };
    for second in attributes {
        errors.at(second, format!("`{name}` has a `#[problem(…)]` already"));
    }
    if matches!(attribute.meta, Meta::List(_)) {
        return errors.keep(attribute.parse_args());
    }
    errors.at(attribute, "write `#[problem(404, \"…\")]`");
    None
}
