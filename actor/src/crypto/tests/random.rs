//! Texts and contexts of any length, and any bit that is not as it was.

use proptest::{collection::vec, prelude::*, sample::Index};

use crate::{
    crypto::{Aes256GcmKey, HmacKey, OpenError, SEAL_BYTES, Sha256, VerifyError},
    cx::Cx,
};

proptest! {
    #[test]
    fn what_is_sealed_is_opened_as_it_was(
        key in any::<[u8; 32]>(),
        text in vec(any::<u8>(), 0..400),
        context in vec(any::<u8>(), 0..100),
    ) {
        let key = Aes256GcmKey::new(&key).unwrap();
        let cx = Cx::test();
        let (one, other) = (key.seal(&cx, &text, &context), key.seal(&cx, &text, &context));
        prop_assert_eq!(one.len(), text.len() + SEAL_BYTES);
        prop_assert_ne!(&one, &other);
        prop_assert_eq!(key.open(&one, &context), Ok(text.clone()));
        prop_assert_eq!(key.open(&other, &context), Ok(text));
    }

    #[test]
    fn what_was_changed_is_not_opened(
        text in vec(any::<u8>(), 0..200),
        context in vec(any::<u8>(), 0..50),
        at in any::<Index>(),
        other in any::<Index>(),
    ) {
        let key = Aes256GcmKey::new(&[3; 32]).unwrap();
        let sealed = key.seal(&Cx::test(), &text, &context);
        let flipped = |bytes: &[u8], at: usize| {
            let mut bytes = bytes.to_vec();
            bytes[at / 8] ^= 1 << (at % 8);
            bytes
        };
        let at = at.index(sealed.len() * 8);
        prop_assert_eq!(key.open(&flipped(&sealed, at), &context), Err(OpenError));
        prop_assert_eq!(key.open(&sealed[..at / 8], &context), Err(OpenError));
        prop_assert_eq!(key.open(&sealed[at / 8 + 1..], &context), Err(OpenError));
        prop_assert_eq!(key.open(&[&sealed[..], &[0]].concat(), &context), Err(OpenError));
        if !context.is_empty() {
            let other = flipped(&context, other.index(context.len() * 8));
            prop_assert_eq!(key.open(&sealed, &other), Err(OpenError));
        }
    }

    #[test]
    fn a_tag_is_for_the_message_that_was_signed(
        key in vec(any::<u8>(), 14..200),
        message in vec(any::<u8>(), 0..300),
        other in vec(any::<u8>(), 0..300),
    ) {
        let key = HmacKey::<Sha256>::new(&key).unwrap();
        let tag = key.sign(&message);
        prop_assert_eq!(key.verify(&message, tag.as_bytes()), Ok(()));
        let known = if other == message { Ok(()) } else { Err(VerifyError) };
        prop_assert_eq!(key.verify(&other, tag.as_bytes()), known);
    }
}
