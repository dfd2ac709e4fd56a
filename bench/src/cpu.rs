//! The CPU time of a process: all its threads, in and out of the kernel.

use std::time::Duration;

use anyhow::Result;

/// How much CPU time a process has used since it began.
///
/// # Errors
///
/// The process has ended, or the system is not Linux.
#[cfg(target_os = "linux")]
pub(crate) fn used(pid: u32) -> Result<Duration> {
    use anyhow::Context as _;

    let path = format!("/proc/{pid}/stat");
    let stat = std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    let ticks = ticks(&stat).with_context(|| format!("cannot understand {path}"))?;
    Ok(Duration::from_millis(ticks * MS_PER_TICK))
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn used(_: u32) -> Result<Duration> {
    anyhow::bail!("CPU time is measured by /proc, which only Linux has: run this in a container or on Linux")
}

/// The kernel tells times in ticks of 1/100 s on every architecture that Rust runs on (`USER_HZ`, `man 7 time`).
#[cfg(target_os = "linux")]
const MS_PER_TICK: u64 = 10;

/// The sum of `utime` and `stime` (`man 5 proc_pid_stat`).
#[cfg(target_os = "linux")]
fn ticks(stat: &str) -> Option<u64> {
    // The second field is a name in parentheses that may hold anything.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let utime: u64 = fields.next()?.parse().ok()?;
    let stime: u64 = fields.next()?.parse().ok()?;
    Some(utime + stime)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_name_may_hold_anything() {
        let stat = "7 (a ) 1 2) S 1 7 7 0 -1 4194304 1 2 3 4 150 25 8 9 20 0 1 0 5";
        assert_eq!(ticks(stat), Some(175));
        assert_eq!(ticks("nonsense"), None);
    }

    #[test]
    fn work_takes_cpu_time() {
        let pid = std::process::id();
        let before = used(pid).unwrap();
        let mut x = 1_u64;
        while used(pid).unwrap() <= before {
            for _ in 0..1000 {
                x = std::hint::black_box(x.wrapping_mul(3));
            }
        }
    }
}
