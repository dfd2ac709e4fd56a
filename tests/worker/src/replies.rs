//! Replies and errors.

use duractor::{ReplyError, prelude::*};
use serde::Deserialize;

#[derive(Default, Actor)]
pub(crate) struct Replies {}

#[derive(Deserialize)]
pub(crate) struct NameAndValue {
    name: String,
    value: String,
}

/// What a till refuses.
#[derive(Debug, Problem)]
pub(crate) enum Refused {
    #[problem(409, "overdrawn by {0}")]
    Overdrawn(u32),
    #[problem(422, "{unit} is no unit", kind = "no-such-unit")]
    Unit { unit: String },
}

#[methods]
impl Replies {
    #[get("/status/{status}")]
    fn status(status: u16) -> Result<Response, ReplyError> {
        Response::text(format!("status {status}")).with_status(status)
    }

    #[get("/cookies")]
    fn cookies() -> Result<Response, ReplyError> {
        Response::text("two").header("set-cookie", "a=1; Path=/")?.header("set-cookie", "b=2, 3; Path=/")
    }

    #[get("/repeated")]
    fn repeated() -> Result<Response, ReplyError> {
        Response::text("three").header("x-word", "one")?.header("x-word", "two")?.header("x-word", "three")
    }

    #[get("/header")]
    fn header(Query(pair): Query<NameAndValue>) -> Result<Response, ReplyError> {
        Response::text("set").header(&pair.name, &pair.value)
    }

    /// A header's value may be any bytes from 0x80 on.
    #[get("/header-bytes")]
    fn header_bytes() -> Result<Response, ReplyError> {
        Response::text("set").header("x-bytes", [b'a', 0xe9, 0xff, b'z'])
    }

    #[get("/html")]
    fn html() -> Html<&'static str> {
        Html("<p>hello</p>")
    }

    #[get("/json")]
    fn json() -> Json<[u8; 3]> {
        Json([1, 2, 3])
    }

    #[get("/svg")]
    fn svg() -> Response {
        Response::svg("<svg/>")
    }

    #[get("/bytes/{count}")]
    fn bytes(count: usize) -> Vec<u8> {
        (0..count).map(|at| (at % 251) as u8).collect()
    }

    #[get("/own-type")]
    fn own_type() -> Result<Response, ReplyError> {
        Response::bytes(*b"\x89PNG").header("content-type", "image/png")
    }

    /// A body that is encoded already.
    #[get("/encoded")]
    fn encoded() -> Result<Response, ReplyError> {
        Response::bytes(*b"not really gzip").header("content-encoding", "gzip")
    }

    #[get("/nothing")]
    fn nothing() {}

    #[get("/none")]
    fn none() -> Option<u8> {
        None
    }

    #[get("/tuple")]
    fn tuple() -> (u16, [(&'static str, &'static str); 1], &'static str) {
        (201, [("location", "/replies/tuple/1")], "made")
    }

    #[get("/redirect")]
    fn redirect() -> Redirect {
        Redirect::to("/replies/nothing")
    }

    #[get("/overdrawn")]
    fn overdrawn() -> Result<u32, Refused> {
        Err(Refused::Overdrawn(5))
    }

    #[get("/unit")]
    fn unit() -> Result<u32> {
        Err(Refused::Unit { unit: "\"furlong\"".into() })?
    }

    #[get("/error")]
    fn error() -> Result<u32> {
        Ok("not a secret number".parse()?)
    }
}
