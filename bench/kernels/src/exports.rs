//! What is measured. An export takes the places of two operands, of what is written and of the outcome, the length of all
//! three, and how often to run. What is computed in place is computed in `out`.

use duractor_kernels::{
    Is, add, affine, argmin, axpy, clamp, co_moments, cosine_similarity, count_where, distance, dot, dot_rows,
    histogram, int, l1_norm, l2_norm, max_norm, min_max, moments, mul, prefix_sum, scale, sub, sum, sum_where, top_k,
};

use crate::run::export;

/// How long a vector of the search is.
const DIMENSIONS: usize = 384;

/// How many of the greatest are wanted.
const TOP: usize = 10;

const BINS: usize = 64;

/// Operands are from -1 to 3 (`js/operands.mjs`): a bound that half of them are less than.
const MIDDLE: f64 = 1.0;

macro_rules! floats {
    ($($f64:ident, $f32:ident: $kernel:expr;)*) => {
        $(
            export!($f64, f64, $kernel);
            export!($f32, f32, $kernel);
        )*
    };
}

floats! {
    sum_f64, sum_f32: |left, _, _| sum(left);
    l1_norm_f64, l1_norm_f32: |left, _, _| l1_norm(left);
    l2_norm_f64, l2_norm_f32: |left, _, _| l2_norm(left);
    max_norm_f64, max_norm_f32: |left, _, _| max_norm(left);
    dot_f64, dot_f32: |left, right, _| dot(left, right);
    distance_f64, distance_f32: |left, right, _| distance(left, right);
    cosine_similarity_f64, cosine_similarity_f32: |left, right, _| cosine_similarity(left, right);
    min_max_f64, min_max_f32: |left, _, _| min_max(left);
    argmin_f64, argmin_f32: |left, _, _| argmin(left);
    moments_f64, moments_f32: |left, _, _| moments(left);
    co_moments_f64, co_moments_f32: |left, right, _| co_moments(left, right);
    count_where_f64, count_where_f32: |left, _, _| count_where(left, Is::Lt(MIDDLE as _));
    sum_where_f64, sum_where_f32: |left, _, _| sum_where(left, Is::Lt(MIDDLE as _));
    top_k_f64, top_k_f32: |left, _, _| top_k(left, TOP);
    prefix_sum_f64, prefix_sum_f32: |left, _, out| prefix_sum(left, out);
    scale_f64, scale_f32: |_, _, out| scale(out, -1.0);
    affine_f64, affine_f32: |_, _, out| affine(out, 0.5, 0.25);
    clamp_f64, clamp_f32: |_, _, out| clamp(out, 0.0, 2.0);
    add_f64, add_f32: |_, right, out| add(out, right);
    sub_f64, sub_f32: |_, right, out| sub(out, right);
    mul_f64, mul_f32: |_, right, out| mul(out, right);
    axpy_f64, axpy_f32: |_, right, out| axpy(0.5, right, out);
    histogram_f64, histogram_f32: |left, _, _| {
        let mut bins = [0; BINS];
        // Some are below, and some above.
        histogram(left, -0.5..=2.5, &mut bins);
        bins
    };
}

export!(sum_i32, i32, |left, _, _| int::sum(left));
export!(min_max_i32, i32, |left, _, _| int::min_max(left));
export!(dot_i8, i8, |left, right, _| int::dot_i8(left, right));
export!(dot_u8, u8, |left, right, _| int::dot_u8(left, right));
export!(hamming, u8, |left, right, _| int::hamming(left, right));

// The query is at the beginning of `left`. All rows have the length 1, so that a dot product is a cosine.
export!(search_f32, f32, |left, right, out| {
    let scores = &mut out[..right.len() / DIMENSIONS];
    dot_rows(&left[..DIMENSIONS], right, scores);
    top_k(scores, TOP)
});
