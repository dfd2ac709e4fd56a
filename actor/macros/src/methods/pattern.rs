//! The path of a route attribute.

use syn::ext::IdentExt;
use syn::parse::Parser;

/// A path pattern, by the rules of `duractor-router`, which joins it to the mount's when a worker starts.
#[derive(Debug, PartialEq)]
pub(super) struct Pattern {
    /// The parameters' names, in order.
    pub(super) parameters: Vec<String>,
    /// The pattern without names and trailing slash: equal where the same requests match.
    pub(super) shape: String,
}

impl Pattern {
    /// # Errors
    ///
    /// What is wrong with `path` and what to write instead.
    pub(super) fn parse(path: &str) -> Result<Self, String> {
        let Some(segments) = path.strip_prefix('/') else {
            return Err(format!("a path starts with `/`: write `\"/{path}\"`"));
        };
        let mut pattern = Self {
            parameters: Vec::new(),
            shape: String::new(),
        };
        let mut segments = segments
            .strip_suffix('/')
            .unwrap_or(segments)
            .split('/')
            .peekable();
        while let Some(segment) = segments.next().filter(|_| path != "/") {
            pattern.segment(segment, segments.peek().is_none())?;
        }
        Ok(pattern)
    }

    fn segment(&mut self, segment: &str, last: bool) -> Result<(), String> {
        match segment {
            "" => return Err("a path has no empty segment: write single slashes".to_owned()),
            "." | ".." => return Err(format!("no request's path holds `{segment}`: leave it out")),
            _ => {}
        }
        self.shape.push('/');
        let Some((before, inside, after)) = split(segment)? else {
            return self.fixed(segment);
        };
        self.fixed(before)?;
        match inside.strip_prefix('*') {
            None => self.parameter(inside, "{}")?,
            Some(name) if last && inside.len() + 2 == segment.len() => {
                self.parameter(name, "{*}")?
            }
            Some(_) => {
                return Err(format!(
                    "`{{{inside}}}` takes the rest: let it be all of the last segment"
                ));
            }
        }
        self.fixed(after)
    }

    /// Refuses what a request's path never holds as it is.
    fn fixed(&mut self, text: &str) -> Result<(), String> {
        let never = |letter: &char| !letter.is_ascii_graphic() || "\"#<>?\\`".contains(*letter);
        match text.chars().find(never) {
            Some('?') => Err("a path has no query: take a `Query<…>` argument".to_owned()),
            Some(letter) => Err(format!(
                "a path never holds `{letter}`: write it percent-encoded"
            )),
            None => {
                self.shape.push_str(text);
                Ok(())
            }
        }
    }

    fn parameter(&mut self, name: &str, shape: &str) -> Result<(), String> {
        if !name.is_ascii() || syn::Ident::parse_any.parse_str(name).is_err() {
            return Err(format!(
                "`{{{name}}}` is not the name of an argument: write `{{name}}`"
            ));
        }
        if self.parameters.iter().any(|known| known == name) {
            return Err(format!(
                "`{{{name}}}` is in the path twice: give each its own name"
            ));
        }
        self.parameters.push(name.to_owned());
        self.shape.push_str(shape);
        Ok(())
    }
}

/// What stands before, in and after the braces of a segment; `None` if it has none.
fn split(segment: &str) -> Result<Option<(&str, &str, &str)>, String> {
    let Some(brace) = segment.find(['{', '}']) else {
        return Ok(None);
    };
    let (before, rest) = segment.split_at(brace);
    let parts = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
    match parts {
        Some((_, after)) if after.contains('{') => Err(format!(
            "`{segment}` has two parameters: a segment can have one"
        )),
        Some((inside, after)) if !inside.contains('{') && !after.contains('}') => {
            Ok(Some((before, inside, after)))
        }
        _ => Err(format!(
            "unbalanced braces in `{segment}`: write `{{name}}`"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(path: &str) -> String {
        Pattern::parse(path).unwrap().shape
    }

    #[test]
    fn parameters_come_in_order() {
        let pattern = Pattern::parse("/org/{org}/v{version}.json/{*path}").unwrap();
        assert_eq!(pattern.parameters, ["org", "version", "path"]);
        assert_eq!(pattern.shape, "/org/{}/v{}.json/{*}");
    }

    #[test]
    fn shapes_are_blind_to_names_and_a_trailing_slash() {
        assert_eq!(shape("/a/{x}"), shape("/a/{y}/"));
        assert_eq!(shape("/"), "");
        assert_ne!(shape("/a/{x}"), shape("/a/{*x}"));
        assert_ne!(shape("/a/{x}"), shape("/a/x"));
    }

    #[test]
    fn keywords_name_parameters() {
        assert_eq!(Pattern::parse("/{type}").unwrap().parameters, ["type"]);
    }

    #[test]
    fn each_mistake_has_its_own_words() {
        let cases = [
            ("", "starts with `/`"),
            ("a/{b}", "write `\"/a/{b}\"`"),
            ("//", "single slashes"),
            ("/a//b", "single slashes"),
            ("/a/../b", "`..`: leave it out"),
            ("/a?b", "a path has no query"),
            ("/a#b", "`#`: write it percent-encoded"),
            ("/a b", "` `: write it percent-encoded"),
            ("/caf\u{e9}", "`\u{e9}`: write it percent-encoded"),
            ("/{a", "unbalanced braces in `{a`"),
            ("/a}", "unbalanced braces in `a}`"),
            ("/}a{", "unbalanced braces in `}a{`"),
            ("/{{a}}", "unbalanced braces in `{{a}}`"),
            ("/{a}}", "unbalanced braces in `{a}}`"),
            ("/{a}{b}", "has two parameters"),
            ("/{}", "`{}` is not the name of an argument"),
            ("/{*}", "`{}` is not the name of an argument"),
            ("/{**a}", "`{*a}` is not the name of an argument"),
            ("/{a b}", "`{a b}` is not the name of an argument"),
            ("/{user-id}", "`{user-id}` is not the name of an argument"),
            ("/{*a}/b", "takes the rest"),
            ("/x{*a}", "takes the rest"),
            ("/{*a}x", "takes the rest"),
            ("/{a}/{a}", "`{a}` is in the path twice"),
            ("/{a}/{*a}", "`{a}` is in the path twice"),
        ];
        for (path, expected) in cases {
            let error = Pattern::parse(path).unwrap_err();
            assert!(error.contains(expected), "{path}: {error}");
        }
    }
}
