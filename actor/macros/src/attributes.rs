//! Attributes that the macros read but leave where they are.

use syn::Attribute;

/// The `#[cfg(…)]` among `attributes`: what is generated for an item exists when the item does.
pub(crate) fn cfgs(attributes: &[Attribute]) -> Vec<Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).cloned().collect()
}

pub(crate) fn has(attributes: &[Attribute], name: &str) -> bool {
    attributes.iter().any(|attribute| attribute.path().is_ident(name))
}
