//! Means of a window that moves along.
//!
//! The numbers are cut into blocks as long as the window, so that every window is the end of one block and the beginning
//! of the next: what it adds up is one sum from the block's end and one from its beginning (van Herk, "A fast algorithm for
//! local minimum and maximum filters on rectangular and octagonal kernels", 1992, and Gil and Werman, "Computing 2-D min,
//! median, and max filters", 1993, for sums in place of minima). Nothing is ever taken off a sum, so there is no drift, and
//! what has left the window has left no trace.

use std::iter::zip;

use crate::{cursor::Cursor, float::Float};

/// Where the next numbers go. `out` serves as memory too: ahead of `at` it holds what the block before contributes to each
/// window.
struct Rolling<'o, T> {
    out: &'o mut [T],
    window: usize,
    /// Where the block begins.
    start: usize,
    at: usize,
    /// The sum of the block up to `at`.
    sum: T,
    /// The sum of those in the block that no window which begins later lacks: there is no place ahead for them.
    beyond: T,
}

impl<T: Float> Rolling<'_, T> {
    fn end(&self) -> usize {
        self.start.saturating_add(self.window)
    }

    /// Before the first number of a block.
    fn begin_block(&mut self) {
        self.sum = T::ZERO;
        self.beyond = T::ZERO;
        // The last window in a block is the block.
        if let Some(last) = self.out.get_mut(self.end() - 1) {
            *last = T::ZERO;
        }
    }

    /// Takes numbers of one block.
    fn take(&mut self, values: &[T]) {
        self.keep(values);
        let width = T::from_u64(self.window as u64);
        let mut sum = self.sum;
        for (value, mean) in zip(values, &mut self.out[self.at..]) {
            sum = sum + *value;
            *mean = (*mean + sum) / width;
        }
        self.sum = sum;
        self.at += values.len();
    }

    /// Puts numbers ahead, each where the first window is that lacks it. No window that ends in the next block has the
    /// first of this one.
    fn keep(&mut self, values: &[T]) {
        let skipped = usize::from(self.at == self.start);
        let values = &values[skipped..];
        let first = (self.at + skipped).saturating_add(self.window - 1);
        let ahead = self.out.get_mut(first..).unwrap_or_default();
        let (kept, rest) = values.split_at(values.len().min(ahead.len()));
        ahead[..kept.len()].copy_from_slice(kept);
        self.beyond = rest.iter().fold(self.beyond, |sum, value| sum + *value);
    }

    /// After the last number of a block: what was put ahead becomes the sums from the block's end.
    fn end_block(&mut self) {
        let from = self.end().min(self.out.len());
        let to = self.end().saturating_add(self.window - 1).min(self.out.len());
        let mut sum = self.beyond;
        for value in self.out[from..to].iter_mut().rev() {
            sum = *value + sum;
            *value = sum;
        }
        self.start = self.at;
    }
}

#[track_caller]
pub(crate) fn rolling_mean<'a, T: Float>(pages: impl Iterator<Item = &'a [T]>, window: usize, out: &mut [T]) {
    assert!(window > 0, "a window has a number at least");
    let len = out.len();
    // Before the first whole window; whatever is added to it, it stays.
    out[..len.min(window - 1)].fill(T::NAN);
    let mut cursor = Cursor::new([pages]);
    let mut rolling = Rolling { out, window, start: 0, at: 0, sum: T::ZERO, beyond: T::ZERO };
    loop {
        rolling.begin_block();
        for [values] in cursor.places(window) {
            assert!(values.len() <= len - rolling.at, "there are more numbers than places for their means");
            rolling.take(values);
        }
        if rolling.at < rolling.end() {
            break;
        }
        rolling.end_block();
    }
    let left = len - rolling.at;
    assert!(left == 0, "there are {left} more places for means than numbers");
}

#[cfg(test)]
mod tests {
    #[cfg(not(target_arch = "wasm32"))]
    use proptest::prelude::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn of(values: &[f64], window: usize) -> Vec<f64> {
        let mut out = vec![7.0; values.len()];
        rolling_mean([values].into_iter(), window, &mut out);
        out
    }

    fn bits(values: &[f64]) -> Vec<Option<u64>> {
        values.iter().map(|value| (!value.is_nan()).then_some(value.to_bits())).collect()
    }

    #[test]
    fn each_is_the_mean_of_the_window_that_ends_there() {
        let nan = f64::NAN;
        assert_eq!(bits(&of(&[1.0, 2.0, 6.0, 4.0, 5.0], 3)), bits(&[nan, nan, 3.0, 4.0, 5.0]));
        assert_eq!(of(&[1.0, 2.0, 6.0], 1), [1.0, 2.0, 6.0]);
        assert_eq!(bits(&of(&[1.0, 2.0], 2)), bits(&[nan, 1.5]));
        for window in [3, usize::MAX] {
            assert_eq!(bits(&of(&[1.0, 2.0], window)), [None, None]);
        }
        assert!(of(&[], 2).is_empty());
    }

    #[test]
    fn what_has_left_the_window_leaves_no_trace() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300] {
            let mut values = vec![1.0; 40];
            values[17] = bad;
            for window in 1..20 {
                for (at, mean) in of(&values, window).into_iter().enumerate().skip(window - 1) {
                    let is_in = (17..17 + window).contains(&at);
                    assert_eq!(mean != 1.0, is_in, "{mean} at {at}, {window}");
                }
            }
        }
    }

    #[test]
    fn windows_of_f32_are_f32() {
        let mut out = [0f32; 4];
        rolling_mean([&[1f32, 2.0][..], &[3.0, 4.0]].into_iter(), 2, &mut out);
        assert_eq!(out[1..], [1.5, 2.5, 3.5]);
    }

    #[cfg(not(target_arch = "wasm32"))]
    mod refused {
        use super::*;

        #[test]
        #[should_panic(expected = "a window has a number at least")]
        fn a_window_of_nothing() {
            of(&[1.0], 0);
        }

        #[test]
        #[should_panic(expected = "more numbers than places")]
        fn too_few_places() {
            rolling_mean([&[1.0, 2.0, 3.0][..]].into_iter(), 2, &mut [0.0; 2]);
        }

        #[test]
        #[should_panic(expected = "1 more places")]
        fn too_many_places() {
            rolling_mean([&[1.0, 2.0, 3.0][..]].into_iter(), 2, &mut [0.0; 4]);
        }
    }

    #[cfg(not(target_arch = "wasm32"))]
    proptest! {
        #[test]
        fn they_are_means_of_each_window_by_itself(
            values in prop::collection::vec(prop_oneof![9 => -1e6..1e6f64, 1 => prop::num::f64::ANY], 0..60),
            window in 1..70usize,
            page in 1..9usize,
        ) {
            let means = of(&values, window);
            let mut of_pages = vec![7.0; values.len()];
            rolling_mean(values.chunks(page), window, &mut of_pages);
            prop_assert_eq!(bits(&means), bits(&of_pages));
            prop_assert!(means.iter().take(window - 1).all(|mean| mean.is_nan()));
            for (mean, values) in means.iter().skip(window - 1).zip(values.windows(window)) {
                let expected = values.iter().sum::<f64>() / window as f64;
                // Twice what the documentation promises, since the sum that it is compared with has as much.
                let bound = values.iter().map(|value| value.abs()).sum::<f64>() * f64::EPSILON;
                let is_near = (mean - expected).abs() <= bound;
                prop_assert!(is_near || !expected.is_finite() || !bound.is_finite(), "{mean} {expected}");
                let has_nan = values.iter().any(|value| value.is_nan());
                prop_assert!(mean.is_nan() || !has_nan);
            }
        }
    }
}
