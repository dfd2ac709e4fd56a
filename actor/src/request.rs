//! [`Request`], and [`FromRequest`] for everything that a method may take.

use std::{fmt, ops::Range, rc::Rc};

use duractor_router::Params;

use crate::{
    activation::{Activation, Call},
    cx::Cx,
    exchange::{Buffer, Frame, FrameError, Headers},
    problem::Problem,
};

/// A request, still in the frame that it came in: path, headers and body are borrowed from there.
pub struct Request {
    frame: Buffer,
    head: Head,
    pub(crate) params: Params,
    pub(crate) cx: Cx,
}

/// Where the parts of a request lie in its frame, all checked.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    method: Method,
    target: Range<usize>,
    body: Option<Range<usize>>,
    headers: Option<Range<usize>>,
}

#[derive(Clone, Debug)]
enum Method {
    Common(&'static str),
    Other(Range<usize>),
}

/// The methods that travel as a number (docs/exchange.md).
pub(crate) const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Slots of a request's frame.
pub(crate) const REQUEST_SLOTS: usize = 6;

impl Head {
    /// Finds and checks the parts of a request's frame.
    pub(crate) fn parse(frame: &Frame<'_>) -> Result<Self, FrameError> {
        let method = match frame.i32(0) {
            Ok(code) => usize::try_from(code).ok().and_then(|code| METHODS.get(code)).copied(),
            Err(_) => None,
        };
        let method = match method {
            Some(name) => Method::Common(name),
            None => frame.str(0).and_then(|_| frame.range(0)).map(|range| Method::Other(range.unwrap_or_default()))?,
        };
        frame.str(1)?;
        frame.opt_bytes(2)?;
        if let Some(headers) = frame.opt_bytes(3)? {
            Headers::new(headers)?;
        }
        let target = frame.range(1)?.unwrap_or_default();
        Ok(Self { method, target, body: frame.range(2)?, headers: frame.range(3)? })
    }

    pub(crate) fn method<'f>(&'f self, bytes: &'f [u8]) -> &'f str {
        match &self.method {
            Method::Common(name) => name,
            Method::Other(range) => text(bytes, range),
        }
    }

    /// The path, and the query behind its `?`.
    pub(crate) fn target<'f>(&self, bytes: &'f [u8]) -> (&'f str, &'f str) {
        let target = text(bytes, &self.target);
        let target = target.split_once('#').map_or(target, |(target, _)| target);
        target.split_once('?').unwrap_or((target, ""))
    }

    pub(crate) fn headers<'f>(&self, bytes: &'f [u8]) -> Headers<'f> {
        let bytes = self.headers.as_ref().map_or(&[][..], |range| &bytes[range.clone()]);
        Headers::new(bytes).expect("the headers were checked when the frame was parsed")
    }

    pub(crate) fn body_len(&self) -> usize {
        self.body.as_ref().map_or(0, Range::len)
    }

    /// The sum of all names and values.
    pub(crate) fn headers_len(&self, bytes: &[u8]) -> usize {
        self.headers(bytes).iter().map(|(name, value)| name.len() + value.len()).sum()
    }

    pub(crate) fn target_len(&self) -> usize {
        self.target.len()
    }
}

fn text<'f>(bytes: &'f [u8], range: &Range<usize>) -> &'f str {
    std::str::from_utf8(&bytes[range.clone()]).expect("strings are checked when a frame is parsed")
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({} {})", self.method(), self.path())
    }
}

impl Request {
    pub(crate) fn new(frame: Buffer, head: Head, params: Params, call: Rc<Call>) -> Self {
        Self { frame, head, params, cx: Cx(call) }
    }

    /// The method, in upper case.
    pub fn method(&self) -> &str {
        self.head.method(self.frame.as_bytes())
    }

    /// The path as sent, percent-encoded, without the query.
    pub fn path(&self) -> &str {
        self.head.target(self.frame.as_bytes()).0
    }

    /// The query as sent, without the `?`; empty where there is none.
    pub fn query(&self) -> &str {
        self.head.target(self.frame.as_bytes()).1
    }

    /// The parameter of the path's pattern, percent-decoded, be it the mount's or the method's.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.get(self.path(), name)
    }

    /// The headers, in the order of arrival.
    pub fn headers(&self) -> Headers<'_> {
        self.head.headers(self.frame.as_bytes())
    }

    /// The first header of that name, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.headers().get(name)?).ok()
    }

    /// The body; empty where there is none.
    pub fn body(&self) -> &[u8] {
        self.head.body.as_ref().map_or(&[], |range| &self.frame.as_bytes()[range.clone()])
    }

    /// The call's context.
    pub fn cx(&self) -> &Cx {
        &self.cx
    }

    /// Takes the frame back for the next request.
    pub(crate) fn into_frame(self) -> Buffer {
        self.frame
    }

    pub(crate) fn home(&self) -> &Rc<Activation> {
        &self.cx.0.home
    }
}

/// What a method may take as an argument.
///
/// Extraction is synchronous, since the whole request is in memory, and what is taken may borrow from the request.
///
/// ```
/// use duractor::{FromRequest, Problem, Request};
///
/// struct ApiKey<'r>(&'r str);
///
/// impl<'r> FromRequest<'r> for ApiKey<'r> {
///     fn from_request(req: &'r Request) -> Result<Self, Problem> {
///         let key = req.header("x-api-key");
///         key.map(ApiKey).ok_or_else(|| Problem::new(401, "no-key", "send the header `x-api-key`"))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be taken from a request",
    label = "not an extractor",
    note = "an argument named like a `{{parameter}}` of the path takes that parameter; others implement `FromRequest`: `Json<T>`, `Query<T>`, `Form<T>`, `&[u8]`, `&str`, `&Request`, `&Cx`, `Headers`, `Cookies`, `Me<Self>` …; `&mut Sql` is for methods that take `&mut self` and never wait"
)]
pub trait FromRequest<'r>: Sized {
    /// Takes it.
    ///
    /// # Errors
    ///
    /// The problem that the client reads.
    fn from_request(req: &'r Request) -> Result<Self, Problem>;

    /// Whether the request has nothing to take it from, so that an `Option` is `None`.
    fn is_absent(req: &'r Request) -> bool {
        let _ = req;
        false
    }
}

/// Absent, never malformed: what is there and wrong is still an error.
impl<'r, T: FromRequest<'r>> FromRequest<'r> for Option<T> {
    fn from_request(req: &'r Request) -> Result<Self, Problem> {
        if T::is_absent(req) { Ok(None) } else { T::from_request(req).map(Some) }
    }
}

impl<'r> FromRequest<'r> for &'r Request {
    fn from_request(req: &'r Request) -> Result<Self, Problem> {
        Ok(req)
    }
}

impl<'r> FromRequest<'r> for &'r Cx {
    fn from_request(req: &'r Request) -> Result<Self, Problem> {
        Ok(&req.cx)
    }
}

impl<'r> FromRequest<'r> for Cx {
    fn from_request(req: &'r Request) -> Result<Self, Problem> {
        Ok(req.cx.clone())
    }
}

impl<'r> FromRequest<'r> for Headers<'r> {
    fn from_request(req: &'r Request) -> Result<Self, Problem> {
        Ok(req.headers())
    }
}

/// The body as it is.
impl<'r> FromRequest<'r> for &'r [u8] {
    fn from_request(req: &'r Request) -> Result<Self, Problem> {
        Ok(req.body())
    }

    fn is_absent(req: &'r Request) -> bool {
        req.body().is_empty()
    }
}

/// The body as it is.
impl<'r> FromRequest<'r> for Vec<u8> {
    fn from_request(req: &'r Request) -> Result<Self, Problem> {
        Ok(req.body().to_vec())
    }

    fn is_absent(req: &'r Request) -> bool {
        req.body().is_empty()
    }
}

/// The body as UTF-8 text.
impl<'r> FromRequest<'r> for &'r str {
    fn from_request(req: &'r Request) -> Result<Self, Problem> {
        std::str::from_utf8(req.body()).map_err(|error| {
            let detail = format!("the body is not UTF-8 from byte {} on", error.valid_up_to());
            Problem::new(400, "bad-text", detail).with("position", error.valid_up_to())
        })
    }

    fn is_absent(req: &'r Request) -> bool {
        req.body().is_empty()
    }
}

/// The body as UTF-8 text.
impl<'r> FromRequest<'r> for String {
    fn from_request(req: &'r Request) -> Result<Self, Problem> {
        <&str>::from_request(req).map(str::to_owned)
    }

    fn is_absent(req: &'r Request) -> bool {
        req.body().is_empty()
    }
}
