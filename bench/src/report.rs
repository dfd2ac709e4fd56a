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
    pub(crate) promise: Promise,
    pub(crate) rows: Vec<Row>,
    pub(crate) differences: Vec<Difference>,
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = &self.rows[0].peer;
        let promise = match self.promise {
            Promise::ExtraMicros(max) => format!("at most {max} µs more than {first}"),
            Promise::Times(max) => format!("at most {max} times {first}"),
        };
        writeln!(f, "\n{}: promised {promise}", self.scenario)?;
        writeln!(
            f,
            "  {:<14} {:>8} {:>8} {:>7} {:>8} {:>8} {:>8}  promise",
            "peer", "CPU µs", "more", "times", "req/s", "p50 ms", "p99 ms"
        )?;
        for (row, difference) in self.rows.iter().zip(&self.differences) {
            let Difference { extra_us, times } = difference;
            let holds = self.promise.holds(*extra_us, *times);
            writeln!(
                f,
                "  {:<14} {:>8.1} {:>+8.1} {:>7.2} {:>8.0} {:>8.2} {:>8.2}  {}",
                row.peer,
                row.cpu_us,
                extra_us,
                times,
                row.rps,
                row.p50_ms,
                row.p99_ms,
                if holds { "holds" } else { "missed" }
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
    fn a_row_has_the_promised_names() {
        let row = Row::new("echo", "js", &rounds(&[1.0, 3.0, 2.0]));
        let json = serde_json::to_string(&row).unwrap();
        let expected = r#"{"scenario":"echo","peer":"js","cpu_us":2.0,"rps":1.0,"p50_ms":2.0,"p99_ms":3.0}"#;
        assert_eq!(json, expected);
    }
}
