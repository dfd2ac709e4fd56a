//! Sums of groups.

use std::{error::Error, fmt, iter::zip};

use crate::{cursor::Cursor, float::Float};

/// A key that names no group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BadKey {
    /// Which of the keys it is.
    pub index: usize,
    /// What it is.
    pub key: f64,
    /// How many groups there are.
    pub groups: usize,
}

impl fmt::Display for BadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { index, key, groups } = self;
        write!(f, "key {index} is {key}, which names none of {groups} groups")
    }
}

impl Error for BadKey {}

#[track_caller]
pub(crate) fn group_sum<'a, T: Float, I: Iterator<Item = &'a [T]>>(
    keys: I,
    values: I,
    sums: &mut [T],
) -> Result<(), BadKey> {
    let mut cursor = Cursor::new([keys, values]);
    let mut start = 0;
    while let Some([keys, values]) = cursor.next(usize::MAX) {
        add(keys, values, sums).map_err(|at| {
            let key: f64 = keys[at].into();
            BadKey { index: start + at, key, groups: sums.len() }
        })?;
        start += keys.len();
    }
    Ok(())
}

/// Adds each value to the sum of its group; where a key names none.
fn add<T: Float>(keys: &[T], values: &[T], sums: &mut [T]) -> Result<(), usize> {
    for (at, (key, value)) in zip(keys, values).enumerate() {
        let key: f64 = (*key).into();
        let group = key as u32;
        // What is no such integer became another number, or none.
        let sum = sums.get_mut(group as usize).filter(|_| f64::from(group) == key).ok_or(at)?;
        *sum = *sum + *value;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[cfg(not(target_arch = "wasm32"))]
    use proptest::prelude::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn of(keys: &[f64], values: &[f64], groups: usize) -> Result<Vec<f64>, BadKey> {
        let mut sums = vec![0.0; groups];
        group_sum([keys].into_iter(), [values].into_iter(), &mut sums)?;
        Ok(sums)
    }

    #[test]
    fn each_value_is_added_to_its_group() {
        assert_eq!(of(&[0.0, 2.0, -0.0, 2.0], &[1.0, 2.0, 4.0, 8.0], 4), Ok(vec![5.0, 0.0, 10.0, 0.0]));
        assert_eq!(of(&[], &[], 2), Ok(vec![0.0, 0.0]));
        assert_eq!(of(&[], &[], 0), Ok(vec![]));
        let mut sums = [1f32, 1.0];
        group_sum([&[1f32][..]].into_iter(), [&[2f32][..]].into_iter(), &mut sums).unwrap();
        assert_eq!(sums, [1.0, 3.0]);
    }

    #[test]
    fn a_value_that_is_not_finite_is_in_its_group_alone() {
        let sums = of(&[0.0, 1.0, 2.0, 2.0], &[f64::NAN, 1.0, f64::INFINITY, 1.0], 3).unwrap();
        assert!(sums[0].is_nan());
        assert_eq!(sums[1..], [1.0, f64::INFINITY]);
    }

    #[test]
    fn what_is_no_integer_below_the_number_of_groups_is_no_key() {
        for key in [3.0, 0.5, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 4_294_967_296.0, 1e300, 2.9999] {
            let bad = of(&[1.0, key], &[1.0, 1.0], 3).unwrap_err();
            assert_eq!((bad.index, bad.key.to_bits(), bad.groups), (1, key.to_bits(), 3));
        }
        let bad = of(&[3.0], &[1.0], 3).unwrap_err();
        assert_eq!(bad.to_string(), "key 0 is 3, which names none of 3 groups");
    }

    #[cfg(not(target_arch = "wasm32"))]
    #[test]
    #[should_panic(expected = "not of the same length")]
    fn every_value_has_a_key() {
        of(&[0.0], &[1.0, 2.0], 1).unwrap();
    }

    #[cfg(not(target_arch = "wasm32"))]
    proptest! {
        #[test]
        fn sums_are_those_of_each_group_by_itself(
            pairs: Vec<(u8, f64)>,
            pages in (1..9usize, 1..9usize),
        ) {
            let keys: Vec<_> = pairs.iter().map(|(key, _)| f64::from(*key)).collect();
            let values: Vec<_> = pairs.iter().map(|(_, value)| *value).collect();
            let mut sums = [0.0; 200];
            let done = group_sum(keys.chunks(pages.0), values.chunks(pages.1), &mut sums);
            let bad = pairs.iter().position(|(key, _)| *key >= 200);
            prop_assert_eq!(done.err().map(|bad| bad.index), bad);
            for (group, sum) in sums.into_iter().enumerate() {
                let taken = pairs.iter().take(bad.unwrap_or(pairs.len()));
                let own = taken.filter(|(key, _)| usize::from(*key) == group);
                let expected = own.fold(0.0, |sum, (_, value)| sum + value);
                prop_assert!(sum == expected || sum.is_nan() && expected.is_nan());
            }
        }
    }
}
