//! What a session's cookie holds, and its bytes.
//!
//! ```text
//! version: 1 byte | id: 16 bytes | issued: u64, big-endian, in seconds since the Unix epoch | HMAC: 32 bytes
//! ```
//!
//! The signature covers the bytes before it, and before them a domain and the cookie's name (see `keys.rs`). The layout of a
//! version never changes; another layout has another version.
//!
//! The 57 bytes are written as Base64 for URLs ([RFC 4648, section 5](https://www.rfc-editor.org/rfc/rfc4648#section-5)).
//! They fill 76 characters to the last bit, without padding, so every value has exactly one spelling.

use super::keys::{Keys, MAC_BYTES};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

const VERSION: u8 = 1;
const ID_BYTES: usize = size_of::<u128>();
const SIGNED_BYTES: usize = 1 + ID_BYTES + size_of::<u64>();
const VALUE_BYTES: usize = SIGNED_BYTES + MAC_BYTES;
const VALUE_CHARS: usize = VALUE_BYTES / 3 * 4;
const _: () = assert!(VALUE_BYTES.is_multiple_of(3), "the last character would have slack bits");

/// How long the name of a session's actor is: two hexadecimal digits for each byte of its identity.
pub(crate) const SESSION_NAME_BYTES: usize = 2 * ID_BYTES;

/// How far ahead a cookie's clock may be, since the machines of a network do not agree to the second.
const CLOCK_SKEW_MAX_SECS: u64 = 60;

/// Who comes back, and since when they may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    pub(super) id: u128,
    /// In seconds since the Unix epoch.
    pub(super) issued: u64,
}

impl Ticket {
    /// The signed text of a cookie.
    pub(super) fn write(&self, keys: &Keys) -> String {
        let mut bytes = [0; VALUE_BYTES];
        let (signed, mac) = bytes.split_at_mut(SIGNED_BYTES);
        signed[0] = VERSION;
        signed[1..=ID_BYTES].copy_from_slice(&self.id.to_be_bytes());
        signed[1 + ID_BYTES..].copy_from_slice(&self.issued.to_be_bytes());
        mac.copy_from_slice(&keys.sign(signed));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The name of the session's actor.
    pub(super) fn name(&self) -> String {
        format!("{:0width$x}", self.id, width = SESSION_NAME_BYTES)
    }

    /// Whether it is not over, nor from the future.
    pub(super) const fn is_current(&self, now: u64, lifetime_secs: u64) -> bool {
        self.issued <= now.saturating_add(CLOCK_SKEW_MAX_SECS) && now < self.issued.saturating_add(lifetime_secs)
    }

    /// Whether more than half of its lifetime is over. Then it is time for a new one, which bounds both how often cookies
    /// are sent and how much of a lifetime a visitor may lose; ASP.NET's sliding expiration has the same half.
    pub(super) const fn is_worn(&self, now: u64, lifetime_secs: u64) -> bool {
        now.saturating_sub(self.issued) > lifetime_secs / 2
    }
}

/// A cookie's value that reads as one of a session, whoever made it.
pub(super) struct Claim([u8; VALUE_BYTES]);

impl Claim {
    /// Reads the text of a cookie.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut bytes = [0; VALUE_BYTES];
        if text.len() != VALUE_CHARS {
            return None;
        }
        URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
        (bytes[0] == VERSION).then_some(Self(bytes))
    }

    /// What it claims, and which key made it, if one did.
    pub(super) fn verify(&self, keys: &Keys) -> Option<(Ticket, usize)> {
        let (signed, mac) = self.0.split_at(SIGNED_BYTES);
        let key = keys.verify(signed, mac)?;
        let (id, issued) = signed[1..].split_first_chunk()?;
        let issued = u64::from_be_bytes(issued.try_into().ok()?);
        Some((Ticket { id: u128::from_be_bytes(*id), issued }, key))
    }
}
