//! The path of a route attribute.

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
        let mut pattern = Self { parameters: Vec::new(), shape: String::new() };
        let mut segments = segments.strip_suffix('/').unwrap_or(segments).split('/').peekable();
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
        if !segment.contains(['{', '}']) {
            return self.fixed(segment);
        }
        let inside = inside_braces(segment)?;
        match inside.strip_prefix('*') {
            None => self.parameter(inside, "{}"),
            Some(name) if last => self.parameter(name, "{*}"),
            Some(_) => Err(format!("`{segment}` takes the rest of the path: put it last")),
        }
    }

    /// Text that stands for itself: what a request's path can hold as it is.
    fn fixed(&mut self, text: &str) -> Result<(), String> {
        match text.char_indices().find(|(at, letter)| !is_sent(*letter, &text[*at..])) {
            Some((_, '?')) => Err("a path has no query: take a `Query<…>` argument".to_owned()),
            Some((_, '%')) => Err("two hexadecimal digits follow a `%`, as in `%20`".to_owned()),
            Some((_, letter)) => Err(format!("a path never holds `{letter}`: percent-encode it")),
            None => {
                self.shape.push_str(text);
                Ok(())
            }
        }
    }

    fn parameter(&mut self, name: &str, shape: &str) -> Result<(), String> {
        if !is_identifier(name) {
            return Err(format!("`{{{name}}}` names no argument: use letters, digits and `_`"));
        }
        if self.parameters.iter().any(|known| known == name) {
            return Err(format!("`{{{name}}}` is in the path twice: give each its own name"));
        }
        self.parameters.push(name.to_owned());
        self.shape.push_str(shape);
        Ok(())
    }
}

/// Whether URL parsers leave the letter, with which `rest` starts, as it is.
fn is_sent(letter: char, rest: &str) -> bool {
    match letter {
        '%' => {
            matches!(rest.as_bytes(), [_, high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
        }
        '"' | '#' | '<' | '>' | '?' | '\\' | '`' => false,
        _ => letter.is_ascii_graphic(),
    }
}

fn is_identifier(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// What stands between the braces of a segment that is a parameter.
fn inside_braces(segment: &str) -> Result<&str, String> {
    let inside = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    if let Some(inside) = inside.filter(|inside| !inside.contains(['{', '}'])) {
        return Ok(inside);
    }
    if segment.matches('{').count() != segment.matches('}').count() {
        return Err(format!("unbalanced braces in `{segment}`: write `{{name}}`"));
    }
    Err(format!("a parameter is a whole segment: write `/{{name}}/`, not `{segment}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(path: &str) -> String {
        Pattern::parse(path).unwrap().shape
    }

    #[test]
    fn parameters_come_in_order() {
        let pattern = Pattern::parse("/org/{org}/v/{version}/{*path}").unwrap();
        assert_eq!(pattern.parameters, ["org", "version", "path"]);
        assert_eq!(pattern.shape, "/org/{}/v/{}/{*}");
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
            ("/a#b", "`#`: percent-encode it"),
            ("/a b", "` `: percent-encode it"),
            ("/caf\u{e9}", "`\u{e9}`: percent-encode it"),
            ("/100%", "two hexadecimal digits"),
            ("/{ a}", "`{ a}` names no argument"),
            ("/{a", "unbalanced braces in `{a`"),
            ("/a}", "unbalanced braces in `a}`"),
            ("/}a{", "a whole segment"),
            ("/{{a}}", "a whole segment"),
            ("/{a}}", "unbalanced braces in `{a}}`"),
            ("/{a}{b}", "a whole segment"),
            ("/v{a}.json", "a whole segment"),
            ("/{}", "`{}` names no argument"),
            ("/{*}", "`{}` names no argument"),
            ("/{**a}", "`{*a}` names no argument"),
            ("/{a b}", "`{a b}` names no argument"),
            ("/{user-id}", "`{user-id}` names no argument"),
            ("/{*a}/b", "takes the rest"),
            ("/x{*a}", "a whole segment"),
            ("/{*a}x", "a whole segment"),
            ("/{a}/{a}", "`{a}` is in the path twice"),
            ("/{a}/{*a}", "`{a}` is in the path twice"),
        ];
        for (path, expected) in cases {
            let error = Pattern::parse(path).unwrap_err();
            assert!(error.contains(expected), "{path}: {error}");
        }
    }
    /// What passes here must not fail when a worker starts, nor the other way round.
    #[test]
    fn every_short_path_is_judged_as_the_router_judges_it() {
        let pieces = ["/", "a", "{x}", "{y}", "{*z}", "{", "}", "*", "..", "%2", "0", "?", " ", "_"];
        let mut paths = vec!["/".to_owned()];
        for _ in 0..4 {
            let longer = |path: &String| pieces.map(|piece| format!("{path}{piece}"));
            paths = paths.iter().flat_map(longer).collect();
            for path in &paths {
                assert_eq!(Pattern::parse(path).is_ok(), router_accepts(path), "{path}");
            }
        }
    }

    fn router_accepts(path: &str) -> bool {
        let path: &'static str = path.to_owned().leak();
        let routes = [(duractor_router::Verb::Get, path, ())];
        let builder = duractor_router::Builder::<(), ()>::new();
        builder.mount("Actor", "/", "name", routes).build().is_ok()
    }
}
