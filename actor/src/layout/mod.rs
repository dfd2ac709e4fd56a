//! What a type is on the wire: a text that changes when stored bytes would be read differently, and its hash.
//!
//! postcard writes no names and no types, so bytes of one type often decode as another. [`Layout::of`] finds out what a type
//! reads by running its `Deserialize` against made-up values ([`probe`]), several times, until every variant of every enum
//! was seen ([`tracer`]); what was seen becomes a text ([`node`]).

mod node;
mod probe;
mod tracer;

use std::{any::type_name, fmt};

use serde::de::DeserializeOwned;
use twox_hash::XxHash64;

use self::{node::Writer, probe::Probe, tracer::Tracer};

/// What a type is in stored bytes.
///
/// Two types with the same layout read each other's bytes. The layout holds what is written and in which order, as serde's
/// attributes make it, with the names of fields and variants, so that exchanging two fields of the same type changes it.
/// Names of types are not part of it, nor are newtypes and `#[serde(transparent)]`.
///
/// It is found by running `Deserialize`, so it does not hold what only `Serialize` knows: `skip_serializing_if`, `skip_serializing`
/// without `skip_deserializing`, an `into` without `from`. Those write bytes that cannot be read back, whatever the layout. So does a
/// variant that is skipped before one that is not. An `alias` counts as a change, although it changes nothing.
///
/// A type that accepts none of the texts or numbers that are tried hides what follows it in its struct:
/// [`is_partial`](Self::is_partial).
///
/// # Examples
///
/// ```
/// use duractor::Layout;
///
/// #[derive(serde::Deserialize)]
/// struct Item { text: String, done: bool }
///
/// let items = Layout::container("arena", [Layout::of::<Item>()]);
/// assert_eq!(items.to_string(), "arena<{text:str,done:bool}>");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    text: String,
    is_partial: bool,
    refusal: Option<String>,
}

impl Layout {
    /// The layout of plain data.
    pub fn of<T: DeserializeOwned>() -> Self {
        trace(type_name::<T>(), |tracer| T::deserialize(Probe(tracer)).is_ok())
    }

    /// The layout of a container: its kind, and what its entries are made of.
    pub fn container(kind: &str, parts: impl IntoIterator<Item = Self>) -> Self {
        let mut whole = Self { text: format!("{kind}<"), is_partial: false, refusal: None };
        for (index, part) in parts.into_iter().enumerate() {
            if index > 0 {
                whole.text.push(',');
            }
            whole.text.push_str(&part.text);
            whole.is_partial |= part.is_partial;
            whole.refusal = whole.refusal.or(part.refusal);
        }
        whole.text.push('>');
        whole
    }

    /// The XXH64 of the text, the same in every release and on every target.
    pub fn hash(&self) -> u64 {
        XxHash64::oneshot(0, self.text.as_bytes())
    }

    /// Why the type cannot be stored, in words for who wrote it: its bytes could be written and never read.
    ///
    /// # Examples
    ///
    /// ```
    /// use duractor::Layout;
    ///
    /// #[derive(serde::Deserialize)]
    /// #[serde(untagged)]
    /// enum Id { Number(u64), Name(String) }
    ///
    /// assert!(Layout::of::<Id>().refusal().unwrap().contains("untagged"));
    /// ```
    pub fn refusal(&self) -> Option<&str> {
        self.refusal.as_deref()
    }

    /// Whether parts of the type are not known: they stand as `_` in the text, and a change in them changes nothing here.
    pub fn is_partial(&self) -> bool {
        self.is_partial
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn trace(name: &'static str, run: fn(&mut Tracer) -> bool) -> Layout {
    let mut tracer = Tracer::new(name);
    tracer.explore(run);
    let mut writer = Writer::new(tracer.types());
    writer.write(tracer.root());
    Layout { text: writer.text, is_partial: writer.is_partial, refusal: tracer.into_refusal() }
}

#[cfg(test)]
mod tests;
