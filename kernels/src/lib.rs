//! Numeric kernels with simd128, and a scalar twin of each that gives the same bits.
//!
//! ```
//! assert_eq!(duractor_kernels::sum(&[1.0, 2.0, 3.5]), 6.5);
//! ```
//!
//! # How does it work?
//!
//! An algorithm is written once, in `generic`, over a small trait of two-lane vectors. `simd128` and `scalar` bind it. No
//! compiler flag is needed: the functions for wasm turn simd128 on for themselves, and cost nothing where they are not
//! called. So far there is one kernel, [`sum`].

mod generic;
mod scalar;
#[cfg(target_arch = "wasm32")]
mod simd128;

/// The sum of a slice; 0 if it is empty.
///
/// Eight partial sums are kept and added up pairwise, so that the error grows about eight times slower than that of a
/// loop over one sum: at most (n/8 + 3)·ε·Σ|x| for n elements, with ε = 2⁻⁵³
/// ([Higham, "The accuracy of floating point summation", 1993](https://doi.org/10.1137/0914050)). NaN and infinities
/// follow IEEE 754: a NaN, or infinities of both signs, give NaN.
pub fn sum(values: &[f64]) -> f64 {
    #[cfg(target_arch = "wasm32")]
    return simd128::sum(values);
    #[cfg(not(target_arch = "wasm32"))]
    scalar::sum(values)
}

#[cfg(test)]
mod tests {
    #[cfg(not(target_arch = "wasm32"))]
    use proptest::prelude::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn every_length_around_the_unroll_is_summed_whole() {
        for len in 0..=40 {
            let values: Vec<f64> = (1..=len).map(f64::from).collect();
            assert_eq!(sum(&values), f64::from(len * (len + 1) / 2), "{len}");
        }
    }

    #[test]
    fn special_values_follow_ieee_754() {
        assert_eq!(sum(&[]), 0.0);
        assert!(sum(&[1.0, f64::NAN]).is_nan());
        assert!(sum(&[f64::INFINITY, f64::NEG_INFINITY]).is_nan());
        assert_eq!(sum(&[f64::INFINITY, 1.0]), f64::INFINITY);
        assert_eq!(sum(&[f64::from_bits(1); 3]), f64::from_bits(3));
    }

    #[test]
    fn the_twins_agree_to_the_bit() {
        let values: Vec<f64> = (0..1_000).map(|at| f64::from(at).sin() * 1e3).collect();
        for start in 0..20 {
            assert_eq!(sum(&values[start..]).to_bits(), scalar::sum(&values[start..]).to_bits());
        }
    }

    #[cfg(not(target_arch = "wasm32"))]
    proptest! {
        #[test]
        fn a_sum_is_within_its_error_bound(values in prop::collection::vec(-1e9..1e9f64, 0..300)) {
            let magnitude: f64 = values.iter().map(|value| value.abs()).sum();
            // An oracle of twice the precision: the sum and what each addition lost (Knuth's TwoSum).
            let (mut exact, mut lost) = (0.0, 0.0);
            for value in &values {
                let next: f64 = exact + value;
                let shadow = next - exact;
                lost += (exact - (next - shadow)) + (value - shadow);
                exact = next;
            }
            let bound = (values.len() as f64 / 8.0 + 3.0) * f64::EPSILON / 2.0 * magnitude + 1e-300;
            prop_assert!((sum(&values) - (exact + lost)).abs() <= bound);
        }
    }
}
