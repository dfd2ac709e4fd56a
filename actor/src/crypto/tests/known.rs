//! Known answers.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::vectors::{Vector, bytes};
use crate::crypto::{Aes256GcmKey, Hash, Hkdf, HmacKey, OpenError, Sha256, Sha512, VerifyError, sha256, sha512};

/// The examples that FIPS 180-4 refers to (<https://csrc.nist.gov/projects/cryptographic-standards-and-guidelines/example-values>):
/// one block, more than one, and a million times `a`.
#[test]
fn sha_2_is_that_of_the_standards_examples() {
    let two_blocks = b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    let two_long_blocks = b"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqr\
        lmnopqrsmnopqrstnopqrstu";
    for (message, digest) in [
        (b"abc".as_slice(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (two_blocks, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"),
        (&[b'a'; 1_000_000], "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ] {
        assert_eq!(sha256(message)[..], bytes(digest));
    }
    for (message, digest) in [
        (
            b"abc".as_slice(),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
             2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        ),
        (
            two_long_blocks,
            "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018\
             501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909",
        ),
        (
            &[b'a'; 1_000_000],
            "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973eb\
             de0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b",
        ),
    ] {
        assert_eq!(sha512(message)[..], bytes(digest));
    }
}

#[test]
fn sha_2_is_that_of_nist_at_once_and_piece_by_piece() {
    for vector in Vector::all(include_str!("vectors/sha256.rsp")) {
        let (message, digest) = (vector.message(), vector.bytes("MD"));
        let mut hash = Sha256::new();
        message.chunks(7).for_each(|piece| hash.update(piece));
        assert_eq!((&sha256(&message)[..], &hash.finish()[..]), (&digest[..], &digest[..]));
    }
    for vector in Vector::all(include_str!("vectors/sha512.rsp")) {
        let (message, digest) = (vector.message(), vector.bytes("MD"));
        let mut hash = Sha512::new();
        message.chunks(7).for_each(|piece| hash.update(piece));
        assert_eq!((&sha512(&message)[..], &hash.finish()[..]), (&digest[..], &digest[..]));
    }
}

/// The first of NIST's Monte Carlo tests: 1,000 hashes, each of the last three.
#[test]
fn sha_2_goes_on_from_its_own_hashes() {
    fn last<const N: usize>(hash: fn(&[u8]) -> [u8; N], seed: &str) -> [u8; N] {
        let seed: [u8; N] = bytes(seed).try_into().unwrap();
        let mut last = [seed; 3];
        for _ in 0..1_000 {
            last = [last[1], last[2], hash(&last.concat())];
        }
        last[2]
    }
    let seed = "6d1e72ad03ddeb5de891e572e2396f8da015d899ef0e79503152d6010a3fe691";
    let digest = "e93c330ae5447738c8aa85d71a6c80f2a58381d05872d26bdd39f1fcd4f2b788";
    assert_eq!(last(sha256, seed)[..], bytes(digest));
    let seed = "5c337de5caf35d18ed90b5cddfce001ca1b8ee8602f367e7c24ccca6f893802f\
                b1aca7a3dae32dcd60800a59959bc540d63237876b799229ae71a2526fbc52cd";
    let digest = "ada69add0071b794463c8806a177326735fa624b68ab7bcab2388b9276c036e4\
                  eaaff87333e83c81c0bca0359d4aeebcbcfd314c0630e0c2af68c1fb19cc470e";
    assert_eq!(last(sha512, seed)[..], bytes(digest));
}

fn assert_signs<H: Hash>(vectors: &str) {
    for vector in Vector::all(vectors) {
        let (key, message) = (HmacKey::<H>::new(&vector.bytes("Key")).unwrap(), vector.bytes("Msg"));
        if vector.has("Truncated") {
            let part = vector.bytes("Truncated");
            assert_eq!(key.sign(&message).as_bytes()[..part.len()], part);
            assert_eq!(key.verify(&message, &part), Err(VerifyError), "a part of a tag is no tag");
        } else {
            let tag = vector.bytes("MD");
            assert_eq!(key.sign(&message).as_bytes(), tag);
            assert_eq!(key.verify(&message, &tag), Ok(()));
        }
    }
}

#[test]
fn hmac_is_that_of_rfc_4231() {
    assert_signs::<Sha256>(include_str!("vectors/hmac_sha256.rsp"));
    assert_signs::<Sha512>(include_str!("vectors/hmac_sha512.rsp"));
}

fn assert_derives<H: Hash>(vectors: &str) {
    for vector in Vector::all(vectors) {
        let hkdf = Hkdf::<H>::new(&vector.bytes("IKM"), &vector.bytes("salt")).unwrap();
        let known = vector.bytes("OKM");
        let mut out = vec![0; known.len()];
        hkdf.expand(&vector.bytes("info"), &mut out).unwrap();
        assert_eq!(out, known);
    }
}

#[test]
fn hkdf_is_that_of_rfc_5869() {
    assert_derives::<Sha256>(include_str!("vectors/hkdf_sha256.rsp"));
    assert_derives::<Sha512>(include_str!("vectors/hkdf_sha512.rsp"));
}

#[test]
fn aes_256_gcm_seals_as_that_of_nist() {
    for vector in Vector::all(include_str!("vectors/gcm_encrypt_256.rsp")) {
        let key = Aes256GcmKey::new(&vector.bytes("Key")).unwrap();
        let (nonce, context) = (vector.bytes("IV"), vector.bytes("AAD"));
        let sealed = key.seal_with(&nonce[..].try_into().unwrap(), &vector.bytes("PT"), &context);
        assert_eq!(sealed, [nonce, vector.bytes("CT"), vector.bytes("Tag")].concat());
        assert_eq!(key.open(&sealed, &context), Ok(vector.bytes("PT")));
    }
}

#[test]
fn aes_256_gcm_opens_and_refuses_as_that_of_nist() {
    let vectors = Vector::all(include_str!("vectors/gcm_decrypt_256.rsp"));
    assert!(vectors.iter().any(|vector| vector.has("FAIL")) && vectors.iter().any(|vector| vector.has("PT")));
    for vector in vectors {
        let key = Aes256GcmKey::new(&vector.bytes("Key")).unwrap();
        let sealed = ["IV", "CT", "Tag"].map(|part| vector.bytes(part)).concat();
        let known = if vector.has("FAIL") { Err(OpenError) } else { Ok(vector.bytes("PT")) };
        assert_eq!(key.open(&sealed, &vector.bytes("AAD")), known);
    }
}
