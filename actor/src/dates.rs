//! Dates of headers (RFC 9110 section 5.6.7), in all three forms.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The first second of the year 10000, which has no date in HTTP.
const END_SECONDS: u64 = 253_402_300_800;

pub(crate) fn parse(value: &[u8]) -> Option<SystemTime> {
    httpdate::parse_http_date(str::from_utf8(value).ok()?).ok()
}

/// None for a time that HTTP has no date for.
pub(crate) fn format(time: SystemTime) -> Option<String> {
    let since = time.duration_since(UNIX_EPOCH).ok()?;
    (since.as_secs() < END_SECONDS).then(|| httpdate::fmt_http_date(time))
}

/// How long after `earlier` it is; nothing where clocks disagree.
pub(crate) fn since(now: SystemTime, earlier: SystemTime) -> Duration {
    now.duration_since(earlier).unwrap_or_default()
}
