//! What is wrong with a session: with what its mount says of it, or with its keys.

use super::keys::{KEY_MIN_BYTES, KEYS_MAX};
use super::{COOKIE_NAME_MAX_BYTES, SESSION_LIFETIME_MAX, SESSION_LIFETIME_MIN};
use std::error::Error;
use std::fmt::{self, Display, Formatter};
use std::time::Duration;

/// What is wrong with a [`Session`](crate::Session) at start-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CookieFault {
    /// No cookie has such a name.
    Name {
        /// The name that was given.
        name: &'static str,
    },
    /// The session is too short or too long.
    Lifetime {
        /// How long it would last.
        lifetime: Duration,
    },
    /// The name of the secret binding is empty.
    Secret,
}

impl Display for CookieFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name { name } => write!(
                f,
                "`{name}` is no cookie name: write 1 to {COOKIE_NAME_MAX_BYTES} letters, digits, `-` or `_`, without the prefix `__Host-`"
            ),
            // The lifetime itself is left out: every worker would carry what formats a duration.
            Self::Lifetime { .. } => write!(
                f,
                "its session's lifetime is not within {} and {} seconds",
                SESSION_LIFETIME_MIN.as_secs(),
                SESSION_LIFETIME_MAX.as_secs()
            ),
            Self::Secret => f.write_str("the name of its secret binding is empty"),
        }
    }
}

/// Why no session can be told from a forged one: the secret binding with the keys is at fault. Holds and prints no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionFault {
    /// The secret is not set.
    NoSecret {
        /// Its binding.
        binding: &'static str,
    },
    /// The secret is set and holds nothing.
    NoKey {
        /// Its binding.
        binding: &'static str,
    },
    /// A key is shorter than [`KEY_MIN_BYTES`](crate::KEY_MIN_BYTES).
    ShortKey {
        /// The secret's binding.
        binding: &'static str,
        /// Which key of the secret it is; the first is 1.
        key: usize,
    },
    /// There are more than [`KEYS_MAX`](crate::KEYS_MAX) keys.
    TooManyKeys {
        /// The secret's binding.
        binding: &'static str,
    },
}

impl Display for SessionFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let binding = match self {
            Self::NoSecret { binding } => {
                write!(f, "the secret `{binding}` is not set")?;
                binding
            }
            Self::NoKey { binding } => {
                write!(f, "the secret `{binding}` holds no key")?;
                binding
            }
            Self::ShortKey { binding, key } => {
                write!(f, "key {key} of the secret `{binding}` has fewer than {KEY_MIN_BYTES} bytes")?;
                binding
            }
            Self::TooManyKeys { binding } => {
                return write!(
                    f,
                    "the secret `{binding}` holds more than {KEYS_MAX} keys: leave out the oldest, which stand last"
                );
            }
        };
        write!(f, ": `npx wrangler secret put {binding}`, with the output of `openssl rand -base64 32`")
    }
}

impl Error for SessionFault {}
