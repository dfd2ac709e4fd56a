//! Which kernels are measured, at which lengths, and what is promised of them.

use std::str::FromStr;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

pub(crate) const KI: usize = 1 << 10;
pub(crate) const MI: usize = 1 << 20;

/// Two that caches hold, and one that they do not.
const LENGTHS: [usize; 3] = [KI, 64 * KI, MI];

/// 10,000 rows of 384 numbers.
const SEARCH_LENGTHS: [usize; 1] = [10_000 * 384];

/// What numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Lane {
    F64,
    F32,
    I32,
    I8,
    U8,
}

impl Lane {
    fn bytes(self) -> usize {
        match self {
            Self::F64 => 8,
            Self::F32 | Self::I32 => 4,
            Self::I8 | Self::U8 => 1,
        }
    }

    fn is_float(self) -> bool {
        matches!(self, Self::F64 | Self::F32)
    }
}

/// What a kernel does with its slices. What is negligible beside them does not count: bins, the query of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    ReadOne,
    ReadTwo,
    /// Reads one and writes another.
    Copy,
    Update,
    /// Reads one and updates another.
    UpdateByOther,
}

impl Access {
    /// How many slices are read, and how many are written.
    fn slices(self) -> usize {
        match self {
            Self::ReadOne => 1,
            Self::ReadTwo | Self::Copy | Self::Update => 2,
            Self::UpdateByOther => 3,
        }
    }

    fn different_slices(self) -> usize {
        match self {
            Self::ReadOne | Self::Update => 1,
            Self::ReadTwo | Self::Copy | Self::UpdateByOther => 2,
        }
    }
}

/// One kernel on one kind of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kernel {
    /// What the measured module exports it as.
    pub(crate) name: &'static str,
    operation: &'static str,
    lane: Lane,
    access: Access,
}

macro_rules! floats {
    ($($operation:literal: $access:ident,)*) => {
        [$(
            Kernel {
                name: concat!($operation, "_f64"),
                operation: $operation,
                lane: Lane::F64,
                access: Access::$access,
            },
            Kernel {
                name: concat!($operation, "_f32"),
                operation: $operation,
                lane: Lane::F32,
                access: Access::$access,
            },
        )*]
    };
}

const FLOATS: [Kernel; 46] = floats![
    "sum": ReadOne,
    "l1_norm": ReadOne,
    "l2_norm": ReadOne,
    "max_norm": ReadOne,
    "dot": ReadTwo,
    "distance": ReadTwo,
    "cosine_similarity": ReadTwo,
    "min_max": ReadOne,
    "argmin": ReadOne,
    "moments": ReadOne,
    "co_moments": ReadTwo,
    "count_where": ReadOne,
    "sum_where": ReadOne,
    "top_k": ReadOne,
    "histogram": ReadOne,
    "prefix_sum": Copy,
    "scale": Update,
    "affine": Update,
    "clamp": Update,
    "add": UpdateByOther,
    "sub": UpdateByOther,
    "mul": UpdateByOther,
    "axpy": UpdateByOther,
];

const OTHERS: [Kernel; 6] = [
    Kernel { name: "sum_i32", operation: "sum", lane: Lane::I32, access: Access::ReadOne },
    Kernel { name: "min_max_i32", operation: "min_max", lane: Lane::I32, access: Access::ReadOne },
    Kernel { name: "dot_i8", operation: "dot", lane: Lane::I8, access: Access::ReadTwo },
    Kernel { name: "dot_u8", operation: "dot", lane: Lane::U8, access: Access::ReadTwo },
    Kernel { name: "hamming", operation: "hamming", lane: Lane::U8, access: Access::ReadTwo },
    Kernel { name: "search_f32", operation: "search", lane: Lane::F32, access: Access::ReadOne },
];

/// By what a kernel is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Variant {
    /// The kernel as a worker gets it.
    Simd,
    /// Its scalar twin.
    Scalar,
    /// What one writes with simd128 at first: one accumulator.
    Baseline,
    /// A loop in JavaScript.
    Js,
    /// `memory.copy` of as many bytes.
    Limit,
    /// The sum of the rows of a search.
    Sum,
}

/// How many times as fast as something a kernel is promised to be at least.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Promise {
    pub(crate) times: f64,
    pub(crate) than: Variant,
}

impl Kernel {
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        FLOATS.into_iter().chain(OTHERS)
    }

    pub(crate) fn lengths(self) -> &'static [usize] {
        if self.is_search() { &SEARCH_LENGTHS } else { &LENGTHS }
    }

    pub(crate) fn variants(self) -> Vec<Variant> {
        let mut variants = vec![Variant::Simd, Variant::Scalar];
        variants.extend(self.in_cache().map(|promise| promise.than));
        variants.extend([Variant::Js, Variant::Limit]);
        variants.extend(self.is_search().then_some(Variant::Sum));
        variants
    }

    /// How many bytes are read and written.
    pub(crate) fn traffic(self, n: usize) -> usize {
        self.access.slices() * n * self.lane.bytes()
    }

    pub(crate) fn promises(self, n: usize) -> Vec<Promise> {
        if self.is_search() {
            return vec![Promise { times: 0.7, than: Variant::Sum }];
        }
        let mut promises = Vec::new();
        match self.in_cache() {
            // Whichever asks for more.
            Some(Promise { than, .. }) if n == MI => {
                promises.extend([Promise { times: 0.9, than: Variant::Limit }, Promise { times: 1.0, than }]);
            }
            promise => promises.extend(promise),
        }
        let is_reduction = matches!(self.operation, "sum" | "dot" | "min_max");
        if is_reduction && self.lane.is_float() && n == 64 * KI {
            promises.push(Promise { times: 10.0, than: Variant::Js });
        }
        promises
    }

    /// What is promised beside the baseline as long as caches hold the numbers.
    fn in_cache(self) -> Option<Promise> {
        let times = match (self.operation, self.lane) {
            ("sum", Lane::I32) => 4.0,
            (_, Lane::I32 | Lane::I8 | Lane::U8) => return None,
            ("sum", _) => 3.0,
            ("min_max", _) => 4.0,
            ("dot", _) => 1.6,
            ("scale" | "add", _) => 1.0,
            _ => return None,
        };
        Some(Promise { times, than: Variant::Baseline })
    }

    fn is_search(self) -> bool {
        self.operation == "search"
    }
}

impl FromStr for Kernel {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::all().find(|known| known.name == name).with_context(|| {
            let names: Vec<&str> = Self::all().map(|known| known.name).collect();
            format!("there is no kernel `{name}`; there are {}", names.join(", "))
        })
    }
}

/// One kernel at one length, for the script that measures it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Task {
    kernel: &'static str,
    operation: &'static str,
    lane: Lane,
    n: usize,
    /// How many bytes are read and written.
    traffic: usize,
    /// How many different ones.
    footprint: usize,
    variants: Vec<Variant>,
}

impl Task {
    pub(crate) fn new(kernel: Kernel, n: usize) -> Self {
        let Kernel { name, operation, lane, access } = kernel;
        let footprint = access.different_slices() * n * lane.bytes();
        let (traffic, variants) = (kernel.traffic(n), kernel.variants());
        Self { kernel: name, operation, lane, n, traffic, footprint, variants }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kernel(name: &str) -> Kernel {
        name.parse().unwrap()
    }

    #[test]
    fn every_kernel_is_found_by_its_name() {
        for known in Kernel::all() {
            assert_eq!(kernel(known.name), known);
        }
        assert!("sum_f16".parse::<Kernel>().unwrap_err().to_string().contains("sum_f64, sum_f32"));
    }

    #[test]
    fn what_is_read_and_what_is_written_counts() {
        assert_eq!(kernel("sum_f64").traffic(KI), 8 * KI);
        assert_eq!(kernel("dot_f32").traffic(KI), 8 * KI);
        assert_eq!(kernel("scale_f64").traffic(KI), 16 * KI);
        assert_eq!(kernel("axpy_f64").traffic(KI), 24 * KI);
        assert_eq!(Task::new(kernel("axpy_f64"), KI).footprint, 16 * KI);
    }

    #[test]
    fn promises_depend_on_the_length() {
        let promise = |times, than| Promise { times, than };
        let of = |name, n| kernel(name).promises(n);
        assert_eq!(of("sum_f64", KI), [promise(3.0, Variant::Baseline)]);
        assert_eq!(of("dot_f32", 64 * KI), [promise(1.6, Variant::Baseline), promise(10.0, Variant::Js)]);
        assert_eq!(of("add_f64", MI), [promise(0.9, Variant::Limit), promise(1.0, Variant::Baseline)]);
        assert_eq!(of("sum_i32", 64 * KI), [promise(4.0, Variant::Baseline)]);
        assert_eq!(of("search_f32", SEARCH_LENGTHS[0]), [promise(0.7, Variant::Sum)]);
        assert_eq!(of("dot_i8", 64 * KI), []);
        assert_eq!(of("moments_f64", MI), []);
    }

    #[test]
    fn what_is_compared_is_measured() {
        for kernel in Kernel::all() {
            for promise in kernel.lengths().iter().flat_map(|n| kernel.promises(*n)) {
                assert!(kernel.variants().contains(&promise.than), "{}", kernel.name);
            }
        }
    }
}
