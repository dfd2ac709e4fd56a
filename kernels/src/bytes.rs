//! Search in bytes and validation of text, by the crates [`memchr`] and [`simdutf8`].
//!
//! Both use simd128 only in a worker that is compiled with it as a whole (`RUSTFLAGS="-C target-feature=+simd128"`); else
//! they go through a word at a time.

/// The first index of a byte.
///
/// ```
/// use duractor_kernels::bytes;
///
/// assert_eq!(bytes::find_byte(b"key=value", b'='), Some(3));
/// assert_eq!(bytes::find_byte(b"key", b'='), None);
/// ```
pub fn find_byte(haystack: &[u8], byte: u8) -> Option<usize> {
    memchr::memchr(byte, haystack)
}

/// The first index of a sequence of bytes; 0 if that is empty.
///
/// ```
/// use duractor_kernels::bytes;
///
/// assert_eq!(bytes::find(b"head\r\n\r\nbody", b"\r\n\r\n"), Some(4));
/// ```
pub fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::find(haystack, needle)
}

/// Bytes as text.
///
/// ```
/// use duractor_kernels::bytes;
///
/// assert_eq!(bytes::from_utf8("π".as_bytes()).unwrap(), "π");
/// assert_eq!(bytes::from_utf8(b"caf\xe9").unwrap_err().valid_up_to(), 3);
/// ```
///
/// # Errors
///
/// They are not UTF-8 ([RFC 3629](https://www.rfc-editor.org/rfc/rfc3629)).
pub fn from_utf8(bytes: &[u8]) -> Result<&str, simdutf8::compat::Utf8Error> {
    simdutf8::compat::from_utf8(bytes)
}
