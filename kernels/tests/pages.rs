//! Where pages begin and end makes no difference.

use duractor_kernels::{self as kernels, Float, Is, pages};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Numbers, a few of them special, that neither lie evenly nor end with a block.
fn numbers(count: usize) -> Vec<f64> {
    let number = |at: usize| match at % 401 {
        400 => -0.0,
        399 => f64::MIN_POSITIVE / 8.0,
        _ => ((at * at) as f64).sin() * 1e3,
    };
    (0..count).map(number).collect()
}

/// Ways to cut them: where the first page ends, and how long the others are, some of them empty.
fn cuts<T>(values: &[T]) -> Vec<Vec<&[T]>> {
    let mut cuts = Vec::new();
    for len in [1, 3, 16, 17, 64, 100, 512, 1_500] {
        for first in [0, 1, 10, 333] {
            let (head, rest) = values.split_at(first.min(values.len()));
            cuts.push([head, &[]].into_iter().chain(rest.chunks(len)).chain([&[][..]]).collect());
        }
    }
    cuts
}

fn bits<T: Float>(value: T) -> u64 {
    let value: f64 = value.into();
    value.to_bits()
}

fn check<T: Float>(values: &[T], others: &[T]) {
    let len = values.len();
    let other_cuts = cuts(others);
    for (at, cut) in cuts(values).into_iter().enumerate() {
        let all = || cut.iter().copied();
        let other = || other_cuts[(at + 5) % other_cuts.len()].iter().copied();
        assert_eq!(bits(pages::sum(all())), bits(kernels::sum(values)), "{len} {at}");
        assert_eq!(bits(pages::l1_norm(all())), bits(kernels::l1_norm(values)));
        assert_eq!(bits(pages::l2_norm(all())), bits(kernels::l2_norm(values)));
        assert_eq!(bits(pages::max_norm(all())), bits(kernels::max_norm(values)));
        assert_eq!(pages::min_max(all()), kernels::min_max(values));
        assert_eq!(pages::argmin(all()), kernels::argmin(values));
        assert_eq!(pages::argmax(all()), kernels::argmax(values));
        assert_eq!(bits(pages::moments(all()).mean()), bits(kernels::moments(values).mean()));
        assert_eq!(bits(pages::moments(all()).variance()), bits(kernels::moments(values).variance()));
        assert_eq!(pages::count_where(all(), Is::Lt(T::default())), kernels::count_where(values, Is::Lt(T::default())));
        assert_eq!(
            bits(pages::sum_where(all(), Is::Lt(T::default()))),
            bits(kernels::sum_where(values, Is::Lt(T::default())))
        );
        assert_eq!(pages::top_k(all(), 9), kernels::top_k(values, 9));
        assert_eq!(bits(pages::dot(all(), other())), bits(kernels::dot(values, others)));
        assert_eq!(bits(pages::distance(all(), other())), bits(kernels::distance(values, others)));
        assert_eq!(bits(pages::cosine_similarity(all(), other())), bits(kernels::cosine_similarity(values, others)));
        let [of_pages, of_slices] = [pages::co_moments(all(), other()), kernels::co_moments(values, others)];
        assert_eq!(bits(of_pages.covariance()), bits(of_slices.covariance()));
        assert_eq!(bits(of_pages.correlation()), bits(of_slices.correlation()));
        let [mut of_pages, mut of_slices] = [(); 2].map(|()| values.to_vec());
        pages::prefix_sum(all(), &mut of_pages);
        kernels::prefix_sum(values, &mut of_slices);
        assert_eq!(of_pages, of_slices);
    }
}

#[test]
fn doubles_may_be_cut_anywhere() {
    for len in [0, 1, 15, 16, 17, 333, 1_024, 1_030, 5_000] {
        let values = numbers(2 * len);
        check(&values[..len], &values[len..]);
    }
}

#[test]
fn singles_may_be_cut_anywhere() {
    for len in [0, 1, 31, 32, 33, 333, 2_048, 2_060, 5_000] {
        let values: Vec<f32> = numbers(2 * len).iter().map(|value| *value as f32).collect();
        check(&values[..len], &values[len..]);
    }
}

#[test]
fn a_histogram_may_be_cut_anywhere() {
    let values = numbers(3_000);
    let mut expected = [0; 10];
    let outside = kernels::histogram(&values, -500.0..=500.0, &mut expected);
    assert!(outside.below > 0 && outside.above > 0 && expected.iter().all(|bin| *bin > 0));
    for cut in cuts(&values) {
        let mut bins = [0; 10];
        assert_eq!(pages::histogram(cut, -500.0..=500.0, &mut bins), outside);
        assert_eq!(bins, expected);
    }
}
