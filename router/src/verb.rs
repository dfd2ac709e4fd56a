//! Request methods, alone and as the set that an `Allow` header lists.

use std::fmt::{self, Display, Formatter};

/// What a route answers: one request method, or [`Any`](Verb::Any) of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// `GET`; also answers `HEAD` where no route of its own does.
    Get,
    /// `HEAD`.
    Head,
    /// `POST`.
    Post,
    /// `PUT`.
    Put,
    /// `PATCH`.
    Patch,
    /// `DELETE`.
    Delete,
    /// `OPTIONS`; answered by the router where no route does.
    Options,
    /// Every method that no other route of the same path answers, those without a name here included.
    Any,
}

impl Verb {
    /// The number of verbs, [`Any`](Verb::Any) included.
    pub(crate) const COUNT: usize = 8;

    /// In the order of their names, which is how `Allow` lists them.
    pub(crate) const METHODS: [Self; Self::COUNT - 1] =
        [Self::Delete, Self::Get, Self::Head, Self::Options, Self::Patch, Self::Post, Self::Put];

    /// The method as it stands in a request line; `"ANY"` for [`Any`](Verb::Any).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
            Self::Any => "ANY",
        }
    }

    /// The verb of a request method, or `None` if it has no name here.
    ///
    /// Methods are case-sensitive ([RFC 9110, section 9.1](https://www.rfc-editor.org/rfc/rfc9110#section-9.1)).
    /// `"ANY"` is no method, so it gives `None`.
    ///
    /// # Examples
    ///
    /// ```
    /// use duractor_router::Verb;
    ///
    /// assert_eq!(Verb::parse("PATCH"), Some(Verb::Patch));
    /// assert_eq!(Verb::parse("PROPFIND"), None);
    /// ```
    pub fn parse(method: &str) -> Option<Self> {
        Self::METHODS.into_iter().find(|verb| verb.as_str() == method)
    }
}

impl Display for Verb {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of request methods. Its `Display` is the value of an `Allow` header.
///
/// # Examples
///
/// ```
/// use duractor_router::{Verb, Verbs};
///
/// let verbs = Verbs::from_iter([Verb::Post, Verb::Get]);
/// assert_eq!(verbs.to_string(), "GET, POST");
/// assert!(verbs.contains(Verb::Get));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Verbs(u8);

impl Verbs {
    /// Whether the verb is in the set.
    pub const fn contains(self, verb: Verb) -> bool {
        self.0 & (1 << verb as u8) != 0
    }

    /// The set with one verb more.
    #[must_use]
    pub const fn with(self, verb: Verb) -> Self {
        Self(self.0 | 1 << verb as u8)
    }
}

impl FromIterator<Verb> for Verbs {
    fn from_iter<I: IntoIterator<Item = Verb>>(verbs: I) -> Self {
        verbs.into_iter().fold(Self::default(), Self::with)
    }
}

impl Display for Verbs {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut between = "";
        for verb in Verb::METHODS.into_iter().filter(|&verb| self.contains(verb)) {
            write!(f, "{between}{verb}")?;
            between = ", ";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_parses_to_itself() {
        for verb in Verb::METHODS {
            assert_eq!(Verb::parse(verb.as_str()), Some(verb));
        }
    }

    #[test]
    fn no_other_text_is_a_method() {
        for text in ["", "get", "ANY", "GET ", "PROPFIND"] {
            assert_eq!(Verb::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_full_set_lists_the_methods_by_name() {
        assert_eq!(Verbs::from_iter(Verb::METHODS).to_string(), "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT");
        assert_eq!(Verbs::default().to_string(), "");
    }
}
