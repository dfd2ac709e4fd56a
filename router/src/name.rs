//! What an actor's name is made of, and what comes of it.

use std::borrow::Cow;
use std::time::Duration;

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

/// What sessions need of the place where they run. Other namings do not ask for any of it.
pub trait Platform {
    /// The time since the Unix epoch.
    fn now(&self) -> Duration;

    /// Fills a slice with bytes that nobody can guess: they must be fit for cryptography.
    fn random(&self, bytes: &mut [u8]);

    /// The text of a secret binding, or `None` if it is not set.
    fn secret(&self, binding: &str) -> Option<String>;
}

/// The name of the actor that a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name<'a> {
    /// The name.
    pub text: Cow<'a, str>,
    /// The value of a `Set-Cookie` header that the reply must carry. Only a [`Session`](crate::Session) makes one.
    pub set_cookie: Option<String>,
}

/// A token of [RFC 9110, section 5.6.2](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2), as names of headers and of
/// cookies are.
pub(crate) fn is_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}
