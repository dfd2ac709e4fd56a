//! What the signatures of routes and hooks have in common.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{FnArg, GenericParam, PatType, Signature, Type};

use super::parse;
use crate::attributes;
use crate::errors::Errors;

/// What the receiver asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Turn {
    None,
    Shared,
    Exclusive,
}

/// The turn of a function of `actor`; `None` if its receiver is neither `&self` nor `&mut self`.
pub(super) fn turn(sig: &Signature, actor: &Type) -> Option<Turn> {
    let Some(receiver) = sig.receiver() else {
        return Some(Turn::None);
    };
    match &*receiver.ty {
        Type::Reference(reference) if is_self(&reference.elem, actor) => {
            Some(if reference.mutability.is_some() { Turn::Exclusive } else { Turn::Shared })
        }
        _ => None,
    }
}

pub(super) fn is_self(ty: &Type, actor: &Type) -> bool {
    let text = ty.to_token_stream().to_string();
    text == "Self" || text == actor.to_token_stream().to_string()
}

/// What the runtime lends to a call, by the argument's type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Lent {
    /// `&Cx`
    Cx,
    /// `&mut Sql`
    Sql,
}

impl Lent {
    /// By the type's last name, as a macro cannot know where a name leads.
    pub(super) fn of(ty: &Type) -> Option<Self> {
        let Type::Reference(reference) = parse::ungrouped(ty) else { return None };
        let Type::Path(path) = parse::ungrouped(&reference.elem) else { return None };
        let name = &path.path.segments.last()?.ident;
        match reference.mutability {
            None if name == "Cx" => Some(Self::Cx),
            Some(_) if name == "Sql" => Some(Self::Sql),
            _ => None,
        }
    }

    /// What is wrong with a second one.
    pub(super) fn twice(self) -> &'static str {
        match self {
            Self::Cx => "`&Cx` is there already",
            Self::Sql => "`&mut Sql` is there already",
        }
    }
}

/// The arguments after the receiver.
pub(super) fn arguments(sig: &Signature) -> impl Iterator<Item = &PatType> {
    sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(argument) => Some(argument),
        FnArg::Receiver(_) => None,
    })
}

/// Refuses what no function can have that the runtime calls; `what` is "a route" or "a hook".
pub(super) fn check(sig: &Signature, what: &str, errors: &mut Errors) {
    if let Some(keyword) = &sig.unsafety {
        errors.at(keyword, format!("{what} is called from safe code: write a safe `fn`"));
    }
    if let Some(abi) = &sig.abi {
        errors.at(abi, format!("{what} is called from Rust: write a plain `fn`"));
    }
    if let Some(variadic) = &sig.variadic {
        errors.at(variadic, format!("{what} has a fixed number of arguments"));
    }
    for parameter in &sig.generics.params {
        if !matches!(parameter, GenericParam::Lifetime(_)) {
            let why = "its arguments are taken by their types; name the type";
            errors.at(parameter, format!("{what} cannot be generic: {why}"));
        }
    }
    for argument in arguments(sig) {
        check_argument(argument, what, errors);
    }
}

fn check_argument(argument: &PatType, what: &str, errors: &mut Errors) {
    if let Some(cfg) = attributes::cfgs(&argument.attrs).first() {
        errors.at(cfg, format!("{what}'s argument is always there: put the `#[cfg]` on the method"));
    }
    if has_word(argument.ty.to_token_stream(), "impl") {
        let why = "its arguments are taken by their types; name the type";
        errors.at(&argument.ty, format!("{what} cannot take `impl Trait`: {why}"));
    }
}

/// Whether `word` is among the tokens, at any depth.
pub(super) fn has_word(tokens: TokenStream, word: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => has_word(group.stream(), word),
        TokenTree::Ident(ident) => ident == word,
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse_quote;

    #[test]
    fn what_is_lent_is_known_by_the_last_name_and_the_kind_of_reference() {
        let cases: [(Type, Option<Lent>); 8] = [
            (parse_quote!(&Cx), Some(Lent::Cx)),
            (parse_quote!(&'a duractor::Cx), Some(Lent::Cx)),
            (parse_quote!(&mut Sql), Some(Lent::Sql)),
            (parse_quote!(&'a mut ::duractor::Sql), Some(Lent::Sql)),
            (parse_quote!(&mut Cx), None),
            (parse_quote!(&Sql), None),
            (parse_quote!(Sql), None),
            (parse_quote!(&mut Vec<Sql>), None),
        ];
        for (ty, lent) in cases {
            assert_eq!(Lent::of(&ty), lent, "{}", ty.to_token_stream());
        }
    }
}
