//! Keys as bytes that sort like the keys.
//!
//! | type | bytes |
//! |---|---|
//! | unsigned integers | big-endian |
//! | signed integers | big-endian, the sign bit flipped |
//! | `bool`, `char` | like `u8`, like `u32` |
//! | floats | in the total order of IEEE 754: as signed magnitude, negative ones inverted |
//! | text and bytes | as they are, 0 as `01 01`, 1 as `01 02`; then `00` |
//! | tuples, arrays, structs | one field after the other |
//! | sequences, maps | `01` before each element or entry; then `00` |
//! | `Option` | `00`, or `01` and the value |
//! | enums | the variant's index: one byte, or from 255 on `ff` and four bytes; then its fields |
//! | `()` | nothing |
//!
//! No type's bytes are the beginning of other bytes of that type, so that what follows never decides too early. Every
//! value has one form only, and other bytes are refused: two keys are equal where their bytes are.

mod de;
mod ser;
#[cfg(test)]
mod tests;

use std::{borrow::Cow, error::Error as StdError, fmt};

use serde::{Serialize, de::DeserializeOwned};

/// Ends text, bytes, sequences and maps.
const END: u8 = 0;
/// Before a byte of text that is [`END`] or `ESCAPE` itself, which is greater by one then.
const ESCAPE: u8 = 1;
/// Before an element of a sequence.
const ELEMENT: u8 = 1;
/// Before a variant's index that needs more than a byte.
const WIDE: u8 = 0xff;

/// Why a value is no key, or bytes are none.
#[derive(Debug)]
pub(super) struct OrderError(Cow<'static, str>);

impl OrderError {
    const fn new(why: &'static str) -> Self {
        Self(Cow::Borrowed(why))
    }
}

impl fmt::Display for OrderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for OrderError {}

impl serde::ser::Error for OrderError {
    fn custom<T: fmt::Display>(why: T) -> Self {
        Self(Cow::Owned(why.to_string()))
    }
}

impl serde::de::Error for OrderError {
    fn custom<T: fmt::Display>(why: T) -> Self {
        Self(Cow::Owned(why.to_string()))
    }
}

/// The bytes of a key. Those of the first fields of a tuple or struct are the beginning of its own.
///
/// # Errors
///
/// If a field is left out (`skip_serializing_if`), or the type's own code refuses.
pub(super) fn encode<K: Serialize + ?Sized>(key: &K) -> Result<Vec<u8>, OrderError> {
    let mut writer = ser::Writer::default();
    key.serialize(&mut writer)?;
    Ok(writer.bytes)
}

/// The key that all of the bytes are.
///
/// # Errors
///
/// Why they are none.
pub(super) fn decode<K: DeserializeOwned>(bytes: &[u8]) -> Result<K, OrderError> {
    let mut reader = de::Reader::new(bytes);
    let key = K::deserialize(&mut reader)?;
    reader.finish()?;
    Ok(key)
}
