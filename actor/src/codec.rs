//! How plain data becomes bytes: [postcard](https://postcard.jamesmunns.com/wire-format).

use serde::{Serialize, de::DeserializeOwned};

use crate::problem::Result;

/// Appends what a value is in bytes.
///
/// # Errors
///
/// If the value cannot be encoded, such as a sequence that does not know its length.
pub(crate) fn encode_into<T: Serialize + ?Sized>(bytes: &mut Vec<u8>, value: &T) -> Result<()> {
    let start = std::mem::take(bytes);
    *bytes = postcard::to_extend(value, start)?;
    Ok(())
}

/// What a value is in bytes.
///
/// # Errors
///
/// As of [`encode_into`].
pub(crate) fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    encode_into(&mut bytes, value)?;
    Ok(bytes)
}

/// The value that all of the bytes are.
///
/// # Errors
///
/// Why they are none.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        Ok((_, rest)) => Err(left_over(rest.len())),
        Err(error) => Err(error.to_string()),
    }
}

fn left_over(count: usize) -> String {
    format!("{count} bytes are left over")
}
