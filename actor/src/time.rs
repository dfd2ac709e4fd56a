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

/// To the microsecond: present times in milliseconds have no more digits in an f64, and whole milliseconds stay whole.
pub(crate) fn since_epoch(ms: f64) -> Duration {
    Duration::from_micros((ms * 1e3).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_milliseconds_stay_whole() {
        for ms in [0, 1, 1_767_225_600_100, 1_767_225_600_299] {
            assert_eq!(since_epoch(ms as f64), Duration::from_millis(ms));
        }
    }
}
