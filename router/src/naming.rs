//! Where an actor's name comes from, and what may be wrong with it.

use crate::name::{Head, Name, Platform, is_token};
use crate::session::{CookieFault, Denial, Keeper, SESSION_NAME_BYTES, Session, SessionFault};
use crate::template::{Template, TemplateFault};
use std::borrow::Cow;
use std::error::Error;
use std::fmt::{self, Display, Formatter};

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
    /// A signed cookie. Made of a [`Session`] by [`into_naming`](IntoNaming::into_naming).
    Session(Keeper),
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

/// What can name a mount's actor: a text, a [`Header`], a [`Session`], a function, a [`Naming`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot name an actor",
    note = "write a text such as `\"{{org}}/{{room}}\"`, `Header(\"x-tenant\")`, `Session::cookie(\"cart\")` or `|head: &dyn Head| Ok(…)`"
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

impl<E> IntoNaming<E> for Session {
    /// Only from here do cookies and their cryptography come into a program, behind the keeper's trait object: who
    /// mounts no session links none of it.
    fn into_naming(self) -> Naming<E> {
        Naming::Session(self.keeper())
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
    Session(Keeper),
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
            Naming::Session(keeper) => Ok(keeper.check().map(|()| Self::Session(keeper))?),
        }
    }

    /// How long the name of every actor of the mount is, in bytes, if all are equally long.
    pub(crate) fn fixed_len(&self) -> Option<usize> {
        match self {
            Self::Template(template) => template.fixed().map(str::len),
            Self::Header(_) | Self::Function(_) => None,
            Self::Session(_) => Some(SESSION_NAME_BYTES),
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
        platform: &dyn Platform,
        value: &dyn Fn(&str) -> &'a str,
    ) -> Result<Name<'a>, NameRefusal<E>> {
        let text = match self {
            Self::Template(template) => template.render(value),
            Self::Header(name) => head.header(name).map(Cow::Borrowed).ok_or(NameRefusal::MissingHeader(name))?,
            Self::Function(function) => function(head).map(Cow::Owned).map_err(NameRefusal::Refused)?,
            Self::Session(keeper) => return Ok(keeper.name(head, platform)?),
        };
        Ok(Name { text, set_cookie: None })
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
    /// The request brings no session, and the mount makes none.
    NoSession {
        /// The whole name of the cookie that is missing, expired or not genuine.
        cookie: String,
    },
    /// The worker cannot tell sessions, whatever the request. This is for its operator to read, not for clients.
    Misconfigured(SessionFault),
}

impl<E> From<Denial> for NameRefusal<E> {
    fn from(denial: Denial) -> Self {
        match denial {
            Denial::NoSession { cookie } => Self::NoSession { cookie },
            Denial::Misconfigured(fault) => Self::Misconfigured(fault),
        }
    }
}

impl<E: Display> Display for NameRefusal<E> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingHeader(name) => write!(f, "the header `{name}` is missing"),
            Self::Empty => f.write_str("the actor's name is empty"),
            Self::TooLong { bytes, max } => write!(f, "the actor's name has {bytes} bytes, at most {max} are allowed"),
            Self::Refused(error) => error.fmt(f),
            Self::NoSession { cookie } => write!(f, "no valid session comes with the cookie `{cookie}`"),
            Self::Misconfigured(fault) => fault.fmt(f),
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
    /// The session is at fault.
    Cookie(CookieFault),
}

impl From<CookieFault> for NameFault {
    fn from(fault: CookieFault) -> Self {
        Self::Cookie(fault)
    }
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
            Self::Cookie(fault) => fault.fmt(f),
        }
    }
}
