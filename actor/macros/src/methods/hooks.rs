//! Hooks: methods that the runtime calls by itself.

use proc_macro2::Ident;
use syn::{Attribute, ReturnType, Type};

use super::parse::{Function, Hooked, Moment};
use super::signature::{self, Lent, Turn};
use crate::errors::Errors;

/// A method that runs at a moment of the actor's life.
pub(super) struct Hook {
    pub(super) moment: Moment,
    pub(super) name: Ident,
    pub(super) cfgs: Vec<Attribute>,
    pub(super) deprecated: bool,
    /// The arguments after the receiver, each with its type.
    pub(super) arguments: Vec<(Lent, Type)>,
    pub(super) reply: ReturnType,
}

/// The moments that have a hook already.
#[derive(Default)]
pub(super) struct Taken(Vec<Moment>);

/// The hook that `function` is, if it is one.
pub(super) fn check(function: &Function, actor: &Type, taken: &mut Taken, errors: &mut Errors) -> Option<Hook> {
    let [first, more @ ..] = function.hooks.as_slice() else { return None };
    let before = errors.len();
    for hooked in more {
        errors.at(&hooked.attribute, twice_on(hooked, first));
    }
    taken.claim(first, function, errors);
    check_signature(function, actor, errors);
    let arguments = arguments(function, errors);
    (errors.len() == before).then(|| Hook {
        moment: first.moment,
        name: function.sig.ident.clone(),
        cfgs: function.cfgs.clone(),
        deprecated: function.deprecated,
        arguments,
        reply: function.sig.output.clone(),
    })
}

fn twice_on(hooked: &Hooked, first: &Hooked) -> String {
    if hooked.moment == first.moment {
        return format!("`#[{}]` is there already", hooked.moment);
    }
    "a new actor is created, then activated: with `#[activated]` alone the method runs both times".to_owned()
}

impl Taken {
    /// Two methods under `#[cfg]` may be the same hook: only one of them need exist.
    fn claim(&mut self, hooked: &Hooked, function: &Function, errors: &mut Errors) {
        if !function.cfgs.is_empty() {
            return;
        }
        let moment = hooked.moment;
        if self.0.contains(&moment) {
            errors.at(&hooked.attribute, format!("a method above is `#[{moment}]` already: call this one from there"));
        }
        self.0.push(moment);
    }
}

fn check_signature(function: &Function, actor: &Type, errors: &mut Errors) {
    let sig = &function.sig;
    signature::check(sig, "a hook", errors);
    if let Some(keyword) = &sig.asyncness {
        errors.at(keyword, "the calls of the actor wait for a hook, so it cannot wait itself: write a plain `fn`");
    }
    if signature::turn(sig, actor) != Some(Turn::Exclusive) {
        let message = "a hook has the actor alone: write `&mut self`";
        match sig.receiver() {
            Some(receiver) => errors.at(receiver, message),
            None => errors.at(&sig.ident, message),
        }
    }
}

fn arguments(function: &Function, errors: &mut Errors) -> Vec<(Lent, Type)> {
    let mut arguments = Vec::new();
    for argument in signature::arguments(&function.sig) {
        let Some(lent) = Lent::of(&argument.ty) else {
            errors.at(argument, "a hook has no request: it can take `cx: &Cx` and `sql: &mut Sql`");
            continue;
        };
        if arguments.iter().any(|(other, _)| *other == lent) {
            errors.at(argument, lent.twice());
        }
        arguments.push((lent, (*argument.ty).clone()));
    }
    arguments
}
