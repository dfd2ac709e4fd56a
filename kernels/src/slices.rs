//! Kernels over slices.

use std::{iter, ops::RangeInclusive};

use crate::{
    extremes,
    float::Float,
    histograms::{self, Outside},
    length::same_length,
    maps,
    moments::{self, CoMoments, Moments},
    predicates::{self, Is},
    rows, scans, sums, tops,
};

/// The sum.
pub fn sum<T: Float>(values: &[T]) -> T {
    sums::sum([values])
}

/// The sum of magnitudes.
pub fn l1_norm<T: Float>(values: &[T]) -> T {
    sums::l1_norm([values])
}

/// l2
pub fn l2_norm<T: Float>(values: &[T]) -> T {
    sums::squared_norm([values]).sqrt()
}

/// max
pub fn max_norm<T: Float>(values: &[T]) -> T {
    extremes::max_norm([values])
}

/// dot
#[track_caller]
pub fn dot<T: Float>(left: &[T], right: &[T]) -> T {
    same_length(left, right);
    sums::dot([left, right])
}

/// d2
#[track_caller]
pub fn squared_distance<T: Float>(left: &[T], right: &[T]) -> T {
    same_length(left, right);
    sums::squared_distance([left, right])
}

/// d
#[track_caller]
pub fn distance<T: Float>(left: &[T], right: &[T]) -> T {
    squared_distance(left, right).sqrt()
}

/// cos
#[track_caller]
pub fn cosine_similarity<T: Float>(left: &[T], right: &[T]) -> T {
    same_length(left, right);
    sums::cosine_similarity([left, right])
}

/// minmax
pub fn min_max<T: Float>(values: &[T]) -> Option<(T, T)> {
    extremes::min_max([values])
}

/// argmin
pub fn argmin<T: Float>(values: &[T]) -> Option<usize> {
    extremes::argmin(iter::once(values))
}

/// argmax
pub fn argmax<T: Float>(values: &[T]) -> Option<usize> {
    extremes::argmax(iter::once(values))
}

/// moments
pub fn moments<T: Float>(values: &[T]) -> Moments<T> {
    moments::moments([values])
}

/// co
#[track_caller]
pub fn co_moments<T: Float>(left: &[T], right: &[T]) -> CoMoments<T> {
    same_length(left, right);
    moments::co_moments([left, right])
}

/// count
pub fn count_where<T: Float>(values: &[T], is: Is<T>) -> u64 {
    predicates::count_where([values], is)
}

/// sum where
pub fn sum_where<T: Float>(values: &[T], is: Is<T>) -> T {
    predicates::sum_where([values], is)
}

/// histogram
#[track_caller]
pub fn histogram<T: Float>(values: &[T], range: RangeInclusive<T>, bins: &mut [u64]) -> Outside {
    histograms::histogram(iter::once(values), range, bins)
}

/// topk
pub fn top_k<T: Float>(values: &[T], k: usize) -> Vec<(usize, T)> {
    tops::top_k(iter::once(values), k)
}

/// prefix
#[track_caller]
pub fn prefix_sum<T: Float>(values: &[T], out: &mut [T]) {
    same_length(values, out);
    scans::prefix_sum([values], out);
}

/// rows
#[track_caller]
pub fn dot_rows<T: Float>(vector: &[T], rows: &[T], out: &mut [T]) {
    rows::dot_rows(vector, rows, out);
}

/// rows
#[track_caller]
pub fn squared_distance_rows<T: Float>(vector: &[T], rows: &[T], out: &mut [T]) {
    rows::squared_distance_rows(vector, rows, out);
}

macro_rules! unary {
    ($(#[$doc:meta])* $name:ident, $(#[$doc_to:meta])* $name_to:ident, ($($arg:ident),*), $map:expr) => {
        $(#[$doc])*
        #[track_caller]
        pub fn $name<T: Float>(values: &mut [T], $($arg: T),*) {
            maps::unary($map, values);
        }

        $(#[$doc_to])*
        #[track_caller]
        pub fn $name_to<T: Float>(values: &[T], $($arg: T,)* out: &mut [T]) {
            maps::unary_to($map, values, out);
        }
    };
}

unary!(
    /// scale
    scale,
    /// scale
    scale_to, (factor), maps::Scale(factor));
unary!(
    /// affine
    affine,
    /// affine
    affine_to, (factor, offset), maps::Affine(factor, offset));
unary!(
    /// clamp
    clamp,
    /// clamp
    clamp_to, (min, max), maps::Clamp(min, max));

macro_rules! binary {
    ($(#[$doc:meta])* $name:ident, $(#[$doc_to:meta])* $name_to:ident, ($($arg:ident),*), $map:expr) => {
        $(#[$doc])*
        #[track_caller]
        pub fn $name<T: Float>($($arg: T,)* values: &mut [T], others: &[T]) {
            maps::binary($map, values, others);
        }

        $(#[$doc_to])*
        #[track_caller]
        pub fn $name_to<T: Float>($($arg: T,)* values: &[T], others: &[T], out: &mut [T]) {
            maps::binary_to($map, values, others, out);
        }
    };
}

binary!(
    /// add
    add,
    /// add
    add_to, (), maps::Add);
binary!(
    /// add
    sub,
    /// add
    sub_to, (), maps::Sub);
binary!(
    /// add
    mul,
    /// add
    mul_to, (), maps::Mul);

/// axpy
#[track_caller]
pub fn axpy<T: Float>(factor: T, values: &[T], sums: &mut [T]) {
    maps::binary(maps::Axpy(factor), sums, values);
}
