//! Numbers on a scale from 0 to 1.

use std::iter::zip;

use crate::{extremes, float::Float, fold::Pages};

/// From what to what numbers lie, those that are finite.
#[derive(Clone, Copy)]
struct Scale<T> {
    least: T,
    greatest: T,
    /// What they differ by, if all numbers can be placed by it: none is infinite, and it is neither 0 nor infinite.
    width: Option<T>,
}

impl<T: Float> Scale<T> {
    fn new<'a>(pages: impl Iterator<Item = &'a [T]> + Clone) -> Self {
        let is_finite = |(least, greatest): &(T, T)| *least > T::NEG_INFINITY && *greatest < T::INFINITY;
        if let Some((least, greatest)) = extremes::min_max(Pages([pages.clone()])).filter(is_finite) {
            let width = greatest - least;
            let width = (width > T::ZERO && width < T::INFINITY).then_some(width);
            return Self { least, greatest, width };
        }
        let (least, greatest) = finite_min_max(pages).unwrap_or((T::ZERO, T::ZERO));
        Self { least, greatest, width: None }
    }

    /// Any number's place.
    fn place(&self, value: T) -> T {
        if value <= self.least {
            return T::ZERO;
        }
        if value >= self.greatest {
            return T::ONE;
        }
        let width = self.greatest - self.least;
        if width < T::INFINITY {
            return (value - self.least) / width;
        }
        // By halves, since the difference is too large for a number.
        let [value, least, greatest] = [value, self.least, self.greatest].map(|each| each / T::from_u64(2));
        (value - least) / (greatest - least)
    }

    fn place_all(&self, values: &[T], out: &mut [T]) {
        match *self {
            Self { least, width: Some(width), .. } => {
                zip(values, out).for_each(|(value, out)| *out = (*value - least) / width);
            }
            _ => zip(values, out).for_each(|(value, out)| *out = self.place(*value)),
        }
    }
}

fn finite_min_max<'a, T: Float>(pages: impl Iterator<Item = &'a [T]>) -> Option<(T, T)> {
    let finite = pages.flatten().copied().filter(|value| value.abs() < T::INFINITY);
    finite.fold(None, |extremes, value| {
        let (least, greatest) = extremes.unwrap_or((value, value));
        Some((if value < least { value } else { least }, if value > greatest { value } else { greatest }))
    })
}

#[track_caller]
pub(crate) fn normalise_to<'a, T: Float>(pages: impl Iterator<Item = &'a [T]> + Clone, mut out: &mut [T]) {
    let scale = Scale::new(pages.clone());
    for page in pages {
        assert!(page.len() <= out.len(), "there are more numbers than places for them");
        let (now, rest) = out.split_at_mut(page.len());
        scale.place_all(page, now);
        out = rest;
    }
    let left = out.len();
    assert!(left == 0, "there are {left} more places than numbers");
}

#[cfg(test)]
mod tests {
    #[cfg(not(target_arch = "wasm32"))]
    use proptest::prelude::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn of(values: &[f64]) -> Vec<f64> {
        let mut out = vec![7.0; values.len()];
        normalise_to([values].into_iter(), &mut out);
        out
    }

    #[test]
    fn the_least_is_0_and_the_greatest_1() {
        assert_eq!(of(&[5.0, 3.0, 7.0]), [0.5, 0.0, 1.0]);
        assert_eq!(of(&[-f64::MAX, 0.0, f64::MAX]), [0.0, 0.5, 1.0]);
        let tiny = f64::from_bits(1);
        assert_eq!(of(&[tiny, 2.0 * tiny, 3.0 * tiny]), [0.0, 0.5, 1.0]);
        let mut single = [0f32; 3];
        normalise_to([&[1f32, 2.0][..], &[5.0]].into_iter(), &mut single);
        assert_eq!(single, [0.0, 0.25, 1.0]);
    }

    #[test]
    fn numbers_that_are_all_the_same_are_0() {
        assert_eq!(of(&[5.0; 3]), [0.0; 3]);
        assert_eq!(of(&[0.0, -0.0]), [0.0; 2]);
        assert!(of(&[]).is_empty());
    }

    #[test]
    fn the_scale_is_that_of_finite_numbers() {
        let infinity = f64::INFINITY;
        assert_eq!(of(&[-infinity, 2.0, infinity, 3.0, 4.0]), [0.0, 0.0, 1.0, 0.5, 1.0]);
        assert_eq!(of(&[infinity, -infinity]), [1.0, 0.0]);
        let with_nan = of(&[1.0, f64::NAN, 3.0]);
        assert!(with_nan[1].is_nan() && (with_nan[0], with_nan[2]) == (0.0, 1.0));
        assert!(of(&[f64::NAN])[0].is_nan());
    }

    #[cfg(not(target_arch = "wasm32"))]
    #[test]
    #[should_panic(expected = "1 more places than numbers")]
    fn every_place_has_a_number() {
        normalise_to([&[1.0][..]].into_iter(), &mut [0.0; 2]);
    }

    #[cfg(not(target_arch = "wasm32"))]
    proptest! {
        #[test]
        fn numbers_keep_their_order(values: Vec<f64>, page in 1..9usize) {
            let places = of(&values);
            let mut of_pages = vec![7.0; values.len()];
            normalise_to(values.chunks(page), &mut of_pages);
            let mut pairs = Vec::new();
            for ((value, place), of_pages) in values.iter().zip(&places).zip(of_pages) {
                prop_assert_eq!(place.to_bits(), of_pages.to_bits());
                prop_assert!((0.0..=1.0).contains(place) != value.is_nan());
                if !value.is_nan() {
                    pairs.push((*value, *place));
                }
            }
            pairs.sort_by(|one, other| one.0.total_cmp(&other.0));
            prop_assert!(pairs.is_sorted_by(|one, next| one.1 <= next.1));
        }
    }
}
