//! Actor names made of parameters, so that different parameters never make the same name.

use crate::pattern::is_identifier;
use std::borrow::Cow;
use std::fmt::{self, Display, Formatter};

/// Text with parameters in braces, checked to be injective.
///
/// Why different values give different names: a value's escaped text holds none of the *marks*, the ASCII characters of
/// the template's own text that are neither letters nor digits nor `%`. Between any two parameters there is a mark. So,
/// reading a name from the left: the template's text before a parameter has a known length; then comes the escaped
/// value and the template's text up to its first mark, and that is also the first mark in the name from there on; both
/// the mark's place and the length of the text before it are known, hence the escaped value. What follows the
/// last parameter has a known length again. And escaping can be undone by percent-decoding, because `%` is always escaped.
#[derive(Debug)]
pub(crate) struct Template {
    pieces: Vec<Piece>,
    escapes: Escapes,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Piece {
    Text(&'static str),
    Param(&'static str),
}

impl Template {
    /// Parses a template.
    ///
    /// # Errors
    ///
    /// The first fault from the left.
    pub(crate) fn parse(text: &'static str) -> Result<Self, TemplateFault> {
        let pieces = parse(text)?;
        check_separators(text, &pieces)?;
        Ok(Self { escapes: Escapes::of(&pieces), pieces })
    }

    /// The names of the parameters, in order.
    pub(crate) fn params(&self) -> impl Iterator<Item = &'static str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Param(name) => Some(*name),
            Piece::Text(_) => None,
        })
    }

    /// The name, if there are no parameters to make it of.
    pub(crate) fn fixed(&self) -> Option<&'static str> {
        match *self.pieces {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The name that values make.
    pub(crate) fn render<'a>(&self, value: &dyn Fn(&str) -> &'a str) -> Cow<'a, str> {
        match *self.pieces {
            [Piece::Text(text)] => Cow::Borrowed(text),
            [Piece::Param(name)] => self.escapes.apply(value(name)),
            _ => Cow::Owned(self.concat(value)),
        }
    }

    fn concat<'a>(&self, value: &dyn Fn(&str) -> &'a str) -> String {
        let mut name = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => name.push_str(text),
                Piece::Param(param) => self.escapes.append(value(param), &mut name),
            }
        }
        name
    }
}

fn parse(mut text: &'static str) -> Result<Vec<Piece>, TemplateFault> {
    let mut pieces = Vec::new();
    while let Some(brace) = text.find(['{', '}']) {
        let (before, rest) = text.split_at(brace);
        let (name, after) =
            rest.strip_prefix('{').and_then(|rest| rest.split_once('}')).ok_or(TemplateFault::Braces)?;
        if !is_identifier(name) {
            return Err(TemplateFault::ParamName { name });
        }
        if !before.is_empty() {
            pieces.push(Piece::Text(before));
        }
        pieces.push(Piece::Param(name));
        text = after;
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    Ok(pieces)
}

fn check_separators(template: &'static str, pieces: &[Piece]) -> Result<(), TemplateFault> {
    let mut last = None;
    for &piece in pieces {
        match (piece, last) {
            (Piece::Text(text), _) if text.bytes().any(is_mark) => last = None,
            (Piece::Text(_), _) => {}
            (Piece::Param(second), Some(first)) => {
                return Err(TemplateFault::Unseparated { template, first, second });
            }
            (Piece::Param(name), None) => last = Some(name),
        }
    }
    Ok(())
}

fn is_mark(byte: u8) -> bool {
    byte.is_ascii() && !byte.is_ascii_alphanumeric() && byte != b'%'
}

/// The ASCII characters that are percent-encoded in a value, one bit each.
#[derive(Clone, Copy, Debug)]
struct Escapes([u32; 4]);

impl Escapes {
    /// The control characters. They are legal in a path when percent-encoded, and a nuisance in logs and dashboards.
    const CONTROLS: Self = Self([u32::MAX, 0, 0, 1 << 31]);

    fn of(pieces: &[Piece]) -> Self {
        let texts = pieces.iter().filter_map(|piece| match piece {
            Piece::Text(text) => Some(*text),
            Piece::Param(_) => None,
        });
        texts.flat_map(str::bytes).filter(|&byte| is_mark(byte)).chain(*b"%/").fold(Self::CONTROLS, Self::with)
    }

    fn with(mut self, byte: u8) -> Self {
        self.0[usize::from(byte >> 5)] |= 1 << (byte & 31);
        self
    }

    fn contains(self, byte: u8) -> bool {
        self.0.get(usize::from(byte >> 5)).is_some_and(|bits| bits & (1 << (byte & 31)) != 0)
    }

    fn apply(self, value: &str) -> Cow<'_, str> {
        if !value.bytes().any(|byte| self.contains(byte)) {
            return Cow::Borrowed(value);
        }
        let mut escaped = String::new();
        self.append(value, &mut escaped);
        Cow::Owned(escaped)
    }

    fn append(self, value: &str, out: &mut String) {
        let mut clean = 0;
        for (at, byte) in value.bytes().enumerate().filter(|&(_, byte)| self.contains(byte)) {
            out.push_str(&value[clean..at]);
            out.push_str(percent_encoding::percent_encode_byte(byte));
            clean = at + 1;
        }
        out.push_str(&value[clean..]);
    }
}

/// What is wrong with the template of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TemplateFault {
    /// A brace has no partner.
    Braces,
    /// What stands between braces is no parameter name.
    ParamName {
        /// That text.
        name: &'static str,
    },
    /// The mount's pattern has no such parameter.
    UnknownParam {
        /// Its name.
        name: &'static str,
    },
    /// Nothing between two parameters keeps their values apart.
    Unseparated {
        /// The whole template.
        template: &'static str,
        /// The parameter on the left.
        first: &'static str,
        /// The parameter on the right.
        second: &'static str,
    },
}

impl Display for TemplateFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Braces => f.write_str("its braces do not match: write `{name}`"),
            Self::ParamName { name } => match name.strip_prefix('*') {
                Some(plain) => write!(f, "`{name}` is no parameter name: write `{{{plain}}}`"),
                None => write!(f, "`{name}` is no parameter name"),
            },
            Self::UnknownParam { name } => {
                write!(f, "the mount's pattern has no parameter `{{{name}}}`")
            }
            Self::Unseparated { template, first, second } => {
                let left = format!("{{{first}}}");
                write!(
                    f,
                    "nothing keeps {left} and {{{second}}} apart, so two actors could share a name: write `{}`",
                    template.replacen(&left, &format!("{left}/"), 1)
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(template: &'static str, values: &[(&str, &'static str)]) -> String {
        let value = |name: &str| values.iter().find(|(known, _)| *known == name).unwrap().1;
        Template::parse(template).unwrap().render(&value).into_owned()
    }

    #[test]
    fn a_plain_text_is_itself() {
        assert_eq!(render("home", &[]), "home");
        assert_eq!(render("100%", &[]), "100%");
    }

    #[test]
    fn a_lone_value_is_escaped_for_percent_slash_and_controls_only() {
        assert_eq!(render("{a}", &[("a", "a b-c:é\u{85}")]), "a b-c:é\u{85}");
        assert_eq!(render("{a}", &[("a", "1/2%\n\u{7f}\0")]), "1%2F2%25%0A%7F%00");
    }

    #[test]
    fn marks_of_the_template_are_escaped_in_values() {
        assert_eq!(render("{a}:{b}", &[("a", "x:y"), ("b", "x-y")]), "x%3Ay:x-y");
        assert_eq!(render("room-{a}.{b}", &[("a", "x-y.z"), ("b", "room")]), "room-x%2Dy%2Ez.room");
    }

    #[test]
    fn a_lone_clean_value_is_borrowed() {
        let template = Template::parse("{a}").unwrap();
        assert!(matches!(template.render(&|_| "clean"), Cow::Borrowed("clean")));
    }

    #[test]
    fn parameters_need_a_mark_between_them() {
        for template in ["{a}{b}", "{a}and{b}", "{a}%{b}", "{a}é{b}", "-{a}x{b}-"] {
            let fault = Template::parse(template).unwrap_err();
            assert_eq!(fault, TemplateFault::Unseparated { template, first: "a", second: "b" });
        }
        assert!(Template::parse("{a}x-x{b}").is_ok());
    }

    #[test]
    fn what_to_write_instead_is_itself_accepted() {
        let fault = Template::parse("{a}and{b}").unwrap_err().to_string();
        assert!(fault.ends_with("write `{a}/and{b}`"), "{fault}");
        assert!(Template::parse("{a}/and{b}").is_ok());
    }

    #[test]
    fn faults_name_what_is_wrong() {
        assert_eq!(Template::parse("{a").unwrap_err(), TemplateFault::Braces);
        assert_eq!(Template::parse("a}").unwrap_err(), TemplateFault::Braces);
        assert_eq!(Template::parse("{}").unwrap_err(), TemplateFault::ParamName { name: "" });
        let fault = Template::parse("{*rest}").unwrap_err();
        assert_eq!(fault.to_string(), "`*rest` is no parameter name: write `{rest}`");
    }
}
