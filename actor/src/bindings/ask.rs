//! One operation of a binding: a builder that is a future.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use serde::Serialize;

use crate::{
    binding_error::BindingError,
    cx::{Cx, Ended, Operation},
    failure,
    ops::{Bound, Inbound, Want},
};

/// Where the result says more than its body does (docs/exchange.md).
const INFO: &str = "info";

/// What a worker is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Kv,
    R2,
}

impl Kind {
    fn toml(self, binding: &str) -> String {
        let (table, name, command) = match self {
            Self::Kv => ("kv_namespaces", "id", "kv namespace"),
            Self::R2 => ("r2_buckets", "bucket_name", "r2 bucket"),
        };
        format!("[[{table}]]\nbinding = \"{binding}\"\n{name} = \"…\" # npx wrangler {command} create …")
    }
}

/// An operation with its options, until it leaves.
pub(super) struct Ask<O> {
    cx: Cx,
    kind: Kind,
    pub(super) bound: Bound,
    pub(super) options: O,
    operation: Option<Operation>,
}

impl<O: Default + Serialize> Ask<O> {
    pub(super) fn new(cx: &Cx, kind: Kind, action: &'static str, binding: &str, key: String) -> Self {
        let limits = &cx.0.home.limits;
        let bound = Bound {
            action,
            binding: binding.to_owned(),
            key,
            options: String::new(),
            body: None,
            time_max: limits.operation_time_max,
            body_max_bytes: limits.fetch_body_max_bytes,
        };
        Self { cx: cx.clone(), kind, bound, options: O::default(), operation: None }
    }

    pub(super) fn timeout(&mut self, limit: Duration) {
        self.bound.time_max = limit;
    }

    pub(super) fn target(&self) -> String {
        format!("{}/{}", self.bound.binding, self.bound.key)
    }

    /// The answer; `check` says what is wrong with the operation before it leaves.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        check: impl FnOnce(&Bound, &O) -> Option<String>,
    ) -> Poll<Result<Inbound, BindingError>> {
        if self.operation.is_none() {
            if let Some(reason) = check(&self.bound, &self.options) {
                return Poll::Ready(Err(BindingError::InvalidRequest { target: self.target(), reason }));
            }
            let mut bound = self.bound.clone();
            bound.body = self.bound.body.take();
            bound.options = serde_json::to_string(&self.options).unwrap_or_default();
            self.operation = Some(Operation::new(self.cx.0.clone(), Want::Bound(Box::new(bound))));
        }
        let operation = self.operation.as_mut().expect("it has just left");
        Poll::Ready(match ready!(Pin::new(operation).poll(cx)) {
            Ended::Done(Ok(inbound)) => Ok(inbound),
            failed => Err(self.error(failed)),
        })
    }

    /// Why an operation that has ended has no answer.
    fn error(&self, ended: Ended) -> BindingError {
        let target = self.target();
        let failed = match ended {
            Ended::Refused(max) => return BindingError::TooManyOperations { target, max },
            Ended::Done(Err(failed)) => failed,
            Ended::Done(Ok(_)) | Ended::Orphaned => return BindingError::Cancelled { target },
        };
        match failed.code {
            failure::INVALID => BindingError::InvalidRequest { target, reason: failed.text },
            failure::TIMEOUT => BindingError::Timeout { target },
            failure::TOO_LARGE => BindingError::BodyTooLarge { target, max_bytes: self.bound.body_max_bytes },
            failure::CANCELLED => BindingError::Cancelled { target },
            failure::NO_BINDING => {
                let binding = self.bound.binding.clone();
                BindingError::Missing { toml: self.kind.toml(&binding), binding }
            }
            _ => BindingError::Other { target, reason: failed.text },
        }
    }
}

/// What an answer says of its body, as JSON.
pub(super) fn info(answer: &Inbound) -> &[u8] {
    answer.headers().get(INFO).unwrap_or(b"null")
}

/// Why a key cannot be one: the platform's rules.
pub(super) fn key_flaw(key: &str, max_bytes: usize) -> Option<String> {
    match key {
        "" => Some("the key is empty".to_owned()),
        "." | ".." => Some(format!("`{key}` is not a key")),
        _ if key.len() > max_bytes => Some(format!("the key has {} bytes; at most {max_bytes}", key.len())),
        _ => None,
    }
}

/// Which page of keys is asked for.
#[derive(Default, Serialize)]
pub(super) struct Paging {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) prefix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) delimiter: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) limit: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cursor: Option<String>,
}

/// What every builder of a page has.
macro_rules! paged {
    ($name:ident) => {
        impl $name {
            /// Only keys that begin so.
            pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
                self.0.options.prefix = Some(prefix.into());
                self
            }

            /// At most so many; 1,000 unless it is set, and at most.
            pub fn limit(mut self, limit: u32) -> Self {
                self.0.options.limit = Some(limit);
                self
            }

            /// The page after the one that had this cursor.
            pub fn cursor(mut self, cursor: impl Into<String>) -> Self {
                self.0.options.cursor = Some(cursor.into());
                self
            }
        }
    };
}
pub(super) use paged;

/// What everything has that has bytes.
macro_rules! contents {
    ($name:ident) => {
        impl $name {
            /// The bytes, or the part of them that was asked for.
            pub fn bytes(&self) -> &[u8] {
                self.answer.body.as_bytes()
            }

            /// The bytes as text; what is not UTF-8 is replaced by U+FFFD.
            pub fn text(&self) -> std::borrow::Cow<'_, str> {
                self.answer.text()
            }

            /// The bytes as JSON.
            ///
            /// # Errors
            ///
            /// If they are not JSON, or not a `T`.
            pub fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
                self.answer.json()
            }
        }
    };
}
pub(super) use contents;

/// A builder that is a future: what an operation is asked, and what is read of its answer.
macro_rules! ask {
    ($(#[$doc:meta])* $name:ident<$options:ty> -> $output:ty, $check:expr, $read:expr) => {
        $(#[$doc])*
        #[must_use = "an operation is done when it is awaited"]
        pub struct $name(Ask<$options>);

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0.target())
            }
        }

        impl $name {
            /// The longest time that it may take; without it [`Limits::operation_time_max`](crate::Limits).
            pub fn timeout(mut self, limit: std::time::Duration) -> Self {
                self.0.timeout(limit);
                self
            }
        }

        impl std::future::Future for $name {
            type Output = Result<$output, BindingError>;

            fn poll(
                mut self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<Self::Output> {
                let answer = std::task::ready!(self.0.poll(cx, $check))?;
                let read: fn(crate::ops::Inbound) -> Result<$output, serde_json::Error> = $read;
                std::task::Poll::Ready(read(answer).map_err(|error| BindingError::Other {
                    target: self.0.target(),
                    reason: format!("the answer cannot be read: {error}"),
                }))
            }
        }
    };
}
pub(super) use ask;
