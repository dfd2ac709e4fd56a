//! AES-256-GCM: text that others can keep, and neither read nor change.

use std::fmt;

use aes_gcm::{AeadInOut, Aes256Gcm, KeyInit};
use zeroize::Zeroizing;

use super::{entropy, hash::Hash, hkdf::Hkdf, key::KeyError};
use crate::{
    cx::Cx,
    problem::{Error, Problem},
    response::{IntoResponse, Response},
};

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;

/// How much longer a sealed text is than the text, in bytes: nonce and tag.
pub const SEAL_BYTES: usize = NONCE_BYTES + TAG_BYTES;

/// A key that seals texts, and opens them: AES-256 in Galois/Counter Mode
/// ([NIST SP 800-38D](https://doi.org/10.6028/NIST.SP.800-38D)).
///
/// What is sealed is a nonce of 12 bytes, the ciphertext, which is as long as the text, and a tag of 16 bytes. The nonce is
/// random and made for each text, so that a key may seal 2^32 texts (section 8.3): beyond that the chance that two have the
/// same nonce is more than one in 2^32. [`derive`](Self::derive) makes a key for each purpose, or for each tenant.
///
/// The key is wiped from memory when it is dropped; what it was made of is the caller's.
///
/// ```
/// use duractor::{Cx, crypto::Aes256GcmKey};
///
/// let cx = Cx::test();
/// let key = Aes256GcmKey::generate(&cx);
/// let sealed = key.seal(&cx, b"seat 12", b"ann");
/// assert_eq!(key.open(&sealed, b"ann").unwrap(), b"seat 12");
/// assert!(key.open(&sealed, b"bob").is_err());
/// ```
pub struct Aes256GcmKey(Zeroizing<[u8; KEY_BYTES]>);

impl Aes256GcmKey {
    /// A key of 32 random bytes, such as `openssl rand 32` makes.
    ///
    /// # Errors
    ///
    /// [`KeyError::WrongLength`].
    pub fn new(key: &[u8]) -> Result<Self, KeyError> {
        let wrong = KeyError::WrongLength { bytes: key.len(), needed_bytes: KEY_BYTES };
        key.try_into().map(|key| Self(Zeroizing::new(key))).map_err(|_| wrong)
    }

    /// A new key. It is in no journal: a call that is [run again](super#when-a-call-is-run-again) generates another one.
    ///
    /// ```
    /// use duractor::{crypto::Aes256GcmKey, prelude::*};
    ///
    /// #[derive(Default, Actor)]
    /// struct Vault {
    ///     key: [u8; 32],
    /// }
    ///
    /// #[methods]
    /// impl Vault {
    ///     #[created]
    ///     fn create(&mut self, cx: &Cx) {
    ///         self.key = *Aes256GcmKey::generate(cx).as_bytes();
    ///     }
    /// }
    /// ```
    pub fn generate(cx: &Cx) -> Self {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        entropy::fill(cx, key.as_mut());
        Self(key)
    }

    /// A key for one purpose, which is the same whenever it is derived; see [`Hkdf`].
    pub fn derive<H: Hash>(secret: &Hkdf<H>, purpose: &[u8]) -> Self {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        secret.expand(purpose, key.as_mut()).expect("it is far shorter than what HKDF can make");
        Self(key)
    }

    /// The key itself, to be stored. Whoever has it can open and seal.
    pub fn as_bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// Seals a text, to be opened with the same `context`: what the text belongs to, such as the name of its owner, so that
    /// it cannot be put in another place. The context is not in what is sealed. The standard calls it additional
    /// authenticated data.
    ///
    /// The same text is sealed differently each time, also when a call is [run again](super#when-a-call-is-run-again). How
    /// long the text is can be seen.
    ///
    /// # Panics
    ///
    /// If the text has more than 2^36 - 32 bytes, or the context more than 2^61 - 1 (section 5.2.1.1), for which no worker
    /// has the memory.
    pub fn seal(&self, cx: &Cx, text: &[u8], context: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE_BYTES];
        entropy::fill(cx, &mut nonce);
        self.seal_with(&nonce, text, context)
    }

    /// Seals with a nonce, with which this key has never sealed another text.
    pub(super) fn seal_with(&self, nonce: &[u8; NONCE_BYTES], text: &[u8], context: &[u8]) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(text.len() + SEAL_BYTES);
        sealed.extend_from_slice(nonce);
        sealed.extend_from_slice(text);
        let place = sealed[NONCE_BYTES..].as_mut().into();
        let tag = self.cipher().encrypt_inout_detached(nonce.into(), context, place);
        sealed.extend_from_slice(&tag.expect("a text that fits into memory is not too long"));
        sealed
    }

    /// Opens what [`seal`](Self::seal) has made with this key and this context. Nothing of a text is seen before all of it
    /// is known to be as it was sealed.
    ///
    /// That it was sealed does not say when: whoever keeps it can come with an older one.
    ///
    /// # Errors
    ///
    /// [`OpenError`], which a client reads as 400 `bad-seal`.
    pub fn open(&self, sealed: &[u8], context: &[u8]) -> Result<Vec<u8>, OpenError> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(OpenError)?;
        let (ciphertext, tag) = rest.split_last_chunk::<TAG_BYTES>().ok_or(OpenError)?;
        let mut text = ciphertext.to_vec();
        let place = text.as_mut_slice().into();
        let opened = self.cipher().decrypt_inout_detached(nonce.into(), context, place, tag.into());
        opened.map(|()| text).map_err(|_| OpenError)
    }

    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new((&*self.0).into())
    }
}

impl fmt::Debug for Aes256GcmKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Aes256GcmKey")
    }
}

/// What this key has not sealed with this context, or what was changed since. Why is not said.
///
/// By `?` the client reads 400 `bad-seal`, as is right for what a client has brought. Where the worker itself has kept the
/// text, as in storage, it is a fault of the worker:
///
/// ```
/// use duractor::{Problem, Result, crypto::Aes256GcmKey};
///
/// fn stored(key: &Aes256GcmKey, sealed: &[u8]) -> Result<Vec<u8>> {
///     let opened = key.open(sealed, b"notes");
///     opened.map_err(|_| Problem::new(500, "note-unreadable", "the note cannot be read").into())
/// }
/// # assert_eq!(stored(&Aes256GcmKey::new(&[7; 32])?, b"").unwrap_err().problem().status(), 500);
/// # Ok::<_, duractor::Error>(())
/// ```
///
/// It is not a [`std::error::Error`], as [`Problem`](struct@Problem) is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenError;

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what was sealed cannot be opened")
    }
}

impl From<OpenError> for Problem {
    fn from(error: OpenError) -> Self {
        Self::new(400, "bad-seal", error.to_string())
    }
}

impl From<OpenError> for Error {
    fn from(error: OpenError) -> Self {
        Problem::from(error).into()
    }
}

impl IntoResponse for OpenError {
    fn into_response(self) -> Response {
        Problem::from(self).into_response()
    }
}
