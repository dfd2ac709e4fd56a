//! What a key must be.

use std::{error::Error as StdError, fmt};

/// Bytes that are no key. It says how many there were, and nothing of what they are.
///
/// ```
/// use duractor::crypto::{Aes256GcmKey, HmacKey, KeyError, Sha256};
///
/// assert_eq!(HmacKey::<Sha256>::new(b"").unwrap_err(), KeyError::Empty);
/// assert_eq!(Aes256GcmKey::new(&[1; 16]).unwrap_err(), KeyError::WrongLength { bytes: 16, needed_bytes: 32 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// There were none, as where a secret was never set.
    Empty,
    /// The cipher takes keys of one length.
    WrongLength {
        /// How many there were.
        bytes: usize,
        /// How many there must be.
        needed_bytes: usize,
    },
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the secret is empty; was it ever set?"),
            Self::WrongLength { bytes, needed_bytes } => {
                write!(f, "the key has {needed_bytes} bytes, and this one has {bytes}")
            }
        }
    }
}

impl StdError for KeyError {}

/// Refuses a secret that was never set. How long it has to be, who makes it decides: others' are taken as they are.
pub(super) fn check_secret(secret: &[u8]) -> Result<(), KeyError> {
    if secret.is_empty() { Err(KeyError::Empty) } else { Ok(()) }
}
