//! What one operation costs, which is too little to be seen in one request: a request with many of them less one without.

use std::fmt;

use serde::Serialize;

use crate::scenario::Promise;
use crate::stats::median;

/// One subject: what requests with many operations cost, and requests without, both in each round.
#[derive(Debug)]
pub(crate) struct Pair<'a> {
    pub(crate) name: &'a str,
    pub(crate) without_us: Vec<f64>,
    pub(crate) with_us: Vec<f64>,
}

impl Pair<'_> {
    /// What each of `count` operations costs, in each round.
    fn each(&self, count: u32) -> Vec<f64> {
        let rounds = self.with_us.iter().zip(&self.without_us);
        rounds.map(|(with, without)| (with - without) / f64::from(count)).collect()
    }
}

/// One subject: medians over its rounds.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Cost {
    what: &'static str,
    peer: String,
    cpu_us: f64,
    /// Compared with the first subject.
    times: f64,
    /// What whole requests cost.
    without_us: f64,
    with_us: f64,
}

/// One kind of operation, to be read by people. The first subject is what the others are compared with.
#[derive(Debug)]
pub(crate) struct Costs {
    what: &'static str,
    count: u32,
    promise: Promise,
    pub(crate) rows: Vec<Cost>,
}

impl Costs {
    /// What one of `count` operations costs each subject.
    pub(crate) fn new(what: &'static str, count: u32, promise: Promise, pairs: &[Pair<'_>]) -> Self {
        let first = pairs[0].each(count);
        let row = |pair: &Pair<'_>| {
            let each = pair.each(count);
            // Both ran at the same speed in one round.
            let times = each.iter().zip(&first).map(|(each, first)| each / first);
            Cost {
                what,
                peer: pair.name.to_owned(),
                cpu_us: median(each.iter().copied()),
                times: median(times),
                without_us: median(pair.without_us.iter().copied()),
                with_us: median(pair.with_us.iter().copied()),
            }
        };
        Self { what, count, promise, rows: pairs.iter().map(row).collect() }
    }
}

impl fmt::Display for Costs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, with) = (&self.rows[0], format!("with {}", self.count));
        writeln!(f, "\n{}, each of {}: promised {}", self.what, self.count, self.promise.says(&first.peer))?;
        writeln!(
            f,
            "  {:<14} {:>8} {:>8} {:>7} {:>10} {:>10}  promise",
            "peer", "CPU µs", "more", "times", "without", with
        )?;
        for (at, row) in self.rows.iter().enumerate() {
            let extra_us = row.cpu_us - first.cpu_us;
            let outcome = if at == 0 { "" } else { self.promise.outcome(extra_us, row.times) };
            let Cost { peer, cpu_us, times, without_us, with_us, .. } = row;
            writeln!(
                f,
                "  {peer:<14} {cpu_us:>8.2} {extra_us:>+8.2} {times:>7.3} {without_us:>10.1} {with_us:>10.1}  {outcome}"
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn costs() -> Costs {
        let pair = |name, with_us| Pair { name, without_us: vec![100.0, 200.0, 100.0], with_us };
        let pairs = [pair("js", vec![300.0, 600.0, 310.0]), pair("ours", vec![110.0, 210.0, 112.0])];
        Costs::new("hit", 10, Promise::Times(0.1), &pairs)
    }

    #[test]
    fn an_operation_costs_what_requests_with_many_of_them_cost_more() {
        let costs = costs();
        assert_eq!(costs.rows[0].cpu_us, 21.0);
        assert_eq!(costs.rows[0].times, 1.0);
        assert_eq!(costs.rows[1].cpu_us, 1.0);
        assert_eq!(costs.rows[1].times, 0.05);
    }

    #[test]
    fn a_table_says_whether_the_promise_holds() {
        let text = costs().to_string();
        let lines: Vec<&str> = text.trim().lines().collect();
        assert_eq!(lines[0], "hit, each of 10: promised at most 0.1 times js");
        assert!(lines[3].starts_with("  ours") && lines[3].ends_with("holds"), "{text}");
    }
}
