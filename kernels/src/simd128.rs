//! The kernels on wasm's 128-bit vectors.

use std::arch::wasm32::{f64x2, f64x2_add, f64x2_extract_lane, v128};

use crate::generic::{self, Lanes};

impl Lanes for v128 {
    #[inline(always)]
    fn new([left, right]: [f64; 2]) -> Self {
        f64x2(left, right)
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        f64x2_add(self, other)
    }

    #[inline(always)]
    fn lanes(self) -> [f64; 2] {
        [f64x2_extract_lane::<0>(self), f64x2_extract_lane::<1>(self)]
    }
}

#[target_feature(enable = "simd128")]
pub(crate) fn sum(values: &[f64]) -> f64 {
    generic::sum::<v128>(values)
}
