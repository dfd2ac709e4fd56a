//! How many numbers are in each of equal intervals.

use std::ops::RangeInclusive;

use crate::float::Float;

/// Numbers that no bin of a histogram counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outside {
    /// How many are less than where the range begins.
    pub below: u64,
    /// How many are greater than where it ends.
    pub above: u64,
    /// How many are not a number.
    pub nan: u64,
}

#[track_caller]
pub(crate) fn histogram<'a, T: Float>(
    pages: impl Iterator<Item = &'a [T]>,
    range: RangeInclusive<T>,
    bins: &mut [u64],
) -> Outside {
    let (from, to) = range.into_inner();
    let width = to - from;
    assert!(
        width > T::ZERO && width < T::INFINITY,
        "a histogram is of a range whose width is positive and finite, not of {from} to {to}"
    );
    assert!(!bins.is_empty(), "a histogram has a bin at least");
    let per_number = T::from_u64(bins.len() as u64) / width;
    assert!(per_number < T::INFINITY, "a range as narrow as from {from:e} to {to:e} has no room for bins");
    let last = bins.len() - 1;
    let mut outside = Outside::default();
    for page in pages {
        for value in page {
            if from <= *value && *value <= to {
                // Rounding may lead to the end, where the last bin ends.
                let bin = ((*value - from) * per_number).to_i32() as usize;
                bins[bin.min(last)] += 1;
            } else if *value < from {
                outside.below += 1;
            } else if *value > to {
                outside.above += 1;
            } else {
                outside.nan += 1;
            }
        }
    }
    outside
}
