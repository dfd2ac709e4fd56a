//! Kernels over integers. They are exact, in whichever order the numbers come.

use crate::{ints, length::same_length};

/// The sum. It cannot overflow: not even 2³² numbers are too many.
///
/// ```
/// use duractor_kernels::int;
///
/// assert_eq!(int::sum(&[i32::MAX, i32::MAX, -1]), 4_294_967_293);
/// ```
pub fn sum(values: &[i32]) -> i64 {
    ints::sum([values])
}

/// The least and the greatest, in one pass; `None` if there is none.
///
/// ```
/// use duractor_kernels::int;
///
/// assert_eq!(int::min_max(&[3, -1, 2]), Some((-1, 3)));
/// assert_eq!(int::min_max(&[]), None);
/// ```
pub fn min_max(values: &[i32]) -> Option<(i32, i32)> {
    ints::min_max([values])
}

/// The dot product of signed bytes, such as quantised embeddings. It cannot overflow.
///
/// ```
/// use duractor_kernels::int;
///
/// assert_eq!(int::dot_i8(&[127, -128], &[2, 3]), -130);
/// ```
///
/// # Panics
///
/// The slices are not of the same length.
#[track_caller]
pub fn dot_i8(left: &[i8], right: &[i8]) -> i64 {
    same_length(left, right);
    ints::dot_i8([left, right])
}

/// The dot product of unsigned bytes. It cannot overflow.
///
/// ```
/// use duractor_kernels::int;
///
/// assert_eq!(int::dot_u8(&[255, 1], &[255, 2]), 65_027);
/// ```
///
/// # Panics
///
/// The slices are not of the same length.
#[track_caller]
pub fn dot_u8(left: &[u8], right: &[u8]) -> u64 {
    same_length(left, right);
    ints::dot_u8([left, right])
}

/// How many bits are set.
///
/// ```
/// use duractor_kernels::int;
///
/// assert_eq!(int::count_ones(&[0b101, 0xff]), 10);
/// ```
pub fn count_ones(bits: &[u8]) -> u64 {
    ints::count_ones([bits])
}

/// The Hamming distance of bit vectors: how many bits differ.
///
/// ```
/// use duractor_kernels::int;
///
/// assert_eq!(int::hamming(&[0b1100, 0], &[0b1010, 1]), 3);
/// ```
///
/// # Panics
///
/// The slices are not of the same length.
#[track_caller]
pub fn hamming(left: &[u8], right: &[u8]) -> u64 {
    same_length(left, right);
    ints::hamming([left, right])
}
