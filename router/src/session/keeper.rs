//! From a request's cookies to a session: found, issued anew, begun or denied.

use super::fault::{CookieFault, SessionFault};
use super::keys::Keys;
use super::ticket::{Claim, Ticket};
use super::{COOKIE_NAME_MAX_BYTES, SESSION_LIFETIME_MAX, SESSION_LIFETIME_MIN, Session, set_cookie};
use crate::name::{Head, Name, Platform, is_token};
use std::borrow::Cow;
use std::cell::OnceCell;

/// How many cookies of the session's name are verified. A browser sends one, or two if it also keeps one for a frame
/// within other sites; who sends more has made them up, and is not to make the worker compute for them.
const CANDIDATES_MAX: usize = 4;

/// A [`Session`] with its keys, once they have been needed.
pub struct Keeper(Box<dyn Keep>);

/// What a keeper does, behind a trait object: see where `Session` becomes a naming.
trait Keep {
    fn check(&self) -> Result<(), CookieFault>;

    fn name(&self, head: &dyn Head, platform: &dyn Platform) -> Result<Name<'static>, Denial>;
}

impl Keeper {
    /// # Errors
    ///
    /// What is wrong with what the mount says of the session.
    pub(crate) fn check(&self) -> Result<(), CookieFault> {
        self.0.check()
    }

    /// The name of the actor whose session a request brings or begins.
    ///
    /// # Errors
    ///
    /// If it brings none and must, or if the keys are at fault.
    pub(crate) fn name(&self, head: &dyn Head, platform: &dyn Platform) -> Result<Name<'static>, Denial> {
        self.0.name(head, platform)
    }
}

/// Why a request has no session.
pub(crate) enum Denial {
    NoSession { cookie: String },
    Misconfigured(SessionFault),
}

impl Session {
    pub(crate) fn keeper(self) -> Keeper {
        let cookie = self.cookie_name();
        Keeper(Box::new(Signed { session: self, cookie, keys: OnceCell::new() }))
    }
}

/// Keeps sessions in signed cookies.
struct Signed {
    session: Session,
    /// The whole name of the cookie.
    cookie: String,
    keys: OnceCell<Keys>,
}

impl Keep for Signed {
    fn check(&self) -> Result<(), CookieFault> {
        let Session { cookie: name, lifetime, secret, .. } = self.session;
        // Two underscores begin the prefixes by which browsers guard cookies: this one has its own.
        if !is_token(name) || name.starts_with("__") || name.len() > COOKIE_NAME_MAX_BYTES {
            return Err(CookieFault::Name { name });
        }
        if !(SESSION_LIFETIME_MIN..=SESSION_LIFETIME_MAX).contains(&lifetime) {
            return Err(CookieFault::Lifetime { lifetime });
        }
        if secret.is_empty() { Err(CookieFault::Secret) } else { Ok(()) }
    }

    fn name(&self, head: &dyn Head, platform: &dyn Platform) -> Result<Name<'static>, Denial> {
        let keys = self.keys(platform).map_err(Denial::Misconfigured)?;
        let now = platform.now().as_secs();
        match self.find(head.header("cookie").unwrap_or_default(), keys, now) {
            Some((ticket, key)) => Ok(self.resume(ticket, key, keys, now)),
            None if self.session.is_required => Err(Denial::NoSession { cookie: self.cookie.clone() }),
            None => Ok(self.begin(keys, platform, now)),
        }
    }
}

impl Signed {
    /// The keys, read at the first use. What is wrong with them is not kept, in case it was the platform's passing fault.
    fn keys(&self, platform: &dyn Platform) -> Result<&Keys, SessionFault> {
        if let Some(keys) = self.keys.get() {
            return Ok(keys);
        }
        let binding = self.session.secret;
        let text = platform.secret(binding).ok_or(SessionFault::NoSecret { binding })?;
        let keys = Keys::parse(&text, binding, &self.cookie)?;
        Ok(self.keys.get_or_init(|| keys))
    }

    /// The first genuine and current ticket among a request's cookies, and the key that signed it.
    fn find(&self, cookies: &str, keys: &Keys, now: u64) -> Option<(Ticket, usize)> {
        let claims = cookies.split(';').filter_map(|pair| Claim::read(self.value(pair)?));
        let mut tickets = claims.take(CANDIDATES_MAX).filter_map(|claim| claim.verify(keys));
        tickets.find(|(ticket, _)| ticket.is_current(now, self.lifetime_secs()))
    }

    /// The value of a cookie, if it has the session's name.
    fn value<'c>(&self, pair: &'c str) -> Option<&'c str> {
        pair.trim_ascii().strip_prefix(self.cookie.as_str())?.strip_prefix('=')
    }

    fn resume(&self, ticket: Ticket, key: usize, keys: &Keys, now: u64) -> Name<'static> {
        let is_due = key > 0 || ticket.is_worn(now, self.lifetime_secs());
        let set_cookie = is_due.then(|| self.issue(Ticket { issued: now, ..ticket }, keys));
        Name { text: Cow::Owned(ticket.name()), set_cookie }
    }

    fn begin(&self, keys: &Keys, platform: &dyn Platform, now: u64) -> Name<'static> {
        let mut id = [0; _];
        platform.random(&mut id);
        let ticket = Ticket { id: u128::from_be_bytes(id), issued: now };
        Name { text: Cow::Owned(ticket.name()), set_cookie: Some(self.issue(ticket, keys)) }
    }

    fn issue(&self, ticket: Ticket, keys: &Keys) -> String {
        set_cookie(&self.cookie, &ticket.write(keys), self.lifetime_secs())
    }

    const fn lifetime_secs(&self) -> u64 {
        self.session.lifetime.as_secs()
    }
}
