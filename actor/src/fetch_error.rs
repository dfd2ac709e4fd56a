//! Why an outbound request failed.

use std::{error::Error as StdError, fmt, time::Duration};

use crate::{failure, time::millis};

/// An outbound request without an answer.
///
/// An answer with a status of 400 or more is not an error: see
/// [`Reply::error_for_status`](crate::Reply::error_for_status).
///
/// ```
/// # use duractor::{Cx, FetchError};
/// # async fn rate(cx: &Cx) -> Result<String, FetchError> {
/// match cx.get("https://rates.example/eur").await {
///     Ok(reply) => Ok(reply.text().into_owned()),
///     Err(FetchError::Timeout { .. }) => Ok("slow today".into()),
///     Err(other) => Err(other),
/// }
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FetchError {
    /// The URL is none, or not absolute. (One that begins with `/` goes to the worker's own routes.)
    InvalidUrl {
        /// Where to.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The URL's scheme is neither `http` nor `https`.
    UnsupportedScheme {
        /// Where to.
        url: String,
    },
    /// A header cannot be sent: its name is none, its value has a line break or another control character, or the runtime
    /// sets it.
    InvalidHeader {
        /// Where to.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A GET or a HEAD has no body.
    BodyNotAllowed {
        /// Where to.
        url: String,
        /// The method.
        method: String,
    },
    /// The request cannot be sent, or not again, for another reason.
    InvalidRequest {
        /// Where to.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The host refused the connection.
    ConnectionRefused {
        /// Where to.
        url: String,
    },
    /// The host's name is not known.
    HostNotFound {
        /// Where to.
        url: String,
    },
    /// There was no whole answer in time.
    Timeout {
        /// Where to.
        url: String,
    },
    /// The answer's body is larger than allowed.
    BodyTooLarge {
        /// Where to.
        url: String,
        /// What was allowed, in bytes.
        max_bytes: u32,
    },
    /// The stream that the request's body came from has ended with an error.
    BodyFailed {
        /// Where to.
        url: String,
        /// What the stream said.
        reason: String,
    },
    /// The connection ended before the answer did.
    ConnectionLost {
        /// Where to.
        url: String,
    },
    /// The call that started the request has ended.
    Cancelled {
        /// Where to.
        url: String,
    },
    /// The call has as many operations under way as it may.
    TooManyOperations {
        /// Where to.
        url: String,
        /// How many it may have.
        max: u32,
    },
    /// The host has failed again and again, and is left alone for a while: see [`Breaker`](crate::Breaker).
    CircuitOpen {
        /// Where to.
        url: String,
        /// For how long, at least; nothing while another request finds out.
        retry_after: Duration,
    },
    /// The answer's status is 400 or more; made by [`Reply::error_for_status`](crate::Reply::error_for_status).
    Status {
        /// Where to.
        url: String,
        /// The answer's status.
        status: u16,
    },
    /// Redirects led on and on: more than 20.
    TooManyRedirects {
        /// Where to.
        url: String,
    },
    /// The answer is a redirect, which [`Redirects::Error`](crate::Redirects) forbids.
    Redirected {
        /// Where to.
        url: String,
    },
    /// What came is not an answer of HTTP. workerd calls that an internal error, and calls a host whose name is not known one,
    /// too.
    InvalidAnswer {
        /// Where to.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Anything else that the platform reports.
    Other {
        /// Where to.
        url: String,
        /// In the platform's words.
        reason: String,
    },
}

impl FetchError {
    /// From a failure's code in a resume frame (docs/exchange.md).
    pub(crate) fn from_code(code: i32, reason: &str, url: &str, max_bytes: u32) -> Self {
        let (reason, url) = (&reason.replace(url, redacted(url)), url.to_owned());
        match code {
            failure::INVALID => Self::InvalidRequest { url, reason: reason.to_owned() },
            // The runtime's words have the URL in them.
            failure::INVALID_URL => Self::InvalidUrl { url, reason: "the runtime cannot read it".to_owned() },
            failure::REFUSED => Self::ConnectionRefused { url },
            failure::NOT_FOUND => Self::HostNotFound { url },
            failure::TIMEOUT => Self::Timeout { url },
            failure::TOO_LARGE => Self::BodyTooLarge { url, max_bytes },
            failure::LOST => Self::ConnectionLost { url },
            failure::CANCELLED => Self::Cancelled { url },
            failure::BODY_FAILED => Self::BodyFailed { url, reason: reason.to_owned() },
            failure::TOO_MANY_REDIRECTS => Self::TooManyRedirects { url },
            failure::REDIRECTED => Self::Redirected { url },
            failure::CIRCUIT_OPEN => Self::CircuitOpen { url, retry_after: millis(reason.parse().unwrap_or_default()) },
            failure::INVALID_ANSWER => Self::InvalidAnswer { url, reason: reason.to_owned() },
            _ => Self::Other { url, reason: reason.to_owned() },
        }
    }

    /// Where the request went.
    pub fn url(&self) -> &str {
        match self {
            Self::InvalidUrl { url, .. }
            | Self::UnsupportedScheme { url }
            | Self::InvalidHeader { url, .. }
            | Self::BodyNotAllowed { url, .. }
            | Self::InvalidRequest { url, .. }
            | Self::ConnectionRefused { url }
            | Self::HostNotFound { url }
            | Self::Timeout { url }
            | Self::BodyTooLarge { url, .. }
            | Self::BodyFailed { url, .. }
            | Self::ConnectionLost { url }
            | Self::TooManyRedirects { url }
            | Self::Redirected { url }
            | Self::InvalidAnswer { url, .. }
            | Self::Cancelled { url }
            | Self::TooManyOperations { url, .. }
            | Self::CircuitOpen { url, .. }
            | Self::Status { url, .. }
            | Self::Other { url, .. } => url,
        }
    }
}

/// The URL without its query, which may hold secrets, for logs.
fn redacted(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", redacted(self.url()))?;
        match self {
            Self::InvalidUrl { reason, .. } => write!(f, "the URL cannot be one: {reason}"),
            Self::UnsupportedScheme { .. } => f.write_str("only http and https are spoken"),
            Self::InvalidHeader { reason, .. } => write!(f, "a header cannot be sent: {reason}"),
            Self::BodyNotAllowed { method, .. } => write!(f, "a {method} has no body"),
            Self::InvalidRequest { reason, .. } => write!(f, "the request cannot be sent: {reason}"),
            Self::ConnectionRefused { .. } => f.write_str("the connection was refused"),
            Self::HostNotFound { .. } => f.write_str("the host is not known"),
            Self::Timeout { .. } => f.write_str("no answer in time"),
            Self::BodyTooLarge { max_bytes, .. } => write!(f, "the answer has more than {max_bytes} bytes"),
            Self::BodyFailed { reason, .. } => write!(f, "the request's body cannot be made: {reason}"),
            Self::TooManyRedirects { .. } => f.write_str("redirects lead on and on"),
            Self::Redirected { .. } => f.write_str("the answer is a redirect"),
            Self::InvalidAnswer { reason, .. } => write!(f, "there is no answer of HTTP: {reason}"),
            Self::ConnectionLost { .. } => f.write_str("the connection was lost"),
            Self::Cancelled { .. } => f.write_str("the call has ended"),
            Self::TooManyOperations { max, .. } => write!(f, "more than {max} operations at once in one call"),
            Self::CircuitOpen { retry_after, .. } => {
                write!(f, "it has failed again and again, and is not asked for {} ms", retry_after.as_millis())
            }
            Self::Status { status, .. } => write!(f, "the answer's status is {status}"),
            Self::Other { reason, .. } => f.write_str(reason),
        }
    }
}

impl StdError for FetchError {}

/// A wait that took longer than allowed; see [`Cx::timeout`](crate::Cx::timeout).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elapsed;

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the time allowed has passed")
    }
}

impl StdError for Elapsed {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_its_query() {
        let error = FetchError::Timeout { url: "https://a.example/b?key=secret".into() };
        assert_eq!(error.to_string(), "https://a.example/b: no answer in time");
        assert!(error.url().contains("secret"));
        let url = "https://a.example/b?key=secret";
        for code in 0..16 {
            let error = FetchError::from_code(code, &format!("cannot load {url}: no"), url, 1);
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
