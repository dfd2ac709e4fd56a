//! SHA-2, and what the rest takes of it.

use std::fmt;

use sha2::Digest;

/// A hash function: [`Sha256`] or [`Sha512`]. SHA-256 is what others mostly expect.
pub trait Hash: sealed::Sealed {}

pub(super) mod sealed {
    use hmac::{EagerHash, digest::Output};
    use zeroize::Zeroize;

    pub trait Sealed: Sized {
        /// What computes.
        type Engine: EagerHash;
        /// What comes of it: 32 or 64 bytes.
        type Bytes: AsRef<[u8]> + Zeroize + From<Output<<Self::Engine as EagerHash>::Core>>;
    }
}

/// The engine of a hash.
pub(super) type Engine<H> = <H as sealed::Sealed>::Engine;
/// The bytes of a hash.
pub(super) type Bytes<H> = <H as sealed::Sealed>::Bytes;

/// SHA-256 of what comes piece by piece ([FIPS 180-4](https://doi.org/10.6028/NIST.FIPS.180-4), section 6.2).
///
/// ```
/// use duractor::crypto::{Sha256, sha256};
///
/// let mut hash = Sha256::new();
/// hash.update(b"ab");
/// hash.update(b"c");
/// assert_eq!(hash.finish(), sha256(b"abc"));
/// ```
#[derive(Clone, Default)]
pub struct Sha256(sha2::Sha256);

/// SHA-512 of what comes piece by piece ([FIPS 180-4](https://doi.org/10.6028/NIST.FIPS.180-4), section 6.4).
///
/// ```
/// use duractor::crypto::{Sha512, sha512};
///
/// let mut hash = Sha512::new();
/// hash.update(b"ab");
/// hash.update(b"c");
/// assert_eq!(hash.finish(), sha512(b"abc"));
/// ```
#[derive(Clone, Default)]
pub struct Sha512(sha2::Sha512);

impl Sha256 {
    /// Of nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next piece.
    pub fn update(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    /// The hash of all pieces together, 32 bytes.
    pub fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

impl Sha512 {
    /// Of nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next piece.
    pub fn update(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    /// The hash of all pieces together, 64 bytes.
    pub fn finish(self) -> [u8; 64] {
        self.0.finalize().into()
    }
}

impl Hash for Sha256 {}

impl sealed::Sealed for Sha256 {
    type Engine = sha2::Sha256;
    type Bytes = [u8; 32];
}

impl Hash for Sha512 {}

impl sealed::Sealed for Sha512 {
    type Engine = sha2::Sha512;
    type Bytes = [u8; 64];
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sha256")
    }
}

impl fmt::Debug for Sha512 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sha512")
    }
}

/// SHA-256 ([FIPS 180-4](https://doi.org/10.6028/NIST.FIPS.180-4), section 6.2).
///
/// It proves nothing about who has made it: a hash of a secret and a message is no signature, since whoever sees it can
/// append to the message. [`HmacKey`](super::HmacKey) signs.
///
/// ```
/// use duractor::crypto::sha256;
///
/// assert_eq!(sha256(b"abc")[..4], [0xba, 0x78, 0x16, 0xbf]);
/// ```
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    sha2::Sha256::digest(bytes).into()
}

/// SHA-512 ([FIPS 180-4](https://doi.org/10.6028/NIST.FIPS.180-4), section 6.4). It signs as little as [`sha256`] does.
///
/// ```
/// use duractor::crypto::sha512;
///
/// assert_eq!(sha512(b"abc")[..4], [0xdd, 0xaf, 0x35, 0xa1]);
/// ```
pub fn sha512(bytes: &[u8]) -> [u8; 64] {
    sha2::Sha512::digest(bytes).into()
}
