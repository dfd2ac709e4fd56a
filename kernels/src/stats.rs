//! What numbers have in common, those of them that are numbers.

use crate::{
    cursor::Cursor,
    extremes,
    float::Float,
    fold::Pages,
    moments::{self, CoMoments, Moments},
    predicates::{self, Is},
    sums,
};

/// How many are looked at together when some are left out.
const BUFFER_LEN: usize = 256;

/// Count, sum, mean, extremes and variance of numbers. A NaN is a gap: it is left out, and not counted. What there is not of
/// no numbers at all, is `None`.
///
/// An infinite number makes the sum and the mean infinite, or NaN if there are infinite ones of both signs, and variance
/// and standard deviation NaN. Sums and squares that are too large for a number are infinite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stats<T> {
    /// How many numbers there are.
    pub count: u64,
    /// The sum; 0 of no numbers.
    pub sum: T,
    /// The mean.
    pub mean: Option<T>,
    /// The least.
    pub min: Option<T>,
    /// The greatest.
    pub max: Option<T>,
    /// The mean squared difference from the mean.
    pub variance: Option<T>,
    /// The square root of the variance.
    pub standard_deviation: Option<T>,
}

impl<T: Float> Stats<T> {
    fn new(sum: T, min_max: Option<(T, T)>, moments: Moments<T>) -> Self {
        let count = moments.count();
        let some = |number: T| (count > 0).then_some(number);
        let is_finite = moments.mean().abs() < T::INFINITY;
        let (mean, variance) =
            if is_finite { (moments.mean(), moments.variance()) } else { (sum / T::from_u64(count), T::NAN) };
        Self {
            count,
            sum,
            mean: some(mean),
            min: min_max.map(|(min, _)| min),
            max: min_max.map(|(_, max)| max),
            variance: some(variance),
            standard_deviation: some(variance.sqrt()),
        }
    }
}

pub(crate) fn stats<'a, T: Float>(pages: impl Iterator<Item = &'a [T]> + Clone) -> Stats<T> {
    let input = || Pages([pages.clone()]);
    let mut moments = moments::moments(input());
    let mut sum = sums::sum(input());
    // A NaN shows in the mean, so that nobody has to look for one before.
    if moments.mean().is_nan() && predicates::count_where(input(), Is::Nan) > 0 {
        sum = predicates::sum_where(input(), Is::Between(T::NEG_INFINITY, T::INFINITY));
        moments = numbers_only([pages.clone()], |[numbers]| moments::moments([numbers]), Moments::merge);
    }
    Stats::new(sum, extremes::min_max(input()), moments)
}

#[track_caller]
pub(crate) fn correlation<'a, T: Float, I: Iterator<Item = &'a [T]> + Clone>(left: I, right: I) -> Option<T> {
    let mut moments = moments::co_moments(Pages([left.clone(), right.clone()]));
    if moments.left().mean().is_nan() || moments.right().mean().is_nan() {
        moments = numbers_only([left, right], |numbers| moments::co_moments(numbers), CoMoments::merge);
    }
    let can_vary = |of: Moments<T>| of.variance() > T::ZERO && of.variance() < T::INFINITY;
    let is_known = can_vary(moments.left()) && can_vary(moments.right());
    Some(moments.correlation()).filter(|correlation| is_known && !correlation.is_nan())
}

/// What comes of the places at which no sequence has a NaN.
fn numbers_only<'a, T: Float, I: Iterator<Item = &'a [T]>, M: Default, const IN: usize>(
    pages: [I; IN],
    of: impl Fn([&[T]; IN]) -> M,
    merge: impl Fn(M, M) -> M,
) -> M {
    let mut cursor = Cursor::new(pages);
    let mut all = M::default();
    let mut buffer = [[T::ZERO; BUFFER_LEN]; IN];
    let mut len = 0;
    while let Some(parts) = cursor.next(BUFFER_LEN - len) {
        for at in 0..parts[0].len() {
            let values = parts.map(|part| part[at]);
            if values.iter().all(|value| !value.is_nan()) {
                buffer.iter_mut().zip(values).for_each(|(buffer, value)| buffer[len] = value);
                len += 1;
            }
        }
        if len == BUFFER_LEN {
            all = merge(all, of(buffer.each_ref().map(|buffer| &buffer[..])));
            len = 0;
        }
    }
    merge(all, of(buffer.each_ref().map(|buffer| &buffer[..len])))
}

#[cfg(test)]
mod tests {
    #[cfg(not(target_arch = "wasm32"))]
    use proptest::prelude::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn of(values: &[f64]) -> Stats<f64> {
        stats([values].into_iter())
    }

    fn correlated(left: &[f64], right: &[f64]) -> Option<f64> {
        correlation([left].into_iter(), [right].into_iter())
    }

    #[test]
    fn numbers_have_all_of_them() {
        let expected = Stats {
            count: 4,
            sum: 20.0,
            mean: Some(5.0),
            min: Some(2.0),
            max: Some(8.0),
            variance: Some(5.0),
            standard_deviation: Some(5f64.sqrt()),
        };
        assert_eq!(of(&[8.0, 2.0, 6.0, 4.0]), expected);
        assert_eq!(stats([&[8f32, 2.0][..], &[6.0, 4.0]].into_iter()).variance, Some(5.0));
    }

    #[test]
    fn nothing_has_a_count_and_a_sum() {
        for nothing in [&[][..], &[f64::NAN; 3]] {
            let Stats { count, sum, mean, min, max, variance, standard_deviation } = of(nothing);
            assert_eq!((count, sum), (0, 0.0));
            assert_eq!([mean, min, max, variance, standard_deviation], [None; 5]);
        }
    }

    #[test]
    fn nan_is_a_gap() {
        let mut values: Vec<_> = (0..1_000).map(f64::from).collect();
        let whole = of(&values);
        (0..1_200).step_by(3).for_each(|at| values.insert(at, f64::NAN));
        let stats = of(&values);
        assert_eq!((stats.count, stats.sum, stats.min, stats.max), (1_000, whole.sum, Some(0.0), Some(999.0)));
        assert!((stats.variance.unwrap() / whole.variance.unwrap() - 1.0).abs() < 1e-14);
        assert!((stats.mean.unwrap() / whole.mean.unwrap() - 1.0).abs() < 1e-14);
    }

    #[test]
    fn infinite_numbers_leave_no_variance() {
        for place in [0, 7, 70] {
            let mut values = [1.0; 71];
            values[place] = f64::INFINITY;
            let stats = of(&values);
            assert_eq!((stats.mean, stats.max, stats.min), (Some(f64::INFINITY), Some(f64::INFINITY), Some(1.0)));
            assert!(stats.variance.unwrap().is_nan() && stats.standard_deviation.unwrap().is_nan());
            values[(place + 1) % 71] = f64::NEG_INFINITY;
            assert!(of(&values).mean.unwrap().is_nan());
        }
    }

    #[test]
    fn what_does_not_vary_correlates_with_nothing() {
        assert!(correlated(&[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0]).is_some_and(|found| found > 1.0 - 1e-15));
        assert!(correlated(&[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0]).is_some_and(|found| found < -1.0 + 1e-15));
        for (left, right) in [
            (&[][..], &[][..]),
            (&[1.0], &[2.0]),
            (&[1.0, 2.0], &[5.0, 5.0]),
            (&[1.0, f64::NAN], &[1.0, 2.0]),
            (&[1.0, 2.0], &[1.0, f64::INFINITY]),
            (&[1e200, -1e200], &[1.0, 2.0]),
            (&[1e-200, -1e-200], &[1.0, 2.0]),
        ] {
            assert_eq!(correlated(left, right), None, "{left:?} {right:?}");
        }
    }

    #[test]
    fn pairs_with_a_gap_are_left_out() {
        let nan = f64::NAN;
        let there = correlated(&[1.0, 2.0, 3.0], &[1.0, 7.0, 3.0]);
        assert_eq!(correlated(&[1.0, nan, 2.0, 3.0, 9.0], &[1.0, 5.0, 7.0, 3.0, nan]), there);
    }

    #[cfg(not(target_arch = "wasm32"))]
    #[test]
    #[should_panic(expected = "not of the same length")]
    fn pairs_are_of_two() {
        correlated(&[1.0, 2.0], &[1.0]);
    }

    #[cfg(not(target_arch = "wasm32"))]
    mod random {
        use super::*;

        fn numbers() -> impl Strategy<Value = f64> {
            prop_oneof![8 => -1e3..1e3f64, 1 => Just(f64::NAN)]
        }

        fn is_near(found: f64, expected: f64) -> bool {
            (found - expected).abs() <= 1e-9 * expected.abs().max(1.0)
        }

        fn mean(values: impl Iterator<Item = f64> + Clone) -> f64 {
            values.clone().sum::<f64>() / values.count() as f64
        }

        proptest! {
            #[test]
            fn they_are_what_the_definitions_say(values in prop::collection::vec(numbers(), 0..900), page in 1..99usize) {
                let stats = stats(values.chunks(page));
                let there = values.iter().copied().filter(|value| !value.is_nan());
                prop_assert_eq!(stats.count, there.clone().count() as u64);
                prop_assert!(is_near(stats.sum, there.clone().sum()));
                prop_assert_eq!(stats.min, there.clone().reduce(f64::min));
                prop_assert_eq!(stats.max, there.clone().reduce(f64::max));
                prop_assert_eq!(stats.mean.is_some(), stats.count > 0);
                if stats.count > 0 {
                    let centre = mean(there.clone());
                    prop_assert!(is_near(stats.mean.unwrap(), centre));
                    let variance = mean(there.map(|value| (value - centre).powi(2)));
                    prop_assert!(is_near(stats.variance.unwrap(), variance));
                }
                let whole = of(&values);
                prop_assert_eq!(format!("{:?}", stats), format!("{:?}", whole));
            }

            #[test]
            fn correlation_is_what_its_definition_says(
                pairs in prop::collection::vec((numbers(), numbers()), 0..900),
                pages in (1..99usize, 1..99usize),
            ) {
                let (left, right): (Vec<_>, Vec<_>) = pairs.iter().copied().unzip();
                let found = correlation(left.chunks(pages.0), right.chunks(pages.1));
                prop_assert_eq!(found, correlated(&left, &right));
                let there = pairs.iter().filter(|(left, right)| !left.is_nan() && !right.is_nan());
                let (x, y) = (mean(there.clone().map(|pair| pair.0)), mean(there.clone().map(|pair| pair.1)));
                let sum = |of: fn(f64, f64) -> f64| there.clone().map(|pair| of(pair.0 - x, pair.1 - y)).sum::<f64>();
                let expected = sum(|x, y| x * y) / (sum(|x, _| x * x) * sum(|_, y| y * y)).sqrt();
                match found {
                    Some(found) => prop_assert!((found - expected).abs() < 1e-9),
                    None => prop_assert!(there.count() < 2),
                }
            }
        }
    }
}
