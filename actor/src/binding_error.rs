//! Why an operation of a binding failed.

use std::{error::Error as StdError, fmt};

/// An operation of a KV namespace or an R2 bucket that has come to nothing. What is not there is no error.
///
/// ```
/// # use duractor::{BindingError, Cx};
/// # async fn theme(cx: &Cx) -> Result<Option<String>, BindingError> {
/// match cx.kv("SETTINGS").get("theme").await {
///     Ok(value) => Ok(value.map(|value| value.text().into_owned())),
///     Err(BindingError::Timeout { .. }) => Ok(None),
///     Err(other) => Err(other),
/// }
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BindingError {
    /// The worker has no such binding; the text says what to write into `wrangler.toml`.
    Missing {
        /// The binding.
        binding: String,
        /// The lines for `wrangler.toml`.
        toml: String,
    },
    /// The operation cannot be done as it is asked for.
    InvalidRequest {
        /// Binding and key, as `BINDING/key`.
        target: String,
        /// What is wrong with it.
        reason: String,
    },
    /// There was no whole answer in time.
    Timeout {
        /// Binding and key.
        target: String,
    },
    /// What is stored is larger than allowed.
    BodyTooLarge {
        /// Binding and key.
        target: String,
        /// What was allowed, in bytes.
        max_bytes: u32,
    },
    /// The call that started the operation has ended.
    Cancelled {
        /// Binding and key.
        target: String,
    },
    /// The call has as many operations under way as it may.
    TooManyOperations {
        /// Binding and key.
        target: String,
        /// How many it may have.
        max: u32,
    },
    /// Anything else that the platform reports.
    Other {
        /// Binding and key.
        target: String,
        /// In the platform's words.
        reason: String,
    },
}

impl fmt::Display for BindingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { binding, toml } => {
                write!(f, "the worker has no binding `{binding}` of this kind; add to wrangler.toml:\n\n{toml}")
            }
            Self::InvalidRequest { target, reason } => write!(f, "{target}: {reason}"),
            Self::Timeout { target } => write!(f, "{target}: no answer in time"),
            Self::BodyTooLarge { target, max_bytes } => write!(f, "{target}: more than {max_bytes} bytes"),
            Self::Cancelled { target } => write!(f, "{target}: the call has ended"),
            Self::TooManyOperations { target, max } => {
                write!(f, "{target}: more than {max} operations at once in one call")
            }
            Self::Other { target, reason } => write!(f, "{target}: {reason}"),
        }
    }
}

impl StdError for BindingError {}
