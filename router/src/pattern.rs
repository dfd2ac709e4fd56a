//! Path patterns: what a mount and a route write, checked and joined.

use std::fmt::{self, Display, Formatter};

/// The most parameters that a mount pattern and a route pattern may have together.
pub const PARAMS_MAX: usize = 8;

/// A pattern without its trailing slash, its parameters' names kept apart from its shape.
///
/// The shape writes every parameter alike, so two patterns that match the same paths have equal shapes, whatever they
/// call their parameters. The shape of `/` is empty, so that shapes join by concatenation.
#[derive(Debug, Default)]
pub(crate) struct Pattern {
    pub(crate) shape: String,
    pub(crate) params: Vec<&'static str>,
    pub(crate) catch_all: bool,
}

impl Pattern {
    /// Parses a pattern.
    ///
    /// # Errors
    ///
    /// The first fault from the left.
    pub(crate) fn parse(text: &'static str) -> Result<Self, PatternFault> {
        let path = text.strip_prefix('/').ok_or(PatternFault::NoSlash)?;
        let path = path.strip_suffix('/').unwrap_or(path);
        let mut pattern = Self::default();
        if text != "/" {
            for segment in path.split('/') {
                pattern.push(segment)?;
            }
        }
        Ok(pattern)
    }

    /// The pattern of a route below the pattern of its mount.
    ///
    /// # Errors
    ///
    /// What is wrong with the two together.
    pub(crate) fn join(&self, route: &Self) -> Result<Self, PatternFault> {
        let mut joined = Self {
            shape: self.shape.clone() + &route.shape,
            params: self.params.clone(),
            catch_all: self.catch_all || route.catch_all,
        };
        if self.catch_all && !route.shape.is_empty() {
            return Err(PatternFault::CatchAllNotLast);
        }
        route.params.iter().try_for_each(|name| joined.name(name))?;
        Ok(joined)
    }

    /// The text that stands for the shape in the tree.
    pub(crate) fn into_shape(self) -> String {
        if self.shape.is_empty() { "/".to_owned() } else { self.shape }
    }

    fn push(&mut self, segment: &'static str) -> Result<(), PatternFault> {
        if self.catch_all {
            return Err(PatternFault::CatchAllNotLast);
        }
        self.shape.push('/');
        if !segment.contains(['{', '}']) {
            return self.push_static(segment);
        }
        let inside = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        match inside.filter(|inside| !inside.contains(['{', '}'])) {
            Some(inside) => self.push_param(inside),
            None => Err(PatternFault::Braces { segment }),
        }
    }

    fn push_static(&mut self, segment: &'static str) -> Result<(), PatternFault> {
        match segment {
            "" => return Err(PatternFault::EmptySegment),
            "." | ".." => return Err(PatternFault::DotSegment),
            _ => check_static(segment)?,
        }
        self.shape.push_str(segment);
        Ok(())
    }

    fn push_param(&mut self, inside: &'static str) -> Result<(), PatternFault> {
        let (name, shape) = match inside.strip_prefix('*') {
            Some(name) => (name, "{*p}"),
            None => (inside, "{p}"),
        };
        self.catch_all = name.len() != inside.len();
        self.name(name)?;
        self.shape.push_str(shape);
        Ok(())
    }

    fn name(&mut self, name: &'static str) -> Result<(), PatternFault> {
        if !is_identifier(name) {
            return Err(PatternFault::ParamName { name });
        }
        if self.params.contains(&name) {
            return Err(PatternFault::Duplicate { name });
        }
        if self.params.len() == PARAMS_MAX {
            return Err(PatternFault::TooManyParams);
        }
        self.params.push(name);
        Ok(())
    }
}

/// A parameter is an argument of a method, and ASCII spares the worker Unicode's tables.
pub(crate) fn is_identifier(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Refuses what no request path holds: static text is compared with the path as sent, and a URL parser percent-encodes
/// or cuts off these characters (the [path percent-encode set](https://url.spec.whatwg.org/#path-percent-encode-set)).
fn check_static(text: &'static str) -> Result<(), PatternFault> {
    match text.char_indices().find(|&(at, c)| !is_static(c, &text.as_bytes()[at..])) {
        Some((_, character)) => Err(PatternFault::Unmatchable { character }),
        None => Ok(()),
    }
}

fn is_static(character: char, text: &[u8]) -> bool {
    match character {
        '%' => is_escape(text),
        '"' | '#' | '<' | '>' | '?' | '\\' | '`' => false,
        _ => character.is_ascii_graphic(),
    }
}

/// Whether the text starts with a percent sign and two hexadecimal digits.
pub(crate) fn is_escape(text: &[u8]) -> bool {
    matches!(text, [b'%', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
}

/// What is wrong with a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PatternFault {
    /// It does not start with `/`.
    NoSlash,
    /// Two slashes follow each other.
    EmptySegment,
    /// A segment is `.` or `..`, which URL parsers resolve before a request is sent.
    DotSegment,
    /// Its static text holds a character that no request path holds.
    Unmatchable {
        /// The character, or `%` where no two hexadecimal digits follow.
        character: char,
    },
    /// A segment has braces and is not exactly one parameter.
    Braces {
        /// That segment.
        segment: &'static str,
    },
    /// A parameter's name could not be an argument's.
    ParamName {
        /// What stands between the braces.
        name: &'static str,
    },
    /// Two parameters have the same name.
    Duplicate {
        /// That name.
        name: &'static str,
    },
    /// Something follows a catch-all.
    CatchAllNotLast,
    /// There are more than [`PARAMS_MAX`] parameters.
    TooManyParams,
}

impl Display for PatternFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSlash => f.write_str("it does not start with `/`"),
            Self::EmptySegment => f.write_str("it has an empty segment: write single slashes"),
            Self::DotSegment => f.write_str("`.` and `..` never reach a router: URL parsers resolve them"),
            Self::Unmatchable { character: '%' } => f.write_str("two hexadecimal digits must follow `%`"),
            Self::Unmatchable { character } => {
                write!(f, "no request path holds {character:?}: write it percent-encoded, as requests do")
            }
            Self::Braces { segment } => {
                write!(f, "`{segment}` is not a segment: write text without braces, `{{name}}` or `{{*name}}`")
            }
            Self::ParamName { name } => {
                write!(f, "`{name}` is no parameter name: use ASCII letters, digits and `_`, a letter or `_` first")
            }
            Self::Duplicate { name } => write!(f, "two parameters are called `{name}`"),
            Self::CatchAllNotLast => f.write_str("nothing can follow a catch-all"),
            Self::TooManyParams => write!(f, "it has more than {PARAMS_MAX} parameters"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &'static str) -> PatternFault {
        Pattern::parse(text).unwrap_err()
    }

    #[test]
    fn a_shape_forgets_names_and_the_trailing_slash() {
        let pattern = Pattern::parse("/a/{x}/{y}/{*z}/").unwrap();
        assert_eq!(pattern.shape, "/a/{p}/{p}/{*p}");
        assert_eq!(pattern.params, ["x", "y", "z"]);
        assert!(pattern.catch_all);
    }

    #[test]
    fn the_root_has_no_segment() {
        let root = Pattern::parse("/").unwrap();
        assert_eq!(root.shape, "");
        assert_eq!(root.into_shape(), "/");
    }

    #[test]
    fn faults_name_what_is_wrong() {
        assert_eq!(fault(""), PatternFault::NoSlash);
        assert_eq!(fault("a"), PatternFault::NoSlash);
        assert_eq!(fault("//"), PatternFault::EmptySegment);
        assert_eq!(fault("/a//b"), PatternFault::EmptySegment);
        assert_eq!(fault("/a/.."), PatternFault::DotSegment);
        assert_eq!(fault("/a b"), PatternFault::Unmatchable { character: ' ' });
        assert_eq!(fault("/café/{x}"), PatternFault::Unmatchable { character: 'é' });
        assert_eq!(fault("/100%"), PatternFault::Unmatchable { character: '%' });
        assert_eq!(fault("/a?b"), PatternFault::Unmatchable { character: '?' });
        assert_eq!(fault("/{a"), PatternFault::Braces { segment: "{a" });
        assert_eq!(fault("/a}"), PatternFault::Braces { segment: "a}" });
        assert_eq!(fault("/{{a}}"), PatternFault::Braces { segment: "{{a}}" });
        assert_eq!(fault("/{a}}"), PatternFault::Braces { segment: "{a}}" });
        for segment in ["{a}-{b}", "v{a}", "{a}.png", "x{*a}", "{*a}x"] {
            let pattern: &'static str = Box::leak(format!("/{segment}").into_boxed_str());
            assert_eq!(fault(pattern), PatternFault::Braces { segment });
        }
        assert_eq!(fault("/{}"), PatternFault::ParamName { name: "" });
        assert_eq!(fault("/{*}"), PatternFault::ParamName { name: "" });
        assert_eq!(fault("/{1st}"), PatternFault::ParamName { name: "1st" });
        assert_eq!(fault("/{a}/{a}"), PatternFault::Duplicate { name: "a" });
        assert_eq!(fault("/{*a}/b"), PatternFault::CatchAllNotLast);
        assert_eq!(fault("/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}"), PatternFault::TooManyParams);
    }

    #[test]
    fn percent_encoded_static_text_is_fine() {
        assert_eq!(Pattern::parse("/caf%C3%A9").unwrap().shape, "/caf%C3%A9");
    }

    #[test]
    fn joining_checks_both_together() {
        let join = |mount, route| Pattern::parse(mount).unwrap().join(&Pattern::parse(route).unwrap());
        assert_eq!(join("/a/{x}", "/b/{y}").unwrap().into_shape(), "/a/{p}/b/{p}");
        assert_eq!(join("/", "/").unwrap().into_shape(), "/");
        assert!(join("/{*x}", "/").unwrap().catch_all);
        assert_eq!(join("/{x}", "/{x}").unwrap_err(), PatternFault::Duplicate { name: "x" });
        assert_eq!(join("/{*x}", "/a").unwrap_err(), PatternFault::CatchAllNotLast);
    }
}
