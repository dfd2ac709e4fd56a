//! Outbound requests: [`Fetch`], a builder that is a future, and its [`Reply`].

use std::{
    borrow::Cow,
    fmt,
    future::Future,
    pin::{Pin, pin},
    rc::Rc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use futures::{
    future::{Either, select},
    poll,
    stream::{Stream, TryStreamExt},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    activation::Call,
    body_stream::{Broken, StreamReply, push_all},
    breaker::Breaker,
    cache::Cache,
    cached::Cached,
    cx::{Cx, Ended},
    exchange::Headers,
    failure,
    fetch_error::FetchError,
    ops::{Failed, Inbound, Outbound, Part, Redirects},
    problem::Error,
    response::{self, Flow},
    retry::{self, Retry},
};

impl Cx {
    /// A request with any method. URLs are absolute; one that begins with `/` goes to this worker's own routes, to the
    /// actor that they name, without leaving the platform.
    ///
    /// The builder is the future. It starts at its first poll, so that several run at once under
    /// [`join_all`](futures::future::join_all) and its kin, and dropping it cancels the request.
    ///
    /// ```
    /// # use duractor::{Cx, Result};
    /// # use std::time::Duration;
    /// # async fn notify(cx: &Cx) -> Result<()> {
    /// let reply = cx
    ///     .fetch("PUT", "https://hooks.example/orders/7")
    ///     .header("authorization", "Bearer …")
    ///     .body("shipped")
    ///     .timeout(Duration::from_secs(2))
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub fn fetch(&self, method: impl Into<String>, url: impl Into<String>) -> Fetch {
        let limits = &self.0.home.limits;
        Fetch {
            cx: self.clone(),
            progress: Progress::Building {
                outbound: Box::new(Outbound {
                    method: method.into(),
                    url: url.into(),
                    headers: Vec::new(),
                    body: None,
                    time_max: limits.operation_time_max,
                    body_max_bytes: limits.fetch_body_max_bytes,
                    redirects: Redirects::Follow,
                    share: None,
                    breaker: None,
                    is_pulled: false,
                    is_pushed: false,
                }),
                cache: Cache::Standard,
                retry: None,
                source: None,
                flaw: None,
            },
        }
    }

    /// A GET.
    pub fn get(&self, url: impl Into<String>) -> Fetch {
        self.fetch("GET", url)
    }

    /// A HEAD.
    pub fn head(&self, url: impl Into<String>) -> Fetch {
        self.fetch("HEAD", url)
    }

    /// A POST.
    pub fn post(&self, url: impl Into<String>) -> Fetch {
        self.fetch("POST", url)
    }

    /// A PUT.
    pub fn put(&self, url: impl Into<String>) -> Fetch {
        self.fetch("PUT", url)
    }

    /// A PATCH.
    pub fn patch(&self, url: impl Into<String>) -> Fetch {
        self.fetch("PATCH", url)
    }

    /// A DELETE.
    pub fn delete(&self, url: impl Into<String>) -> Fetch {
        self.fetch("DELETE", url)
    }
}

/// An outbound request; see [`Cx::fetch`].
///
/// A flaw in what is built, such as a header value with a line break, is the error of the `await`.
#[must_use = "a request is sent when it is awaited"]
pub struct Fetch {
    cx: Cx,
    progress: Progress,
}

enum Progress {
    Building {
        outbound: Box<Outbound>,
        cache: Cache,
        retry: Option<Retry>,
        /// Where the body comes from, piece by piece.
        source: Option<Flow>,
        flaw: Option<FetchError>,
    },
    UnderWay {
        asking: Asking,
        url: String,
        body_max_bytes: u32,
        time_max: Duration,
    },
    Over,
}

/// Once, or as often as it takes.
type Asking = Either<Cached, Pin<Box<dyn Future<Output = Ended>>>>;

impl fmt::Debug for Fetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.progress {
            Progress::Building { outbound, .. } => write!(f, "Fetch({} {})", outbound.method, outbound.url),
            Progress::UnderWay { url, .. } => write!(f, "Fetch({url}, under way)"),
            Progress::Over => f.write_str("Fetch(over)"),
        }
    }
}

impl Fetch {
    fn change(mut self, change: impl FnOnce(&mut Outbound) -> Result<(), FetchError>) -> Self {
        match &mut self.progress {
            Progress::Building { outbound, flaw, .. } => {
                if let Err(found) = change(outbound) {
                    flaw.get_or_insert(found);
                }
            }
            _ => panic!("the request has left already"),
        }
        self
    }

    /// Adds a header.
    pub fn header(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.change(|outbound| {
            let header = response::header(name, value.as_ref())
                .map_err(|error| FetchError::InvalidHeader { url: outbound.url.clone(), reason: error.to_string() });
            outbound.headers.push(header?);
            Ok(())
        })
    }

    /// Sets the body, without a content type.
    pub fn body(self, body: impl Into<Vec<u8>>) -> Self {
        self.change(|outbound| {
            outbound.body = Some(body.into());
            Ok(())
        })
    }

    /// Sets a JSON body with its content type.
    pub fn json(self, value: &impl Serialize) -> Self {
        let json = serde_json::to_vec(value);
        let fetch = self.header("content-type", "application/json");
        fetch.change(|outbound| {
            outbound.body = Some(json.map_err(|error| invalid(outbound, error))?);
            Ok(())
        })
    }

    /// Sets the body of a form with its content type.
    pub fn form(self, value: &impl Serialize) -> Self {
        let form = serde_html_form::to_string(value);
        let fetch = self.header("content-type", "application/x-www-form-urlencoded");
        fetch.change(|outbound| {
            outbound.body = Some(form.map_err(|error| invalid(outbound, error))?.into_bytes());
            Ok(())
        })
    }

    /// The longest time that the whole answer may take, all attempts together; without it
    /// [`Limits::operation_time_max`](crate::Limits).
    pub fn timeout(self, limit: Duration) -> Self {
        self.change(|outbound| {
            outbound.time_max = limit;
            Ok(())
        })
    }

    /// The greatest body that the answer may have; without it [`Limits::fetch_body_max_bytes`](crate::Limits).
    pub fn body_max_bytes(self, max: u32) -> Self {
        self.change(|outbound| {
            outbound.body_max_bytes = max;
            Ok(())
        })
    }

    /// What to do with a redirect.
    pub fn redirects(self, redirects: Redirects) -> Self {
        self.change(|outbound| {
            outbound.redirects = redirects;
            Ok(())
        })
    }

    /// How the cache is used; see [`Cache`].
    ///
    /// ```
    /// # use duractor::{Cache, Cx, Result, secs};
    /// # async fn rate(cx: &Cx) -> Result<String> {
    /// let rate = cx.get("https://rates.example/eur").cache(Cache::FreshFor(secs(60))).await?;
    /// # Ok(rate.text().into_owned()) }
    /// ```
    pub fn cache(mut self, mode: Cache) -> Self {
        if let Progress::Building { cache, .. } = &mut self.progress {
            *cache = mode;
        }
        self
    }

    /// Has the request made again if it fails in a way that may pass; see [`Retry`]. What the last attempt came to is
    /// what the request comes to.
    ///
    /// [`timeout`](Self::timeout) is the limit of all attempts and waits together: nothing is begun that it would cut off.
    ///
    /// ```
    /// # use duractor::{Cx, Result, Retry, secs};
    /// # async fn charge(cx: &Cx, order: &str) -> Result<()> {
    /// cx.post("https://bank.example/charges")
    ///     .header("idempotency-key", order)
    ///     .retry(Retry::attempts(3).attempt_timeout(secs(2)))
    ///     .await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`FetchError::InvalidRequest`] if it may not be made twice: its method is not idempotent (GET, HEAD, OPTIONS, TRACE,
    /// PUT or DELETE), and it has no header `Idempotency-Key`.
    pub fn retry(mut self, policy: Retry) -> Self {
        if let Progress::Building { retry, .. } = &mut self.progress {
            *retry = Some(policy);
        }
        self
    }

    /// Leaves an origin alone that keeps failing; see [`Breaker`]. The cache answers all the same, as it does when the
    /// origin fails.
    ///
    /// ```
    /// # use duractor::{Breaker, Cx, Result};
    /// # async fn rate(cx: &Cx) -> Result<String> {
    /// let rate = cx.get("https://rates.example/eur").breaker(Breaker::after(5)).await?;
    /// # Ok(rate.text().into_owned()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`FetchError::CircuitOpen`] while it is left alone.
    pub fn breaker(self, breaker: Breaker) -> Self {
        self.change(|outbound| {
            outbound.breaker = Some(breaker);
            Ok(())
        })
    }

    /// Sends a body piece by piece, without a content type: the next piece is taken from the stream when the one before was
    /// taken by the connection. Each may wait as long as [`Limits::operation_time_max`](crate::Limits); the whole request as
    /// long as its [`timeout`](Self::timeout).
    ///
    /// A call that sends such a body is not run again after a trap.
    ///
    /// ```
    /// # use duractor::{Cx, FetchError, Result};
    /// # async fn copy(cx: &Cx) -> Result<()> {
    /// let from = cx.get("https://files.example/a").stream().await?;
    /// cx.put("https://backup.example/a").body_stream(from.into_body()).await?.error_for_status()?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`FetchError::BodyFailed`] if the stream ends with an error; [`FetchError::InvalidRequest`] if the request is to be
    /// made [again](Self::retry), since there is only one stream.
    pub fn body_stream<S, B, E>(mut self, stream: S) -> Self
    where
        S: Stream<Item = Result<B, E>> + 'static,
        B: Into<Bytes>,
        E: Into<Error>,
    {
        if let Progress::Building { outbound, source, .. } = &mut self.progress {
            outbound.is_pushed = true;
            *source = Some(response::flow(stream));
        }
        self
    }

    /// Takes the answer as soon as its head is there, and its body piece by piece, however large it is. The cache neither
    /// answers such a request nor keeps its answer; [`timeout`](Self::timeout) is the longest time until the head comes, and
    /// then until each piece does.
    ///
    /// ```
    /// # use duractor::{Cx, Result, StreamReply};
    /// use futures::StreamExt;
    ///
    /// # async fn lines(cx: &Cx) -> Result<usize> {
    /// let mut body = cx.get("https://files.example/large.csv").stream().await?.into_body();
    /// let mut lines = 0;
    /// while let Some(piece) = body.next().await {
    ///     lines += piece?.iter().filter(|byte| **byte == b'\n').count();
    /// }
    /// # Ok(lines) }
    /// ```
    pub fn stream(self) -> FetchStream {
        FetchStream(self.change(|outbound| {
            outbound.is_pulled = true;
            Ok(())
        }))
    }

    fn start(&mut self) -> Result<(), FetchError> {
        let Progress::Building { outbound, cache, retry, source, flaw } =
            std::mem::replace(&mut self.progress, Progress::Over)
        else {
            return Ok(());
        };
        let (url, body_max_bytes) = (outbound.url.clone(), outbound.body_max_bytes);
        let bodiless = matches!(outbound.method.as_str(), "GET" | "HEAD");
        let has_body = outbound.body.is_some() || source.is_some();
        let flaw = flaw
            .or_else(|| url_flaw(&url))
            .or_else(|| {
                let (url, method) = (url.clone(), outbound.method.clone());
                (bodiless && has_body).then_some(FetchError::BodyNotAllowed { url, method })
            })
            .or_else(|| retry.and_then(|_| retry::flaw(&outbound)).map(|flaw| invalid(&outbound, flaw)));
        if let Some(flaw) = flaw {
            return Err(flaw);
        }
        let call = self.cx.0.clone();
        let time_max = outbound.time_max;
        let asking = match (source, retry) {
            (Some(source), _) => Either::Right(Box::pin(upload(call, outbound, cache, source)) as Pin<Box<_>>),
            (None, Some(retry)) => Either::Right(Box::pin(retry::persist(call, outbound, cache, retry)) as Pin<Box<_>>),
            (None, None) => Either::Left(Cached::new(call, outbound, cache)),
        };
        self.progress = Progress::UnderWay { asking, url, body_max_bytes, time_max };
        Ok(())
    }
}

impl Fetch {
    /// The answer, with the URL and what each piece of its body may take.
    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<Result<(Inbound, String, Duration), FetchError>> {
        if matches!(self.progress, Progress::Building { .. }) {
            self.start()?;
        }
        let Progress::UnderWay { asking, url, body_max_bytes, time_max } = &mut self.progress else {
            panic!("a request was polled after it had ended");
        };
        let ended = ready!(Pin::new(asking).poll(cx));
        let (url, max, time_max) = (std::mem::take(url), *body_max_bytes, *time_max);
        self.progress = Progress::Over;
        Poll::Ready(ended.answer(url.clone(), max).map(|inbound| (inbound, url, time_max)))
    }
}

impl Future for Fetch {
    type Output = Result<Reply, FetchError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.poll_answer(cx).map_ok(|(inbound, url, _)| Reply { url, inbound })
    }
}

/// An outbound request whose answer's body comes piece by piece; see [`Fetch::stream`].
#[must_use = "a request is sent when it is awaited"]
#[derive(Debug)]
pub struct FetchStream(Fetch);

impl Future for FetchStream {
    type Output = Result<StreamReply, FetchError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let (inbound, url, time_max) = ready!(self.0.poll_answer(cx))?;
        Poll::Ready(Ok(StreamReply::new(self.0.cx.0.clone(), url, time_max, inbound)))
    }
}

fn invalid(outbound: &Outbound, reason: impl fmt::Display) -> FetchError {
    FetchError::InvalidRequest { url: outbound.url.clone(), reason: reason.to_string() }
}

/// What is wrong with a URL at first sight; the runtime looks closer.
fn url_flaw(url: &str) -> Option<FetchError> {
    let invalid = |reason: &str| Some(FetchError::InvalidUrl { url: url.to_owned(), reason: reason.to_owned() });
    let trimmed = url.trim_start();
    if trimmed.starts_with('/') {
        return None;
    }
    let Some((scheme, rest)) = trimmed.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) else {
        return invalid("it is not absolute: it begins with neither https:// nor /");
    };
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return Some(FetchError::UnsupportedScheme { url: url.to_owned() });
    }
    if rest.trim_start_matches(['/', '\\']).is_empty() { invalid("it has no host") } else { None }
}

/// <https://www.rfc-editor.org/rfc/rfc3986#section-3.1>
fn is_scheme(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.bytes().all(is_part)
}

/// Sends a body beside the request that takes it.
async fn upload(call: Rc<Call>, mut outbound: Box<Outbound>, mode: Cache, mut source: Flow) -> Ended {
    if call.instant.is_some() {
        // There, nothing is beside the answer.
        outbound.body = match source.map_ok(|piece| piece.to_vec()).try_concat().await {
            Ok(body) => Some(body),
            Err(error) => return body_failed(&error),
        };
        return Cached::new(call, outbound, mode).await;
    }
    let mut asking = Cached::new(call.clone(), outbound, mode);
    if let Poll::Ready(ended) = poll!(&mut asking) {
        return ended;
    }
    let pushing = pin!(push_all(&call, asking.id(), &mut source));
    match select(asking, pushing).await {
        // An upstream may answer before it has the whole body.
        Either::Left((ended, _)) => ended,
        Either::Right((Err(Broken::Stream(error)), _)) => body_failed(&error),
        Either::Right((Err(Broken::Taker(ended)), _)) if !is_over(&ended) => ended,
        // Who does not take the body says why in the answer.
        Either::Right((_, asking)) => asking.await,
    }
}

/// Whether a piece was not taken since the request was over, rather than late or too much.
fn is_over(ended: &Ended) -> bool {
    matches!(ended, Ended::Done(Err(failed)) if failed.code != failure::TIMEOUT)
}

fn body_failed(error: &Error) -> Ended {
    Ended::Done(Err(Failed { code: failure::BODY_FAILED, text: error.to_string() }))
}

/// The answer to an outbound request, whatever its status, whole in memory.
#[derive(Clone)]
pub struct Reply {
    url: String,
    inbound: Inbound,
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply({} from {}, {} bytes)", self.status(), self.url, self.bytes().len())
    }
}

impl Reply {
    /// The status, 200-599.
    pub fn status(&self) -> u16 {
        self.inbound.status
    }

    /// Where the request went.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The body.
    pub fn bytes(&self) -> &[u8] {
        self.inbound.body.as_bytes()
    }

    /// Whether the actor's cache has answered, with or without asking the upstream whether its answer is still valid. A call
    /// that is run again after a trap is told the answer, not where it came from.
    pub fn is_from_cache(&self) -> bool {
        matches!(self.inbound.headers, Part::Kept(_))
    }

    /// The body as text; what is not UTF-8 is replaced by U+FFFD.
    pub fn text(&self) -> Cow<'_, str> {
        self.inbound.text()
    }

    /// The body as JSON.
    ///
    /// # Errors
    ///
    /// If it is not JSON, or not a `T`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        self.inbound.json()
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
            status => Err(FetchError::Status { url: self.url, status }),
        }
    }
}
