//! How fast kernels are: medians over rounds, as a table or as rows.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use crate::kernel::{KI, Kernel, MI, Promise, Variant};
use crate::stats::median;

/// Where it was measured.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Place {
    node: String,
    v8: String,
    cpu: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, Node.js {}, V8 {}", self.cpu, self.node, self.v8)
    }
}

/// One kernel at one length: microseconds of each variant, round by round.
#[derive(Clone, Debug)]
pub(crate) struct Speed {
    pub(crate) kernel: Kernel,
    pub(crate) n: usize,
    samples: BTreeMap<Variant, Vec<f64>>,
}

/// What the script says of a kernel.
#[derive(Deserialize)]
struct Line {
    kernel: String,
    n: usize,
    samples: BTreeMap<Variant, Vec<f64>>,
}

/// One variant of it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    kernel: &'static str,
    n: usize,
    variant: Variant,
    us: f64,
    gb_s: f64,
}

impl Speed {
    /// Reads a line of the script that measures.
    ///
    /// # Errors
    ///
    /// It is none, or lacks a variant.
    pub(crate) fn read(line: &str) -> Result<Self> {
        let Line { kernel, n, samples } = serde_json::from_str(line)?;
        let kernel: Kernel = kernel.parse()?;
        let is_measured = |variant| samples.get(&variant).is_some_and(|samples| !samples.is_empty());
        ensure!(kernel.variants().into_iter().all(is_measured), "{} lacks a variant", kernel.name);
        Ok(Self { kernel, n, samples })
    }

    pub(crate) fn us(&self, variant: Variant) -> Option<f64> {
        Some(median(self.samples.get(&variant)?.iter().copied()))
    }

    pub(crate) fn gb_s(&self, variant: Variant) -> Option<f64> {
        Some(self.kernel.traffic(self.n) as f64 / self.us(variant)? / 1e3)
    }

    /// How many times as fast as a variant the kernel is: the median over what each round says, since both then ran at the
    /// same speed of the machine. To two digits, so that what is judged is what tables show.
    fn times(&self, than: Variant) -> Option<f64> {
        let (ours, theirs) = (self.samples.get(&Variant::Simd)?, self.samples.get(&than)?);
        let times = median(ours.iter().zip(theirs).map(|(ours, theirs)| theirs / ours));
        Some((times * 100.0).round() / 100.0)
    }

    /// The variants as rows. The sum of the rows of a search is a kernel of its own.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let row = |variant: &Variant| {
            let (kernel, of) = match variant {
                Variant::Sum => ("sum_f32", Variant::Simd),
                _ => (self.kernel.name, *variant),
            };
            Some(Row { kernel, n: self.n, variant: of, us: self.us(*variant)?, gb_s: self.gb_s(*variant)? })
        };
        self.samples.keys().filter_map(row).collect()
    }

    fn outcome(&self, promise: Promise) -> String {
        let Promise { times, than } = promise;
        let name = match than {
            Variant::Simd => "simd",
            Variant::Scalar => "scalar",
            Variant::Baseline => "baseline",
            Variant::Js => "JS",
            Variant::Limit => "limit",
            Variant::Sum => "the sum",
        };
        let found = self.times(than).unwrap_or_default();
        let outcome = if found >= times { "holds" } else { "missed" };
        match than {
            // No column has it.
            Variant::Sum => format!("{times} × {name}: {outcome}, {found:.2}"),
            _ => format!("{times} × {name}: {outcome}"),
        }
    }
}

/// 1024 is 1 Ki.
pub(crate) fn length(n: usize) -> String {
    match n {
        _ if n.is_multiple_of(MI) => format!("{} Mi", n / MI),
        _ if n.is_multiple_of(KI) && n < MI => format!("{} Ki", n / KI),
        _ => n.to_string(),
    }
}

pub(crate) fn head() -> String {
    let columns = format!("{:>8} {:>8} {:>8} {:>8}", "scalar", "baseline", "JS", "limit");
    format!("  {:<22} {:>8} {:>9} {:>7}  × {columns}  promised", "kernel", "numbers", "µs", "GB/s")
}

/// A line of the table.
impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (us, gb_s) = (self.us(Variant::Simd).unwrap_or_default(), self.gb_s(Variant::Simd).unwrap_or_default());
        write!(f, "  {:<22} {:>8} {us:>9.2} {gb_s:>7.1}   ", self.kernel.name, length(self.n))?;
        for variant in [Variant::Scalar, Variant::Baseline, Variant::Js, Variant::Limit] {
            let times = self.times(variant).map(|times| format!("{times:.2}")).unwrap_or_default();
            write!(f, " {times:>8}")?;
        }
        let promises = self.kernel.promises(self.n).into_iter();
        let outcomes: Vec<String> = promises.map(|promise| self.outcome(promise)).collect();
        write!(f, "  {}", outcomes.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn speed(line: &str) -> Speed {
        Speed::read(line).unwrap()
    }

    fn sum() -> Speed {
        speed(
            r#"{"kernel":"sum_f64","n":65536,"samples":{
                "simd":[1,2,4],"scalar":[2,4,8],"baseline":[3,6.1,12],"js":[9.9,19,39],"limit":[1,1,1]}}"#,
        )
    }

    #[test]
    fn variants_are_compared_round_by_round() {
        assert_eq!(sum().times(Variant::Scalar), Some(2.0));
        assert_eq!(sum().times(Variant::Js), Some(9.75));
        assert_eq!(sum().us(Variant::Limit), Some(1.0));
        assert_eq!(sum().gb_s(Variant::Limit), Some(524.288));
    }

    #[test]
    fn a_line_says_whether_promises_hold() {
        let line = sum().to_string();
        assert!(line.contains("64 Ki") && line.ends_with("3 × baseline: holds, 10 × JS: missed"), "{line}");
    }

    #[test]
    fn a_row_has_the_promised_names() {
        let json = serde_json::to_string(&sum().rows()[0]).unwrap();
        assert_eq!(json, r#"{"kernel":"sum_f64","n":65536,"variant":"simd","us":2.0,"gb_s":262.144}"#);
    }

    #[test]
    fn the_sum_beside_a_search_is_a_row_of_its_own() {
        let search = speed(
            r#"{"kernel":"search_f32","n":3840000,"samples":{
                "simd":[1000],"scalar":[2000],"js":[9000],"limit":[500],"sum":[800]}}"#,
        );
        assert!(search.to_string().ends_with("0.7 × the sum: holds, 0.80"), "{search}");
        let json = serde_json::to_string(search.rows().last().unwrap()).unwrap();
        assert_eq!(json, r#"{"kernel":"sum_f32","n":3840000,"variant":"simd","us":800.0,"gb_s":19.2}"#);
    }

    #[test]
    fn a_line_without_a_variant_is_refused() {
        assert!(Speed::read(r#"{"kernel":"sum_f64","n":1024,"samples":{"simd":[1],"scalar":[2]}}"#).is_err());
    }

    #[test]
    fn lengths_are_told_in_powers_of_two() {
        assert_eq!([KI, 64 * KI, MI, 3_840_000].map(length), ["1 Ki", "64 Ki", "1 Mi", "3840000"]);
    }
}
