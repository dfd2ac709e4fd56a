//! The same kernels over pages: numbers that lie in memory in pieces, such as those of a column.
//!
//! They take anything that gives slices. The results are, to the bit, those of all the numbers in one slice: where a page
//! begins and ends makes no difference. Two sequences may be cut into pages differently. How many numbers there are shows at
//! the end: a function that panics since they do not fit has written a part of its results.
//!
//! ```
//! use duractor_kernels::{pages, sum};
//!
//! let values: Vec<f64> = (0..1_000).map(|at| f64::from(at).sqrt()).collect();
//! assert_eq!(pages::sum(values.chunks(300)), sum(&values));
//! ```

use std::ops::RangeInclusive;

use crate::{
    buckets::{self, Bucket},
    extremes,
    float::Float,
    fold::Pages,
    groups::{self, BadKey},
    histograms::{self, Outside},
    lttb::{self, Point},
    moments::{self, CoMoments, Moments},
    normal,
    predicates::{self, Is},
    ranks, rolling, scans,
    stats::{self, Stats},
    sums, tops,
};

/// [`sum`](crate::sum) of pages.
pub fn sum<'a, T: Float>(pages: impl IntoIterator<Item = &'a [T]>) -> T {
    sums::sum(Pages([pages.into_iter()]))
}

/// [`l1_norm`](crate::l1_norm) of pages.
pub fn l1_norm<'a, T: Float>(pages: impl IntoIterator<Item = &'a [T]>) -> T {
    sums::l1_norm(Pages([pages.into_iter()]))
}

/// [`l2_norm`](crate::l2_norm) of pages.
pub fn l2_norm<'a, T: Float>(pages: impl IntoIterator<Item = &'a [T]>) -> T {
    sums::squared_norm(Pages([pages.into_iter()])).sqrt()
}

/// [`max_norm`](crate::max_norm) of pages.
pub fn max_norm<'a, T: Float>(pages: impl IntoIterator<Item = &'a [T]>) -> T {
    extremes::max_norm(Pages([pages.into_iter()]))
}

/// [`min_max`](crate::min_max) of pages.
pub fn min_max<'a, T: Float>(pages: impl IntoIterator<Item = &'a [T]>) -> Option<(T, T)> {
    extremes::min_max(Pages([pages.into_iter()]))
}

/// [`moments`](crate::moments()) of pages.
pub fn moments<'a, T: Float>(pages: impl IntoIterator<Item = &'a [T]>) -> Moments<T> {
    moments::moments(Pages([pages.into_iter()]))
}

/// [`argmin`](crate::argmin) of pages.
pub fn argmin<'a, T: Float>(pages: impl IntoIterator<Item = &'a [T]>) -> Option<usize> {
    extremes::argmin(pages.into_iter())
}

/// [`argmax`](crate::argmax) of pages.
pub fn argmax<'a, T: Float>(pages: impl IntoIterator<Item = &'a [T]>) -> Option<usize> {
    extremes::argmax(pages.into_iter())
}

/// [`count_where`](crate::count_where) of pages.
pub fn count_where<'a, T: Float>(pages: impl IntoIterator<Item = &'a [T]>, is: Is<T>) -> u64 {
    predicates::count_where(Pages([pages.into_iter()]), is)
}

/// [`sum_where`](crate::sum_where) of pages.
pub fn sum_where<'a, T: Float>(pages: impl IntoIterator<Item = &'a [T]>, is: Is<T>) -> T {
    predicates::sum_where(Pages([pages.into_iter()]), is)
}

/// [`top_k`](crate::top_k) of pages.
pub fn top_k<'a, T: Float>(pages: impl IntoIterator<Item = &'a [T]>, k: usize) -> Vec<(usize, T)> {
    tops::top_k(pages.into_iter(), k)
}

/// [`histogram`](crate::histogram) of pages.
///
/// # Panics
///
/// As of the kernel over slices.
#[track_caller]
pub fn histogram<'a, T: Float>(
    pages: impl IntoIterator<Item = &'a [T]>,
    range: RangeInclusive<T>,
    bins: &mut [u64],
) -> Outside {
    histograms::histogram(pages.into_iter(), range, bins)
}

/// [`prefix_sum`](crate::prefix_sum) of pages.
///
/// # Panics
///
/// `out` has not as many places as there are numbers.
#[track_caller]
pub fn prefix_sum<'a, T: Float>(pages: impl IntoIterator<Item = &'a [T]>, out: &mut [T]) {
    scans::prefix_sum(Pages([pages.into_iter()]), out);
}

/// [`dot`](crate::dot) of pages.
///
/// # Panics
///
/// There are not as many numbers on both sides.
#[track_caller]
pub fn dot<'a, T: Float, P: IntoIterator<Item = &'a [T]>>(left: P, right: P) -> T {
    sums::dot(Pages([left.into_iter(), right.into_iter()]))
}

/// [`squared_distance`](crate::squared_distance) of pages.
///
/// # Panics
///
/// There are not as many numbers on both sides.
#[track_caller]
pub fn squared_distance<'a, T: Float, P: IntoIterator<Item = &'a [T]>>(left: P, right: P) -> T {
    sums::squared_distance(Pages([left.into_iter(), right.into_iter()]))
}

/// [`distance`](crate::distance) of pages.
///
/// # Panics
///
/// There are not as many numbers on both sides.
#[track_caller]
pub fn distance<'a, T: Float, P: IntoIterator<Item = &'a [T]>>(left: P, right: P) -> T {
    squared_distance(left, right).sqrt()
}

/// [`cosine_similarity`](crate::cosine_similarity) of pages.
///
/// # Panics
///
/// There are not as many numbers on both sides.
#[track_caller]
pub fn cosine_similarity<'a, T: Float, P: IntoIterator<Item = &'a [T]>>(left: P, right: P) -> T {
    sums::cosine_similarity(Pages([left.into_iter(), right.into_iter()]))
}

/// [`co_moments`](crate::co_moments) of pages.
///
/// # Panics
///
/// There are not as many numbers on both sides.
#[track_caller]
pub fn co_moments<'a, T: Float, P: IntoIterator<Item = &'a [T]>>(left: P, right: P) -> CoMoments<T> {
    moments::co_moments(Pages([left.into_iter(), right.into_iter()]))
}

/// [`stats`](fn@crate::stats) of pages.
pub fn stats<'a, T: Float, P: IntoIterator<Item = &'a [T], IntoIter: Clone>>(pages: P) -> Stats<T> {
    stats::stats(pages.into_iter())
}

/// [`correlation`](crate::correlation) of pages.
///
/// # Panics
///
/// There are not as many numbers on both sides.
#[track_caller]
pub fn correlation<'a, T: Float, P: IntoIterator<Item = &'a [T], IntoIter: Clone>>(left: P, right: P) -> Option<T> {
    stats::correlation(left.into_iter(), right.into_iter())
}

/// [`quantiles`](crate::quantiles) of pages.
///
/// # Panics
///
/// One of `at` is not from 0 to 1.
#[track_caller]
pub fn quantiles<'a, T: Float, P: IntoIterator<Item = &'a [T], IntoIter: Clone>>(
    pages: P,
    at: &[f64],
) -> Option<Vec<T>> {
    ranks::quantiles(pages.into_iter(), at)
}

/// [`normalise_to`](crate::normalise_to) of pages.
///
/// # Panics
///
/// `out` has not as many places as there are numbers.
#[track_caller]
pub fn normalise_to<'a, T: Float, P: IntoIterator<Item = &'a [T], IntoIter: Clone>>(pages: P, out: &mut [T]) {
    normal::normalise_to(pages.into_iter(), out);
}

/// [`rolling_mean`](crate::rolling_mean) of pages.
///
/// # Panics
///
/// `window` is 0, or `out` has not as many places as there are numbers.
#[track_caller]
pub fn rolling_mean<'a, T: Float>(pages: impl IntoIterator<Item = &'a [T]>, window: usize, out: &mut [T]) {
    rolling::rolling_mean(pages.into_iter(), window, out);
}

/// [`group_sum`](crate::group_sum) of pages.
///
/// # Errors
///
/// A key names no group, as of the kernel over slices.
///
/// # Panics
///
/// There are not as many keys as values.
#[track_caller]
pub fn group_sum<'a, T: Float, P: IntoIterator<Item = &'a [T]>>(
    keys: P,
    values: P,
    sums: &mut [T],
) -> Result<(), BadKey> {
    groups::group_sum(keys.into_iter(), values.into_iter(), sums)
}

/// [`min_max_buckets`](crate::min_max_buckets) of pages.
///
/// # Panics
///
/// `buckets` is 0.
#[track_caller]
pub fn min_max_buckets<'a, T: Float, P: IntoIterator<Item = &'a [T], IntoIter: Clone>>(
    pages: P,
    buckets: usize,
) -> Vec<Bucket<T>> {
    buckets::min_max_buckets(pages.into_iter(), buckets)
}

/// [`lttb`](fn@crate::lttb) of pages.
///
/// # Panics
///
/// `points` is less than 3, or there are not as many numbers on both sides.
#[track_caller]
pub fn lttb<'a, T: Float, P: IntoIterator<Item = &'a [T], IntoIter: Clone>>(
    x: P,
    y: P,
    points: usize,
) -> Vec<Point<T>> {
    lttb::lttb(x.into_iter(), y.into_iter(), points)
}
