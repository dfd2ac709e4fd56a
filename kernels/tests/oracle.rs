//! Kernels beside naive ones. Numbers are integers, of which sums and products are known exactly.
#![cfg(not(target_arch = "wasm32"))]

use std::iter::zip;

use duractor_kernels::{self as kernels, Float, Is, int};
use proptest::{collection::vec, prelude::*};

/// Most values of a case: some groups of blocks and a rest.
const LEN_MAX: usize = 3_000;

/// Of the unit in the last place, half.
const DOUBLE: f64 = f64::EPSILON / 2.0;
const SINGLE: f64 = f32::EPSILON as f64 / 2.0;

/// Integers of at most so many bits, small ones as often as large ones, all a little off from some offset.
fn integers(bits: u32) -> impl Strategy<Value = Vec<i64>> {
    let one = (0..bits, any::<i64>()).prop_map(move |(size, random)| random >> (63 - size));
    let offset = (0..bits, any::<i64>()).prop_map(move |(size, random)| random >> (63 - size));
    (vec(one, 0..LEN_MAX), offset, 0..2_i64).prop_map(move |(values, offset, is_off)| {
        let max = 1_i64 << bits;
        values.iter().map(|value| (value + is_off * offset).clamp(-max, max)).collect()
    })
}

fn pairs(bits: u32) -> impl Strategy<Value = [Vec<i64>; 2]> {
    (integers(bits), integers(bits)).prop_map(|(mut left, mut right)| {
        let len = left.len().min(right.len());
        left.truncate(len);
        right.truncate(len);
        [left, right]
    })
}

fn wide(value: i64) -> i128 {
    i128::from(value)
}

/// What a test needs to know of a type.
#[derive(Clone, Copy)]
struct Type<T> {
    of: fn(i64) -> T,
    unit: f64,
    /// How many lanes a vector has.
    lanes: f64,
}

const DOUBLES: Type<f64> = Type { of: |value| value as f64, unit: DOUBLE, lanes: 2.0 };
const SINGLES: Type<f32> = Type { of: |value| value as f32, unit: SINGLE, lanes: 4.0 };

impl<T: Float> Type<T> {
    fn all(self, values: &[i64]) -> Vec<T> {
        values.iter().map(|value| (self.of)(*value)).collect()
    }

    /// Whether a result is as near to the exact one as so many units of a magnitude.
    fn check(self, what: &str, result: T, exact: f64, units: f64, magnitude: f64) -> Result<(), TestCaseError> {
        let (error, bound) = ((result.into() - exact).abs(), units * self.unit * magnitude);
        prop_assert!(error <= bound, "{what}: {result} for {exact}, off by {error:e}, more than {bound:e}");
        Ok(())
    }

    fn sums(self, values: &[i64]) -> Result<(), TestCaseError> {
        let (numbers, count) = (self.all(values), values.len() as f64);
        let sum: i128 = values.iter().map(|value| wide(*value)).sum();
        let magnitude: i128 = values.iter().map(|value| wide(*value).abs()).sum();
        let squares: i128 = values.iter().map(|value| wide(*value).pow(2)).sum();
        let units = 71.0 + count / (512.0 * self.lanes);
        self.check("sum", kernels::sum(&numbers), sum as f64, units, magnitude as f64)?;
        self.check("l1", kernels::l1_norm(&numbers), magnitude as f64, units, magnitude as f64)?;
        let norm = (squares as f64).sqrt();
        self.check("l2", kernels::l2_norm(&numbers), norm, 41.0 + count / (1_024.0 * self.lanes), norm)
    }

    fn products(self, [left, right]: &[Vec<i64>; 2]) -> Result<(), TestCaseError> {
        let (lefts, rights, count) = (self.all(left), self.all(right), left.len() as f64);
        let products = || zip(left, right).map(|(left, right)| wide(*left) * wide(*right));
        let magnitude = products().map(i128::abs).sum::<i128>() as f64;
        let exact = products().sum::<i128>() as f64;
        let units = 71.0 + count / (256.0 * self.lanes);
        self.check("dot", kernels::dot(&lefts, &rights), exact, units, magnitude)?;
        let squares = zip(left, right).map(|(left, right)| (wide(*left) - wide(*right)).pow(2)).sum::<i128>() as f64;
        self.check("distance", kernels::squared_distance(&lefts, &rights), squares, units + 6.0, squares)?;
        let norms = [left, right].map(|all| all.iter().map(|value| wide(*value).pow(2)).sum::<i128>() as f64);
        if norms[0] * norms[1] > 0.0 {
            let cosine = exact / (norms[0].sqrt() * norms[1].sqrt());
            self.check("cosine", kernels::cosine_similarity(&lefts, &rights), cosine, 2.0 * units + 10.0, 1.0)?;
        }
        Ok(())
    }

    fn moments(self, [left, right]: &[Vec<i64>; 2]) -> Result<(), TestCaseError> {
        if left.is_empty() {
            return Ok(());
        }
        let (lefts, rights, count) = (self.all(left), self.all(right), left.len() as f64);
        let wide_count = left.len() as i128;
        let sum = |values: &[i64]| values.iter().map(|value| wide(*value)).sum::<i128>();
        let product = |left: &[i64], right: &[i64]| {
            let products = zip(left, right).map(|(left, right)| wide(*left) * wide(*right)).sum::<i128>();
            (wide_count * products - sum(left) * sum(right)) as f64 / count / count
        };
        let [left_variance, right_variance] = [product(left, left), product(right, right)];
        let deviations = left_variance.sqrt() * right_variance.sqrt();
        let means = [left, right].map(|values| sum(values) as f64 / count);
        let greatest = left.iter().map(|value| value.abs()).max().unwrap_or_default() as f64;
        let moments = kernels::moments(&lefts);
        self.check("mean", moments.mean(), means[0], 80.0 + count / (256.0 * self.lanes), greatest)?;
        // What is left when differences of equal means are rounded.
        let units = |mean: f64, variance: f64| 15_000.0 + count / 128.0 + 4.0 * mean.abs() / variance.sqrt();
        if left_variance > 0.0 {
            let units = units(means[0], left_variance);
            self.check("variance", moments.variance(), left_variance, units, left_variance)?;
        } else {
            prop_assert_eq!(moments.variance().into(), 0.0);
        }
        if deviations > 0.0 {
            let units = units(means[0], left_variance).max(units(means[1], right_variance));
            let both = kernels::co_moments(&lefts, &rights);
            self.check("covariance", both.covariance(), product(left, right), units, deviations)?;
            self.check("variance", both.left().variance(), left_variance, units, left_variance)?;
            let correlation = product(left, right) / deviations;
            self.check("correlation", both.correlation(), correlation, 2.0 * units, 1.0)?;
        }
        Ok(())
    }

    fn orders(self, values: &[i64]) -> Result<(), TestCaseError> {
        let mut numbers = self.all(values);
        let number = |value: Option<&i64>| value.map(|value| (self.of)(*value));
        let least = values.iter().min();
        let greatest = values.iter().max();
        prop_assert_eq!(kernels::min_max(&numbers), number(least).zip(number(greatest)));
        prop_assert_eq!(
            kernels::argmin(&numbers),
            least.and_then(|least| values.iter().position(|value| value == least))
        );
        let first_greatest = greatest.and_then(|greatest| values.iter().position(|value| value == greatest));
        prop_assert_eq!(kernels::argmax(&numbers), first_greatest);
        let magnitude = values.iter().map(|value| value.abs()).max().unwrap_or_default();
        prop_assert_eq!(kernels::max_norm(&numbers), (self.of)(magnitude));
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by_key(|at| (-values[*at], *at));
        let expected: Vec<(usize, T)> = order.iter().map(|at| (*at, numbers[*at])).collect();
        for count in [0, 1, 10, values.len(), values.len() + 1] {
            prop_assert_eq!(&kernels::top_k(&numbers, count)[..], &expected[..count.min(values.len())]);
        }
        if let (Some(least), Some(greatest)) = (number(least), number(greatest)) {
            let pivot = numbers[numbers.len() / 2];
            let holds: [(Is<T>, Predicate<'_, T>); 5] = [
                (Is::Lt(pivot), &|value| value < pivot),
                (Is::Le(pivot), &|value| value <= pivot),
                (Is::Gt(pivot), &|value| value > pivot),
                (Is::Ge(pivot), &|value| value >= pivot),
                (Is::Between(least, pivot), &|value| value <= pivot),
            ];
            for (is, holds) in holds {
                let chosen: Vec<i64> =
                    zip(values, &numbers).filter(|(_, number)| holds(**number)).map(|(v, _)| *v).collect();
                prop_assert_eq!(kernels::count_where(&numbers, is), chosen.len() as u64, "{:?}", is);
                let sum: i128 = chosen.iter().map(|value| wide(*value)).sum();
                let magnitude: i128 = chosen.iter().map(|value| wide(*value).abs()).sum();
                self.check("sum where", kernels::sum_where(&numbers, is), sum as f64, 90.0, magnitude as f64)?;
            }
            kernels::clamp(&mut numbers, least, pivot);
            prop_assert!(zip(values, &numbers).all(|(value, clamped)| *clamped == (self.of)(*value).min_of(pivot)));
            prop_assert!(greatest >= pivot);
        }
        Ok(())
    }

    fn prefixes(self, values: &[i64]) -> Result<(), TestCaseError> {
        let mut sums = vec![T::default(); values.len()];
        kernels::prefix_sum(&self.all(values), &mut sums);
        let (mut exact, mut magnitude) = (0, 0);
        for (at, (value, sum)) in zip(values, sums).enumerate() {
            exact += wide(*value);
            magnitude += wide(*value).abs();
            let units = 8.0 + at as f64 / (4.0 * self.lanes);
            self.check("prefix", sum, exact as f64, units, magnitude as f64)?;
        }
        Ok(())
    }
}

/// What has to hold of a number that is counted.
type Predicate<'a, T> = &'a dyn Fn(T) -> bool;

/// The lesser of two that are ordered.
trait MinOf: PartialOrd + Sized {
    fn min_of(self, other: Self) -> Self {
        if other < self { other } else { self }
    }
}

impl<T: PartialOrd> MinOf for T {}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn sums_of_doubles_are_within_their_bounds(values in integers(40)) {
        DOUBLES.sums(&values)?;
        DOUBLES.prefixes(&values)?;
    }

    #[test]
    fn sums_of_singles_are_within_their_bounds(values in integers(24)) {
        SINGLES.sums(&values)?;
        SINGLES.prefixes(&values)?;
    }

    #[test]
    fn products_of_doubles_are_within_their_bounds(values in pairs(40)) {
        DOUBLES.products(&values)?;
    }

    #[test]
    fn products_of_singles_are_within_their_bounds(values in pairs(24)) {
        SINGLES.products(&values)?;
    }

    #[test]
    fn moments_of_doubles_are_within_their_bounds(values in pairs(40)) {
        DOUBLES.moments(&values)?;
    }

    #[test]
    fn moments_of_singles_are_within_their_bounds(values in pairs(24)) {
        SINGLES.moments(&values)?;
    }

    #[test]
    fn comparisons_of_doubles_are_exact(values in integers(40)) {
        DOUBLES.orders(&values)?;
    }

    #[test]
    fn comparisons_of_singles_are_exact(values in integers(24)) {
        SINGLES.orders(&values)?;
    }

    #[test]
    fn maps_are_what_a_loop_makes(values in vec([prop::num::f64::ANY; 2], 0..200), a in prop::num::f64::ANY, b in prop::num::f64::ANY) {
        let [left, right] = [0, 1].map(|at| values.iter().map(|pair| pair[at]).collect::<Vec<f64>>());
        let bits = |values: &[f64]| values.iter().map(|v| if v.is_nan() { 0 } else { v.to_bits() }).collect::<Vec<_>>();
        let check = |made: &dyn Fn(&mut [f64]), expected: &dyn Fn(f64, f64) -> f64| {
            let mut out = left.clone();
            made(&mut out);
            let expected: Vec<f64> = zip(&left, &right).map(|(left, right)| expected(*left, *right)).collect();
            prop_assert_eq!(bits(&out), bits(&expected));
            Ok(())
        };
        check(&|out| kernels::scale(out, a), &|x, _| x * a)?;
        check(&|out| kernels::affine(out, a, b), &|x, _| x * a + b)?;
        check(&|out| kernels::add(out, &right), &|x, y| x + y)?;
        check(&|out| kernels::sub(out, &right), &|x, y| x - y)?;
        check(&|out| kernels::mul(out, &right), &|x, y| x * y)?;
        check(&|out| kernels::axpy(a, &right, out), &|x, y| x + a * y)?;
        check(&|out| kernels::scale_to(&left, a, out), &|x, _| x * a)?;
        check(&|out| kernels::affine_to(&left, a, b, out), &|x, _| x * a + b)?;
        check(&|out| kernels::add_to(&left, &right, out), &|x, y| x + y)?;
        check(&|out| kernels::sub_to(&left, &right, out), &|x, y| x - y)?;
        check(&|out| kernels::mul_to(&left, &right, out), &|x, y| x * y)?;
        if let Some((min, max)) = kernels::min_max(&[a, b]) {
            check(&|out| kernels::clamp(out, min, max), &|x, _| x.clamp(min, max))?;
            check(&|out| kernels::clamp_to(&left, min, max, out), &|x, _| x.clamp(min, max))?;
        }
    }

    #[test]
    fn rows_are_products_and_distances(matrix in vec(-999..999_i64, 0..900), len in 1..70_usize) {
        let count = matrix.len() / len;
        let numbers = DOUBLES.all(&matrix);
        let (rows, vector) = (&numbers[..count * len], &numbers[numbers.len() - len.min(numbers.len())..]);
        if vector.len() == len {
            let mut out = vec![f64::NAN; count];
            kernels::dot_rows(vector, rows, &mut out);
            let dot = |row: &[f64]| zip(row, vector).map(|(x, y)| x * y).sum::<f64>();
            prop_assert_eq!(&out, &rows.chunks(len).map(dot).collect::<Vec<_>>());
            kernels::squared_distance_rows(vector, rows, &mut out);
            let squares = |row: &[f64]| zip(row, vector).map(|(x, y)| (x - y) * (x - y)).sum::<f64>();
            prop_assert_eq!(&out, &rows.chunks(len).map(squares).collect::<Vec<_>>());
        }
    }

    #[test]
    fn integers_are_exact(words in vec(any::<i32>(), 0..LEN_MAX), bytes in vec(any::<[u8; 2]>(), 0..LEN_MAX)) {
        prop_assert_eq!(int::sum(&words), words.iter().map(|word| i64::from(*word)).sum::<i64>());
        prop_assert_eq!(int::min_max(&words), words.iter().min().copied().zip(words.iter().max().copied()));
        let [left, right] = [0, 1].map(|at| bytes.iter().map(|pair| pair[at]).collect::<Vec<u8>>());
        let products = zip(&left, &right).map(|(x, y)| u64::from(*x) * u64::from(*y));
        prop_assert_eq!(int::dot_u8(&left, &right), products.sum::<u64>());
        let [signed_left, signed_right] = [&left, &right].map(|all| all.iter().map(|byte| *byte as i8).collect::<Vec<_>>());
        let products = zip(&signed_left, &signed_right).map(|(x, y)| i64::from(*x) * i64::from(*y));
        prop_assert_eq!(int::dot_i8(&signed_left, &signed_right), products.sum::<i64>());
        prop_assert_eq!(int::count_ones(&left), left.iter().map(|byte| u64::from(byte.count_ones())).sum::<u64>());
        let differing = zip(&left, &right).map(|(x, y)| u64::from((x ^ y).count_ones()));
        prop_assert_eq!(int::hamming(&left, &right), differing.sum::<u64>());
    }

    #[test]
    fn a_histogram_counts_every_number_once(values in vec(-150.0..150.0_f64, 0..500), bins in 1..40_usize) {
        let mut counts = vec![0; bins];
        let outside = kernels::histogram(&values, -100.0..=100.0, &mut counts);
        prop_assert_eq!(outside.below, values.iter().filter(|value| **value < -100.0).count() as u64);
        prop_assert_eq!(outside.above, values.iter().filter(|value| **value > 100.0).count() as u64);
        let width = 200.0 / bins as f64;
        for (bin, count) in counts.iter().enumerate() {
            // A number at a bound may be counted on either side of it.
            let (from, to) = (-100.0 + bin as f64 * width, -100.0 + (bin + 1) as f64 * width);
            let within = |slack: f64| values.iter().filter(|v| **v >= from - slack && **v < to + slack).count() as u64;
            prop_assert!((within(-1e-9)..=within(1e-9)).contains(count));
        }
    }
}
