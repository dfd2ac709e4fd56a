//! What the measurements came to: medians over rounds, as a table or as JSON.

use std::fmt;

use serde::Serialize;

use crate::load::Sample;
use crate::scenario::Promise;
use crate::stats::median;

/// One peer in one round.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Round {
    /// CPU time of the server per request.
    pub(crate) cpu_us: f64,
    pub(crate) sample: Sample,
}

/// One peer in one scenario: medians over its rounds.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    scenario: String,
    peer: String,
    cpu_us: f64,
    rps: f64,
    p50_ms: f64,
    p99_ms: f64,
}

impl Row {
    pub(crate) fn new(scenario: &str, peer: &str, rounds: &[Round]) -> Self {
        let middle = |value: fn(&Round) -> f64| median(rounds.iter().map(value));
        Self {
            scenario: scenario.to_owned(),
            peer: peer.to_owned(),
            cpu_us: middle(|round| round.cpu_us),
            rps: middle(|round| round.sample.rps),
            p50_ms: middle(|round| round.sample.p50_ms),
            p99_ms: middle(|round| round.sample.p99_ms),
        }
    }
}

/// One peer beside the first: medians over what each round says, since both then ran at the same speed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Difference {
    pub(crate) extra_us: f64,
    pub(crate) times: f64,
}

impl Difference {
    pub(crate) fn new(rounds: &[Round], first: &[Round]) -> Self {
        let pairs = || rounds.iter().zip(first);
        Self {
            extra_us: median(pairs().map(|(round, first)| round.cpu_us - first.cpu_us)),
            times: median(pairs().map(|(round, first)| round.cpu_us / first.cpu_us)),
        }
    }
}

/// One scenario, to be read by people. The first peer is what the others are compared with.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) scenario: String,
    pub(crate) promise: Option<Promise>,
    pub(crate) rows: Vec<Row>,
    pub(crate) differences: Vec<Difference>,
}

impl Table {
    /// What the rounds of each peer came to.
    pub(crate) fn new(scenario: &str, promise: Option<Promise>, peers: &[(&str, &[Round])]) -> Self {
        let (_, first) = peers[0];
        Self {
            scenario: scenario.to_owned(),
            promise,
            rows: peers.iter().map(|(name, rounds)| Row::new(scenario, name, rounds)).collect(),
            differences: peers.iter().map(|(_, rounds)| Difference::new(rounds, first)).collect(),
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = &self.rows[0].peer;
        let promise = self
            .promise
            .map_or_else(|| format!("beside {first}"), |promise| format!("promised {}", promise.says(first)));
        writeln!(f, "\n{}: {promise}", self.scenario)?;
        let outcome = self.promise.map_or("", |_| "promise");
        writeln!(
            f,
            "  {:<14} {:>8} {:>8} {:>7} {:>8} {:>8} {:>8}  {outcome}",
            "peer", "CPU µs", "more", "times", "req/s", "p50 ms", "p99 ms"
        )?;
        for (row, difference) in self.rows.iter().zip(&self.differences) {
            let Difference { extra_us, times } = difference;
            let outcome = self.promise.map_or("", |promise| promise.outcome(*extra_us, *times));
            writeln!(
                f,
                "  {:<14} {:>8.1} {:>+8.1} {:>7.2} {:>8.0} {:>8.2} {:>8.2}  {}",
                row.peer, row.cpu_us, extra_us, times, row.rps, row.p50_ms, row.p99_ms, outcome
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounds(cpu_us: &[f64]) -> Vec<Round> {
        let sample = Sample { requests: 1, rps: 1.0, p50_ms: 2.0, p99_ms: 3.0 };
        let round = |&cpu_us| Round { cpu_us, sample };
        cpu_us.iter().map(round).collect()
    }

    #[test]
    fn peers_are_compared_round_by_round() {
        let (slow, first) = (rounds(&[11.0, 30.0, 22.0]), rounds(&[10.0, 20.0, 20.0]));
        let difference = Difference::new(&slow, &first);
        assert_eq!(difference.extra_us, 2.0);
        assert!((difference.times - 1.1).abs() < 1e-9);
    }

    #[test]
    fn only_a_table_with_a_promise_judges() {
        let (js, ours) = (rounds(&[10.0]), rounds(&[15.0]));
        let table = |promise| Table::new("echo", promise, &[("js", &js), ("ours", &ours)]).to_string();
        let (judged, plain) = (table(Some(Promise::Times(1.1))), table(None));
        assert!(judged.contains("echo: promised at most 1.1 times js") && judged.contains("missed"), "{judged}");
        assert!(plain.contains("echo: beside js") && !plain.contains("missed"), "{plain}");
    }

    #[test]
    fn a_row_has_the_promised_names() {
        let row = Row::new("echo", "js", &rounds(&[1.0, 3.0, 2.0]));
        let json = serde_json::to_string(&row).unwrap();
        let expected = r#"{"scenario":"echo","peer":"js","cpu_us":2.0,"rps":1.0,"p50_ms":2.0,"p99_ms":3.0}"#;
        assert_eq!(json, expected);
    }
}
