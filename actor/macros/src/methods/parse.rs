//! What is written: the block, its functions, their route attributes.

use std::fmt::{self, Display};

use proc_macro2::Span;
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Attribute, ImplItem, Item, ItemImpl, LitStr, Meta, Signature, Type};

use crate::attributes;
use crate::errors::Errors;

pub(super) struct Block {
    /// The type that the block is for, as written.
    pub(super) actor: Type,
    pub(super) cfgs: Vec<Attribute>,
    /// The functions with an attribute of ours, in order.
    pub(super) functions: Vec<Function>,
}

pub(super) struct Function {
    pub(super) sig: Signature,
    pub(super) cfgs: Vec<Attribute>,
    pub(super) deprecated: bool,
    pub(super) routes: Vec<Attached>,
    pub(super) hooks: Vec<Hooked>,
}

/// A route attribute.
pub(super) struct Attached {
    pub(super) verb: Verb,
    /// `/` where the attribute has none, and then with the attribute's place.
    pub(super) path: LitStr,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Verb {
    Get,
    Post,
    Put,
    Patch,
    Delete,
    Any,
}

impl Verb {
    fn of(attribute: &Attribute) -> Option<Self> {
        Some(match attribute.path().get_ident()?.to_string().as_str() {
            "get" => Self::Get,
            "post" => Self::Post,
            "put" => Self::Put,
            "patch" => Self::Patch,
            "delete" => Self::Delete,
            "any" => Self::Any,
            _ => return None,
        })
    }

    /// The variant of `duractor::__rt::Verb`.
    pub(super) fn variant(self) -> &'static str {
        match self {
            Self::Get => "Get",
            Self::Post => "Post",
            Self::Put => "Put",
            Self::Patch => "Patch",
            Self::Delete => "Delete",
            Self::Any => "Any",
        }
    }
}

/// The attribute's name.
impl Display for Verb {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.variant().to_lowercase())
    }
}

/// A hook attribute.
pub(super) struct Hooked {
    pub(super) moment: Moment,
    pub(super) attribute: Attribute,
}

/// When a hook runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Moment {
    Created,
    Activated,
}

impl Moment {
    fn of(attribute: &Attribute) -> Option<Self> {
        Some(match attribute.path().get_ident()?.to_string().as_str() {
            "created" => Self::Created,
            "activated" => Self::Activated,
            _ => return None,
        })
    }
}

/// The attribute's name, and that of the field of `duractor::__rt::Hooks`.
impl Display for Moment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Created => "created",
            Self::Activated => "activated",
        })
    }
}

/// Takes the macro's attributes out of `item`; `None` if it is no block that can have routes.
pub(super) fn block(item: &mut Item, errors: &mut Errors) -> Option<Block> {
    let Item::Impl(block) = item else {
        errors.at(item, "`#[methods]` goes on an actor's impl block: `impl Counter { … }`");
        return None;
    };
    let functions = functions(block, errors);
    let actor = actor(block, errors)?;
    Some(Block { actor, cfgs: attributes::cfgs(&block.attrs), functions })
}

fn actor(block: &ItemImpl, errors: &mut Errors) -> Option<Type> {
    if let Some((_, of, _)) = &block.trait_ {
        let name = block.self_ty.to_token_stream();
        errors.at(of, format!("`#[methods]` goes on the actor's own `impl {name} {{ … }}`"));
        return None;
    }
    if !block.generics.params.is_empty() {
        errors.at(&block.generics, "an actor cannot be generic: it is one Durable Object class; name the types");
        return None;
    }
    let actor = ungrouped(&block.self_ty);
    if !is_plain_path(actor) {
        errors.at(actor, "write the actor's name, as in `impl Counter { … }`");
        return None;
    }
    Some(actor.clone())
}

/// The type inside the invisible group that a `$ty:ty` of `macro_rules!` puts around it.
pub(super) fn ungrouped(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => ungrouped(&group.elem),
        _ => ty,
    }
}

fn is_plain_path(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    path.qself.is_none() && path.path.segments.iter().all(|segment| segment.arguments.is_none())
}

fn functions(block: &mut ItemImpl, errors: &mut Errors) -> Vec<Function> {
    block.items.iter_mut().filter_map(|item| function(item, errors)).collect()
}

fn function(item: &mut ImplItem, errors: &mut Errors) -> Option<Function> {
    let function = match item {
        ImplItem::Fn(function) => function,
        ImplItem::Const(item) => return refuse(&mut item.attrs, "a constant", errors),
        ImplItem::Type(item) => return refuse(&mut item.attrs, "a type", errors),
        ImplItem::Macro(item) => return refuse(&mut item.attrs, "a macro call", errors),
        _ => return None,
    };
    let routes = take(&mut function.attrs, Verb::of, |verb, attribute| errors.keep(attached(verb, &attribute)));
    let hooks = take(&mut function.attrs, Moment::of, |moment, attribute| errors.keep(hooked(moment, attribute)));
    (!routes.is_empty() || !hooks.is_empty()).then(|| Function {
        sig: function.sig.clone(),
        cfgs: attributes::cfgs(&function.attrs),
        deprecated: attributes::has(&function.attrs, "deprecated"),
        routes,
        hooks,
    })
}

fn refuse(attributes: &mut Vec<Attribute>, what: &str, errors: &mut Errors) -> Option<Function> {
    let names = |attribute: &Attribute| {
        let verb = Verb::of(attribute).map(|verb| verb.to_string());
        verb.or_else(|| Moment::of(attribute).map(|moment| moment.to_string()))
    };
    take(attributes, names, |name, attribute| {
        errors.at(attribute, format!("`#[{name}]` goes on a method, not on {what}"));
        None
    })
    .pop()
}

/// Takes out the attributes that `of` knows, and reads each.
fn take<K, T>(
    attributes: &mut Vec<Attribute>,
    of: impl Fn(&Attribute) -> Option<K>,
    mut read: impl FnMut(K, Attribute) -> Option<T>,
) -> Vec<T> {
    let known = attributes.extract_if(.., |attribute| of(attribute).is_some());
    known.filter_map(|attribute| read(of(&attribute)?, attribute)).collect()
}

fn attached(verb: Verb, attribute: &Attribute) -> syn::Result<Attached> {
    let path = match &attribute.meta {
        Meta::Path(path) => LitStr::new("/", path.span()),
        Meta::List(list) => list.parse_args().map_err(|error| misspelt(verb, error.span()))?,
        Meta::NameValue(pair) => return Err(misspelt(verb, pair.eq_token.span())),
    };
    Ok(Attached { verb, path })
}

fn misspelt(verb: Verb, place: Span) -> syn::Error {
    let message = format!("write `#[{verb}(\"/…\")]`, or `#[{verb}]` for the actor's root");
    syn::Error::new(place, message)
}

fn hooked(moment: Moment, attribute: Attribute) -> syn::Result<Hooked> {
    if !matches!(attribute.meta, Meta::Path(_)) {
        let message = format!("`#[{moment}]` takes no arguments");
        return Err(syn::Error::new_spanned(attribute, message));
    }
    Ok(Hooked { moment, attribute })
}
