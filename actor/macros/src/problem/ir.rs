//! What is meant: checked cases.

use syn::ext::IdentExt;
use syn::{Ident, LitInt, LitStr};

use super::detail::Detail;
use super::parse;
use crate::errors::Errors;
use crate::names;

pub(super) struct Case<'i> {
    /// The variant; `None` for a struct.
    pub(super) variant: Option<&'i Ident>,
    pub(super) status: u16,
    pub(super) kind: String,
    pub(super) detail: Detail,
    /// The detail as written, for its place.
    pub(super) text: LitStr,
}

pub(super) fn check<'i>(cases: Vec<parse::Case<'i>>, errors: &mut Errors) -> Vec<Case<'i>> {
    cases.into_iter().filter_map(|case| check_case(case, errors)).collect()
}

fn check_case<'i>(case: parse::Case<'i>, errors: &mut Errors) -> Option<Case<'i>> {
    let parse::Case { variant, name, fields, written } = case;
    let status = errors.keep(status(&written.status));
    let detail = errors.keep(Detail::parse(&written.detail, fields));
    let kind = match &written.kind {
        None => Some(names::kebab(&name.unraw().to_string())),
        Some(kind) => errors.keep(own_kind(kind)),
    };
    Some(Case { variant, status: status?, kind: kind?, detail: detail?, text: written.detail })
}

fn status(written: &LitInt) -> syn::Result<u16> {
    let status = written.base10_parse().ok().filter(|status| (400..=599).contains(status));
    status.ok_or_else(|| syn::Error::new(written.span(), "a problem's status is 400 to 599"))
}

fn own_kind(written: &LitStr) -> syn::Result<String> {
    let kind = written.value();
    if kind.is_empty() {
        return Err(syn::Error::new(written.span(), "a kind names the problem: it is not empty"));
    }
    Ok(kind)
}
