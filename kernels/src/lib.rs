//! Numeric kernels for wasm's 128-bit vectors.
//!
//! ```
//! use duractor_kernels as kernels;
//!
//! let prices = [19.5, 21.0, 20.25, 24.5];
//! assert_eq!(kernels::sum(&prices), 85.25);
//! assert_eq!(kernels::min_max(&prices), Some((19.5, 24.5)));
//! assert_eq!(kernels::moments(&prices).mean(), 21.3125);
//! ```
//!
//! No compiler flag is needed: each function turns simd128 on for itself. A worker that calls none of them has none of
//! their code.
//!
//! # What there is
//!
//! - For slices of `f64` and `f32`: the functions of this page.
//! - For numbers that lie in memory in pieces, such as those of a column: [`pages`], with the same results to the bit.
//! - For integers, and for bits: [`int`]. For text: [`bytes`].
//!
//! # Edge cases
//!
//! What follows holds for all functions; where one differs it says so.
//!
//! - **No numbers**: sums are 0, and what does not exist is `None` or NaN.
//! - **Unequal lengths** are a bug of the caller: the function panics, before it has written anything, and says both
//!   lengths. Nothing is ever read or written beyond a slice.
//! - **NaN and infinities** go through arithmetic as IEEE 754 says: a sum with a NaN in it is NaN, as is one of both
//!   infinities. Functions that compare pass NaN over: the least of 1, NaN and 2 is 1. Which NaN comes out is not defined.
//! - **Zeros** of either sign are equal. A sum that is zero is +0.0. Which of both is the least or the greatest is
//!   not defined, but always the same for the same numbers.
//! - **Subnormal numbers** are numbers like others, though processors are slow at them.
//! - **Overflow** gives infinities. Sums are added up in parts, which may overflow where those of a plain loop do not, and parts
//!   of both signs give NaN. Sums of integers do not overflow.
//! - **Alignment**: any. In cache, numbers that begin at a multiple of 16 bytes are read up to a quarter faster.
//!
//! # How does it work?
//!
//! An algorithm is written once, over a small trait of vectors (`vector`), which wasm's vectors (`simd128`) and arrays
//! (`scalar`) implement. The order of operations is that of the algorithm, never the compiler's choice, so that both
//! give the same bits; native targets run the twin. It sums up in several lanes and in groups, which is faster than
//! one number after the other, and more accurate. Error bounds are in units of *u*, which is 2⁻⁵³ for `f64` and 2⁻²⁴ for
//! `f32`, without terms in *u*²; *n* is the number of numbers.
//!
//! With `RUSTFLAGS='--cfg duractor_kernels="scalar"'` wasm runs the twin too, for engines without simd128.

mod buckets;
pub mod bytes;
mod cursor;
mod extremes;
mod float;
mod fold;
mod groups;
mod histograms;
pub mod int;
mod ints;
mod length;
mod lttb;
mod maps;
mod moments;
mod normal;
mod number;
pub mod pages;
mod predicates;
mod ranks;
mod rolling;
mod rows;
mod scalar;
mod scans;
#[cfg(all(target_arch = "wasm32", not(duractor_kernels = "scalar")))]
mod simd128;
mod slices;
mod stats;
mod sums;
mod tops;
mod vector;

pub use self::{
    buckets::Bucket,
    float::Float,
    groups::BadKey,
    histograms::Outside,
    lttb::Point,
    moments::{CoMoments, Moments},
    predicates::Is,
    slices::*,
    stats::Stats,
};
