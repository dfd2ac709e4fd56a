//! The least and the greatest of each of equal parts, for plots.

use std::ops::Range;

use crate::{
    cursor::{self, Cursor},
    extremes,
    float::Float,
    fold::Pages,
};

/// A part of some numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Bucket<T> {
    /// Which of them are in it.
    pub range: Range<usize>,
    /// The least and the greatest; none if all are NaN.
    pub min_max: Option<(T, T)>,
}

/// Where the bucket begins, of `buckets` of `count` numbers: they differ in length by one at most.
fn start(bucket: usize, buckets: usize, count: usize) -> usize {
    (bucket as u128 * count as u128 / buckets as u128) as usize
}

#[track_caller]
pub(crate) fn min_max_buckets<'a, T: Float>(
    pages: impl Iterator<Item = &'a [T]> + Clone,
    buckets: usize,
) -> Vec<Bucket<T>> {
    assert!(buckets > 0, "numbers are in a bucket at least");
    let count = cursor::count(pages.clone());
    let buckets = buckets.min(count);
    let mut cursor = Cursor::new([pages]);
    let bucket = |at| {
        let range = start(at, buckets, count)..start(at + 1, buckets, count);
        let pages = cursor.places(range.len()).map(|[page]| page);
        Bucket { min_max: extremes::min_max(Pages([pages])), range }
    };
    (0..buckets).map(bucket).collect()
}

#[cfg(test)]
mod tests {
    #[cfg(not(target_arch = "wasm32"))]
    use proptest::prelude::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn of(values: &[f64], buckets: usize) -> Vec<Bucket<f64>> {
        min_max_buckets([values].into_iter(), buckets)
    }

    fn bucket(range: Range<usize>, min: f64, max: f64) -> Bucket<f64> {
        Bucket { range, min_max: Some((min, max)) }
    }

    #[test]
    fn numbers_are_divided_evenly() {
        assert_eq!(of(&[3.0, 1.0, 2.0, 9.0, 5.0], 2), [bucket(0..2, 1.0, 3.0), bucket(2..5, 2.0, 9.0)]);
        assert_eq!(of(&[3.0, 1.0], 5), [bucket(0..1, 3.0, 3.0), bucket(1..2, 1.0, 1.0)]);
        assert!(of(&[], 5).is_empty());
        assert_eq!(of(&[4.0], usize::MAX), [bucket(0..1, 4.0, 4.0)]);
    }

    #[test]
    fn nan_is_neither_least_nor_greatest() {
        let least = f64::NEG_INFINITY;
        let none = Bucket { range: 0..2, min_max: None };
        assert_eq!(of(&[f64::NAN, f64::NAN, f64::NAN, least], 2), [none, bucket(2..4, least, least)]);
    }

    #[cfg(not(target_arch = "wasm32"))]
    #[test]
    #[should_panic(expected = "a bucket at least")]
    fn no_bucket_holds_nothing() {
        of(&[1.0], 0);
    }

    #[cfg(not(target_arch = "wasm32"))]
    proptest! {
        #[test]
        fn each_has_its_own_extremes(values: Vec<f64>, buckets in 1..99usize, page in 1..9usize) {
            let found = min_max_buckets(values.chunks(page), buckets);
            prop_assert_eq!(found.len(), buckets.min(values.len()));
            let mut end = 0;
            for Bucket { range, min_max } in found {
                prop_assert_eq!(range.start, end);
                end = range.end;
                let (shortest, longest) = (values.len() / buckets, values.len().div_ceil(buckets));
                prop_assert!((shortest.max(1)..=longest).contains(&range.len()));
                let numbers = || values[range.clone()].iter().copied().filter(|value| !value.is_nan());
                let expected = numbers().reduce(f64::min).zip(numbers().reduce(f64::max));
                prop_assert_eq!(min_max, expected);
            }
            prop_assert_eq!(end, values.len());
        }
    }
}
