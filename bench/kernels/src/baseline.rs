//! What one writes with simd128 at first: a vector after the other, and one accumulator.

use std::{arch::wasm32::*, iter::zip};

use crate::run::export;

macro_rules! floats {
    (
        $lane:ident, $lanes:literal, $splat:ident, $add:ident, $mul:ident, $least:ident, $greatest:ident,
        $sum:ident, $dot:ident, $min_max:ident, $scale:ident, $plus:ident
    ) => {
        const _: () = {
            #[inline]
            #[target_feature(enable = "simd128")]
            fn load(from: &[$lane; $lanes]) -> v128 {
                // SAFETY: it is 16 bytes, and a v128 is loaded at any alignment.
                unsafe { v128_load(from.as_ptr().cast()) }
            }

            #[inline]
            #[target_feature(enable = "simd128")]
            fn store(to: &mut [$lane; $lanes], vector: v128) {
                // SAFETY: it is 16 bytes, and a v128 is stored at any alignment.
                unsafe { v128_store(to.as_mut_ptr().cast(), vector) }
            }

            #[inline]
            #[target_feature(enable = "simd128")]
            fn lanes(vector: v128) -> [$lane; $lanes] {
                let mut lanes = [0.0; $lanes];
                store(&mut lanes, vector);
                lanes
            }

            #[target_feature(enable = "simd128")]
            fn sum(values: &[$lane]) -> $lane {
                let (vectors, rest) = values.as_chunks();
                let mut sum = $splat(0.0);
                for vector in vectors {
                    sum = $add(sum, load(vector));
                }
                lanes(sum).iter().chain(rest).sum()
            }

            #[target_feature(enable = "simd128")]
            fn dot(left: &[$lane], right: &[$lane]) -> $lane {
                let ((lefts, left), (rights, right)) = (left.as_chunks(), right.as_chunks());
                let mut sum = $splat(0.0);
                for (left, right) in zip(lefts, rights) {
                    sum = $add(sum, $mul(load(left), load(right)));
                }
                lanes(sum).iter().sum::<$lane>() + zip(left, right).map(|(left, right)| left * right).sum::<$lane>()
            }

            #[target_feature(enable = "simd128")]
            fn min_max(values: &[$lane]) -> ($lane, $lane) {
                let (vectors, rest) = values.as_chunks();
                let (mut least, mut greatest) = ($splat($lane::INFINITY), $splat($lane::NEG_INFINITY));
                for vector in vectors {
                    least = $least(least, load(vector));
                    greatest = $greatest(greatest, load(vector));
                }
                let (least, greatest) = (lanes(least), lanes(greatest));
                let (least, greatest) = (least.iter().chain(rest), greatest.iter().chain(rest));
                (
                    least.copied().fold($lane::INFINITY, $lane::min),
                    greatest.copied().fold($lane::NEG_INFINITY, $lane::max),
                )
            }

            #[target_feature(enable = "simd128")]
            fn scale(values: &mut [$lane], factor: $lane) {
                let (vectors, rest) = values.as_chunks_mut();
                for vector in vectors {
                    store(vector, $mul(load(vector), $splat(factor)));
                }
                rest.iter_mut().for_each(|value| *value *= factor);
            }

            #[target_feature(enable = "simd128")]
            fn add(values: &mut [$lane], others: &[$lane]) {
                let ((vectors, values), (other_vectors, others)) = (values.as_chunks_mut(), others.as_chunks());
                for (vector, other) in zip(vectors, other_vectors) {
                    store(vector, $add(load(vector), load(other)));
                }
                zip(values, others).for_each(|(value, other)| *value += other);
            }

            export!($sum, $lane, |left, _, _| sum(left));
            export!($dot, $lane, |left, right, _| dot(left, right));
            export!($min_max, $lane, |left, _, _| min_max(left));
            export!($scale, $lane, |_, _, out| scale(out, -1.0));
            export!($plus, $lane, |_, right, out| add(out, right));
        };
    };
}

floats!(
    f64,
    2,
    f64x2_splat,
    f64x2_add,
    f64x2_mul,
    f64x2_min,
    f64x2_max,
    baseline_sum_f64,
    baseline_dot_f64,
    baseline_min_max_f64,
    baseline_scale_f64,
    baseline_add_f64
);

floats!(
    f32,
    4,
    f32x4_splat,
    f32x4_add,
    f32x4_mul,
    f32x4_min,
    f32x4_max,
    baseline_sum_f32,
    baseline_dot_f32,
    baseline_min_max_f32,
    baseline_scale_f32,
    baseline_add_f32
);

#[target_feature(enable = "simd128")]
fn sum_words(values: &[i32]) -> i64 {
    let (vectors, rest) = values.as_chunks::<4>();
    let mut sum = i64x2_splat(0);
    for vector in vectors {
        // SAFETY: it is 16 bytes, and a v128 is loaded at any alignment.
        let words = unsafe { v128_load(vector.as_ptr().cast()) };
        sum = i64x2_add(sum, i64x2_extend_low_i32x4(words));
        sum = i64x2_add(sum, i64x2_extend_high_i32x4(words));
    }
    let rest: i64 = rest.iter().copied().map(i64::from).sum();
    i64x2_extract_lane::<0>(sum) + i64x2_extract_lane::<1>(sum) + rest
}

export!(baseline_sum_i32, i32, |left, _, _| sum_words(left));
