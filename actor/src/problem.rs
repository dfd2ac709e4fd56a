//! Errors: [`Problem`] is what a client reads (RFC 9457), [`Error`] is what a method returns.

use std::{any::Any, borrow::Cow, error::Error as StdError, fmt};

use serde::Serialize;

use crate::{
    binding_error::BindingError,
    fetch_error::{Elapsed, FetchError},
};

/// A problem as [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) describes it: sent to the client word for word.
///
/// The `type` on the wire is `/problems/{kind}` and is stable; `docs/problems.md` lists Duractor's own.
/// It is not a [`std::error::Error`] on purpose: so that `?` keeps its status when it becomes an [`Error`].
///
/// ```
/// use duractor::Problem;
///
/// let problem = Problem::new(409, "overdrawn", "overdrawn by 5").with("cents", 5);
/// assert_eq!(
///     problem.to_json(),
///     r#"{"type":"/problems/overdrawn","title":"Overdrawn","status":409,"detail":"overdrawn by 5","cents":5}"#
/// );
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    status: u16,
    kind: Cow<'static, str>,
    detail: String,
    members: Vec<(&'static str, String)>,
}

impl Problem {
    /// A problem with a status, a kind in kebab-case, and a text for this one occurrence.
    ///
    /// # Panics
    ///
    /// If the status is not 400-599: a problem is a failure.
    pub fn new(status: u16, kind: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        assert!((400..600).contains(&status), "a problem's status is 400-599, not {status}");
        Self { status, kind: kind.into(), detail: detail.into(), members: Vec::new() }
    }

    /// Adds an extension member ([RFC 9457 section 3.2](https://www.rfc-editor.org/rfc/rfc9457#section-3.2)).
    ///
    /// # Panics
    ///
    /// If the value cannot be written as JSON.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Serialize) -> Self {
        let json = serde_json::to_string(&value).expect("a problem's member is plain data");
        self.members.push((name, json));
        self
    }

    /// What a client reads when the reason is not for it.
    pub(crate) fn internal() -> Self {
        Self::new(500, "internal", "the actor failed to answer; the reason is in its log")
    }

    /// What a client reads when memory or storage do not hold what was committed.
    pub(crate) fn state_unreadable() -> Self {
        Self::new(500, "state-unreadable", "the actor's state cannot be restored")
    }

    /// What a client reads when the actor's memory is gone while the call waits.
    pub(crate) fn interrupted() -> Self {
        Self::new(503, "interrupted", "the call was interrupted before it ended")
    }

    /// The same, of a call a turn of which is stored: nothing says that it may be tried again.
    pub(crate) fn interrupted_late() -> Self {
        let detail = "the call was interrupted before it ended, after a part of what it changes was stored";
        Self::new(503, "interrupted", detail).with("committed", true)
    }

    /// What a client reads when storage does not take what a turn changed.
    pub(crate) fn commit_failed() -> Self {
        Self::new(503, "commit-failed", "the change could not be stored; nothing of it was kept")
    }

    /// The HTTP status, 400-599.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// What kind of problem it is: the last segment of its `type`.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// What happened this time.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The body of `application/problem+json`.
    pub fn to_json(&self) -> String {
        let mut json = format!(
            r#"{{"type":{},"title":{},"status":{}"#,
            quoted(&format!("/problems/{}", self.kind)),
            quoted(&title(&self.kind)),
            self.status
        );
        if !self.detail.is_empty() {
            json.push_str(",\"detail\":");
            json.push_str(&quoted(&self.detail));
        }
        for (name, value) in &self.members {
            json.push(',');
            json.push_str(&quoted(name));
            json.push(':');
            json.push_str(value);
        }
        json.push('}');
        json
    }
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a string is JSON")
}

/// `not-found` → `Not found`.
fn title(kind: &str) -> String {
    let mut title = kind.replace('-', " ");
    if let Some(first) = title.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    title
}

/// What a method returns when it fails: any [`std::error::Error`] by `?` (500, its text is logged and not sent), or
/// a [`Problem`] (sent as it is).
///
/// ```
/// use duractor::{Problem, Result};
///
/// fn half(text: &str) -> Result<u32> {
///     let number: u32 = text.parse()?; // 500 "internal"; the client does not see why
///     if number % 2 == 1 {
///         Err(Problem::new(422, "odd", "an even number, please"))?
///     }
///     Ok(number / 2)
/// }
/// assert_eq!(half("x").unwrap_err().problem().status(), 500);
/// assert_eq!(half("3").unwrap_err().problem().status(), 422);
/// ```
#[derive(Debug)]
pub struct Error {
    problem: Problem,
    source: Option<Box<dyn StdError>>,
}

/// `Result` with [`Error`] unless another error is named.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The problem that the client reads.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// What lies behind it, for the log.
    pub fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref()
    }

    /// Sends `problem` in place of what `source` would be sent as, and logs `source`.
    pub fn new(problem: Problem, source: impl StdError + 'static) -> Self {
        Self { problem, source: Some(Box::new(source)) }
    }

    pub(crate) fn into_parts(self) -> (Problem, Option<String>) {
        (self.problem, self.source.map(|source| chain(&*source)))
    }
}

/// The error and what caused it, in one line.
fn chain(mut error: &dyn StdError) -> String {
    let mut text = error.to_string();
    while let Some(cause) = error.source() {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        error = cause;
    }
    text
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Some(source) => f.write_str(&chain(&**source)),
            None => write!(f, "{} {}: {}", self.problem.status, self.problem.kind, self.problem.detail),
        }
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self { problem, source: None }
    }
}

impl<E: StdError + 'static> From<E> for Error {
    fn from(source: E) -> Self {
        let problem = gateway_problem(&source).unwrap_or_else(Problem::internal);
        Self { problem, source: Some(Box::new(source)) }
    }
}

/// An upstream that failed is a bad gateway, one that was slow a gateway timeout, and too much work at once is overload.
fn gateway_problem(source: &dyn Any) -> Option<Problem> {
    let late = || Problem::new(504, "upstream-timeout", "an upstream did not answer in time");
    let too_many = || Problem::new(503, "too-many-operations", "the call asks too much at once");
    let failed = || Problem::new(502, "upstream-failed", "an upstream could not be reached, or failed");
    if source.is::<Elapsed>() {
        return Some(late());
    }
    if let Some(error) = source.downcast_ref::<BindingError>() {
        return Some(match error {
            BindingError::Timeout { .. } => late(),
            BindingError::TooManyOperations { .. } => too_many(),
            BindingError::Other { .. } => failed(),
            _ => Problem::internal(),
        });
    }
    Some(match source.downcast_ref::<FetchError>()? {
        FetchError::Timeout { .. } => late(),
        FetchError::TooManyOperations { .. } => too_many(),
        FetchError::CircuitOpen { .. } => {
            Problem::new(503, "upstream-failing", "an upstream keeps failing, and is left alone for a while")
        }
        FetchError::InvalidUrl { .. }
        | FetchError::UnsupportedScheme { .. }
        | FetchError::InvalidHeader { .. }
        | FetchError::BodyNotAllowed { .. }
        | FetchError::InvalidRequest { .. }
        | FetchError::BodyFailed { .. }
        | FetchError::Cancelled { .. } => Problem::internal(),
        _ => failed(),
    })
}
