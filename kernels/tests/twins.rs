//! Every kernel gives the same bits on every target: with simd128, without, and natively.
//!
//! What it gives for many inputs is summed up in a number, which is the same everywhere. If an algorithm is changed so
//! that other bits are right, the numbers below change, on all targets alike.

use duractor_kernels::{self as kernels, CoMoments, Float, Is, Moments, int};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Lengths around those of a vector, a block and a group of blocks, of every type.
const LENGTHS: [usize; 33] = [
    0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 511, 512, 513, 1_023, 1_024, 1_025,
    1_100, 2_047, 2_048, 2_049, 4_100, 9_001,
];

/// A random sequence (Marsaglia, "Xorshift RNGs", 2003).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// From 0 to 1.
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Numbers of a magnitude, of any magnitude, or any bits.
    fn number(&mut self, kind: Kind) -> f64 {
        match kind {
            Kind::Usual => self.unit() * 2.0 - 1.0,
            Kind::Wide => (self.unit() - 0.5) * f64::from(2.0_f32.powi((self.next() % 60) as i32 - 30)),
            Kind::Special => match self.next() % 16 {
                0 => f64::NAN,
                1 => f64::INFINITY,
                2 => f64::NEG_INFINITY,
                3 => -0.0,
                4 => 0.0,
                5 => f64::from(f32::from_bits(1)),
                7 => f64::from_bits(1),
                6 => f64::from(f32::MAX),
                _ => self.unit() - 0.5,
            },
        }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Usual,
    Wide,
    Special,
}

/// All results of a kernel (FNV-1a of their bits).
struct Digest(u64);

impl Digest {
    fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn add(&mut self, bits: u64) {
        for byte in bits.to_le_bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    /// Of NaN only that it is one: which it is, wasm leaves open.
    fn number<T: Float>(&mut self, value: T) {
        let value: f64 = value.into();
        self.add(if value.is_nan() { u64::MAX } else { value.to_bits() });
    }

    fn numbers<T: Float>(&mut self, values: &[T]) {
        values.iter().for_each(|value| self.number(*value));
    }

    fn index(&mut self, index: Option<usize>) {
        self.add(index.map_or(u64::MAX, |index| index as u64));
    }

    fn moments<T: Float>(&mut self, moments: Moments<T>) {
        self.add(moments.count());
        self.numbers(&[moments.mean(), moments.variance(), moments.sample_variance(), moments.standard_deviation()]);
    }

    fn co_moments<T: Float>(&mut self, moments: CoMoments<T>) {
        self.moments(moments.left());
        self.moments(moments.right());
        self.numbers(&[moments.covariance(), moments.sample_covariance(), moments.correlation()]);
    }
}

/// A kernel, and what it does with two slices.
type Case<T> = (&'static str, fn(&[T], &[T], &mut Digest));

/// What a kernel writes into a copy of a slice.
fn written<T: Float>(digest: &mut Digest, values: &[T], write: impl FnOnce(&mut [T])) {
    let mut out = values.to_vec();
    write(&mut out);
    digest.numbers(&out);
}

fn is_all<T: Float>(bound: T, other: T) -> [Is<T>; 6] {
    [Is::Lt(bound), Is::Le(bound), Is::Gt(bound), Is::Ge(bound), Is::Between(other, bound), Is::Nan]
}

/// As many rows as there are numbers for, beside a vector of a length that fits no block.
fn rows<T: Float>(values: &[T], vector: &[T]) -> (usize, usize) {
    let len = vector.len().min(37);
    (len, values.len().checked_div(len).unwrap_or_default())
}

fn cases<T: Float>() -> Vec<Case<T>> {
    vec![
        ("sum", |a, _, out| out.number(kernels::sum(a))),
        ("dot", |a, b, out| out.number(kernels::dot(a, b))),
        ("l1_norm", |a, _, out| out.number(kernels::l1_norm(a))),
        ("l2_norm", |a, _, out| out.number(kernels::l2_norm(a))),
        ("max_norm", |a, _, out| out.number(kernels::max_norm(a))),
        ("squared_distance", |a, b, out| out.number(kernels::squared_distance(a, b))),
        ("cosine_similarity", |a, b, out| out.number(kernels::cosine_similarity(a, b))),
        ("min_max", |a, _, out| {
            let (least, greatest) = kernels::min_max(a).unwrap_or_default();
            out.numbers(&[least, greatest]);
        }),
        ("argmin", |a, _, out| out.index(kernels::argmin(a))),
        ("argmax", |a, _, out| out.index(kernels::argmax(a))),
        ("moments", |a, _, out| out.moments(kernels::moments(a))),
        ("co_moments", |a, b, out| out.co_moments(kernels::co_moments(a, b))),
        ("count_where", |a, b, out| {
            let (bound, other) = (b.first().copied().unwrap_or_default(), b.last().copied().unwrap_or_default());
            is_all(bound, other).iter().for_each(|is| out.add(kernels::count_where(a, *is)));
        }),
        ("sum_where", |a, b, out| {
            let (bound, other) = (b.first().copied().unwrap_or_default(), b.last().copied().unwrap_or_default());
            is_all(bound, other).iter().for_each(|is| out.number(kernels::sum_where(a, *is)));
        }),
        ("top_k", |a, _, out| {
            for (index, value) in kernels::top_k(a, 7) {
                out.add(index as u64);
                out.number(value);
            }
        }),
        ("prefix_sum", |a, _, out| written(out, a, |sums| kernels::prefix_sum(a, sums))),
        ("dot_rows", |a, b, out| {
            let (len, count) = rows(a, b);
            written(out, &a[..count], |products| kernels::dot_rows(&b[..len], &a[..len * count], products));
        }),
        ("squared_distance_rows", |a, b, out| {
            let (len, count) = rows(a, b);
            written(out, &a[..count], |squares| kernels::squared_distance_rows(&b[..len], &a[..len * count], squares));
        }),
        ("scale", |a, b, out| {
            let factor = b.first().copied().unwrap_or_default();
            written(out, a, |values| kernels::scale(values, factor));
            written(out, b, |values| kernels::scale_to(a, factor, values));
        }),
        ("affine", |a, b, out| {
            let [factor, offset] = [b.first(), b.last()].map(|value| value.copied().unwrap_or_default());
            written(out, a, |values| kernels::affine(values, factor, offset));
            written(out, b, |values| kernels::affine_to(a, factor, offset, values));
        }),
        ("clamp", |a, b, out| {
            let Some((min, max)) = kernels::min_max(&b[..b.len().min(5)]) else { return };
            written(out, a, |values| kernels::clamp(values, min, max));
            written(out, b, |values| kernels::clamp_to(a, min, max, values));
        }),
        ("add", |a, b, out| {
            written(out, a, |values| kernels::add(values, b));
            written(out, a, |values| kernels::add_to(a, b, values));
        }),
        ("sub", |a, b, out| {
            written(out, a, |values| kernels::sub(values, b));
            written(out, a, |values| kernels::sub_to(a, b, values));
        }),
        ("mul", |a, b, out| {
            written(out, a, |values| kernels::mul(values, b));
            written(out, a, |values| kernels::mul_to(a, b, values));
        }),
        ("axpy", |a, b, out| {
            let factor = b.first().copied().unwrap_or_default();
            written(out, a, |sums| kernels::axpy(factor, b, sums));
        }),
    ]
}

/// Pairs of slices of every length, at any alignment.
fn inputs<T: Float>(number: fn(f64) -> T) -> Vec<[Vec<T>; 2]> {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let kinds = [Kind::Usual, Kind::Wide, Kind::Special];
    let all = LENGTHS.iter().flat_map(|len| kinds.map(|kind| (*len, kind)));
    all.map(|(len, kind)| [(); 2].map(|()| (0..=len).map(|_| number(random.number(kind))).collect())).collect()
}

/// What each kernel gives, by its name.
fn digests<T: Float>(number: fn(f64) -> T) -> Vec<(&'static str, u64)> {
    let inputs = inputs(number);
    let digest = |(name, run): Case<T>| {
        let mut digest = Digest::new();
        inputs.iter().for_each(|[left, right]| run(&left[1..], &right[1..], &mut digest));
        (name, digest.0)
    };
    cases().into_iter().map(digest).collect()
}

fn integers() -> Vec<(&'static str, u64)> {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let [mut sum, mut min_max, mut dot, mut bits] = [(); 4].map(|()| Digest::new());
    for len in LENGTHS {
        let words: Vec<i32> = (0..len).map(|_| random.next() as i32 >> (random.next() % 3 * 10)).collect();
        let [left, right] = [(); 2].map(|()| (0..len).map(|_| random.next() as u8).collect::<Vec<_>>());
        let [signed_left, signed_right] =
            [&left, &right].map(|all| all.iter().map(|byte| *byte as i8).collect::<Vec<_>>());
        sum.add(int::sum(&words) as u64);
        let (least, greatest) = int::min_max(&words).unwrap_or_default();
        min_max.add((i64::from(least) << 32 ^ i64::from(greatest)) as u64);
        dot.add(int::dot_i8(&signed_left, &signed_right) as u64);
        dot.add(int::dot_u8(&left, &right));
        bits.add(int::count_ones(&left));
        bits.add(int::hamming(&left, &right));
    }
    vec![("sum", sum.0), ("min_max", min_max.0), ("dot", dot.0), ("bits", bits.0)]
}

fn check(actual: &[(&str, u64)], expected: &[(&str, u64)]) {
    let lines: String = actual.iter().map(|(name, digest)| format!("    (\"{name}\", {digest:#018x}),\n")).collect();
    assert!(actual == expected, "the results are\n{lines}");
}

#[test]
fn doubles_are_the_same_everywhere() {
    check(&digests(|value| value), &DOUBLES);
}

#[test]
fn singles_are_the_same_everywhere() {
    check(&digests(|value| value as f32), &SINGLES);
}

#[test]
fn integers_are_the_same_everywhere() {
    check(&integers(), &INTEGERS);
}

const DOUBLES: [(&str, u64); 25] = [
    ("sum", 0x15912dbc20fbd16d),
    ("dot", 0x73872dd6a2c20ab6),
    ("l1_norm", 0xfe41930a9fa8ed42),
    ("l2_norm", 0x04a479cb99bea95e),
    ("max_norm", 0xc30a7b2b0c30f44b),
    ("squared_distance", 0x5e42960f9bbed0b9),
    ("cosine_similarity", 0xc57ed0db79cf27e5),
    ("min_max", 0x7bf433a8b048b293),
    ("argmin", 0x562991288a3c008e),
    ("argmax", 0x8c90f7d95b21669a),
    ("moments", 0x074de4976bde327b),
    ("co_moments", 0xba0d7a9923b5bb86),
    ("count_where", 0x3c152837fee6e386),
    ("sum_where", 0xde39d611b88dd801),
    ("top_k", 0xcb3213fd34f76930),
    ("prefix_sum", 0x832b1928276bb160),
    ("dot_rows", 0x949605fd8ee72b8a),
    ("squared_distance_rows", 0xb796c6faebccf119),
    ("scale", 0xc81d312ecc8fc8f5),
    ("affine", 0xbc26029d961b4a5d),
    ("clamp", 0x581380c6c2dba939),
    ("add", 0x30a074a368f4b0e5),
    ("sub", 0x95e0b621b5c42cc1),
    ("mul", 0x7d20731b65e0879d),
    ("axpy", 0x40ff897c5e3a9913),
];
const SINGLES: [(&str, u64); 25] = [
    ("sum", 0x0fd944f3a135c65a),
    ("dot", 0x64d5097129836de6),
    ("l1_norm", 0x908d61f4e97d5179),
    ("l2_norm", 0x6be44655b0a41a6a),
    ("max_norm", 0x59f0e706bb8da377),
    ("squared_distance", 0xbe8eb6e3a6b534ff),
    ("cosine_similarity", 0x857250a1f1635fce),
    ("min_max", 0x418911690ab8c8b2),
    ("argmin", 0x562991288a3c008e),
    ("argmax", 0x8c90f7d95b21669a),
    ("moments", 0xec7831f6894c9d66),
    ("co_moments", 0xf04b84aec30d0730),
    ("count_where", 0xcbf1a26c26bff555),
    ("sum_where", 0x219785fa2c6dd277),
    ("top_k", 0xc7e00157cbed5348),
    ("prefix_sum", 0x7b200687ca046efb),
    ("dot_rows", 0x4d31e06281462cdc),
    ("squared_distance_rows", 0x648918910be9bf15),
    ("scale", 0xbb22c537b529b8bd),
    ("affine", 0xf9b1a6ad6b8496c9),
    ("clamp", 0xbae854eefc590085),
    ("add", 0xec1fd02ba1777e19),
    ("sub", 0x98dc9a7de0481145),
    ("mul", 0xa6ab2f26732c9ff1),
    ("axpy", 0xb759fcb56499909d),
];
const INTEGERS: [(&str, u64); 4] = [
    ("sum", 0x2abd509caf70aac0),
    ("min_max", 0x34cdcddbac8d709f),
    ("dot", 0x12e3fc1d98712db9),
    ("bits", 0x5c172f7be8292b4e),
];
