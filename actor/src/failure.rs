//! What failures of operations are called in a result (docs/exchange.md).

#[cfg(any(not(target_arch = "wasm32"), debug_assertions))]
pub(crate) const OTHER: i32 = 0;
pub(crate) const INVALID: i32 = 1;
pub(crate) const REFUSED: i32 = 2;
pub(crate) const NOT_FOUND: i32 = 3;
pub(crate) const TIMEOUT: i32 = 4;
pub(crate) const TOO_LARGE: i32 = 5;
pub(crate) const LOST: i32 = 6;
pub(crate) const CANCELLED: i32 = 7;
pub(crate) const BODY_FAILED: i32 = 8;
pub(crate) const TOO_MANY_REDIRECTS: i32 = 9;
pub(crate) const REDIRECTED: i32 = 10;
pub(crate) const INVALID_ANSWER: i32 = 11;
pub(crate) const NO_BINDING: i32 = 12;
pub(crate) const CIRCUIT_OPEN: i32 = 13;
pub(crate) const INVALID_URL: i32 = 14;
