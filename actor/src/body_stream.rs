//! Bodies that come and go piece by piece: [`BodyStream`], [`StreamReply`], and what writes a body.

use std::{
    fmt,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use futures::stream::{Stream, StreamExt};

use crate::{
    activation::Call,
    cx::{Ended, Operation},
    exchange::Headers,
    fetch_error::FetchError,
    ops::{Inbound, Push, Want},
    problem::{Error, Problem},
    refusal::client_gone,
    response::{ContentType, Flow, IntoResponse, Pipe, Response, flow, header},
};

/// Headers that are of a connection, or that the runtime sets by itself
/// ([RFC 9110 section 7.6.1](https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1)).
const NOT_PASSED: [&str; 8] = [
    "connection",
    "content-length",
    "keep-alive",
    "proxy-authenticate",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// The body of an answer, piece by piece: a [`Stream`] of `Result<Bytes, FetchError>`. Pieces are as they come, 64 KiB at
/// most, none is empty. Each may take as long as the request's [`timeout`](crate::Fetch::timeout).
///
/// A call that takes such a body is not run again after a trap: what has come is not kept. Dropping it gives the rest up.
///
/// As a reply it goes to the client as it comes, without coming into memory.
pub struct BodyStream {
    call: Rc<Call>,
    url: String,
    body: Body,
    time_max: Duration,
}

enum Body {
    /// What is there already.
    Whole(Bytes),
    /// The request that brings it.
    Remote(i32),
    Pulled(i32, Operation),
    Over,
}

impl fmt::Debug for BodyStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BodyStream({})", self.url)
    }
}

impl BodyStream {
    fn ended(&mut self, id: i32, ended: Ended) -> Option<Result<Bytes, FetchError>> {
        let failed = match ended {
            Ended::Done(Ok(piece)) if piece.body.as_bytes().is_empty() => return None,
            Ended::Done(Ok(piece)) => {
                self.body = Body::Remote(id);
                return Some(Ok(Bytes::copy_from_slice(piece.body.as_bytes())));
            }
            ended => ended.answer(std::mem::take(&mut self.url), u32::MAX).map(drop),
        };
        self.call.release(id);
        failed.err().map(Err)
    }
}

impl Stream for BodyStream {
    type Item = Result<Bytes, FetchError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Body::Remote(id) = this.body {
            let want = Want::Pull { from: id, time_max: this.time_max };
            this.body = Body::Pulled(id, Operation::new(this.call.clone(), want));
        }
        let (id, ended) = match &mut this.body {
            Body::Pulled(id, operation) => (*id, ready!(Pin::new(operation).poll(cx))),
            Body::Whole(bytes) if !bytes.is_empty() => return Poll::Ready(Some(Ok(std::mem::take(bytes)))),
            _ => return Poll::Ready(None),
        };
        this.body = Body::Over;
        Poll::Ready(this.ended(id, ended))
    }
}

impl Drop for BodyStream {
    fn drop(&mut self) {
        if let Body::Remote(id) | Body::Pulled(id, _) = self.body {
            self.call.release(id);
        }
    }
}

impl Pipe for BodyStream {
    fn number(&self) -> f64 {
        self.call.number
    }

    fn into_flow(self: Box<Self>) -> Flow {
        flow(*self)
    }

    fn detach(mut self: Box<Self>) -> i32 {
        match std::mem::replace(&mut self.body, Body::Over) {
            Body::Remote(id) => id,
            _ => unreachable!("only a body that the host has is made a pipe"),
        }
    }
}

impl IntoResponse for BodyStream {
    fn into_response(mut self) -> Response {
        match &mut self.body {
            Body::Remote(_) => Response::pipe(self),
            Body::Pulled(..) => Response::stream(self),
            Body::Whole(bytes) => Response::bytes(std::mem::take(bytes)),
            Body::Over => Response::bytes(Bytes::new()),
        }
    }
}

/// The answer to an outbound request whose body comes piece by piece; see [`Fetch::stream`](crate::Fetch::stream).
///
/// As a reply it is that answer: its status, its headers but those of the connection, and its body as it comes.
pub struct StreamReply {
    inbound: Inbound,
    body: BodyStream,
}

impl fmt::Debug for StreamReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StreamReply({} from {})", self.status(), self.url())
    }
}

impl StreamReply {
    pub(crate) fn new(call: Rc<Call>, url: String, time_max: Duration, inbound: Inbound) -> Self {
        let body = match inbound.pulled {
            Some(id) => Body::Remote(id),
            None => Body::Whole(Bytes::copy_from_slice(inbound.body.as_bytes())),
        };
        Self { inbound, body: BodyStream { call, url, body, time_max } }
    }

    /// The status, 200-599.
    pub fn status(&self) -> u16 {
        self.inbound.status
    }

    /// Where the request went.
    pub fn url(&self) -> &str {
        &self.body.url
    }

    /// The headers, in the order of arrival.
    pub fn headers(&self) -> Headers<'_> {
        self.inbound.headers()
    }

    /// The first header of that name, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.inbound.header(name)
    }

    /// The reply, if its status is below 400.
    ///
    /// # Errors
    ///
    /// [`FetchError::Status`] otherwise.
    pub fn error_for_status(self) -> Result<Self, FetchError> {
        match self.status() {
            ..400 => Ok(self),
            status => Err(FetchError::Status { url: self.url().to_owned(), status }),
        }
    }

    /// The body.
    pub fn into_body(self) -> BodyStream {
        self.body
    }
}

impl IntoResponse for StreamReply {
    fn into_response(self) -> Response {
        let Self { inbound, body } = self;
        let mut response = body.into_response();
        (response.status, response.content_type) = (inbound.status, ContentType::None);
        for (name, value) in inbound.headers().iter().filter(|(name, _)| !NOT_PASSED.contains(name)) {
            // What is no header by HTTP's own rules is not passed on.
            let Ok((name, value)) = header(name, value) else { continue };
            response.add(name, value);
        }
        response
    }
}

/// Writes a reply's body after its head has left. What it ends with tells the host whether it is whole.
pub(crate) async fn write_reply(call: Rc<Call>, mut flow: Flow) -> Response {
    match push_all(&call, None, &mut flow).await {
        Ok(()) => ().into_response(),
        Err(Broken::Stream(error)) => error.into_response(),
        // The client is gone, or takes nothing.
        Err(Broken::Taker(Ended::Refused(max))) => {
            let url = "the reply".to_owned();
            Error::new(Problem::internal(), FetchError::TooManyOperations { url, max }).into_response()
        }
        Err(Broken::Taker(_)) => client_gone(),
    }
}

/// Why a body is not written to its end.
pub(crate) enum Broken {
    /// It cannot be made.
    Stream(Error),
    /// Nobody takes it, or not now.
    Taker(Ended),
}

/// Hands a body over, the next piece when the one before was taken.
pub(crate) async fn push_all(call: &Rc<Call>, to: Option<i32>, flow: &mut Flow) -> Result<(), Broken> {
    while let Some(piece) = flow.next().await {
        let piece = piece.map_err(Broken::Stream)?;
        // No byte at all would read as the end.
        if !piece.is_empty() {
            push(call, to, Some(piece.into())).await?;
        }
    }
    push(call, to, None).await
}

async fn push(call: &Rc<Call>, to: Option<i32>, piece: Option<Vec<u8>>) -> Result<(), Broken> {
    let time_max = call.home.limits.operation_time_max;
    let push = Want::Push(Box::new(Push { to, piece, time_max }));
    match Operation::new(call.clone(), push).await {
        Ended::Done(Ok(_)) => Ok(()),
        ended => Err(Broken::Taker(ended)),
    }
}
