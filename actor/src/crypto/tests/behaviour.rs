//! What can be done wrongly, and comes to nothing.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use aes_gcm::Aes256Gcm;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::{
    crypto::{
        Aes256GcmKey, Hkdf, HmacKey, KeyError, OpenError, OutputTooLong, SEAL_BYTES, Sha256, Sha512, VerifyError,
    },
    cx::Cx,
    problem::{Error, Problem},
};

const SECRET: [u8; 32] = [7; 32];

fn root() -> Hkdf<Sha256> {
    Hkdf::new(&SECRET, b"").unwrap()
}

#[test]
fn what_is_sealed_is_opened_with_the_same_context_and_key_alone() {
    let cx = Cx::test();
    let (key, other) = (Aes256GcmKey::generate(&cx), Aes256GcmKey::generate(&cx));
    for text in [b"".as_slice(), b"a", &[5; 100_000]] {
        let sealed = key.seal(&cx, text, b"ann");
        assert_eq!(sealed.len(), text.len() + SEAL_BYTES);
        assert_eq!(key.open(&sealed, b"ann").as_deref(), Ok(text));
        for context in [b"bob".as_slice(), b"", b"ann\0"] {
            assert_eq!(key.open(&sealed, context), Err(OpenError));
        }
        assert_eq!(other.open(&sealed, b"ann"), Err(OpenError));
    }
}

#[test]
fn what_is_too_short_to_have_been_sealed_is_refused() {
    let key = Aes256GcmKey::new(&SECRET).unwrap();
    for len in 0..SEAL_BYTES {
        assert_eq!(key.open(&vec![0; len], b""), Err(OpenError));
    }
}

#[test]
fn no_nonce_and_no_key_comes_twice_whatever_begins_anew() {
    let mut seen = std::collections::HashSet::new();
    let key = Aes256GcmKey::new(&SECRET).unwrap();
    for _ in 0..10 {
        let cx = Cx::test();
        for _ in 0..10 {
            assert!(seen.insert(key.seal(&cx, b"", b"")[..12].to_vec()));
            assert!(seen.insert(Aes256GcmKey::generate(&cx).as_bytes().to_vec()));
            assert!(seen.insert(HmacKey::<Sha256>::generate(&cx).as_bytes().to_vec()));
        }
    }
}

#[test]
fn a_tag_is_for_one_message_and_one_key() {
    let key = HmacKey::<Sha512>::new(&SECRET).unwrap();
    let tag = key.sign(b"message");
    let tag = tag.as_bytes();
    assert_eq!(key.verify(b"message", tag), Ok(()));
    assert_eq!(key.verify(b"message.", tag), Err(VerifyError));
    assert_eq!(HmacKey::<Sha512>::new(&[8; 32]).unwrap().verify(b"message", tag), Err(VerifyError));
    for len in 0..tag.len() {
        assert_eq!(key.verify(b"message", &tag[..len]), Err(VerifyError), "{len}");
    }
    assert_eq!(key.verify(b"message", &[tag, &[0]].concat()), Err(VerifyError));
    for at in 0..tag.len() * 8 {
        let mut forged = tag.to_vec();
        forged[at / 8] ^= 1 << (at % 8);
        assert_eq!(key.verify(b"message", &forged), Err(VerifyError), "{at}");
    }
}

#[test]
fn a_secret_that_was_never_set_is_none() {
    assert_eq!(HmacKey::<Sha256>::new(b"").err(), Some(KeyError::Empty));
    assert_eq!(Hkdf::<Sha256>::new(b"", b"a salt is no secret").err(), Some(KeyError::Empty));
    assert!(HmacKey::<Sha256>::new(b"x").is_ok() && Hkdf::<Sha512>::new(b"x", b"").is_ok());
    for bytes in [0, 16, 31, 33, 64] {
        let wrong = KeyError::WrongLength { bytes, needed_bytes: 32 };
        assert_eq!(Aes256GcmKey::new(&vec![1; bytes]).err(), Some(wrong));
    }
}

#[test]
fn hkdf_makes_no_more_than_it_may() {
    let (mut most, mut more) = (vec![0; 8_160], vec![5; 8_161]);
    assert_eq!(root().expand(b"", &mut most), Ok(()));
    assert_eq!(root().expand(b"", &mut more), Err(OutputTooLong { bytes: 8_161, max_bytes: 8_160 }));
    assert!(more.iter().all(|byte| *byte == 5), "nothing is written");
    let long = Hkdf::<Sha512>::new(&SECRET, b"").unwrap();
    assert_eq!(long.expand(b"", &mut vec![0; 16_320]), Ok(()));
    assert_eq!(long.expand(b"", &mut vec![0; 16_321]), Err(OutputTooLong { bytes: 16_321, max_bytes: 16_320 }));
    assert_eq!(root().expand(b"", &mut []), Ok(()));
}

#[test]
fn derived_keys_are_the_same_for_one_purpose_and_salt_alone() {
    let key = |salt: &[u8], purpose: &[u8]| {
        let root = Hkdf::<Sha256>::new(&SECRET, salt).unwrap();
        let (seals, signs) = (Aes256GcmKey::derive(&root, purpose), HmacKey::<Sha256>::derive(&root, purpose));
        assert_eq!(seals.as_bytes(), signs.as_bytes());
        seals.as_bytes().to_vec()
    };
    assert_eq!(key(b"", b"a"), key(b"", b"a"));
    assert_ne!(key(b"", b"a"), key(b"", b"b"));
    assert_ne!(key(b"1", b"a"), key(b"2", b"a"));
    assert_eq!(HmacKey::<Sha512>::derive(&root(), b"a").as_bytes().len(), 64);
}

#[test]
fn keys_print_as_nothing() {
    let shown = format!(
        "{:?} {:?} {:?} {:?} {:?} {:?}",
        Aes256GcmKey::new(&SECRET).unwrap(),
        HmacKey::<Sha256>::new(&SECRET).unwrap(),
        root(),
        HmacKey::<Sha256>::new(&SECRET).unwrap().sign(b""),
        Sha256::new(),
        Sha512::new(),
    );
    assert_eq!(shown, "Aes256GcmKey HmacKey Hkdf Tag Sha256 Sha512");
}

#[test]
fn a_client_reads_that_it_failed_and_not_why() {
    fn by_question_mark<E>(error: E) -> Problem
    where
        Error: From<E>,
    {
        Error::from(error).problem().clone()
    }
    let json = |problem: Problem| problem.to_json();
    assert_eq!(
        json(by_question_mark(VerifyError)),
        r#"{"type":"/problems/bad-signature","title":"Bad signature","status":400,"detail":"the signature does not fit"}"#
    );
    assert_eq!(
        json(by_question_mark(OpenError)),
        r#"{"type":"/problems/bad-seal","title":"Bad seal","status":400,"detail":"what was sealed cannot be opened"}"#
    );
    assert_eq!(by_question_mark(KeyError::Empty).kind(), "internal");
    assert_eq!(by_question_mark(OutputTooLong { bytes: 2, max_bytes: 1 }).kind(), "internal");
}

/// It does not compile if a feature of a dependency is left out.
#[test]
fn what_is_made_of_a_key_is_wiped() {
    fn is_wiped<T: ZeroizeOnDrop>() {}
    is_wiped::<Zeroizing<Vec<u8>>>();
    is_wiped::<Aes256Gcm>();
    is_wiped::<sha2::Sha256>();
    is_wiped::<sha2::Sha512>();
}
