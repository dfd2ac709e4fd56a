//! Where an actor's name comes from, and what may be wrong with it.

use crate::template::{Template, TemplateFault};
use std::borrow::Cow;
use std::error::Error;
use std::fmt::{self, Display, Formatter};

/// The longest name that a mount accepts unless [`Builder::name_max_bytes`](crate::Builder::name_max_bytes) says
/// otherwise: the platform's limit
/// ([Durable Object ID](https://developers.cloudflare.com/durable-objects/api/id/)).
pub const NAME_MAX_BYTES: usize = 1024;

/// The part of a request that a name may be made of: all but its body.
pub trait Head {
    /// The request method.
    fn method(&self) -> &str;

    /// The path as sent: percent-encoded, without the query.
    fn path(&self) -> &str;

    /// The query as sent, without the `?`; empty where there is none.
    fn query(&self) -> &str;

    /// The value of a header, whose name is compared without regard to case.
    fn header(&self, name: &str) -> Option<&str>;
}

/// A function that makes a name.
pub type NameFn<E> = Box<dyn Fn(&dyn Head) -> Result<String, E>>;

/// Where the name of a mount's actor comes from.
#[non_exhaustive]
pub enum Naming<E> {
    /// A fixed name, or one with parameters of the mount's pattern: `"home"`, `"{org}/{room}"`.
    ///
    /// Values are escaped so that different values never make the same name: `%`, `/`, control characters and
    /// whatever ASCII punctuation stands in the text around the parameters are percent-encoded. Two parameters need such
    /// punctuation between them.
    Text(&'static str),
    /// The value of a header, as it is.
    Header(&'static str),
    /// What a function returns.
    Function(NameFn<E>),
}

impl<E> Naming<E> {
    /// A function of the request's head. Unlike a closure that is passed to `mount` directly, one that is passed here
    /// needs no type for its argument.
    pub fn function(name: impl Fn(&dyn Head) -> Result<String, E> + 'static) -> Self {
        Self::Function(Box::new(name))
    }
}

/// The value of a header names the actor, as in `Header("x-tenant")`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header(pub &'static str);

/// What can name a mount's actor: a text, a [`Header`], a function, a [`Naming`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot name an actor",
    note = "write a text such as `\"{{org}}/{{room}}\"`, `Header(\"x-tenant\")` or `|head: &dyn Head| Ok(…)`"
)]
pub trait IntoNaming<E> {
    /// The naming that `self` stands for.
    fn into_naming(self) -> Naming<E>;
}

impl<E> IntoNaming<E> for Naming<E> {
    fn into_naming(self) -> Self {
        self
    }
}

impl<E> IntoNaming<E> for &'static str {
    fn into_naming(self) -> Naming<E> {
        Naming::Text(self)
    }
}

impl<E> IntoNaming<E> for Header {
    fn into_naming(self) -> Naming<E> {
        Naming::Header(self.0)
    }
}

impl<E, F: Fn(&dyn Head) -> Result<String, E> + 'static> IntoNaming<E> for F {
    fn into_naming(self) -> Naming<E> {
        Naming::function(self)
    }
}

/// A [`Naming`] whose text was understood.
pub(crate) enum Namer<E> {
    Template(Template),
    Header(&'static str),
    Function(NameFn<E>),
}

impl<E> Namer<E> {
    /// Understands a naming. `params` are those of the mount's pattern, or `None` if that itself is at fault.
    ///
    /// # Errors
    ///
    /// What is wrong with the naming's text.
    pub(crate) fn new(naming: Naming<E>, params: Option<&[&'static str]>) -> Result<Self, NameFault> {
        match naming {
            Naming::Text(text) => bind(text, params).map(Self::Template),
            Naming::Header(name) if is_token(name) => Ok(Self::Header(name)),
            Naming::Header(name) => Err(NameFault::Header { name }),
            Naming::Function(function) => Ok(Self::Function(function)),
        }
    }

    /// The name that every actor of the mount has, if it is always the same.
    pub(crate) fn fixed(&self) -> Option<&'static str> {
        match self {
            Self::Template(template) => template.fixed(),
            Self::Header(_) | Self::Function(_) => None,
        }
    }

    /// Whether a request's path decides the name, and nothing else of it.
    pub(crate) fn reads_path_only(&self) -> bool {
        matches!(self, Self::Template(_))
    }

    /// The name, unchecked. `value` gives the mount's parameters.
    pub(crate) fn name<'a>(
        &self,
        head: &'a dyn Head,
        value: &dyn Fn(&str) -> &'a str,
    ) -> Result<Cow<'a, str>, NameRefusal<E>> {
        match self {
            Self::Template(template) => Ok(template.render(value)),
            Self::Header(name) => head.header(name).map(Cow::Borrowed).ok_or(NameRefusal::MissingHeader(name)),
            Self::Function(function) => function(head).map(Cow::Owned).map_err(NameRefusal::Refused),
        }
    }
}

fn bind(text: &'static str, params: Option<&[&'static str]>) -> Result<Template, NameFault> {
    let template = Template::parse(text)?;
    let unknown = params.and_then(|known| template.params().find(|name| !known.contains(name)));
    match unknown {
        Some(name) => Err(TemplateFault::UnknownParam { name }.into()),
        None => Ok(template),
    }
}

/// A field name of [RFC 9110, section 5.6.2](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2).
fn is_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Checks the length of a name.
///
/// # Errors
///
/// [`NameRefusal::Empty`] or [`NameRefusal::TooLong`].
pub(crate) fn check<E>(name: &str, max: usize) -> Result<(), NameRefusal<E>> {
    match name.len() {
        0 => Err(NameRefusal::Empty),
        bytes if bytes > max => Err(NameRefusal::TooLong { bytes, max }),
        _ => Ok(()),
    }
}

/// Why a request has no actor's name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameRefusal<E> {
    /// The request lacks the header that names the actor.
    MissingHeader(&'static str),
    /// The name would be empty.
    Empty,
    /// The name would be longer than the platform's names are.
    TooLong {
        /// How long it would be.
        bytes: usize,
        /// How long it may be.
        max: usize,
    },
    /// The mount's function refused.
    Refused(E),
}

impl<E: Display> Display for NameRefusal<E> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingHeader(name) => write!(f, "the header `{name}` is missing"),
            Self::Empty => f.write_str("the actor's name is empty"),
            Self::TooLong { bytes, max } => write!(f, "the actor's name has {bytes} bytes, at most {max} are allowed"),
            Self::Refused(error) => error.fmt(f),
        }
    }
}

impl<E: Error> Error for NameRefusal<E> {}

/// What is wrong with a mount's naming.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameFault {
    /// The template is at fault.
    Template(TemplateFault),
    /// No header has such a name.
    Header {
        /// The name that was given.
        name: &'static str,
    },
}

impl From<TemplateFault> for NameFault {
    fn from(fault: TemplateFault) -> Self {
        Self::Template(fault)
    }
}

impl Display for NameFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Template(fault) => fault.fmt(f),
            Self::Header { name } => write!(f, "`{name}` is no header name"),
        }
    }
}
