//! Whole HTTP requests in, whole responses out.

use std::{borrow::Cow, fmt};

use serde::{Serialize, de::DeserializeOwned};

use super::{Native, Pending};
use crate::{
    exchange::{Buffer, Frame, FrameWriter, Headers},
    outbox::Outbox,
    problem::Problem,
    request::{METHODS, REQUEST_SLOTS},
    response::{COMMON_TYPES, IntoResponse},
};

/// A request to the worker, before it is sent.
///
/// ```
/// # use duractor::{prelude::*, Native};
/// # #[derive(Default, Actor)]
/// # struct Counter { count: u64 }
/// # #[methods]
/// # impl Counter { #[post("/add/{by}")] fn add(&mut self, by: u64) -> u64 { self.count += by; self.count } }
/// # #[routes]
/// # fn routes() -> Router { Router::new().mount::<Counter>("/counter/{name}", "{name}") }
/// let native = Native::new().routes(routes());
/// let response = native.post("/counter/ann/add/5").header("x-request-id", "7").send();
/// assert_eq!((response.status, response.text().as_ref()), (200, "5"));
/// ```
#[must_use = "a request is sent by `send` or `start`"]
#[derive(Clone)]
pub struct RequestBuilder<'n> {
    native: &'n Native,
    pub(crate) message: Message,
}

impl fmt::Debug for RequestBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestBuilder({} {})", self.message.method, self.message.target)
    }
}

/// The parts of a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Message {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Option<Vec<u8>>,
}

impl Message {
    /// Writes a request's frame (docs/exchange.md).
    pub(crate) fn frame(&self, number: f64, chain: Option<&Chained>) -> Buffer {
        let mut buffer = Buffer::default();
        let mut frame = FrameWriter::begin(&mut buffer, REQUEST_SLOTS);
        match METHODS.iter().position(|method| *method == self.method) {
            Some(code) => frame.i32(0, code as i32),
            None => frame.str(0, &self.method),
        }
        frame.str(1, &self.target);
        if let Some(body) = &self.body {
            frame.bytes(2, body);
        }
        frame.headers(3, self.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())));
        if let Some(chain) = chain {
            frame.frame(4, 2 + chain.tasks.len(), |frame| chain.write(frame));
        }
        frame.f64(5, number);
        frame.finish();
        buffer
    }
}

/// The calls of the same actor that wait for a request.
#[derive(Clone, Debug)]
pub(crate) struct Chained {
    pub(crate) text: String,
    pub(crate) tasks: Vec<u32>,
}

impl Chained {
    fn write(&self, frame: &mut FrameWriter<'_>) {
        frame.str(0, &self.text);
        frame.i32(1, self.tasks.len() as i32);
        for (slot, task) in (2..).zip(&self.tasks) {
            frame.i32(slot, task.cast_signed());
        }
    }
}

impl<'n> RequestBuilder<'n> {
    pub(crate) fn new(native: &'n Native, method: &str, target: &str) -> Self {
        let message = Message { method: method.into(), target: target.into(), ..Message::default() };
        Self { native, message }
    }

    /// Adds a header.
    ///
    /// # Panics
    ///
    /// If the name is not ASCII.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        assert!(name.is_ascii(), "`{name}` is not a header name");
        self.message.headers.push((name.to_ascii_lowercase(), value.as_ref().to_vec()));
        self
    }

    /// Sets the body, without a content type.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.message.body = Some(body.into());
        self
    }

    /// Sets a JSON body with its content type.
    ///
    /// # Panics
    ///
    /// If the value cannot be written as JSON.
    pub fn json(self, value: &impl Serialize) -> Self {
        let json = serde_json::to_vec(value).expect("a request's value is plain data");
        self.header("content-type", "application/json").body(json)
    }

    /// Sets the body of a form with its content type.
    ///
    /// # Panics
    ///
    /// If the value is not a list of fields.
    pub fn form(self, value: &impl Serialize) -> Self {
        let form = serde_html_form::to_string(value).expect("a form's value is a list of fields");
        self.header("content-type", "application/x-www-form-urlencoded").body(form)
    }

    /// Sends the request and lets the clock run until the response is there.
    ///
    /// # Panics
    ///
    /// If it waits for something that cannot happen.
    pub fn send(self) -> Response {
        self.start().wait()
    }

    /// Sends the request and goes on, so that several are under way at once.
    pub fn start(self) -> Pending<'n> {
        self.native.begin(self.message)
    }
}

/// A response of the worker.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The status, 200-599.
    pub status: u16,
    /// Names in lower case, and values, in order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub body: Vec<u8>,
    /// Whether the body broke off: it was written [piece by piece](crate::Response::stream), and not to its end.
    pub is_cut: bool,
}

impl Response {
    /// From a response's frame (docs/exchange.md); a HEAD has no body.
    pub(crate) fn read(frame: &Frame<'_>, is_head: bool) -> Self {
        let status = frame.i32(0).expect("a response has a status") as u16;
        let content_type = match frame.i32(1) {
            Ok(code) => Some(COMMON_TYPES[code as usize]),
            Err(_) => frame.opt_str(1).expect("a content type is a number or a string"),
        };
        let mut headers: Vec<_> = content_type.map(|value| ("content-type".into(), value.into())).into_iter().collect();
        let others = frame.opt_bytes(3).expect("headers are bytes").unwrap_or_default();
        let others = Headers::new(others).expect("the response's headers are whole");
        headers.extend(others.iter().map(|(name, value)| (name.to_owned(), value.to_vec())));
        let bytes = if frame.i32(2).is_ok() { None } else { frame.opt_bytes(2).expect("a body is bytes") };
        Self { status, headers, body: bytes.filter(|_| !is_head).unwrap_or_default().to_vec(), is_cut: false }
    }

    /// What a client reads that should try again.
    pub(crate) fn of_problem(problem: Problem) -> Self {
        Self::of(problem.into_response().retry_after(1))
    }

    /// What a client reads of a reply.
    pub(crate) fn of(reply: crate::response::Response) -> Self {
        let mut outbox = Outbox::new(false);
        outbox.respond(0.0, reply);
        let frame = Frame::new(outbox.frames().as_bytes(), REQUEST_SLOTS).expect("the frame was just written");
        Self::read(&frame, false)
    }

    /// Adds a cookie, unless the method has set one of that name.
    pub(crate) fn set_cookie(&mut self, cookie: String) {
        let name = cookie.split_inclusive('=').next().unwrap_or_default().as_bytes();
        if !self.headers.iter().any(|(known, value)| known == "set-cookie" && value.starts_with(name)) {
            self.headers.push(("set-cookie".into(), cookie.into_bytes()));
            // It is for one visitor, and no cache is to hand it to another.
            if self.header("cache-control").is_none() {
                self.headers.push(("cache-control".into(), b"no-store".to_vec()));
            }
        }
    }

    /// The first header of that name, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(value).ok()
    }

    /// The body as text; what is not UTF-8 is replaced by U+FFFD.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// The body as JSON.
    ///
    /// # Panics
    ///
    /// If it is not a `T`.
    pub fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {}", self.text()))
    }
}
