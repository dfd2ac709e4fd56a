//! Kernels over slices.

use std::{iter, ops::RangeInclusive};

use crate::{
    buckets::{self, Bucket},
    extremes,
    float::Float,
    groups::{self, BadKey},
    histograms::{self, Outside},
    length::same_length,
    lttb::{self, Point},
    maps,
    moments::{self, CoMoments, Moments},
    normal,
    predicates::{self, Is},
    ranks, rolling, rows, scans,
    stats::{self, Stats},
    sums, tops,
};

/// The sum.
///
/// ```
/// use duractor_kernels as kernels;
///
/// assert_eq!(kernels::sum(&[1.0, 2.0, 3.5]), 6.5);
/// assert_eq!(kernels::sum::<f32>(&[]), 0.0);
/// ```
///
/// The error is at most (70 + n/1024)·u·Σ|x|, for `f32` (70 + n/2048)·u·Σ|x|; that of a plain loop is n·u·Σ|x|
/// ([Higham, "The accuracy of floating point summation", 1993](https://doi.org/10.1137/0914050)).
pub fn sum<T: Float>(values: &[T]) -> T {
    sums::sum([values])
}

/// The dot product: the sum of the products of each pair.
///
/// ```
/// use duractor_kernels as kernels;
///
/// assert_eq!(kernels::dot(&[1.0, 2.0], &[3.0, 4.0]), 11.0);
/// ```
///
/// The error is at most (70 + n/512)·u·Σ|x·y|.
///
/// # Panics
///
/// The slices are not of the same length.
#[track_caller]
pub fn dot<T: Float>(left: &[T], right: &[T]) -> T {
    same_length(left, right);
    sums::dot([left, right])
}

/// The sum of magnitudes.
///
/// ```
/// use duractor_kernels as kernels;
///
/// assert_eq!(kernels::l1_norm(&[1.0, -2.0]), 3.0);
/// ```
///
/// The error is that of [`sum`].
pub fn l1_norm<T: Float>(values: &[T]) -> T {
    sums::l1_norm([values])
}

/// The Euclidean norm: the square root of the sum of squares.
///
/// ```
/// use duractor_kernels as kernels;
///
/// assert_eq!(kernels::l2_norm(&[3.0, -4.0]), 5.0);
/// ```
///
/// The relative error is at most (40 + n/2048)·u. Squares overflow where numbers are greater than about 10¹⁵⁴ (`f32`: 10¹⁹), and
/// are lost where they are all less than about 10⁻¹⁵⁴ (`f32`: 10⁻¹⁹): [`scale`] such numbers before.
pub fn l2_norm<T: Float>(values: &[T]) -> T {
    sums::squared_norm([values]).sqrt()
}

/// The greatest magnitude; 0 if there is none. NaN is passed over.
///
/// ```
/// use duractor_kernels as kernels;
///
/// assert_eq!(kernels::max_norm(&[3.0, -4.0]), 4.0);
/// ```
pub fn max_norm<T: Float>(values: &[T]) -> T {
    extremes::max_norm([values])
}

/// The square of the Euclidean distance: the sum of squared differences. It orders as the distance does, and saves the root.
///
/// ```
/// use duractor_kernels as kernels;
///
/// assert_eq!(kernels::squared_distance(&[1.0, 2.0], &[4.0, 6.0]), 25.0);
/// ```
///
/// The relative error is at most (75 + n/512)·u. Squares overflow as those of [`l2_norm`] do.
///
/// # Panics
///
/// The slices are not of the same length.
#[track_caller]
pub fn squared_distance<T: Float>(left: &[T], right: &[T]) -> T {
    same_length(left, right);
    sums::squared_distance([left, right])
}

/// The Euclidean distance.
///
/// ```
/// use duractor_kernels as kernels;
///
/// assert_eq!(kernels::distance(&[1.0, 2.0], &[4.0, 6.0]), 5.0);
/// ```
///
/// The relative error is at most (40 + n/1024)·u. Squares overflow as those of [`l2_norm`] do.
///
/// # Panics
///
/// The slices are not of the same length.
#[track_caller]
pub fn distance<T: Float>(left: &[T], right: &[T]) -> T {
    squared_distance(left, right).sqrt()
}

/// The cosine of the angle between two vectors, from -1 to 1; NaN if one of them has no length.
///
/// ```
/// use duractor_kernels as kernels;
///
/// assert_eq!(kernels::cosine_similarity(&[1.0, 0.0], &[0.0, 2.0]), 0.0);
/// assert!(kernels::cosine_similarity(&[1.0_f64], &[0.0]).is_nan());
/// ```
///
/// The error is at most (150 + n/256)·u. Squares overflow as those of [`l2_norm`] do.
///
/// # Panics
///
/// The slices are not of the same length.
#[track_caller]
pub fn cosine_similarity<T: Float>(left: &[T], right: &[T]) -> T {
    same_length(left, right);
    sums::cosine_similarity([left, right])
}

/// The least and the greatest, in one pass; `None` if there is none. NaN is passed over.
///
/// ```
/// use duractor_kernels as kernels;
///
/// assert_eq!(kernels::min_max(&[2.0, f64::NAN, -1.0]), Some((-1.0, 2.0)));
/// assert_eq!(kernels::min_max(&[f64::NAN]), None);
/// ```
pub fn min_max<T: Float>(values: &[T]) -> Option<(T, T)> {
    extremes::min_max([values])
}

/// The index of the least number, of equal ones the first; `None` if there is none. NaN is passed over.
///
/// ```
/// use duractor_kernels as kernels;
///
/// assert_eq!(kernels::argmin(&[5.0, f64::NAN, 5.0]), Some(0));
/// assert_eq!(kernels::argmin::<f64>(&[]), None);
/// ```
pub fn argmin<T: Float>(values: &[T]) -> Option<usize> {
    extremes::argmin(iter::once(values))
}

/// The index of the greatest number, of equal ones the first; `None` if there is none. NaN is passed over.
///
/// ```
/// use duractor_kernels as kernels;
///
/// assert_eq!(kernels::argmax(&[5.0, f64::NAN, 5.0]), Some(0));
/// assert_eq!(kernels::argmax::<f64>(&[]), None);
/// ```
pub fn argmax<T: Float>(values: &[T]) -> Option<usize> {
    extremes::argmax(iter::once(values))
}

/// Count, mean and variance, in one pass.
///
/// ```
/// use duractor_kernels as kernels;
///
/// let moments = kernels::moments(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
/// assert_eq!((moments.count(), moments.mean(), moments.standard_deviation()), (8, 5.0, 2.0));
/// ```
///
/// It is numerically stable: in groups of blocks the sums are of what numbers differ from the mean so far by (the shifted data
/// algorithm), and groups are merged pairwise (Chan, Golub and LeVeque, ["Algorithms for computing the sample variance", 1983](https://doi.org/10.1080/00031305.1983.10483115)).
/// The relative error of the variance is at most (15 000 + n/128 + 4·|mean|/σ)·u, with σ the standard deviation; usually it
/// is a few u. That of the mean is at most (80 + n/512)·u·max|x|.
///
/// Where differences are so large that they or their squares overflow, mean and variance are infinite or NaN. An infinity or a
/// NaN among the numbers makes the variance NaN, and the mean infinite or NaN.
pub fn moments<T: Float>(values: &[T]) -> Moments<T> {
    moments::moments([values])
}

/// Count, means, variances and covariance of pairs, in one pass; [`CoMoments::correlation`] is Pearson's.
///
/// ```
/// use duractor_kernels as kernels;
///
/// let pairs = kernels::co_moments(&[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0]);
/// assert_eq!((pairs.sample_covariance(), pairs.correlation()), (2.0, 1.0));
/// ```
///
/// The algorithm is that of [`moments`]. The error of the covariance is at most (15 000 + n/128 + 4·max(|mean|/σ))·u·σ₁·σ₂, with
/// both standard deviations.
///
/// # Panics
///
/// The slices are not of the same length.
#[track_caller]
pub fn co_moments<T: Float>(left: &[T], right: &[T]) -> CoMoments<T> {
    same_length(left, right);
    moments::co_moments([left, right])
}

/// How many numbers are so.
///
/// ```
/// use duractor_kernels as kernels;
///
/// use kernels::Is;
///
/// let celsius = [18.5, 21.0, f64::NAN, 24.0];
/// assert_eq!(kernels::count_where(&celsius, Is::Ge(21.0)), 2);
/// assert_eq!(kernels::count_where(&celsius, Is::Nan), 1);
/// ```
pub fn count_where<T: Float>(values: &[T], is: Is<T>) -> u64 {
    predicates::count_where([values], is)
}

/// The sum of the numbers that are so.
///
/// ```
/// use duractor_kernels as kernels;
///
/// use kernels::Is;
///
/// assert_eq!(kernels::sum_where(&[1.0, 5.0, f64::NAN], Is::Between(1.0, 4.0)), 1.0);
/// ```
///
/// The error is that of [`sum`], for the numbers that are so.
pub fn sum_where<T: Float>(values: &[T], is: Is<T>) -> T {
    predicates::sum_where([values], is)
}

/// Counts how many numbers are in each of equal intervals, the bins, of a range. The numbers of each bin are added to what it
/// has. A bin has its lower bound, the last one has its upper bound too. What is in none of them is told apart.
///
/// ```
/// use duractor_kernels as kernels;
///
/// let mut bins = [0; 4];
/// let outside = kernels::histogram(&[0.0, 0.5, 3.0, 4.0, 7.0, f64::NAN], 0.0..=4.0, &mut bins);
/// assert_eq!(bins, [2, 0, 0, 2]);
/// assert_eq!((outside.below, outside.above, outside.nan), (0, 1, 1));
/// ```
///
/// Bounds between bins are where (x - from)·(bins/(to - from)), rounded as floating point is, becomes the next integer. Bins are
/// written one number at a time.
///
/// # Panics
///
/// There is no bin, or the width of the range is not positive and finite, or so little that `bins/width` is infinite.
#[track_caller]
pub fn histogram<T: Float>(values: &[T], range: RangeInclusive<T>, bins: &mut [u64]) -> Outside {
    histograms::histogram(iter::once(values), range, bins)
}

/// The greatest `k` numbers and their indices, the greatest first, of equal ones the first first. All, if there are less. NaN is
/// passed over.
///
/// ```
/// use duractor_kernels as kernels;
///
/// assert_eq!(kernels::top_k(&[0.5, 0.9, f64::NAN, 0.7, 0.9], 3), [(1, 0.9), (4, 0.9), (3, 0.7)]);
/// ```
///
/// It takes memory for `k` numbers. A block of numbers that has none that is great enough costs a comparison.
pub fn top_k<T: Float>(values: &[T], k: usize) -> Vec<(usize, T)> {
    tops::top_k(iter::once(values), k)
}

/// Writes the sum of all numbers up to each, itself included.
///
/// ```
/// use duractor_kernels as kernels;
///
/// let mut sums = [0.0; 3];
/// kernels::prefix_sum(&[1.0, 2.0, 3.5], &mut sums);
/// assert_eq!(sums, [1.0, 3.0, 6.5]);
/// ```
///
/// The error of the sum of the first i is at most (6 + i/8)·u·Σ|x|, for `f32` (6 + i/16)·u·Σ|x|. Sums of numbers of one sign may
/// differ from a monotonic sequence by as much.
///
/// # Panics
///
/// The slices are not of the same length.
#[track_caller]
pub fn prefix_sum<T: Float>(values: &[T], out: &mut [T]) {
    same_length(values, out);
    scans::prefix_sum([values], out);
}

/// Writes the dot product of a vector and each row of a matrix, which has its rows one after the other.
///
/// ```
/// use duractor_kernels as kernels;
///
/// let rows = [1.0, 0.0, /* */ 0.0, 1.0, /* */ 1.0, 1.0];
/// let mut products = [0.0; 3];
/// kernels::dot_rows(&[2.0, 3.0], &rows, &mut products);
/// assert_eq!(products, [2.0, 3.0, 5.0]);
/// ```
///
/// The error of each is at most (6 + n/4)·u·Σ|x·y|, for `f32` (6 + n/8)·u·Σ|x·y|, with n the length of a row. For rows and a vector
/// of length 1 the products are cosine similarities.
///
/// # Panics
///
/// The matrix does not have `out.len()` rows of the vector's length.
#[track_caller]
pub fn dot_rows<T: Float>(vector: &[T], rows: &[T], out: &mut [T]) {
    rows::dot_rows(vector, rows, out);
}

/// Writes the square of the Euclidean distance between a vector and each row of a matrix, which has its rows one after the
/// other.
///
/// ```
/// use duractor_kernels as kernels;
///
/// let mut distances = [0.0; 2];
/// kernels::squared_distance_rows(&[1.0, 1.0], &[1.0, 2.0, /* */ 4.0, 5.0], &mut distances);
/// assert_eq!(distances, [1.0, 25.0]);
/// ```
///
/// The relative error of each is at most (10 + n/4)·u, for `f32` (10 + n/8)·u, with n the length of a row.
///
/// # Panics
///
/// The matrix does not have `out.len()` rows of the vector's length.
#[track_caller]
pub fn squared_distance_rows<T: Float>(vector: &[T], rows: &[T], out: &mut [T]) {
    rows::squared_distance_rows(vector, rows, out);
}

/// Multiplies each number by a factor.
///
/// ```
/// use duractor_kernels as kernels;
///
/// let mut values = [1.0, 2.5];
/// kernels::scale(&mut values, 2.0);
/// assert_eq!(values, [2.0, 5.0]);
/// ```
pub fn scale<T: Float>(values: &mut [T], factor: T) {
    maps::unary(maps::Scale(factor), values);
}

/// [`scale`] into another slice.
///
/// # Panics
///
/// The slices are not of the same length.
#[track_caller]
pub fn scale_to<T: Float>(values: &[T], factor: T, out: &mut [T]) {
    maps::unary_to(maps::Scale(factor), values, out);
}

/// Makes `factor`·x + `offset` of each number x. The product is rounded, then the sum: it is not a fused multiply-add.
///
/// ```
/// use duractor_kernels as kernels;
///
/// let mut celsius = [0.0, 100.0];
/// kernels::affine(&mut celsius, 1.8, 32.0);
/// assert_eq!(celsius, [32.0, 212.0]);
/// ```
pub fn affine<T: Float>(values: &mut [T], factor: T, offset: T) {
    maps::unary(maps::Affine(factor, offset), values);
}

/// [`affine`] into another slice.
///
/// # Panics
///
/// The slices are not of the same length.
#[track_caller]
pub fn affine_to<T: Float>(values: &[T], factor: T, offset: T, out: &mut [T]) {
    maps::unary_to(maps::Affine(factor, offset), values, out);
}

/// Makes `min` of each number that is less, and `max` of each that is greater. NaN stays NaN.
///
/// ```
/// use duractor_kernels as kernels;
///
/// let mut values = [-1.0, 0.5, 7.0];
/// kernels::clamp(&mut values, 0.0, 1.0);
/// assert_eq!(values, [0.0, 0.5, 1.0]);
/// ```
///
/// # Panics
///
/// The bounds are the wrong way round, or NaN.
#[track_caller]
pub fn clamp<T: Float>(values: &mut [T], min: T, max: T) {
    assert!(min <= max, "numbers cannot be clamped to {min}..={max}");
    maps::unary(maps::Clamp(min, max), values);
}

/// [`clamp`] into another slice.
///
/// # Panics
///
/// The slices are not of the same length, or the bounds are the wrong way round, or NaN.
#[track_caller]
pub fn clamp_to<T: Float>(values: &[T], min: T, max: T, out: &mut [T]) {
    assert!(min <= max, "numbers cannot be clamped to {min}..={max}");
    maps::unary_to(maps::Clamp(min, max), values, out);
}

/// Adds to each number that of the other slice.
///
/// ```
/// use duractor_kernels as kernels;
///
/// let mut values = [1.0, 2.0];
/// kernels::add(&mut values, &[0.5, 0.5]);
/// assert_eq!(values, [1.5, 2.5]);
/// ```
///
/// # Panics
///
/// The slices are not of the same length.
#[track_caller]
pub fn add<T: Float>(left: &mut [T], right: &[T]) {
    maps::binary(maps::Add, left, right);
}

/// [`add`] into another slice.
///
/// # Panics
///
/// The slices are not of the same length.
#[track_caller]
pub fn add_to<T: Float>(left: &[T], right: &[T], out: &mut [T]) {
    maps::binary_to(maps::Add, left, right, out);
}

/// Subtracts from each number that of the other slice.
///
/// ```
/// use duractor_kernels as kernels;
///
/// let mut values = [1.0, 2.0];
/// kernels::sub(&mut values, &[0.5, 3.0]);
/// assert_eq!(values, [0.5, -1.0]);
/// ```
///
/// # Panics
///
/// The slices are not of the same length.
#[track_caller]
pub fn sub<T: Float>(left: &mut [T], right: &[T]) {
    maps::binary(maps::Sub, left, right);
}

/// [`sub`] into another slice.
///
/// # Panics
///
/// The slices are not of the same length.
#[track_caller]
pub fn sub_to<T: Float>(left: &[T], right: &[T], out: &mut [T]) {
    maps::binary_to(maps::Sub, left, right, out);
}

/// Multiplies each number by that of the other slice.
///
/// ```
/// use duractor_kernels as kernels;
///
/// let mut values = [1.0, 2.0];
/// kernels::mul(&mut values, &[0.5, 3.0]);
/// assert_eq!(values, [0.5, 6.0]);
/// ```
///
/// # Panics
///
/// The slices are not of the same length.
#[track_caller]
pub fn mul<T: Float>(left: &mut [T], right: &[T]) {
    maps::binary(maps::Mul, left, right);
}

/// [`mul`] into another slice.
///
/// # Panics
///
/// The slices are not of the same length.
#[track_caller]
pub fn mul_to<T: Float>(left: &[T], right: &[T], out: &mut [T]) {
    maps::binary_to(maps::Mul, left, right, out);
}

/// Adds to each sum `factor` times that of the other slice, which is BLAS's `axpy`. The product is rounded, then the sum.
///
/// ```
/// use duractor_kernels as kernels;
///
/// let mut sums = [1.0, 2.0];
/// kernels::axpy(2.0, &[10.0, 20.0], &mut sums);
/// assert_eq!(sums, [21.0, 42.0]);
/// ```
///
/// # Panics
///
/// The slices are not of the same length.
#[track_caller]
pub fn axpy<T: Float>(factor: T, values: &[T], sums: &mut [T]) {
    maps::binary(maps::Axpy(factor), sums, values);
}

/// Count, sum, mean, least, greatest, variance and standard deviation. NaN is left out: [`Stats`] says what becomes of it,
/// and of infinite numbers.
///
/// ```
/// let stats = duractor_kernels::stats(&[4.0, f64::NAN, 6.0]);
/// assert_eq!((stats.count, stats.mean, stats.variance), (2, Some(5.0), Some(1.0)));
/// assert_eq!(duractor_kernels::stats::<f64>(&[]).mean, None);
/// ```
pub fn stats<T: Float>(values: &[T]) -> Stats<T> {
    stats::stats(iter::once(values))
}

/// Pearson's correlation, from -1 to 1. Pairs of which one is NaN are left out.
///
/// `None` if there is none: there are less than two pairs, all of one side are the same, one is infinite, or a variance is too
/// large or too small for a number.
///
/// ```
/// let (left, right) = ([1.0, 2.0, f64::NAN, 4.0], [9.0, 7.0, 8.0, 3.0]);
/// assert!(duractor_kernels::correlation(&left, &right).unwrap() < -0.999);
/// assert_eq!(duractor_kernels::correlation(&left, &[5.0; 4]), None);
/// ```
///
/// # Panics
///
/// The slices are not of the same length.
#[track_caller]
pub fn correlation<T: Float>(left: &[T], right: &[T]) -> Option<T> {
    same_length(left, right);
    stats::correlation(iter::once(left), iter::once(right))
}

/// For each `at`, from 0 to 1, the number that this share of the numbers is less than: 0.5 is the median. Where that is
/// between two numbers it is on the line between them (Hyndman and Fan, "Sample Quantiles in Statistical Packages", 1996,
/// definition 7). NaN is left out; `None` if there are no numbers. Between -∞ and ∞ it is NaN.
///
/// It copies the numbers, to select in them in linear time; [`quantiles_in_place`] does not.
///
/// ```
/// let quantiles = duractor_kernels::quantiles(&[30.0, 10.0, 20.0, 40.0], &[0.5, 0.9, 1.0]);
/// assert_eq!(quantiles, Some(vec![25.0, 37.0, 40.0]));
/// assert_eq!(duractor_kernels::quantiles(&[f64::NAN], &[0.5]), None);
/// ```
///
/// # Panics
///
/// One of `at` is not from 0 to 1.
#[track_caller]
pub fn quantiles<T: Float>(values: &[T], at: &[f64]) -> Option<Vec<T>> {
    ranks::quantiles(iter::once(values), at)
}

/// [`quantiles`] of numbers whose order need not be kept.
///
/// # Panics
///
/// One of `at` is not from 0 to 1.
#[track_caller]
pub fn quantiles_in_place<T: Float>(values: &mut [T], at: &[f64]) -> Option<Vec<T>> {
    ranks::quantiles_in_place(values, at)
}

/// Writes each number's place between the least, which is 0, and the greatest, which is 1.
///
/// The scale is that of finite numbers: -∞ is 0, and ∞ is 1. NaN stays. Where all finite numbers are the same they are 0.
///
/// ```
/// let mut places = [0.0; 4];
/// duractor_kernels::normalise_to(&[10.0, 30.0, 15.0, f64::INFINITY], &mut places);
/// assert_eq!(places, [0.0, 1.0, 0.25, 1.0]);
/// ```
///
/// # Panics
///
/// `out` is not as long as `values`.
#[track_caller]
pub fn normalise_to<T: Float>(values: &[T], out: &mut [T]) {
    same_length(values, out);
    normal::normalise_to(iter::once(values), out);
}

/// Writes for each number the mean of the `window` numbers that end with it; NaN for the first `window - 1`, which have not
/// as many before them.
///
/// It takes the same time for every window, and nothing is ever taken off a sum. So a NaN or an infinite number shows in the
/// means of the windows that it is in, and in no other, and errors do not grow along the way: a mean differs from the exact
/// one by at most `window` / 2 times the machine epsilon times the mean magnitude of its own window. A window's sum that is
/// too large for a number makes its mean infinite.
///
/// The numbers are cut into blocks as long as the window, and each window is the end of one and the beginning of the next
/// (van Herk 1992; Gil and Werman 1993; of sums in place of minima).
///
/// ```
/// let mut means = [0.0; 5];
/// duractor_kernels::rolling_mean(&[1.0, 2.0, f64::NAN, 4.0, 6.0], 2, &mut means);
/// assert_eq!((means[1], means[4]), (1.5, 5.0));
/// assert!([0, 2, 3].iter().all(|at| means[*at].is_nan()));
/// ```
///
/// # Panics
///
/// `window` is 0, or `out` is not as long as `values`.
#[track_caller]
pub fn rolling_mean<T: Float>(values: &[T], window: usize, out: &mut [T]) {
    same_length(values, out);
    rolling::rolling_mean(iter::once(values), window, out);
}

/// Adds each value to the sum of its group: the key at its place says which of `sums`, counted from 0.
///
/// A NaN or an infinite value is in the sum of its group alone. Sums are added up one after the other, so the error is at
/// most half a machine epsilon times a group's length times the sum of its magnitudes.
///
/// ```
/// let mut sums = [0.0; 3];
/// duractor_kernels::group_sum(&[0.0, 2.0, 0.0], &[1.5, 4.0, 2.0], &mut sums)?;
/// assert_eq!(sums, [3.5, 0.0, 4.0]);
/// # Ok::<_, duractor_kernels::BadKey>(())
/// ```
///
/// # Errors
///
/// A key is no integer below the number of `sums`: NaN, a fraction, negative (but -0.0 is 0) or too large. The values before
/// it have been added.
///
/// # Panics
///
/// There are not as many keys as values.
#[track_caller]
pub fn group_sum<T: Float>(keys: &[T], values: &[T], sums: &mut [T]) -> Result<(), BadKey> {
    same_length(keys, values);
    groups::group_sum(iter::once(keys), iter::once(values), sums)
}

/// Divides the numbers into `buckets` parts, and says of each the least and the greatest: a band that a plot can draw, which
/// hides no peak.
///
/// Bucket `b` of `n` numbers begins at `b * n / buckets`, rounded down, so that lengths differ by one at most; if there are
/// fewer numbers than buckets each number is one. NaN is neither least nor greatest.
///
/// ```
/// use duractor_kernels::{Bucket, min_max_buckets};
///
/// let buckets = min_max_buckets(&[3.0, 1.0, 2.0, 9.0, 5.0], 2);
/// assert_eq!(buckets[0], Bucket { range: 0..2, min_max: Some((1.0, 3.0)) });
/// assert_eq!(buckets[1], Bucket { range: 2..5, min_max: Some((2.0, 9.0)) });
/// ```
///
/// # Panics
///
/// `buckets` is 0.
#[track_caller]
pub fn min_max_buckets<T: Float>(values: &[T], buckets: usize) -> Vec<Bucket<T>> {
    buckets::min_max_buckets(iter::once(values), buckets)
}

/// At most so many of the points, chosen so that a line through them looks like one through all:
/// Largest-Triangle-Three-Buckets (Sveinn Steinarsson, "Downsampling Time Series for Visual Representation", 2013).
///
/// The first and the last point stay, if they are finite. The `n - 2` between them are in `points - 2` buckets by their index: bucket `b` begins
/// at `1 + b * (n - 2) / (points - 2)`, rounded down. Of each the point stays that makes the largest triangle with the one
/// chosen before it and the mean of the bucket after it, and of points that make the same triangle the first. If there are no
/// more than `points`, all stay.
///
/// `x` need not ascend, nor differ. Points of which a coordinate is NaN or infinite are left out, wherever they are; of a
/// bucket beside nothing but such points the first point stays. The same goes for coordinates beyond 10¹⁵⁰ or so (`f32`: 10¹⁹), whose
/// areas are too large for a number.
///
/// ```
/// let (x, y) = ([0.0, 1.0, 2.0, 3.0, 4.0, 5.0], [0.0, 0.0, 9.0, 0.0, 1.0, 0.0]);
/// let line = duractor_kernels::lttb(&x, &y, 4);
/// assert!(line.iter().map(|point| point.index).eq([0, 2, 3, 5]));
/// assert_eq!((line[1].x, line[1].y), (2.0, 9.0));
/// ```
///
/// # Panics
///
/// `points` is less than 3, or the slices are not of the same length.
#[track_caller]
pub fn lttb<T: Float>(x: &[T], y: &[T], points: usize) -> Vec<Point<T>> {
    same_length(x, y);
    lttb::lttb(iter::once(x), iter::once(y), points)
}
