//! What a share of the numbers is less than.

use std::cmp::Ordering;

use crate::{cursor, float::Float};

/// Numbers in order. −0.0 comes before 0.0, so that the result does not depend on where they were.
fn order<T: Float>(left: &T, right: &T) -> Ordering {
    let [left, right]: [f64; 2] = [*left, *right].map(Into::into);
    left.total_cmp(&right)
}

/// Moves NaN to the end; the others.
fn numbers<T: Float>(values: &mut [T]) -> &mut [T] {
    let mut count = 0;
    for at in 0..values.len() {
        if !values[at].is_nan() {
            values.swap(count, at);
            count += 1;
        }
    }
    &mut values[..count]
}

/// Where a quantile lies: at a place in order, or so far behind it on the way to the next.
struct Place {
    rank: usize,
    share: f64,
}

impl Place {
    #[track_caller]
    fn new(at: f64, count: usize) -> Self {
        assert!((0.0..=1.0).contains(&at), "a quantile is at 0 to 1, not at {at}");
        let place = (count - 1) as f64 * at;
        Self { rank: place as usize, share: place.fract() }
    }

    fn ranks(&self) -> impl Iterator<Item = usize> {
        let next = (self.share > 0.0).then_some(self.rank + 1);
        [Some(self.rank), next].into_iter().flatten()
    }

    fn read<T: Float>(&self, values: &[T]) -> T {
        let low = values[self.rank];
        match values.get(self.rank + 1) {
            Some(high) if self.share > 0.0 && *high != low => between(low, *high, self.share),
            _ => low,
        }
    }
}

/// On the way from the lower to the higher.
fn between<T: Float>(low: T, high: T, share: f64) -> T {
    if share == 0.0 {
        return low;
    }
    let width = high - low;
    let [share, rest] = [share, 1.0 - share].map(T::from_f64);
    if high == T::INFINITY && low > T::NEG_INFINITY {
        return high;
    }
    // The difference may be too large, where both are not.
    let value = if width < T::INFINITY { low + width * share } else { low * rest + high * share };
    if value > high { high } else { value }
}

/// Puts those ranks in place, which are in order and differ. `start` is the rank of the first value.
fn select<T: Float>(values: &mut [T], start: usize, ranks: &[usize]) {
    let (before, [rank, after @ ..]) = ranks.split_at(ranks.len() / 2) else { return };
    let (less, _, greater) = values.select_nth_unstable_by(rank - start, order);
    select(less, start, before);
    select(greater, rank + 1, after);
}

#[track_caller]
pub(crate) fn quantiles_in_place<T: Float>(values: &mut [T], at: &[f64]) -> Option<Vec<T>> {
    let values = numbers(values);
    let places: Vec<_> = at.iter().map(|at| Place::new(*at, values.len().max(1))).collect();
    if values.is_empty() {
        return None;
    }
    let mut ranks: Vec<_> = places.iter().flat_map(Place::ranks).collect();
    ranks.sort_unstable();
    ranks.dedup();
    select(values, 0, &ranks);
    Some(places.iter().map(|place| place.read(values)).collect())
}

#[track_caller]
pub(crate) fn quantiles<'a, T: Float>(pages: impl Iterator<Item = &'a [T]> + Clone, at: &[f64]) -> Option<Vec<T>> {
    let mut values = Vec::with_capacity(cursor::count(pages.clone()));
    pages.for_each(|page| values.extend_from_slice(page));
    quantiles_in_place(&mut values, at)
}

#[cfg(test)]
mod tests {
    #[cfg(not(target_arch = "wasm32"))]
    use proptest::prelude::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn of(values: &[f64], at: &[f64]) -> Option<Vec<f64>> {
        quantiles([values].into_iter(), at)
    }

    /// Where they are not in order, and more than once.
    #[cfg(not(target_arch = "wasm32"))]
    const AT: [f64; 7] = [0.9, 0.0, 0.25, 0.5, 0.9, 1.0, 0.333];

    #[test]
    fn what_lies_between_two_numbers_is_on_the_line_between_them() {
        assert_eq!(of(&[10.0, 40.0, 20.0, 30.0], &[0.0, 0.5, 0.9, 1.0]), Some(vec![10.0, 25.0, 37.0, 40.0]));
        assert_eq!(of(&[7.0], &[0.3]), Some(vec![7.0]));
        assert_eq!(of(&[7.0], &[]), Some(vec![]));
    }

    #[test]
    fn nan_does_not_count() {
        assert_eq!(of(&[f64::NAN, 3.0, f64::NAN, 1.0, -f64::NAN], &[0.5, 1.0]), Some(vec![2.0, 3.0]));
        assert_eq!(of(&[f64::NAN], &[0.5]), None);
        assert_eq!(of(&[], &[0.5]), None);
    }

    #[test]
    fn extremes_stay_what_they_are() {
        let infinite = [f64::NEG_INFINITY, f64::NEG_INFINITY, 5.0, f64::INFINITY];
        let [least, low, high, greatest] = of(&infinite, &[0.0, 0.3, 0.9, 1.0]).unwrap()[..] else { panic!() };
        assert_eq!([least, low, high, greatest], [f64::NEG_INFINITY, f64::NEG_INFINITY, f64::INFINITY, f64::INFINITY]);
        assert!(of(&[f64::NEG_INFINITY, f64::INFINITY], &[0.5]).unwrap()[0].is_nan());
        assert_eq!(of(&[-f64::MAX, f64::MAX], &[0.5, 1.0]), Some(vec![0.0, f64::MAX]));
        assert!((of(&[-f64::MAX, f64::MAX], &[0.75]).unwrap()[0] / f64::MAX - 0.5).abs() < 1e-15);
        assert_eq!(of(&[0.0, -0.0], &[0.0]).unwrap()[0].to_bits(), (-0.0f64).to_bits());
    }

    #[test]
    fn quantiles_of_f32_are_f32() {
        assert_eq!(quantiles([&[1f32, 2.0, 4.0][..]].into_iter(), &[0.25, 0.75]), Some(vec![1.5, 3.0]));
    }

    #[cfg(not(target_arch = "wasm32"))]
    #[test]
    #[should_panic(expected = "a quantile is at 0 to 1, not at 1.5")]
    fn beyond_all_numbers_there_is_no_quantile() {
        of(&[], &[1.5]);
    }

    #[cfg(not(target_arch = "wasm32"))]
    proptest! {
        #[test]
        fn they_are_those_of_the_sorted_numbers(values: Vec<f64>, page in 1..9usize) {
            let mut sorted: Vec<_> = values.iter().copied().filter(|value| !value.is_nan()).collect();
            sorted.sort_by(f64::total_cmp);
            let found = quantiles(values.chunks(page), &AT);
            prop_assert_eq!(found.is_none(), sorted.is_empty());
            for (found, at) in found.into_iter().flatten().zip(AT) {
                let place = (sorted.len() - 1) as f64 * at;
                let [low, high] = [place.floor(), place.ceil()].map(|rank| sorted[rank as usize]);
                prop_assert!(low <= found && found <= high || found.is_nan(), "{found} at {at}");
                let expected = low * (1.0 - place.fract()) + high * place.fract();
                let is_near = (found - expected).abs() <= 1e-15 * low.abs().max(high.abs()) + 1e-320;
                prop_assert!(is_near || low == high || !low.is_finite() || !high.is_finite(), "{found} {expected}");
            }
        }
    }
}
