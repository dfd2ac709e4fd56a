//! HKDF: keys of a secret.

use std::{error::Error as StdError, fmt};

use zeroize::{Zeroize, Zeroizing};

use super::{
    hash::{Bytes, Engine, Hash},
    key::{KeyError, check_secret},
};

/// How many times its hash HKDF makes at most ([RFC 5869](https://www.rfc-editor.org/rfc/rfc5869), section 2.3).
const BLOCKS_MAX: usize = 255;

/// Keys of one secret, each for a purpose of its own: HKDF ([RFC 5869](https://www.rfc-editor.org/rfc/rfc5869)) with
/// [`Sha256`](super::Sha256) or [`Sha512`](super::Sha512).
///
/// [`HmacKey::derive`](super::HmacKey::derive) and [`Aes256GcmKey::derive`](super::Aes256GcmKey::derive) make keys of it. It
/// is wiped from memory when it is dropped.
///
/// ```
/// use duractor::crypto::{Aes256GcmKey, Hkdf, HmacKey, Sha256};
///
/// # let secret = [7; 32];
/// let root = Hkdf::<Sha256>::new(&secret, b"")?;
/// let tokens = Aes256GcmKey::derive(&root, b"tokens of visitors");
/// let links = HmacKey::<Sha256>::derive(&root, b"links to downloads");
/// # Ok::<_, duractor::Error>(())
/// ```
pub struct Hkdf<H: Hash> {
    /// The RFC's PRK.
    key: Zeroizing<Bytes<H>>,
}

impl<H: Hash> Hkdf<H> {
    /// Of a secret that nobody can guess: not a password. The salt needs not be secret, nor be there at all; two salts make
    /// of one secret two that have nothing in common, such as one for each tenant. The RFC calls this HKDF-Extract.
    ///
    /// # Errors
    ///
    /// [`KeyError::Empty`].
    pub fn new(secret: &[u8], salt: &[u8]) -> Result<Self, KeyError> {
        check_secret(secret)?;
        let (mut key, _) = hkdf::Hkdf::<Engine<H>>::extract(Some(salt), secret);
        let kept = Zeroizing::new(Bytes::<H>::from(key.clone()));
        key.as_mut_slice().zeroize();
        Ok(Self { key: kept })
    }

    /// Fills `out` with what belongs to a purpose, the same whenever it is asked for. A longer `out` begins with what a
    /// shorter one would be. The RFC calls this HKDF-Expand, and the purpose `info`.
    ///
    /// ```
    /// # use duractor::crypto::{Hkdf, Sha256};
    /// let mut id = [0; 16];
    /// Hkdf::<Sha256>::new(&[7; 32], b"")?.expand(b"the number of this worker", &mut id)?;
    /// # Ok::<_, duractor::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`OutputTooLong`] if `out` is longer than 255 times the hash: 8,160 bytes with SHA-256, 16,320 with SHA-512. It is
    /// left as it was.
    pub fn expand(&self, purpose: &[u8], out: &mut [u8]) -> Result<(), OutputTooLong> {
        let max_bytes = BLOCKS_MAX * size_of::<Bytes<H>>();
        let key = hkdf::Hkdf::<Engine<H>>::from_prk(self.key.as_ref()).expect("it is as long as the hash");
        key.expand(purpose, out).map_err(|_| OutputTooLong { bytes: out.len(), max_bytes })
    }
}

impl<H: Hash> fmt::Debug for Hkdf<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hkdf")
    }
}

/// More was asked for than HKDF makes of one secret for one purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputTooLong {
    /// How much was asked for.
    pub bytes: usize,
    /// How much there can be.
    pub max_bytes: usize,
}

impl fmt::Display for OutputTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HKDF makes at most {} bytes for one purpose, and {} were asked for", self.max_bytes, self.bytes)
    }
}

impl StdError for OutputTooLong {}
