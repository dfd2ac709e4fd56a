//! A mirror for requests. Everything that it answers is borrowed from the request, nothing is copied.

use std::borrow::Cow;

use duractor::prelude::*;
use serde::Serialize;

/// Shows what a request holds.
#[derive(Default, Actor)]
pub struct Echo;

/// A request, as data.
#[derive(Serialize)]
pub struct Seen<'r> {
    method: &'r str,
    path: &'r str,
    query: Pairs<'r>,
    headers: Pairs<'r>,
    body: Body<'r>,
}

/// Names and values, in order, repeated ones too.
type Pairs<'r> = Vec<(Cow<'r, str>, Cow<'r, str>)>;

/// A body, as JSON can show it.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Body<'r> {
    /// It is UTF-8.
    Text(&'r str),
    /// It is not: two hexadecimal digits a byte.
    Hex(String),
}

#[methods]
impl Echo {
    /// Any method, `/echo`: the request as JSON.
    #[any]
    pub fn echo<'r>(req: &'r Request, Query(query): Query<Pairs<'r>>) -> Json<Seen<'r>> {
        Json(Seen {
            method: req.method(),
            path: req.path(),
            query,
            headers: req.headers().iter().map(text).collect(),
            body: Body::of(req.body()),
        })
    }

    /// Any method, everything else below `/echo`: the same.
    #[any("/{*_path}")]
    pub fn below<'r>(_path: &str, req: &'r Request, query: Query<Pairs<'r>>) -> Json<Seen<'r>> {
        Self::echo(req, query)
    }

    /// Any method, `/echo/raw`: the body as it came.
    #[any("/raw")]
    pub fn raw<'r>(body: &'r [u8], req: &'r Request) -> impl IntoResponse + use<'r> {
        let kind = req.header("content-type").unwrap_or("application/octet-stream");
        ([("content-type", kind), ("x-content-type-options", "nosniff")], body)
    }
}

impl<'r> Body<'r> {
    fn of(bytes: &'r [u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Text(text),
            Err(_) => Self::Hex(bytes.iter().map(|byte| format!("{byte:02x}")).collect()),
        }
    }
}

fn text<'r>((name, value): (&'r str, &'r [u8])) -> (Cow<'r, str>, Cow<'r, str>) {
    (name.into(), String::from_utf8_lossy(value))
}

#[cfg(test)]
mod tests {
    use duractor::Native;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_body_is_text_or_hexadecimal() {
        assert_eq!(Body::of("naïve".as_bytes()), Body::Text("naïve"));
        assert_eq!(Body::of(b"\x00\xff"), Body::Hex("00ff".into()));
    }

    #[test]
    fn it_shows_the_request() {
        let native = Native::new().routes(crate::routes());
        let request = native.request("PURGE", "/echo/a/b?x=1&x=%C3%A9").header("x-id", "7");
        let seen = json!({
            "method": "PURGE",
            "path": "/echo/a/b",
            "query": [["x", "1"], ["x", "é"]],
            "headers": [["x-id", "7"]],
            "body": {"hex": "00ff"},
        });
        assert_eq!(request.body(b"\x00\xff").send().json::<Value>(), seen);
    }

    #[test]
    fn raw_bytes_come_back_as_they_went() {
        let native = Native::new().routes(crate::routes());
        let request = native.post("/echo/raw").header("content-type", "image/png");
        let reply = request.body(b"\x89PNG").send();
        assert_eq!((reply.header("content-type"), &*reply.body), (Some("image/png"), &b"\x89PNG"[..]));
    }
}
