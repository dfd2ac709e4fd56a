//! Durations, short to write.

use std::time::Duration;

/// So many seconds.
///
/// ```
/// # use duractor::{Cx, Result, secs};
/// # async fn patient(cx: &Cx) -> Result<()> {
/// cx.get("https://bank.example/rate").timeout(secs(2)).await?;
/// # Ok(()) }
/// ```
pub const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// So many milliseconds.
///
/// ```
/// assert_eq!(duractor::millis(1_500), duractor::secs(1) + duractor::millis(500));
/// ```
pub const fn millis(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}
