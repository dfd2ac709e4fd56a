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
/// Where differences are so large that their squares overflow, the variance is infinite or NaN. An infinity or a NaN among
/// the numbers makes mean and variance NaN.
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
/// The algorithm is that of [`moments`]; the error of the covariance is at most that of a variance, of which it has the
/// product of both standard deviations in place.
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
/// There is no bin, or the range is empty, infinite or NaN.
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
