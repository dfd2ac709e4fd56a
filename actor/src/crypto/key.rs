//! What a key must be.

use std::{error::Error as StdError, fmt};

/// The shortest secret that is taken, in bytes: 112 bits
/// ([NIST SP 800-131A Rev. 2](https://doi.org/10.6028/NIST.SP.800-131Ar2), sections 8 and 10). It keeps out secrets that
/// were never set. That a longer one cannot be guessed is up to whoever makes it.
pub const SECRET_MIN_BYTES: usize = 14;

/// Bytes that are no key. It says how many there were, and nothing of what they are.
///
/// ```
/// use duractor::crypto::{Aes256GcmKey, HmacKey, KeyError, Sha256};
///
/// assert_eq!(HmacKey::<Sha256>::new(b"").unwrap_err(), KeyError::TooShort { bytes: 0, min_bytes: 14 });
/// assert_eq!(Aes256GcmKey::new(&[1; 16]).unwrap_err(), KeyError::WrongLength { bytes: 16, needed_bytes: 32 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// So few can be guessed.
    TooShort {
        /// How many there were.
        bytes: usize,
        /// How many there must be: [`SECRET_MIN_BYTES`].
        min_bytes: usize,
    },
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
            Self::TooShort { bytes, min_bytes } => {
                write!(f, "a secret has at least {min_bytes} bytes, and this one has {bytes}")
            }
            Self::WrongLength { bytes, needed_bytes } => {
                write!(f, "the key has {needed_bytes} bytes, and this one has {bytes}")
            }
        }
    }
}

impl StdError for KeyError {}

/// Refuses a secret that is too short.
pub(super) fn check_secret(secret: &[u8]) -> Result<(), KeyError> {
    if secret.len() < SECRET_MIN_BYTES {
        return Err(KeyError::TooShort { bytes: secret.len(), min_bytes: SECRET_MIN_BYTES });
    }
    Ok(())
}
