//! Extractors: path parameters, query, form, JSON, cookies, and the actor itself.

use std::{borrow::Cow, fmt};

use cookie::Cookie;
use serde::{Deserialize, Deserializer};

use crate::{
    problem::Problem,
    request::{FromRequest, Request},
    response::Json,
};

/// A path parameter: every `Deserialize` type that fits in one segment, such as numbers, `&str`, `Cow<str>`, enums
/// without data, and newtypes of these.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a path parameter",
    label = "not a path parameter",
    note = "derive `Deserialize`, or take `&str`"
)]
pub trait FromParam<'r>: Sized {
    /// Reads the percent-decoded text.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    fn from_param(text: &'r str) -> Result<Self, String>;
}

impl<'r, T: Deserialize<'r>> FromParam<'r> for T {
    fn from_param(text: &'r str) -> Result<T, String> {
        serde_plain::from_str(text).map_err(|error| error.to_string())
    }
}

/// The parameter `name` of the request's path.
pub(crate) fn param<'r, T: FromParam<'r>>(req: &'r Request, name: &str) -> Result<T, Problem> {
    T::from_param(req.param(name).unwrap_or_default()).map_err(|why| bad_param(name, &why))
}

fn bad_param(name: &str, why: &str) -> Problem {
    Problem::new(400, "bad-parameter", format!("the path's `{name}` is not valid: {why}")).with("field", name)
}

/// The query, as a struct of its fields, a map, or a list of pairs. A field that may be repeated is a `Vec`.
///
/// ```
/// use duractor::Query;
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Page<'r> {
///     prefix: Option<std::borrow::Cow<'r, str>>,
///     limit: Option<u32>,
/// }
///
/// fn list(Query(page): Query<Page<'_>>) -> u32 {
///     page.limit.unwrap_or(50)
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query<T>(pub T);

impl<'r, T: Deserialize<'r>> FromRequest<'r> for Query<T> {
    fn from_request(req: &'r Request) -> Result<Self, Problem> {
        urlencoded(req.query().as_bytes(), "query").map(Query)
    }

    fn is_absent(req: &'r Request) -> bool {
        req.query().is_empty()
    }
}

/// A form that was posted as `application/x-www-form-urlencoded`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form<T>(pub T);

impl<'r, T: Deserialize<'r>> FromRequest<'r> for Form<T> {
    fn from_request(req: &'r Request) -> Result<Self, Problem> {
        require_type(req, "application/x-www-form-urlencoded", |essence| {
            essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        })?;
        urlencoded(req.body(), "form").map(Form)
    }

    fn is_absent(req: &'r Request) -> bool {
        req.body().is_empty()
    }
}

/// A struct from `a=1&b=2`.
fn urlencoded<'r, T: Deserialize<'r>>(text: &'r [u8], what: &str) -> Result<T, Problem> {
    check_encoding(text, what)?;
    let fields = serde_html_form::Deserializer::from_bytes(text);
    located(fields).map_err(|(field, why)| bad_field(text, what, &field, &why))
}

/// Refuses what a lenient decoder would pass on: `%` without two hexadecimal digits, and bytes that are not UTF-8.
fn check_encoding(text: &[u8], what: &str) -> Result<(), Problem> {
    let stray = text.iter().enumerate().position(|(at, byte)| *byte == b'%' && !is_escape(&text[at..]));
    let bad = stray.or_else(|| {
        let mut parts = text.split_inclusive(|byte| matches!(byte, b'&' | b'='));
        let mut at = 0;
        parts.find_map(|part| {
            let from = at;
            at += part.len();
            percent_encoding::percent_decode(part).decode_utf8().err().map(|_| from)
        })
    });
    match bad {
        Some(position) => {
            let detail = format!("the {what} is not percent-encoded UTF-8 at byte {position}");
            Err(Problem::new(400, "bad-encoding", detail).with("position", position))
        }
        None => Ok(()),
    }
}

fn is_escape(text: &[u8]) -> bool {
    matches!(text, [b'%', a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit())
}

fn bad_field(text: &[u8], what: &str, field: &str, why: &str) -> Problem {
    let detail = match field {
        "." => format!("the {what} is not valid: {why}"),
        _ => format!("the {what}'s field `{field}` is not valid: {why}"),
    };
    let name = field.split(['.', '[']).next().unwrap_or_default();
    let mut problem = Problem::new(400, "bad-input", detail).with("field", field);
    if let Some(position) = position_of(text, name) {
        problem = problem.with("position", position);
    }
    problem
}

/// Where the value of the field begins.
fn position_of(text: &[u8], name: &str) -> Option<usize> {
    let mut at = 0;
    if name.is_empty() {
        return None;
    }
    for pair in text.split(|byte| *byte == b'&') {
        let key = pair.split(|byte| *byte == b'=').next().unwrap_or_default();
        if percent_encoding::percent_decode(key).eq(name.bytes()) {
            return Some(at + (key.len() + 1).min(pair.len()));
        }
        at += pair.len() + 1;
    }
    None
}

/// Deserialises, and names the field where it failed.
fn located<'r, T: Deserialize<'r>, D: Deserializer<'r>>(deserializer: D) -> Result<T, (String, String)>
where
    D::Error: fmt::Display,
{
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let why = error.inner().to_string();
        (place(error.path(), &why), why)
    })
}

/// Where the error is, as far as it is known, and behind it the field that is missing if that is what is wrong. `.` is
/// the whole.
fn place(path: &serde_path_to_error::Path, why: &str) -> String {
    let path = path.to_string();
    let known = path.trim_end_matches('?').trim_end_matches('.');
    let missing = why.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    match (known, missing) {
        ("", field) => field.unwrap_or(".").to_owned(),
        (known, Some(field)) => format!("{known}.{field}"),
        (known, None) => known.to_owned(),
    }
}

/// `application/json` and everything that ends in `+json`. Strings without escapes can be borrowed as `&str`; `Cow<str>` takes all.
impl<'r, T: Deserialize<'r>> FromRequest<'r> for Json<T> {
    fn from_request(req: &'r Request) -> Result<Self, Problem> {
        require_type(req, "application/json", is_json)?;
        let mut json = serde_json::Deserializer::from_slice(req.body());
        match serde_path_to_error::deserialize(&mut json) {
            Ok(value) => json.end().map(|()| Json(value)).map_err(|error| bad_json(".", &error)),
            Err(error) => Err(bad_json(&place(error.path(), &error.inner().to_string()), error.inner())),
        }
    }

    fn is_absent(req: &'r Request) -> bool {
        req.body().is_empty()
    }
}

fn is_json(essence: &str) -> bool {
    let ends_in_json = essence.len() > 5 && essence[essence.len() - 5..].eq_ignore_ascii_case("+json");
    essence.eq_ignore_ascii_case("application/json") || ends_in_json
}

fn bad_json(field: &str, error: &serde_json::Error) -> Problem {
    let detail = match field {
        "." => format!("the body is not valid JSON for this: {error}"),
        _ => format!("the body's `{field}` is not valid: {error}"),
    };
    Problem::new(400, "bad-json", detail).with("field", field).with("line", error.line()).with("column", error.column())
}

/// 415 unless the content type, without its parameters, is accepted.
fn require_type(req: &Request, wanted: &str, accept: fn(&str) -> bool) -> Result<(), Problem> {
    let sent = req.header("content-type").unwrap_or_default();
    let essence = sent.split(';').next().unwrap_or_default().trim();
    if essence.is_ascii() && accept(essence) {
        return Ok(());
    }
    let detail = match sent {
        "" => format!("the body's content type is not given; send `{wanted}`"),
        _ => format!("the body's content type is `{sent}`; send `{wanted}`"),
    };
    Err(Problem::new(415, "unsupported-media-type", detail))
}

/// The request's cookies ([RFC 6265 section 4.2](https://www.rfc-editor.org/rfc/rfc6265#section-4.2)). What is not a
/// cookie is passed over.
#[derive(Clone, Copy, Debug)]
pub struct Cookies<'r>(&'r Request);

impl<'r> Cookies<'r> {
    /// Names and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = Cookie<'r>> + use<'r> {
        let headers = self.0.headers();
        let values: Vec<&'r str> =
            headers.get_all("cookie").filter_map(|value| std::str::from_utf8(value).ok()).collect();
        values.into_iter().flat_map(Cookie::split_parse).filter_map(Result::ok)
    }

    /// The value of the first cookie of that name.
    pub fn get(&self, name: &str) -> Option<Cow<'r, str>> {
        self.iter().find(|cookie| cookie.name() == name).map(|cookie| match cookie.value_raw() {
            Some(value) => Cow::Borrowed(value),
            None => Cow::Owned(cookie.value().to_owned()),
        })
    }
}

impl<'r> FromRequest<'r> for Cookies<'r> {
    fn from_request(req: &'r Request) -> Result<Self, Problem> {
        Ok(Self(req))
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Page {
        limit: Option<u32>,
        #[serde(default)]
        tag: Vec<String>,
    }

    fn page(text: &str) -> Result<Page, Problem> {
        urlencoded(text.as_bytes(), "query")
    }

    #[test]
    fn a_repeated_field_is_a_list() {
        assert_eq!(
            page("tag=a&limit=5&tag=b+c%21").unwrap(),
            Page { limit: Some(5), tag: vec!["a".into(), "b c!".into()] }
        );
        assert_eq!(page("").unwrap(), Page { limit: None, tag: vec![] });
    }

    #[test]
    fn a_field_that_is_wrong_is_named_with_its_position() {
        let problem = page("tag=a&limit=many").unwrap_err();
        assert_eq!(problem.status(), 400);
        let json = problem.to_json();
        assert!(json.contains(r#""field":"limit""#) && json.contains(r#""position":12"#), "{json}");
    }

    #[test]
    fn a_field_that_is_missing_is_named() {
        #[derive(Debug, Deserialize)]
        #[expect(dead_code, reason = "only its absence matters")]
        struct Step {
            by: u64,
        }
        let json = urlencoded::<Step>(b"to=1", "form").unwrap_err().to_json();
        assert!(json.contains(r#""field":"by""#) && !json.contains("position"), "{json}");
        let error = serde_path_to_error::deserialize::<_, Vec<Step>>(&mut serde_json::Deserializer::from_str("[{}]"));
        let error = error.unwrap_err();
        assert_eq!(place(error.path(), &error.inner().to_string()), "[0].by");
    }

    #[test]
    fn what_is_not_percent_encoded_utf_8_is_refused() {
        for (text, position) in [("limit=%", 6), ("limit=%4", 6), ("a=%zz", 2), ("tag=a&tag=%ff", 10)] {
            let json = page(text).unwrap_err().to_json();
            assert!(json.contains(&format!(r#""position":{position}"#)), "{text}: {json}");
        }
    }

    #[test]
    fn a_place_is_told_as_far_as_it_is_known() {
        for (json, known) in [("{", "."), (r#"{"a":[{"#, "a[0]"), (r#"{"a":"#, "a"), ("[1,", ".")] {
            let mut json = serde_json::Deserializer::from_str(json);
            let error = serde_path_to_error::deserialize::<_, serde_json::Value>(&mut json).unwrap_err();
            assert_eq!(place(error.path(), ""), known);
        }
    }

    #[test]
    fn json_is_told_by_its_media_type() {
        for yes in ["application/json", "Application/JSON", "application/problem+json"] {
            assert!(is_json(yes), "{yes}");
        }
        for no in ["", "text/plain", "json", "+json", "application/jsonx"] {
            assert!(!is_json(no), "{no}");
        }
    }
}
