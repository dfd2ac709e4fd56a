//! HMAC: signatures by whoever has the key.

use std::{fmt, marker::PhantomData};

use hmac::{Hmac, KeyInit, Mac};
use zeroize::Zeroizing;

use super::{
    entropy,
    hash::{Bytes, Engine, Hash},
    hkdf::Hkdf,
    key::{KeyError, check_secret},
};
use crate::{
    cx::Cx,
    problem::{Error, Problem},
    response::{IntoResponse, Response},
};

/// A key that signs messages, and verifies what it has signed: HMAC ([RFC 2104](https://www.rfc-editor.org/rfc/rfc2104))
/// with [`Sha256`](super::Sha256) or [`Sha512`](super::Sha512).
///
/// Whoever can verify can sign. The key is wiped from memory when it is dropped; what it was made of is the caller's.
///
/// ```
/// use duractor::crypto::{HmacKey, Sha256};
///
/// let key = HmacKey::<Sha256>::new(b"0123456789abcdef")?;
/// let tag = key.sign(b"paid: 5");
/// assert!(key.verify(b"paid: 5", tag.as_bytes()).is_ok());
/// assert!(key.verify(b"paid: 6", tag.as_bytes()).is_err());
/// # Ok::<_, duractor::Error>(())
/// ```
pub struct HmacKey<H: Hash> {
    bytes: Zeroizing<Vec<u8>>,
    hash: PhantomData<H>,
}

impl<H: Hash> HmacKey<H> {
    /// A key of somebody's making. As many random bytes as the hash has are enough; fewer than 14 can be guessed
    /// ([NIST SP 800-131A](https://doi.org/10.6028/NIST.SP.800-131Ar2)).
    ///
    /// # Errors
    ///
    /// [`KeyError::Empty`].
    pub fn new(key: &[u8]) -> Result<Self, KeyError> {
        check_secret(key)?;
        Ok(Self::of(key))
    }

    /// A new key, as long as the hash. It is in no journal: a call that is [run again](super#when-a-call-is-run-again)
    /// generates another one.
    ///
    /// ```
    /// use duractor::{Cx, crypto::{HmacKey, Sha512}};
    ///
    /// let key = HmacKey::<Sha512>::generate(&Cx::test());
    /// assert_eq!(key.as_bytes().len(), 64);
    /// ```
    pub fn generate(cx: &Cx) -> Self {
        let mut bytes = Zeroizing::new(vec![0; size_of::<Bytes<H>>()]);
        entropy::fill(cx, &mut bytes);
        Self { bytes, hash: PhantomData }
    }

    /// A key for one purpose, as long as the hash, which is the same whenever it is derived.
    ///
    /// ```
    /// use duractor::crypto::{Hkdf, HmacKey, Sha256};
    ///
    /// let root = Hkdf::<Sha256>::new(&[7; 32], b"")?;
    /// let (links, hooks) = (HmacKey::<Sha256>::derive(&root, b"links"), HmacKey::<Sha256>::derive(&root, b"hooks"));
    /// assert!(hooks.verify(b"/invoice/5", links.sign(b"/invoice/5").as_bytes()).is_err());
    /// # Ok::<_, duractor::Error>(())
    /// ```
    pub fn derive<S: Hash>(secret: &Hkdf<S>, purpose: &[u8]) -> Self {
        let mut bytes = Zeroizing::new(vec![0; size_of::<Bytes<H>>()]);
        secret.expand(purpose, &mut bytes).expect("it is far shorter than what HKDF can make");
        Self { bytes, hash: PhantomData }
    }

    /// A key of any length.
    pub(super) fn of(key: &[u8]) -> Self {
        Self { bytes: Zeroizing::new(key.to_vec()), hash: PhantomData }
    }

    /// The key itself, to be stored. Whoever has it can sign.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Signs a message.
    pub fn sign(&self, message: &[u8]) -> Tag<H> {
        Tag(self.mac(message).finalize().into_bytes().into())
    }

    /// Whether `tag` is a whole signature of `message`, compared in constant time.
    ///
    /// A part of a tag is refused. To verify is one thing, to be sure that a message has not come before is another: let
    /// messages say when they were made, or for what they are.
    ///
    /// # Errors
    ///
    /// [`VerifyError`], which a client reads as 400 `bad-signature`.
    pub fn verify(&self, message: &[u8], tag: &[u8]) -> Result<(), VerifyError> {
        self.mac(message).verify_slice(tag).map_err(|_| VerifyError)
    }

    fn mac(&self, message: &[u8]) -> Hmac<Engine<H>> {
        let mac = <Hmac<Engine<H>> as KeyInit>::new_from_slice(&self.bytes);
        mac.expect("HMAC takes keys of any length").chain_update(message)
    }
}

impl<H: Hash> fmt::Debug for HmacKey<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HmacKey")
    }
}

/// What [`HmacKey::sign`] has made: 32 bytes with [`Sha256`](super::Sha256), 64 with [`Sha512`](super::Sha512).
///
/// There is no `==`: it would tell by the time it takes how much of a forged tag is right. [`HmacKey::verify`] compares.
///
/// ```compile_fail,E0369
/// # use duractor::crypto::{HmacKey, Sha256};
/// # let key = HmacKey::<Sha256>::new(b"0123456789abcdef").unwrap();
/// assert!(key.sign(b"paid: 5") == key.sign(b"paid: 5"));
/// ```
pub struct Tag<H: Hash>(Bytes<H>);

impl<H: Hash> Tag<H> {
    /// The tag, to be sent.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_ref()
    }
}

impl<H: Hash> fmt::Debug for Tag<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tag")
    }
}

/// A tag that the key has not made for this message. Why is not said.
///
/// By `?` the client reads 400 `bad-signature`. It is not a [`std::error::Error`], as [`Problem`](struct@Problem) is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifyError;

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the signature does not fit")
    }
}

impl From<VerifyError> for Problem {
    fn from(error: VerifyError) -> Self {
        Self::new(400, "bad-signature", error.to_string())
    }
}

impl From<VerifyError> for Error {
    fn from(error: VerifyError) -> Self {
        Problem::from(error).into()
    }
}

impl IntoResponse for VerifyError {
    fn into_response(self) -> Response {
        Problem::from(self).into_response()
    }
}
