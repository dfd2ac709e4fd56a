//! Replies: [`Response`], and [`IntoResponse`] for everything that a method may return.

use std::{borrow::Cow, convert::Infallible, error::Error as StdError, fmt, pin::Pin};

use bytes::Bytes;
use futures::stream::{self, Stream, StreamExt};
use http::{HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

use crate::problem::{Error, Problem};

/// A reply, whole in memory unless it is made from a [`stream`](Self::stream).
///
/// ```
/// use duractor::Response;
///
/// # fn reply() -> duractor::Result<Response> {
/// let response = Response::html("<h1>Hello</h1>").header("cache-control", "no-store")?;
/// # Ok(response) }
/// assert_eq!(reply().unwrap().status(), 200);
/// ```
#[derive(Debug)]
pub struct Response {
    pub(crate) status: u16,
    pub(crate) content_type: ContentType,
    pub(crate) body: Body,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    rollback: bool,
    failure: Option<Box<Failure>>,
}

/// What a failed reply leaves for the log, and in development for the client.
#[derive(Debug)]
struct Failure {
    problem: Problem,
    text: String,
}

pub(crate) enum Body {
    Static(&'static [u8]),
    Owned(Vec<u8>),
    /// What the call writes after its head has left.
    Flow(Flow),
    /// What another request has brought, as it comes.
    Piped(Box<dyn Pipe>),
}

/// A body that the host has, of which nothing has come into memory.
pub(crate) trait Pipe: fmt::Debug {
    /// The number of the call that has it.
    fn number(&self) -> f64;

    /// The body by way of memory.
    fn into_flow(self: Box<Self>) -> Flow;

    /// The number of the request that has brought it. It is the reply's from here on.
    fn detach(self: Box<Self>) -> i32;
}

/// The pieces of a body.
pub(crate) type Flow = Pin<Box<dyn Stream<Item = Result<Bytes, Error>>>>;

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flow(_) => f.write_str("Flow"),
            Self::Piped(body) => body.fmt(f),
            whole => write!(f, "{} bytes", whole.as_bytes().len()),
        }
    }
}

impl Body {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Static(bytes) => bytes,
            Self::Owned(bytes) => bytes,
            Self::Flow(_) | Self::Piped(_) => b"",
        }
    }
}

/// The content types that most replies have travel as a number (docs/exchange.md, slot 1 of a response).
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ContentType {
    None,
    Common(u8),
    Other(HeaderValue),
}

#[cfg_attr(
    all(target_arch = "wasm32", not(debug_assertions)),
    expect(dead_code, reason = "there request.js knows them")
)]
pub(crate) const COMMON_TYPES: [&str; 6] = [
    "text/plain; charset=utf-8",
    "application/json",
    "application/problem+json",
    "application/octet-stream",
    "text/html; charset=utf-8",
    "image/svg+xml",
];

impl ContentType {
    const TEXT: Self = Self::Common(0);
    const JSON: Self = Self::Common(1);
    const PROBLEM: Self = Self::Common(2);
    const BYTES: Self = Self::Common(3);
    const HTML: Self = Self::Common(4);
    const SVG: Self = Self::Common(5);
}

/// A header or a status that cannot be sent, found where it is set.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplyError {
    /// Not a header name ([RFC 9110 section 5.1](https://www.rfc-editor.org/rfc/rfc9110#section-5.1)).
    HeaderName(String),
    /// A value with CR, LF, NUL or another control character
    /// ([RFC 9110 section 5.5](https://www.rfc-editor.org/rfc/rfc9110#section-5.5)); holds the header's name.
    HeaderValue(String),
    /// A header that the runtime sets by itself, such as `content-length`.
    Reserved(String),
    /// A status that is not 200-599.
    Status(u16),
}

impl fmt::Display for ReplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HeaderName(name) => write!(f, "`{}` is not a header name", name.escape_debug()),
            Self::HeaderValue(name) => {
                write!(f, "the value for the header `{name}` has a control character: CR, LF and NUL cannot be sent")
            }
            Self::Reserved(name) => write!(f, "the header `{name}` is set by the runtime"),
            Self::Status(status) => write!(f, "the status {status} is not 200-599"),
        }
    }
}

impl StdError for ReplyError {}

/// Checks a header to be sent, in a reply or in a request.
pub(crate) fn header(name: &str, value: &[u8]) -> Result<(HeaderName, HeaderValue), ReplyError> {
    let checked = HeaderName::from_bytes(name.as_bytes()).map_err(|_| ReplyError::HeaderName(name.to_owned()))?;
    let value = HeaderValue::from_bytes(value).map_err(|_| ReplyError::HeaderValue(name.to_owned()))?;
    match checked.as_str() {
        "content-length" | "transfer-encoding" | "connection" => Err(ReplyError::Reserved(name.to_owned())),
        _ => Ok((checked, value)),
    }
}

/// A stream as bodies are.
pub(crate) fn flow<S, B, E>(stream: S) -> Flow
where
    S: Stream<Item = Result<B, E>> + 'static,
    B: Into<Bytes>,
    E: Into<Error>,
{
    Box::pin(stream.map(|piece| piece.map(Into::into).map_err(Into::into)))
}

impl Response {
    fn of(status: u16, content_type: ContentType, body: Body) -> Self {
        Self { status, content_type, body, headers: Vec::new(), rollback: false, failure: None }
    }

    /// An empty reply, 204.
    pub fn empty() -> Self {
        Self::of(204, ContentType::None, Body::Static(b""))
    }

    /// `text/plain; charset=utf-8`.
    pub fn text(text: impl Into<String>) -> Self {
        Self::of(200, ContentType::TEXT, Body::Owned(text.into().into_bytes()))
    }

    /// `text/html; charset=utf-8`.
    pub fn html(html: impl Into<String>) -> Self {
        Self::of(200, ContentType::HTML, Body::Owned(html.into().into_bytes()))
    }

    /// `image/svg+xml`.
    pub fn svg(svg: impl Into<String>) -> Self {
        Self::of(200, ContentType::SVG, Body::Owned(svg.into().into_bytes()))
    }

    /// `application/octet-stream`.
    pub fn bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self::of(200, ContentType::BYTES, Body::Owned(bytes.into()))
    }

    /// `application/octet-stream`, whose body is sent piece by piece while the method's turn is over and the call goes on. What
    /// the stream ends with as an error is logged, and breaks the body off; so does a client that takes nothing for
    /// [`Limits::operation_time_max`](crate::Limits). If the client goes away the stream is dropped.
    ///
    /// The stream owns what it needs: it starts after the turn, so it can borrow nothing of the actor.
    ///
    /// ```
    /// use duractor::prelude::*;
    /// use futures::{StreamExt, stream};
    ///
    /// #[derive(Default, Actor)]
    /// struct Log {
    ///     lines: Vec<String>,
    /// }
    ///
    /// #[methods]
    /// impl Log {
    ///     #[get]
    ///     fn all(&self) -> Response {
    ///         Response::stream(stream::iter(self.lines.clone()).map(Ok::<_, Error>))
    ///     }
    /// }
    /// ```
    pub fn stream<S, B, E>(stream: S) -> Self
    where
        S: Stream<Item = Result<B, E>> + 'static,
        B: Into<Bytes>,
        E: Into<Error>,
    {
        Self::of(200, ContentType::BYTES, Body::Flow(flow(stream)))
    }

    pub(crate) fn pipe(body: impl Pipe + 'static) -> Self {
        Self::of(200, ContentType::BYTES, Body::Piped(Box::new(body)))
    }

    /// `application/json`; 500 if the value cannot be written as JSON, such as a map whose keys are not strings.
    pub fn json(value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(json) => Self::of(200, ContentType::JSON, Body::Owned(json)),
            Err(error) => Error::from(error).into_response(),
        }
    }

    /// The status, 200-599.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The body; empty if it is a stream.
    pub fn body(&self) -> &[u8] {
        self.body.as_bytes()
    }

    /// Sets the status.
    ///
    /// # Errors
    ///
    /// If it is not 200-599.
    pub fn with_status(mut self, status: u16) -> Result<Self, ReplyError> {
        if !(200..600).contains(&status) {
            return Err(ReplyError::Status(status));
        }
        self.status = status;
        Ok(self)
    }

    /// Adds a header; one of the same name stays beside it. `content-type` replaces the present one.
    ///
    /// # Errors
    ///
    /// If the name is not a header name, the value has a control character, or the runtime sets this header itself.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Result<Self, ReplyError> {
        let (name, value) = header(name, value.as_ref())?;
        self.add(name, value);
        Ok(self)
    }

    pub(crate) fn add(&mut self, name: HeaderName, value: HeaderValue) {
        if name == http::header::CONTENT_TYPE {
            self.content_type = ContentType::Other(value);
        } else {
            self.headers.push((name, value));
        }
    }

    /// Reply with this, and leave no trace of the turn.
    #[must_use]
    pub fn rollback(mut self) -> Self {
        self.rollback = true;
        self
    }

    /// Whether the turn is rolled back.
    pub fn is_rollback(&self) -> bool {
        self.rollback
    }

    /// Says how long the body of a [`stream`](Self::stream) will be, in bytes. Without it a client of workerd cannot tell a
    /// body that broke off from one that has ended. One that turns out longer or shorter breaks off.
    ///
    /// It does nothing to a reply that is whole in memory.
    #[must_use]
    pub fn with_length(mut self, bytes: u64) -> Self {
        if let Body::Flow(_) = self.body {
            self.headers.retain(|(name, _)| *name != http::header::CONTENT_LENGTH);
            self.headers.push((http::header::CONTENT_LENGTH, HeaderValue::from(bytes)));
        }
        self
    }

    /// The stream that its body is yet to be written from, in the call of that number.
    pub(crate) fn take_flow(&mut self, number: f64) -> Option<Flow> {
        self.strip_body();
        // The frame says so when the stream is gone.
        let rest = Body::Flow(Box::pin(stream::empty()));
        match std::mem::replace(&mut self.body, rest) {
            Body::Flow(flow) => Some(flow),
            // Another call's requests are not at hand.
            Body::Piped(pipe) if pipe.number() != number => Some(pipe.into_flow()),
            other => {
                self.body = other;
                None
            }
        }
    }

    fn is_failure(&self) -> bool {
        self.rollback || self.content_type == ContentType::PROBLEM
    }

    pub(crate) fn retry_after(mut self, seconds: u32) -> Self {
        self.headers.retain(|(name, _)| *name != http::header::RETRY_AFTER);
        self.headers.push((http::header::RETRY_AFTER, HeaderValue::from(seconds)));
        self
    }

    pub(crate) fn allow(mut self, verbs: &str) -> Self {
        let value = HeaderValue::from_str(verbs).expect("verbs are header text");
        self.headers.push((http::header::ALLOW, value));
        self
    }

    /// A 401 says how to authenticate
    /// ([RFC 9110 section 15.5.2](https://www.rfc-editor.org/rfc/rfc9110#section-15.5.2)): here by the cookie of that name,
    /// a token.
    pub(crate) fn challenge(mut self, cookie: &str) -> Self {
        let value = HeaderValue::try_from(format!("Cookie cookie-name=\"{cookie}\"")).expect("a token is header text");
        self.headers.push((http::header::WWW_AUTHENTICATE, value));
        self
    }

    /// What is to be logged about this reply. In development the client reads it too.
    pub(crate) fn take_failure(&mut self, development: bool) -> Option<String> {
        let failure = self.failure.take()?;
        if development {
            let problem = failure.problem.with("debug", &failure.text);
            self.body = Body::Owned(problem.to_json().into_bytes());
        }
        Some(failure.text)
    }

    /// Drops the body of a 204, 205 or 304, which has none
    /// ([RFC 9110 section 15.3.5](https://www.rfc-editor.org/rfc/rfc9110#section-15.3.5)).
    pub(crate) fn strip_body(&mut self) {
        if matches!(self.status, 204 | 205 | 304) {
            self.body = Body::Static(b"");
            self.content_type = ContentType::None;
        }
    }
}

/// What a method may return.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a reply",
    label = "this method's reply",
    note = "wrap data in `Json(…)`; derive `Problem` for errors, or use `duractor::Result<T>`"
)]
pub trait IntoResponse {
    /// Makes the reply. It is called inside the turn, so what is borrowed from the actor may be part of it.
    fn into_response(self) -> Response;
}

impl IntoResponse for Response {
    fn into_response(self) -> Response {
        self
    }
}

impl IntoResponse for () {
    fn into_response(self) -> Response {
        Response::empty()
    }
}

impl IntoResponse for Infallible {
    fn into_response(self) -> Response {
        match self {}
    }
}

impl IntoResponse for &str {
    fn into_response(self) -> Response {
        Response::text(self)
    }
}

impl IntoResponse for String {
    fn into_response(self) -> Response {
        Response::text(self)
    }
}

impl IntoResponse for &[u8] {
    fn into_response(self) -> Response {
        Response::bytes(self)
    }
}

impl IntoResponse for Vec<u8> {
    fn into_response(self) -> Response {
        Response::bytes(self)
    }
}

impl IntoResponse for Bytes {
    fn into_response(self) -> Response {
        Response::bytes(self)
    }
}

impl IntoResponse for Cow<'_, str> {
    fn into_response(self) -> Response {
        Response::text(self.into_owned())
    }
}

macro_rules! as_text {
    ($($type:ty)*) => { $(
        impl IntoResponse for $type {
            fn into_response(self) -> Response {
                Response::text(self.to_string())
            }
        }
    )* };
}
as_text!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64 bool char);

/// JSON, as an argument (`application/json` or `application/…+json` is required) and as a reply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Json<T>(pub T);

impl<T> std::ops::Deref for Json<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        Response::json(&self.0)
    }
}

/// A page.
#[derive(Clone, Debug)]
pub struct Html<T>(pub T);

impl<T: Into<String>> IntoResponse for Html<T> {
    fn into_response(self) -> Response {
        Response::html(self.0)
    }
}

/// Sends the client elsewhere.
#[derive(Clone, Debug)]
pub struct Redirect {
    status: u16,
    to: String,
}

impl Redirect {
    /// 303: what follows is a GET, as after a form that was posted.
    pub fn to(location: impl Into<String>) -> Self {
        Self { status: 303, to: location.into() }
    }

    /// 307: what follows is the same request elsewhere.
    pub fn temporary(location: impl Into<String>) -> Self {
        Self { status: 307, to: location.into() }
    }

    /// 308: the same request, from now on always there.
    pub fn permanent(location: impl Into<String>) -> Self {
        Self { status: 308, to: location.into() }
    }
}

impl IntoResponse for Redirect {
    fn into_response(self) -> Response {
        let reply = Response::of(self.status, ContentType::None, Body::Static(b""));
        reply.header("location", self.to).into_response()
    }
}

/// The value, or 404. A turn that finds nothing has not failed: it commits.
impl<T: IntoResponse> IntoResponse for Option<T> {
    fn into_response(self) -> Response {
        match self {
            Some(value) => value.into_response(),
            None => {
                let reply = Problem::new(404, "not-found", "there is no such thing").into_response();
                Response { rollback: false, ..reply }
            }
        }
    }
}

/// The value, or the error with the turn rolled back.
impl<T: IntoResponse, E: IntoResponse> IntoResponse for Result<T, E> {
    fn into_response(self) -> Response {
        match self {
            Ok(value) => value.into_response(),
            Err(error) => error.into_response().rollback(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = Body::Owned(self.to_json().into_bytes());
        Response::of(self.status(), ContentType::PROBLEM, body).rollback()
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let (problem, source) = self.into_parts();
        let Some(text) = source else { return problem.into_response() };
        let mut reply = problem.clone().into_response();
        // Storage that failed, or too much work at once: wherever it came from, trying again is what helps.
        if problem.status() == 503 {
            reply = reply.retry_after(1);
        }
        reply.failure = Some(Box::new(Failure { problem, text }));
        reply
    }
}

impl IntoResponse for ReplyError {
    fn into_response(self) -> Response {
        Error::from(self).into_response()
    }
}

impl IntoResponse for http::StatusCode {
    fn into_response(self) -> Response {
        (self, ()).into_response()
    }
}

/// The status beside a reply; a failure keeps its own.
impl<T: IntoResponse> IntoResponse for (u16, T) {
    fn into_response(self) -> Response {
        let reply = self.1.into_response();
        if reply.is_failure() { reply } else { reply.with_status(self.0).into_response() }
    }
}

impl<T: IntoResponse> IntoResponse for (http::StatusCode, T) {
    fn into_response(self) -> Response {
        (self.0.as_u16(), self.1).into_response()
    }
}

/// Headers beside a reply: `([("cache-control", "no-store")], "text")`.
impl<N: AsRef<str>, V: AsRef<[u8]>, const K: usize, T: IntoResponse> IntoResponse for ([(N, V); K], T) {
    fn into_response(self) -> Response {
        let reply = self.1.into_response();
        let pairs = self.0.iter().map(|(name, value)| (name.as_ref(), value.as_ref()));
        with_headers(reply, pairs).into_response()
    }
}

/// Status and headers beside a reply.
impl<N: AsRef<str>, V: AsRef<[u8]>, const K: usize, T: IntoResponse> IntoResponse for (u16, [(N, V); K], T) {
    fn into_response(self) -> Response {
        (self.0, (self.1, self.2)).into_response()
    }
}

fn with_headers<'h>(
    mut reply: Response,
    pairs: impl Iterator<Item = (&'h str, &'h [u8])>,
) -> Result<Response, ReplyError> {
    for (name, value) in pairs {
        reply = reply.header(name, value)?;
    }
    Ok(reply)
}
