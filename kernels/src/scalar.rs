//! The twin without SIMD: for native targets, and to compare with.

use crate::generic::{self, Lanes};

impl Lanes for [f64; 2] {
    fn new(lanes: [f64; 2]) -> Self {
        lanes
    }

    fn add(self, other: Self) -> Self {
        [self[0] + other[0], self[1] + other[1]]
    }

    fn lanes(self) -> [f64; 2] {
        self
    }
}

#[cfg_attr(all(target_arch = "wasm32", not(test)), expect(dead_code, reason = "wasm compares with it in tests"))]
pub(crate) fn sum(values: &[f64]) -> f64 {
    generic::sum::<[f64; 2]>(values)
}
