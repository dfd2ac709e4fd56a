//! Cryptography for methods: hashes, signatures with a secret, derived keys, and sealed text.
//!
//! What computes is [RustCrypto](https://github.com/RustCrypto); here is an API that is hard to use wrongly. Nobody gives a
//! nonce, a tag is compared in constant time or not at all, keys are wiped from memory and print as nothing.
//!
//! | to | use |
//! |---|---|
//! | tell whether bytes are the same | [`sha256`], [`sha512`]; [`Sha256`], [`Sha512`] piece by piece |
//! | tell whether a message is from somebody who has the key | [`HmacKey`] |
//! | give somebody what they can keep, and neither read nor change | [`Aes256GcmKey`] |
//! | make several keys of one secret | [`Hkdf`] |
//!
//! None of them is for passwords: what people can remember is found by trying, and that has to be made slow.
//!
//! ```
//! use duractor::{crypto::{Aes256GcmKey, Hkdf, HmacKey, Sha256, VerifyError}, prelude::*};
//!
//! #[derive(Default, Actor)]
//! struct Till {
//!     secret: Vec<u8>,
//! }
//!
//! #[methods]
//! impl Till {
//!     /// A partner says what was paid, behind a tag of 32 bytes. Only we can read the receipt, and only here.
//!     #[post("/paid")]
//!     fn paid(&self, body: &[u8], cx: &Cx) -> Result<Vec<u8>> {
//!         let root = Hkdf::<Sha256>::new(&self.secret, b"")?;
//!         let (tag, message) = body.split_at_checked(32).ok_or(VerifyError)?;
//!         HmacKey::<Sha256>::derive(&root, b"partners").verify(message, tag)?; // 400 `bad-signature`
//!         let receipts = Aes256GcmKey::derive(&root, b"receipts");
//!         Ok(receipts.seal(cx, message, cx.name().as_bytes()))
//!     }
//! }
//! ```
//!
//! # When a call is run again
//!
//! After a trap a call that waited is run again, with the times and the random bytes that it had before. What it reads of its
//! actor may be different by then. If a nonce were among these bytes, two texts could be sealed with the same one, which
//! tells whoever sees both how they differ, and lets them forge others. So nonces, and keys that are
//! [generated](HmacKey::generate), are in no journal: they come from the platform anew. What is sealed again differs from
//! what was sealed before, and a call that had sent it in a URL or a body is not the same any more: it is answered 503
//! (`interrupted`). Signatures and derived keys are the same in every run.
//!
//! The native host makes up nonces and keys, the same ones whenever a test is run: they protect nothing.

mod aead;
mod entropy;
mod hash;
mod hkdf;
mod key;
mod mac;

pub use aead::{Aes256GcmKey, OpenError, SEAL_BYTES};
pub use hash::{Hash, Sha256, Sha512, sha256, sha512};
pub use hkdf::{Hkdf, OutputTooLong};
pub use key::KeyError;
pub use mac::{HmacKey, Tag, VerifyError};

#[cfg(test)]
mod tests;
