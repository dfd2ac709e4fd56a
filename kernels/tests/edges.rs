//! Edge cases that the documentation defines.

#[cfg(not(target_arch = "wasm32"))]
use std::panic::catch_unwind;

use duractor_kernels::{self as kernels, Is, Moments, int};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const NAN: f64 = f64::NAN;
const INF: f64 = f64::INFINITY;

/// Numbers with one of them at each place in turn, around every bound of a lane, a vector and a block.
fn with_each_place(value: f64, mut check: impl FnMut(&[f64], usize)) {
    for len in [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33] {
        for at in 0..len {
            let mut values = vec![1.0; len];
            values[at] = value;
            check(&values, at);
        }
    }
}

#[test]
fn without_numbers_sums_are_zero_and_nothing_else_exists() {
    let none: [f64; 0] = [];
    assert_eq!(kernels::sum(&none).to_bits(), 0);
    assert_eq!(kernels::dot(&none, &none), 0.0);
    assert_eq!((kernels::l1_norm(&none), kernels::l2_norm(&none), kernels::max_norm(&none)), (0.0, 0.0, 0.0));
    assert!(kernels::cosine_similarity(&none, &none).is_nan());
    assert_eq!((kernels::min_max(&none), kernels::argmin(&none), kernels::argmax(&none)), (None, None, None));
    let moments = kernels::moments(&none);
    assert_eq!(moments.count(), 0);
    assert!(moments.mean().is_nan() && moments.variance().is_nan() && moments.sample_variance().is_nan());
    let one = kernels::moments(&[5.0_f64]);
    assert_eq!((one.mean(), one.variance(), one.sample_variance().is_nan()), (5.0, 0.0, true));
    assert!(kernels::co_moments(&none, &none).correlation().is_nan());
    assert_eq!(kernels::count_where(&none, Is::Nan), 0);
    assert!(kernels::top_k(&none, 5).is_empty());
    kernels::prefix_sum(&none, &mut []);
    kernels::dot_rows(&none, &none, &mut []);
    kernels::scale(&mut [0.0; 0], 2.0);
    assert_eq!((int::sum(&[]), int::min_max(&[]), int::hamming(&[], &[])), (0, None, 0));
}

#[test]
fn nan_goes_through_arithmetic_and_is_passed_over_by_comparisons() {
    with_each_place(NAN, |values, at| {
        assert!(kernels::sum(values).is_nan(), "{} {at}", values.len());
        assert!(kernels::dot(values, values).is_nan());
        assert!(kernels::l1_norm(values).is_nan());
        let moments = kernels::moments(values);
        assert!(moments.mean().is_nan() && moments.variance().is_nan());
        let others = if values.len() > 1 { Some((1.0, 1.0)) } else { None };
        assert_eq!(kernels::min_max(values), others);
        let first = (0..values.len()).find(|other| *other != at);
        assert_eq!((kernels::argmin(values), kernels::argmax(values)), (first, first));
        assert_eq!(kernels::max_norm(values), if values.len() > 1 { 1.0 } else { 0.0 });
        assert_eq!(kernels::count_where(values, Is::Nan), 1);
        assert!(kernels::sum_where(values, Is::Nan).is_nan());
        assert_eq!(kernels::sum_where(values, Is::Le(2.0)), values.len() as f64 - 1.0);
        assert_eq!(kernels::top_k(values, 99).len(), values.len() - 1);
        let mut sums = vec![0.0; values.len()];
        kernels::prefix_sum(values, &mut sums);
        assert!(sums[at..].iter().all(|sum| sum.is_nan()) && sums[..at].iter().all(|sum| !sum.is_nan()));
        let mut clamped = values.to_vec();
        kernels::clamp(&mut clamped, 0.0, 0.5);
        assert!(clamped[at].is_nan());
    });
}

#[test]
fn infinities_follow_ieee_754() {
    with_each_place(INF, |values, at| {
        assert_eq!(kernels::sum(values), INF);
        assert_eq!(kernels::argmax(values), Some(at));
        assert_eq!(kernels::l2_norm(values), INF);
        assert!(kernels::moments(values).variance().is_nan());
        assert_eq!(kernels::count_where(values, Is::Ge(INF)), 1);
        assert_eq!(kernels::count_where(values, Is::Gt(INF)), 0);
        assert_eq!(kernels::count_where(values, Is::Lt(-INF)), 0);
    });
    assert!(kernels::sum(&[INF, -INF]).is_nan());
    assert_eq!(kernels::min_max(&[INF, INF]), Some((INF, INF)));
    assert_eq!(kernels::min_max(&[-INF, NAN]), Some((-INF, -INF)));
    assert_eq!((kernels::argmin(&[NAN, INF]), kernels::argmax(&[NAN, -INF, NAN])), (Some(1), Some(1)));
}

#[test]
fn zeros_of_both_signs_are_equal() {
    assert_eq!(kernels::sum(&[-0.0_f64]).to_bits(), 0);
    assert_eq!(kernels::argmin(&[0.0, -0.0]), Some(0));
    assert_eq!(kernels::argmax(&[-0.0, 0.0]), Some(0));
    assert_eq!(kernels::min_max(&[0.0, -0.0]), Some((0.0, 0.0)));
    for is in [Is::Lt(0.0), Is::Gt(0.0), Is::Lt(-0.0), Is::Gt(-0.0)] {
        assert_eq!(kernels::count_where(&[0.0, -0.0], is), 0, "{is:?}");
    }
    for is in [Is::Le(-0.0), Is::Ge(0.0), Is::Between(0.0, -0.0)] {
        assert_eq!(kernels::count_where(&[0.0, -0.0], is), 2, "{is:?}");
    }
}

#[test]
fn nothing_is_less_than_a_nan() {
    for is in [Is::Lt(NAN), Is::Le(NAN), Is::Gt(NAN), Is::Ge(NAN), Is::Between(NAN, 9.0), Is::Between(2.0, 1.0)] {
        assert_eq!(kernels::count_where(&[1.0, INF, NAN], is), 0, "{is:?}");
    }
}

#[test]
fn subnormal_numbers_are_not_lost() {
    let least = f64::from_bits(1);
    with_each_place(least, |values, _| {
        let tiny: Vec<f64> = values.iter().map(|value| value * least).collect();
        assert!(kernels::sum(&tiny) >= least * (values.len() - 1) as f64);
        assert_eq!(kernels::count_where(values, Is::Lt(1.0)), 1);
    });
    assert_eq!(kernels::sum(&[least; 3]), f64::from_bits(3));
    assert_eq!(kernels::sum(&[f32::from_bits(1); 40]), f32::from_bits(40));
}

#[test]
fn overflow_is_infinite_and_integers_have_none() {
    assert_eq!(kernels::sum(&[f64::MAX; 20]), INF);
    assert_eq!(kernels::l2_norm(&[1e200, 1e200]), INF);
    assert_eq!(kernels::moments(&[f64::MAX; 100]).variance(), 0.0);
    for (word, len) in [(i32::MIN, 70_000), (i32::MAX, 70_000), (-1, 70_000), (65_535, 70_000)] {
        assert_eq!(int::sum(&vec![word; len]), i64::from(word) * len as i64);
    }
    assert_eq!(int::dot_i8(&[-128; 9_999], &[-128; 9_999]), 16_384 * 9_999);
    assert_eq!(int::dot_u8(&[255; 9_999], &[255; 9_999]), 65_025 * 9_999);
    assert_eq!(int::count_ones(&[255; 9_999]), 8 * 9_999);
}

#[test]
fn the_mean_may_be_far_from_zero() {
    // The naive sum of squares less the squared sum would give anything here.
    let values: Vec<f64> = (0..9_999).map(|at| 1e9 + f64::from(at % 3)).collect();
    let exact = 2.0 / 3.0;
    assert!((kernels::moments(&values).variance() - exact).abs() < 1e-9);
    let mut jump = vec![0.0; 5_000];
    jump.extend(&values);
    let whole: Moments<f64> = kernels::moments(&jump[..5_000]).merge(kernels::moments(&jump[5_000..]));
    assert!((whole.variance() / kernels::moments(&jump).variance() - 1.0).abs() < 1e-12);
}

#[test]
fn a_mean_that_no_longer_moves_adds_nothing_to_the_variance() {
    let far = |at: u32| if at < 1_024 { 1.0 } else { 1.0_f32 + 0.000_316_16 };
    let values: Vec<f32> = (0..1_024_000).map(far).collect();
    let step = f64::from(far(9_999)) - 1.0;
    let exact = step * step * 0.001 * 0.999;
    let variance = f64::from(kernels::moments(&values).variance());
    assert!((variance / exact - 1.0).abs() < 0.025, "{variance} for {exact}");
}

#[test]
fn small_vectors_have_directions_too() {
    for size in [1e-80_f64, 1.3e-81, 1e-150, 1e150] {
        assert!((kernels::cosine_similarity(&[size], &[size]) - 1.0).abs() < 1e-12, "{size}");
        let pairs = kernels::co_moments(&[size, -size], &[size, -size]);
        assert!((pairs.correlation() - 1.0).abs() < 1e-12, "{size}");
    }
    assert!((kernels::cosine_similarity(&[7e-12_f32], &[7e-12]) - 1.0).abs() < 1e-6);
    let left = [-0.617_920_735_185_806_3, -0.138_776_084_903_546_43, -0.077_612_353_846_857_16];
    let right = [0.251_559_836_868_201_05, 0.056_496_711_134_068_53, 0.031_596_530_041_675_41];
    assert!(kernels::cosine_similarity(&left, &right) >= -1.0);
}

#[test]
fn the_scale_of_tiny_numbers_holds_beside_infinite_ones() {
    let tiny = |count: u64| f64::from_bits(count);
    let mut places = [0.0; 4];
    kernels::normalise_to(&[tiny(3), tiny(4), tiny(5), INF], &mut places);
    assert_eq!(places, [0.0, 0.5, 1.0, 1.0]);
    assert_eq!(kernels::quantiles(&[1.0_f32, f32::INFINITY], &[1e-60, 0.0]), Some(vec![f32::INFINITY, 1.0]));
}

#[test]
fn numbers_may_begin_anywhere() {
    let values: Vec<f32> = (0..200).map(|at| at as f32).collect();
    for start in 0..9 {
        let part = &values[start..150];
        assert_eq!(kernels::sum(part), part.iter().sum::<f32>());
        assert_eq!(kernels::argmax(part), Some(part.len() - 1));
    }
    let bytes: Vec<u8> = (0..200).collect();
    let differing = (1..150).map(|at| u64::from((bytes[at] ^ bytes[at + 1]).count_ones()));
    assert_eq!(int::hamming(&bytes[1..150], &bytes[2..151]), differing.sum::<u64>());
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn unequal_lengths_panic_with_both() {
    let text = |run: fn()| *catch_unwind(run).unwrap_err().downcast::<String>().unwrap();
    let lengths = "slices of 2 and 3 numbers; they have to be of the same length";
    assert_eq!(text(|| _ = kernels::dot(&[0.0; 2], &[0.0; 3])), lengths);
    assert_eq!(text(|| _ = kernels::co_moments(&[0.0; 2], &[0.0; 3])), lengths);
    assert_eq!(text(|| kernels::add(&mut [0.0; 2], &[0.0; 3])), lengths);
    assert_eq!(text(|| kernels::scale_to(&[0.0; 2], 1.0, &mut [0.0; 3])), lengths);
    assert_eq!(text(|| kernels::prefix_sum(&[0.0; 2], &mut [0.0; 3])), lengths);
    assert_eq!(text(|| _ = int::hamming(&[0; 2], &[0; 3])), lengths);
    let rows = text(|| kernels::dot_rows(&[0.0; 2], &[0.0; 5], &mut [0.0; 2]));
    assert_eq!(rows, "a matrix of 5 numbers is not 2 rows of 2, which is the length of the vector");
    assert_eq!(text(|| kernels::clamp(&mut [0.0], 2.0, 1.0)), "numbers cannot be clamped to 2..=1");
    let range = text(|| _ = kernels::histogram(&[0.0], 1.0..=1.0, &mut [0]));
    assert_eq!(range, "a histogram is of a range whose width is positive and finite, not of 1 to 1");
    let narrow = text(|| _ = kernels::histogram(&[0.0], 0.0..=4e-309, &mut [0; 4]));
    assert_eq!(narrow, "a range as narrow as from 0e0 to 4e-309 has no room for bins");
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn unequal_pages_panic() {
    let text = |run: fn()| *catch_unwind(run).unwrap_err().downcast::<&str>().unwrap();
    let lengths = "the sequences are not of the same length";
    assert_eq!(text(|| _ = kernels::pages::dot([&[1.0; 9][..], &[1.0; 9]], [&[1.0; 18][..], &[1.0]])), lengths);
    assert_eq!(text(|| _ = kernels::pages::co_moments([&[1.0; 40][..]], [&[1.0; 39][..]])), lengths);
}
