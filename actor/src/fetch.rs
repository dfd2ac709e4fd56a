//! Outbound requests: [`Fetch`], a builder that is a future, and its [`Reply`].

use std::{
    borrow::Cow,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use futures::future::Either;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    cache::Cache,
    cached::Cached,
    cx::{Cx, Ended},
    exchange::Headers,
    fetch_error::FetchError,
    ops::{Inbound, Outbound, Outcome, Redirects},
    response,
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
        let limits = &self.0.home.world.limits;
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
                }),
                cache: Cache::Standard,
                retry: None,
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
    Building { outbound: Box<Outbound>, cache: Cache, retry: Option<Retry>, flaw: Option<String> },
    UnderWay { asking: Asking, url: String, body_max_bytes: u32 },
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
    fn change(mut self, change: impl FnOnce(&mut Outbound) -> Result<(), String>) -> Self {
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
            outbound.headers.push(response::header(name, value.as_ref()).map_err(|error| error.to_string())?);
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
        let json = serde_json::to_vec(value).map_err(|error| error.to_string());
        let fetch = self.header("content-type", "application/json");
        fetch.change(|outbound| {
            outbound.body = Some(json?);
            Ok(())
        })
    }

    /// Sets the body of a form with its content type.
    pub fn form(self, value: &impl Serialize) -> Self {
        let form = serde_html_form::to_string(value).map_err(|error| error.to_string());
        let fetch = self.header("content-type", "application/x-www-form-urlencoded");
        fetch.change(|outbound| {
            outbound.body = Some(form?.into_bytes());
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

    fn start(&mut self) -> Result<(), FetchError> {
        let Progress::Building { outbound, cache, retry, flaw } = std::mem::replace(&mut self.progress, Progress::Over)
        else {
            return Ok(());
        };
        let (url, body_max_bytes) = (outbound.url.clone(), outbound.body_max_bytes);
        let bodiless = matches!(outbound.method.as_str(), "GET" | "HEAD");
        let flaw = flaw
            .or_else(|| (bodiless && outbound.body.is_some()).then(|| format!("a {} has no body", outbound.method)))
            .or_else(|| retry.and_then(|_| retry::flaw(&outbound)));
        if let Some(reason) = flaw {
            return Err(FetchError::InvalidRequest { url, reason });
        }
        let call = self.cx.0.clone();
        let asking = match retry {
            None => Either::Left(Cached::new(call, outbound, cache)),
            Some(retry) => Either::Right(Box::pin(retry::persist(call, outbound, cache, retry)) as Pin<Box<_>>),
        };
        self.progress = Progress::UnderWay { asking, url, body_max_bytes };
        Ok(())
    }
}

impl Future for Fetch {
    type Output = Result<Reply, FetchError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if matches!(self.progress, Progress::Building { .. }) {
            self.start()?;
        }
        let Progress::UnderWay { asking, url, body_max_bytes } = &mut self.progress else {
            panic!("a request was polled after it had ended");
        };
        let Poll::Ready(ended) = Pin::new(asking).poll(cx) else { return Poll::Pending };
        let (url, max) = (std::mem::take(url), *body_max_bytes);
        self.progress = Progress::Over;
        Poll::Ready(match ended {
            Ended::Done(outcome) => reply(outcome, url, max),
            Ended::Refused(max) => Err(FetchError::TooManyOperations { url, max }),
            Ended::Orphaned => Err(FetchError::Cancelled { url }),
        })
    }
}

fn reply(outcome: Outcome, url: String, body_max_bytes: u32) -> Result<Reply, FetchError> {
    match outcome {
        Ok(inbound) => Ok(Reply { url, inbound }),
        Err(failed) => Err(FetchError::from_code(failed.code, &failed.text, &url, body_max_bytes)),
    }
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

    /// The body as text; what is not UTF-8 is replaced by U+FFFD.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.bytes())
    }

    /// The body as JSON.
    ///
    /// # Errors
    ///
    /// If it is not JSON, or not a `T`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(self.bytes())
    }

    /// The headers, in the order of arrival.
    pub fn headers(&self) -> Headers<'_> {
        self.inbound.headers()
    }

    /// The first header of that name, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.headers().get(name)?).ok()
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
