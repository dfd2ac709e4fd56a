//! The keys that sign sessions.

use super::fault::SessionFault;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The shortest key of a session, in bytes of its text: that of 32 random bytes in Base64 has 44.
pub const KEY_MIN_BYTES: usize = 32;

/// The most keys that sessions are verified with.
pub const KEYS_MAX: usize = 8;

/// How long a signature is.
pub(super) const MAC_BYTES: usize = 32;

/// Keeps these signatures apart from whatever else someone signs with the same key, and from later formats.
const DOMAIN: &[u8] = b"duractor session 1\0";

/// The keys of one cookie, newest first; never empty. Each is kept as the state of an HMAC that has read the domain and
/// the cookie's name, so that a signature is two blocks of SHA-256. There is no `Debug`, lest a key be printed.
pub(super) struct Keys(Vec<Hmac<Sha256>>);

impl Keys {
    /// Reads the text of a secret: keys, with white space or commas between them.
    ///
    /// # Errors
    ///
    /// If there are none or too many, or one is too short.
    pub(super) fn parse(text: &str, binding: &'static str, cookie: &str) -> Result<Self, SessionFault> {
        let is_between = |c: char| c.is_ascii_whitespace() || c == ',';
        let keys: Vec<&str> = text.split(is_between).filter(|key| !key.is_empty()).take(KEYS_MAX + 1).collect();
        match keys.len() {
            0 => return Err(SessionFault::NoKey { binding }),
            1..=KEYS_MAX => {}
            _ => return Err(SessionFault::TooManyKeys { binding }),
        }
        match keys.iter().position(|key| key.len() < KEY_MIN_BYTES) {
            Some(short) => Err(SessionFault::ShortKey { binding, key: short + 1 }),
            None => Ok(Self(keys.into_iter().map(|key| start(key, cookie)).collect())),
        }
    }

    /// The newest key's signature.
    pub(super) fn sign(&self, signed: &[u8]) -> [u8; MAC_BYTES] {
        self.0[0].clone().chain_update(signed).finalize().into_bytes().into()
    }

    /// Which key made a signature, the newest being 0, or `None` if none of them did. Compares in constant time.
    pub(super) fn verify(&self, signed: &[u8], mac: &[u8]) -> Option<usize> {
        self.0.iter().position(|key| key.clone().chain_update(signed).verify_slice(mac).is_ok())
    }
}

/// A cookie's name ends with a zero byte, which is in no name, so that no two names lead to the same text.
fn start(key: &str, cookie: &str) -> Hmac<Sha256> {
    let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length");
    mac.chain_update(DOMAIN).chain_update(cookie).chain_update([0])
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "0123456789abcdef0123456789abcdef";

    fn parse(text: &str) -> Result<usize, SessionFault> {
        Keys::parse(text, "KEYS", "c").map(|keys| keys.0.len())
    }

    #[test]
    fn keys_stand_between_white_space_and_commas() {
        assert_eq!(parse(&format!(" {KEY}\r\n{KEY},{KEY} ,\t,{KEY}\n")), Ok(4));
        assert_eq!(parse(" ,\n"), Err(SessionFault::NoKey { binding: "KEYS" }));
    }

    #[test]
    fn a_key_one_byte_short_is_told_by_its_place() {
        let text = format!("{KEY} {}", &KEY[1..]);
        assert_eq!(parse(&text), Err(SessionFault::ShortKey { binding: "KEYS", key: 2 }));
    }

    #[test]
    fn as_many_keys_as_the_bound_and_no_more() {
        assert_eq!(parse(&[KEY; KEYS_MAX].join(",")), Ok(KEYS_MAX));
        assert_eq!(parse(&[KEY; KEYS_MAX + 1].join(",")), Err(SessionFault::TooManyKeys { binding: "KEYS" }));
    }

    #[test]
    fn the_first_key_signs_and_each_verifies() {
        let other = KEY.replace('0', "9");
        let [old, both] = [other.clone(), format!("{KEY} {other}")].map(|text| Keys::parse(&text, "KEYS", "c").ok());
        let (old, both) = (old.unwrap(), both.unwrap());
        assert_eq!(both.verify(b"x", &both.sign(b"x")), Some(0));
        assert_eq!(both.verify(b"x", &old.sign(b"x")), Some(1));
        assert_eq!(old.verify(b"x", &both.sign(b"x")), None);
        assert_eq!(both.verify(b"y", &both.sign(b"x")), None);
        assert_eq!(both.verify(b"x", &both.sign(b"x")[1..]), None);
    }
}
