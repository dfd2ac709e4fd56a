//! Actors that are named by a signed cookie: one for each visitor.

mod fault;

mod keys;

mod ticket;

mod keeper;

pub use fault::{CookieFault, SessionFault};
pub(crate) use keeper::Denial;
pub use keeper::Keeper;
pub use keys::{KEY_MIN_BYTES, KEYS_MAX};
pub(crate) use ticket::SESSION_NAME_BYTES;

use std::time::Duration;

/// How long a session lasts unless [`Session::lifetime`] says otherwise.
pub const SESSION_LIFETIME: Duration = Duration::from_secs(30 * DAY_SECS);

/// The longest lifetime of a session: browsers cut off what is longer
/// ([RFC 6265bis, section 5.5](https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#section-5.5)).
pub const SESSION_LIFETIME_MAX: Duration = Duration::from_secs(400 * DAY_SECS);

/// The shortest lifetime of a session, and the grain of its clock.
pub const SESSION_LIFETIME_MIN: Duration = Duration::from_secs(1);

/// The longest name of a session's cookie, without its prefix.
pub const COOKIE_NAME_MAX_BYTES: usize = 64;

const DAY_SECS: u64 = 24 * 60 * 60;

/// Puts the cookie under the browser's guard: see [`Session`].
const PREFIX: &str = "__Host-";

/// What a browser may do with the cookie: keep it from scripts, send it over TLS only, and with requests that other sites
/// cause only if they are links that a visitor follows.
const ATTRIBUTES: &str = "Secure; HttpOnly; SameSite=Lax";

/// A signed cookie names the actor, as in `Session::cookie("cart")`: every visitor has their own.
///
/// A visitor without a valid cookie gets a new session, which is an actor that nobody has used before, and a cookie that
/// brings them back to it. The actor's name is 32 hexadecimal digits, 128 random bits. Mounts with the same cookie share
/// the session and so the name.
///
/// # Examples
///
/// ```
/// use duractor_router::{Builder, Head, Platform, Session, Verb};
/// # use std::time::Duration;
/// # struct Request<'a> { cookie: Option<&'a str> }
/// # impl Head for Request<'_> {
/// #     fn method(&self) -> &str { "GET" }
/// #     fn path(&self) -> &str { "/cart" }
/// #     fn query(&self) -> &str { "" }
/// #     fn header(&self, name: &str) -> Option<&str> { self.cookie.filter(|_| name == "cookie") }
/// # }
/// # struct Worker;
/// # impl Platform for Worker {
/// #     fn now(&self) -> Duration { Duration::from_secs(1_800_000_000) }
/// #     fn random(&self, bytes: &mut [u8]) { bytes.fill(7) }
/// #     fn secret(&self, _: &str) -> Option<String> { Some("0123456789abcdef0123456789abcdef".to_owned()) }
/// # }
///
/// let router = Builder::<(), ()>::new()
///     .mount("Cart", "/cart", Session::cookie("cart"), [(Verb::Get, "/", ())])
///     .build()
///     .unwrap();
/// let hit = router.resolve("GET", "/cart").unwrap();
///
/// let first = router.name(&hit, &Request { cookie: None }, &Worker).unwrap();
/// let set_cookie = first.set_cookie.unwrap();
/// assert!(set_cookie.starts_with("__Host-cart="));
///
/// let back = Request { cookie: set_cookie.split(';').next() }; // what a browser sends from then on
/// let again = router.name(&hit, &back, &Worker).unwrap();
/// assert_eq!(again.text, first.text);
/// assert_eq!(again.set_cookie, None);
/// ```
///
/// # Keys
///
/// A secret binding, `SESSION_KEYS` unless [`secret`](Self::secret) says otherwise, holds one key or several, with white
/// space or commas between them, each of at least [`KEY_MIN_BYTES`](crate::KEY_MIN_BYTES). The first signs, all verify.
/// To change keys, put a new one in front: sessions of the older keys go on, and their cookies are issued anew. Take a key
/// out, and its sessions end.
///
/// # Limits
///
/// - Requests that a new visitor sends at the same time start a session each, of which the browser keeps the last.
/// - A lifetime begins anew once more than half of it is over, so who stays away for less than half of it is never
///   forgotten. Nothing else ends a session: [`expired`](Self::expired) takes the cookie from the browser, but a copy of it
///   stays valid.
/// - Browsers take the cookie over TLS only, and most of them from `localhost` too.
///
/// # How does it work?
///
/// The cookie holds the session's random identity and when it was issued, under an HMAC
/// ([RFC 2104](https://www.rfc-editor.org/rfc/rfc2104)) with SHA-256
/// ([FIPS 180-4](https://csrc.nist.gov/pubs/fips/180-4/upd1/final)), so nobody can name an actor that was not given to
/// them. Nothing is stored. `__Host-` before the cookie's name
/// ([RFC 6265bis, section 4.1.3](https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#section-4.1.3.2)) makes
/// browsers refuse such a cookie from any other host, a sibling under the same domain included, and from plain HTTP: nobody
/// else can plant their own session in a visitor's browser, which is known as session fixation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    cookie: &'static str,
    lifetime: Duration,
    is_required: bool,
    secret: &'static str,
}

impl Session {
    /// A session whose cookie has this name, after the prefix `__Host-`.
    #[must_use]
    pub const fn cookie(name: &'static str) -> Self {
        Self { cookie: name, lifetime: SESSION_LIFETIME, is_required: false, secret: "SESSION_KEYS" }
    }

    /// How long the session lasts after it was issued, instead of [`SESSION_LIFETIME`]: from [`SESSION_LIFETIME_MIN`] to
    /// [`SESSION_LIFETIME_MAX`], in whole seconds; what is beyond those is dropped.
    #[must_use]
    pub const fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Makes no new session: a request without one is refused with
    /// [`NameRefusal::NoSession`](crate::NameRefusal::NoSession), which is a 401.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.is_required = true;
        self
    }

    /// Which secret binding holds the keys, instead of `SESSION_KEYS`.
    #[must_use]
    pub const fn secret(mut self, binding: &'static str) -> Self {
        self.secret = binding;
        self
    }

    /// The header, name and value, by which a reply takes the cookie away, as when someone logs out.
    ///
    /// # Examples
    ///
    /// ```
    /// let (name, value) = duractor_router::Session::cookie("cart").expired();
    /// assert_eq!(name, "set-cookie");
    /// assert_eq!(value, "__Host-cart=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax");
    /// ```
    pub fn expired(&self) -> (&'static str, String) {
        ("set-cookie", set_cookie(&self.cookie_name(), "", 0))
    }

    /// The whole name of the cookie.
    fn cookie_name(&self) -> String {
        format!("{PREFIX}{}", self.cookie)
    }
}

/// The value of a `Set-Cookie` header. `Path=/` is what the prefix demands.
fn set_cookie(name: &str, value: &str, max_age_secs: u64) -> String {
    format!("{name}={value}; Path=/; Max-Age={max_age_secs}; {ATTRIBUTES}")
}
