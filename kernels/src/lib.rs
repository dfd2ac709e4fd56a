//! Numeric kernels with simd128, and a scalar twin of each that gives the same bits.

mod extremes;
mod float;
mod fold;
mod histograms;
pub mod int;
mod ints;
mod length;
mod maps;
mod moments;
mod number;
pub mod pages;
mod predicates;
mod rows;
mod scalar;
mod scans;
#[cfg(all(target_arch = "wasm32", not(duractor_kernels = "scalar")))]
mod simd128;
mod slices;
mod sums;
mod tops;
mod vector;

pub use self::{
    float::Float,
    histograms::Outside,
    moments::{CoMoments, Moments},
    predicates::Is,
    slices::*,
};
