//! Requests that are answered without their actor.

use duractor_router::{NameRefusal, Refusal};

use crate::{
    limits::Limits,
    problem::{Error, Problem},
    response::{IntoResponse, Response},
};

/// Why a request is answered before it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// The body is larger than allowed.
    Body,
    /// The path is longer than allowed.
    Path,
    /// The headers are larger than allowed.
    Headers,
    /// A call through the worker's own actors is too deep.
    Chain,
}

impl Unread {
    pub(crate) fn response(self, limits: &Limits) -> Response {
        let (status, kind, detail) = match self {
            Self::Body => (413, "body-too-large", format!("at most {} bytes", limits.body_max_bytes)),
            Self::Path => (414, "path-too-long", format!("at most {} bytes", limits.path_max_bytes)),
            Self::Headers => (431, "headers-too-large", format!("at most {} bytes in all", limits.headers_max_bytes)),
            Self::Chain => {
                (508, "chain-too-long", format!("calls between actors go at most {} deep", limits.chain_max))
            }
        };
        Problem::new(status, kind, detail).into_response()
    }
}

/// What a client reads when the reason is not for it.
pub(crate) fn internal() -> Response {
    Problem::new(500, "internal", "the actor failed to answer; the reason is in its log").into_response()
}

/// What nobody reads.
pub(crate) fn client_gone() -> Response {
    Problem::new(499, "client-gone", "the client went away before the call ended").into_response()
}

/// How the router's refusal reads.
pub(crate) fn refused(refusal: &Refusal) -> Response {
    match *refusal {
        Refusal::NotFound => Problem::new(404, "no-route", "nothing answers at this path").into_response(),
        Refusal::MethodNotAllowed { allow } => {
            let allow = allow.to_string();
            let detail = format!("this path answers {allow}");
            Problem::new(405, "method-not-allowed", detail).into_response().allow(&allow)
        }
        Refusal::Options { allow } => Response::empty().allow(&allow.to_string()),
        ref other => Problem::new(400, "bad-path", other.to_string()).into_response(),
    }
}

/// Why a request names no actor.
pub(crate) fn unnamed(refusal: NameRefusal<Problem>) -> Response {
    match refusal {
        NameRefusal::Refused(problem) => problem.into_response(),
        NameRefusal::NoSession { cookie } => {
            let problem = Problem::new(401, "no-session", "there is no session, or it is over").with("cookie", &cookie);
            problem.into_response().challenge(&cookie)
        }
        NameRefusal::Misconfigured(fault) => Error::new(Problem::internal(), fault).into_response(),
        NameRefusal::MissingHeader(name) => {
            Problem::new(400, "missing-header", format!("send the header `{name}`")).with("field", name).into_response()
        }
        NameRefusal::TooLong { bytes, max } => {
            let detail = format!("the actor's name would have {bytes} bytes, at most {max} are allowed");
            Problem::new(400, "name-too-long", detail).into_response()
        }
        _ => Problem::new(400, "name-empty", "the actor's name would be empty").into_response(),
    }
}
