//! Kernels over integers, which are exact.

use crate::{ints, length::same_length};

/// sum
pub fn sum(values: &[i32]) -> i64 {
    ints::sum([values])
}
/// sum
pub fn min_max(values: &[i32]) -> Option<(i32, i32)> {
    ints::min_max([values])
}
/// sum
#[track_caller]
pub fn dot_i8(left: &[i8], right: &[i8]) -> i64 {
    same_length(left, right);
    ints::dot_i8([left, right])
}
/// sum
#[track_caller]
pub fn dot_u8(left: &[u8], right: &[u8]) -> u64 {
    same_length(left, right);
    ints::dot_u8([left, right])
}
/// sum
pub fn count_ones(bits: &[u8]) -> u64 {
    ints::count_ones([bits])
}
/// sum
#[track_caller]
pub fn hamming(left: &[u8], right: &[u8]) -> u64 {
    same_length(left, right);
    ints::hamming([left, right])
}
