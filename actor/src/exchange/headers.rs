//! Headers: length-prefixed pairs of a name and a value.

use std::fmt;
use std::iter;
use std::str;

use super::error::{FrameError, FrameErrorKind};
use super::tag::LENGTH_BYTES;

/// The headers of a request or a response, borrowed from the bytes that hold them, in the order of arrival.
///
/// [`Default`] is no header, which a frame writes as null.
///
/// # Examples
///
/// ```
/// use duractor::exchange::{Buffer, Frame, FrameWriter, Headers};
///
/// let mut buffer = Buffer::default();
/// let mut writer = FrameWriter::begin(&mut buffer, 1);
/// writer.headers(0, [("accept", "text/html".as_bytes()), ("via", b"a"), ("via", b"b")].into_iter());
/// writer.finish();
///
/// let headers = Headers::new(Frame::new(buffer.as_bytes(), 1)?.bytes(0)?)?;
/// assert_eq!(headers.get("Accept"), Some("text/html".as_bytes()));
/// assert_eq!(headers.get_all("via").count(), 2);
/// # Ok::<(), duractor::exchange::FrameError>(())
/// ```
#[derive(Clone, Copy, Default)]
pub struct Headers<'f> {
    /// Nothing but whole headers, their names lower-case ASCII.
    bytes: &'f [u8],
}

impl<'f> Headers<'f> {
    /// The headers that `bytes` are.
    ///
    /// # Errors
    ///
    /// Fails if a header runs past the end, and if a name is not lower-case ASCII.
    pub fn new(bytes: &'f [u8]) -> Result<Self, FrameError> {
        let mut rest = bytes;
        let mut count = 0;
        while !rest.is_empty() {
            take_header(&mut rest)
                .filter(|(name, _)| is_name(name))
                .ok_or(FrameError::new(count, FrameErrorKind::Header))?;
            count += 1;
        }
        Ok(Self { bytes })
    }

    /// Headers as bytes. Names are written in lower case.
    pub(crate) fn encode<'h>(headers: impl IntoIterator<Item = (&'h str, &'h [u8])>) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (name, value) in headers {
            bytes.extend((name.len() as u32).to_le_bytes());
            bytes.extend(name.bytes().map(|byte| byte.to_ascii_lowercase()));
            bytes.extend((value.len() as u32).to_le_bytes());
            bytes.extend(value);
        }
        bytes
    }

    /// The headers' names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&'f str, &'f [u8])> + use<'f> {
        let mut rest = self.bytes;
        iter::from_fn(move || take_header(&mut rest))
    }

    /// The value of the first header of a name, in whatever case it is asked for.
    pub fn get(&self, name: &str) -> Option<&'f [u8]> {
        self.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The values of all headers of a name.
    pub fn get_all<'h>(&self, name: &'h str) -> impl Iterator<Item = &'f [u8]> + use<'f, 'h> {
        self.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The number of headers. Counts them.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

/// Prints the names; values can be secrets.
impl fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

/// Whether a name is as the exchange has them.
fn is_name(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase())
}

fn take_header<'f>(rest: &mut &'f [u8]) -> Option<(&'f str, &'f [u8])> {
    let name = take(rest)?;
    let value = take(rest)?;
    Some((str::from_utf8(name).ok()?, value))
}

/// Splits `[length u32][bytes]` off the front.
fn take<'f>(rest: &mut &'f [u8]) -> Option<&'f [u8]> {
    let (length, tail) = rest.split_first_chunk::<LENGTH_BYTES>()?;
    let (bytes, tail) = tail.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    *rest = tail;
    Some(bytes)
}
