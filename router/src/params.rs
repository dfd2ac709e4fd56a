//! The parameters of a matched path, percent-decoded.

use crate::pattern::{PARAMS_MAX, is_escape};

/// The parameters of a matched path: the names of the pattern with their percent-decoded values.
///
/// A value that holds no `%` is a range of the path and costs no allocation. So `Params` borrows nothing and can be kept
/// beside the path it came from, and reading takes that path again.
///
/// # Examples
///
/// ```
/// use duractor_router::{Builder, Verb};
///
/// let router = Builder::<(), ()>::new()
///     .mount("Room", "/org/{org}/room/{room}", "{org}/{room}", [(Verb::Get, "/", ())])
///     .build()
///     .unwrap();
/// let path = "/org/acme/room/a%2Fb".to_owned();
/// let params = router.resolve("GET", &path).unwrap().params;
///
/// assert_eq!(params.get(&path, "org"), Some("acme"));
/// assert_eq!(params.get(&path, "room"), Some("a/b"));
/// assert_eq!(params.get(&path, "floor"), None);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Params {
    list: [Param; PARAMS_MAX],
    len: usize,
}

#[derive(Clone, Debug, Default)]
struct Param {
    name: &'static str,
    start: usize,
    end: usize,
    /// `None` where the path's text is the value.
    decoded: Option<Box<str>>,
}

impl Params {
    /// The number of parameters.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether the pattern has no parameters.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The value of a parameter, or `None` if the pattern has none of that name.
    ///
    /// `path` is the one that was resolved; with another one the value is arbitrary text of it.
    pub fn get<'a>(&'a self, path: &'a str, name: &str) -> Option<&'a str> {
        self.iter(path).find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Names and values, in the order of the pattern. `path` is the one that was resolved.
    pub fn iter<'a>(&'a self, path: &'a str) -> impl Iterator<Item = (&'static str, &'a str)> {
        self.list[..self.len].iter().map(|param| (param.name, param.value(path)))
    }

    /// Appends `path[start..end]`, decoded.
    ///
    /// # Errors
    ///
    /// The position in the path from which on it cannot be decoded.
    ///
    /// # Panics
    ///
    /// If there are [`PARAMS_MAX`] parameters already.
    pub(crate) fn push(&mut self, name: &'static str, path: &str, start: usize, end: usize) -> Result<(), usize> {
        let decoded = decode(&path[start..end]).map_err(|at| start + at)?;
        self.list[self.len] = Param { name, start, end, decoded };
        self.len += 1;
        Ok(())
    }
}

impl Param {
    fn value<'a>(&'a self, path: &'a str) -> &'a str {
        match &self.decoded {
            Some(text) => text,
            None => path.get(self.start..self.end).unwrap_or_default(),
        }
    }
}

/// Decodes once; `None` where there is nothing to decode.
///
/// # Errors
///
/// Where the first malformed escape is, or the first byte that decodes to no UTF-8.
fn decode(raw: &str) -> Result<Option<Box<str>>, usize> {
    if !raw.contains('%') {
        return Ok(None);
    }
    let bytes = raw.as_bytes();
    if let Some(at) = (0..bytes.len()).find(|&at| bytes[at] == b'%' && !is_escape(&bytes[at..])) {
        return Err(at);
    }
    match percent_encoding::percent_decode(bytes).decode_utf8() {
        Ok(text) => Ok(Some(text.into())),
        Err(error) => Err(encoded_position(bytes, error.valid_up_to())),
    }
}

/// Where the byte that decodes to position `decoded` starts. Every escape must be well-formed.
fn encoded_position(raw: &[u8], decoded: usize) -> usize {
    (0..decoded).fold(0, |at, _| if raw[at] == b'%' { at + 3 } else { at + 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_not_copied() {
        assert_eq!(decode("plain é +"), Ok(None));
        assert_eq!(decode(""), Ok(None));
    }

    #[test]
    fn escapes_are_decoded_once() {
        assert_eq!(decode("a%2fb%252F%C3%A9"), Ok(Some("a/b%2Fé".into())));
    }

    #[test]
    fn a_malformed_escape_is_found() {
        for (raw, at) in [("%", 0), ("ab%2", 2), ("%41%zz", 3), ("%4%41", 0), ("%%41", 0)] {
            assert_eq!(decode(raw), Err(at), "{raw}");
        }
    }

    #[test]
    fn what_is_not_utf8_is_found_in_the_encoded_text() {
        assert_eq!(decode("a%41%FF"), Err(4));
        assert_eq!(decode("é%C3é"), Err(2));
        assert_eq!(decode("%ED%A0%80"), Err(0));
    }

    #[test]
    fn another_path_gives_text_and_never_a_panic() {
        let mut params = Params::default();
        params.push("x", "/abc", 1, 4).unwrap();
        assert_eq!(params.get("/abc", "x"), Some("abc"));
        assert_eq!(params.get("", "x"), Some(""));
        assert_eq!(params.get("éé", "x"), Some(""));
    }
}
