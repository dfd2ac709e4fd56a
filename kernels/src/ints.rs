//! Integers: exact, whatever the order.

use std::iter::zip;

use crate::{
    fold::{Fold, Input},
    vector::{Bits, Bytes, Memory, Words, each4},
};

/// A trait of kernels over some kind of vector, and the function that runs them on the target's.
macro_rules! vectors {
    ($kernel:ident, $run:ident, $vector:ident<$lane:ident>, $simd:ident) => {
        trait $kernel {
            type Output;

            fn run<V: $vector<Lane = $lane>>(self) -> Self::Output;
        }

        #[cfg(all(target_arch = "wasm32", not(duractor_kernels = "scalar")))]
        fn $run<K: $kernel>(kernel: K) -> K::Output {
            #[target_feature(enable = "simd128")]
            fn run<K: $kernel>(kernel: K) -> K::Output {
                kernel.run::<crate::simd128::$simd>()
            }
            run(kernel)
        }

        #[cfg(not(all(target_arch = "wasm32", not(duractor_kernels = "scalar"))))]
        fn $run<K: $kernel>(kernel: K) -> K::Output {
            kernel.run::<[$lane; 16 / size_of::<$lane>()]>()
        }
    };
}

vectors!(WordKernel, run_words, Words<i32>, I32x4);
vectors!(SignedKernel, run_signed, Bytes<i8>, I8x16);
vectors!(UnsignedKernel, run_unsigned, Bytes<u8>, U8x16);
vectors!(BitKernel, run_bits, Bits<u8>, U8x16);

#[inline(always)]
fn lanes<V: Words>(words: V) -> [i32; 4] {
    words.to_array([0; 4])
}

/// Two sums of each lane: of the whole numbers, which wraps, and of their upper halves. Together they tell the sum: the
/// lower halves, which are never negative, add up to less than 2³² in a group.
struct Sum<V> {
    whole: [V; 2],
    upper: [V; 2],
    total: i64,
}

impl<V: Words> Fold<V, 1, 8> for Sum<V> {
    type Output = i64;
    const PAD: i32 = 0;

    #[inline(always)]
    fn block(&mut self, [values]: [&[[i32; 4]; 8]; 1]) {
        let low = each4!(AT => V::load(&values[AT]));
        let high = each4!(AT => V::load(&values[AT + 4]));
        let add = |sum: V, values: [V; 4]| sum.add(values[0]).add(values[1]).add(values[2]).add(values[3]);
        self.whole = [add(self.whole[0], low), add(self.whole[1], high)];
        let [low, high] = [each4!(AT => low[AT].upper()), each4!(AT => high[AT].upper())];
        self.upper = [add(self.upper[0], low), add(self.upper[1], high)];
    }

    #[inline(always)]
    fn flush(&mut self) {
        let whole = lanes(self.whole[0].add(self.whole[1]));
        let upper = lanes(self.upper[0].add(self.upper[1]));
        for (whole, upper) in zip(whole, upper) {
            let upper = i64::from(upper) << 16;
            let lower = whole.wrapping_sub(upper as i32) as u32;
            self.total += upper + i64::from(lower);
        }
        *self = Self { total: self.total, ..Self::new() };
    }

    #[inline(always)]
    fn finish(self) -> i64 {
        self.total
    }
}

impl<V: Words> Sum<V> {
    #[inline(always)]
    fn new() -> Self {
        Self { whole: [V::splat(0); 2], upper: [V::splat(0); 2], total: 0 }
    }
}

struct SumKernel<I>(I);

impl<'a, I: Input<'a, i32, 1>> WordKernel for SumKernel<I> {
    type Output = i64;

    #[inline(always)]
    fn run<V: Words>(self) -> i64 {
        self.0.fold::<V, _, _>(Sum::new())
    }
}

pub(crate) fn sum<'a>(input: impl Input<'a, i32, 1>) -> i64 {
    run_words(SumKernel(input))
}

/// The least, and the greatest, of four lanes each.
struct LeastAndGreatest<V> {
    least: [V; 4],
    greatest: [V; 4],
}

impl<V: Words> Fold<V, 1, 4> for LeastAndGreatest<V> {
    type Output = (i32, i32);
    const PAD: i32 = 0;

    #[inline(always)]
    fn block(&mut self, [values]: [&[[i32; 4]; 4]; 1]) {
        self.least = each4!(AT => self.least[AT].least(V::load(&values[AT])));
        self.greatest = each4!(AT => self.greatest[AT].greatest(V::load(&values[AT])));
    }

    #[inline(always)]
    fn last(&mut self, [values]: [&[[i32; 4]; 4]; 1], len: usize) {
        for value in &values.as_flattened()[..len] {
            self.least[0] = self.least[0].least(V::splat(*value));
            self.greatest[0] = self.greatest[0].greatest(V::splat(*value));
        }
    }

    #[inline(always)]
    fn finish(self) -> (i32, i32) {
        let [a, b, c, d] = self.least;
        let [w, x, y, z] = lanes(a.least(b).least(c.least(d)));
        let least = w.min(x).min(y.min(z));
        let [a, b, c, d] = self.greatest;
        let [w, x, y, z] = lanes(a.greatest(b).greatest(c.greatest(d)));
        (least, w.max(x).max(y.max(z)))
    }
}

struct MinMaxKernel<I>(I);

impl<'a, I: Input<'a, i32, 1>> WordKernel for MinMaxKernel<I> {
    type Output = Option<(i32, i32)>;

    #[inline(always)]
    fn run<V: Words>(self) -> Option<(i32, i32)> {
        let none = LeastAndGreatest { least: [V::splat(i32::MAX); 4], greatest: [V::splat(i32::MIN); 4] };
        let (least, greatest) = self.0.fold::<V, _, _>(none);
        (least <= greatest).then_some((least, greatest))
    }
}

pub(crate) fn min_max<'a>(input: impl Input<'a, i32, 1>) -> Option<(i32, i32)> {
    run_words(MinMaxKernel(input))
}

/// Sums of products; in a group less than 2³¹ for each lane.
struct Dot<S> {
    sums: S,
    total: i64,
}

impl<V: Bytes> Fold<V, 2, 4> for Dot<V::Sums> {
    type Output = i64;
    const PAD: V::Lane = V::ZERO;

    #[inline(always)]
    fn block(&mut self, [left, right]: [&[V::Array; 4]; 2]) {
        let [a, b, c, d] = each4!(AT => V::load(&left[AT]).dot(V::load(&right[AT])));
        self.sums = self.sums.add(a.add(b).add(c.add(d)));
    }

    #[inline(always)]
    fn flush(&mut self) {
        let [a, b, c, d] = lanes(self.sums).map(i64::from);
        self.total += a + b + c + d;
        self.sums = V::Sums::splat(0);
    }

    #[inline(always)]
    fn finish(self) -> i64 {
        self.total
    }
}

struct DotKernel<I>(I);

impl<'a, I: Input<'a, i8, 2>> SignedKernel for DotKernel<I> {
    type Output = i64;

    #[inline(always)]
    fn run<V: Bytes<Lane = i8>>(self) -> i64 {
        self.0.fold::<V, _, _>(Dot { sums: V::Sums::splat(0), total: 0 })
    }
}

impl<'a, I: Input<'a, u8, 2>> UnsignedKernel for DotKernel<I> {
    type Output = u64;

    #[inline(always)]
    fn run<V: Bytes<Lane = u8>>(self) -> u64 {
        self.0.fold::<V, _, _>(Dot { sums: V::Sums::splat(0), total: 0 }).unsigned_abs()
    }
}

pub(crate) fn dot_i8<'a>(input: impl Input<'a, i8, 2>) -> i64 {
    run_signed(DotKernel(input))
}

pub(crate) fn dot_u8<'a>(input: impl Input<'a, u8, 2>) -> u64 {
    run_unsigned(DotKernel(input))
}

/// How many bits are set, or differ.
struct Ones<S> {
    sums: S,
    total: u64,
}

impl<S: Words> Ones<S> {
    #[inline(always)]
    fn new() -> Self {
        Self { sums: S::splat(0), total: 0 }
    }

    /// Counts in four vectors, in which no byte has more than 32 together.
    #[inline(always)]
    fn count<V: Bits<Sums = S>>(&mut self, [a, b, c, d]: [V; 4]) {
        let ones = a.ones().add(b.ones()).add(c.ones().add(d.ones()));
        self.sums = self.sums.add(ones.sums());
    }

    #[inline(always)]
    fn flush(&mut self) {
        self.total += lanes(self.sums).iter().map(|sum| u64::from(sum.unsigned_abs())).sum::<u64>();
        self.sums = S::splat(0);
    }
}

impl<V: Bits> Fold<V, 1, 4> for Ones<V::Sums> {
    type Output = u64;
    const PAD: u8 = 0;

    #[inline(always)]
    fn block(&mut self, [bits]: [&[[u8; 16]; 4]; 1]) {
        self.count(each4!(AT => V::load(&bits[AT])));
    }

    #[inline(always)]
    fn flush(&mut self) {
        self.flush();
    }

    #[inline(always)]
    fn finish(self) -> u64 {
        self.total
    }
}

impl<V: Bits> Fold<V, 2, 4> for Ones<V::Sums> {
    type Output = u64;
    const PAD: u8 = 0;

    #[inline(always)]
    fn block(&mut self, [left, right]: [&[[u8; 16]; 4]; 2]) {
        self.count(each4!(AT => V::load(&left[AT]).xor(V::load(&right[AT]))));
    }

    #[inline(always)]
    fn flush(&mut self) {
        self.flush();
    }

    #[inline(always)]
    fn finish(self) -> u64 {
        self.total
    }
}

struct OnesKernel<I>(I);

impl<'a, I: Input<'a, u8, 1>> BitKernel for OnesKernel<I> {
    type Output = u64;

    #[inline(always)]
    fn run<V: Bits>(self) -> u64 {
        self.0.fold::<V, _, 4>(Ones::new())
    }
}

struct HammingKernel<I>(I);

impl<'a, I: Input<'a, u8, 2>> BitKernel for HammingKernel<I> {
    type Output = u64;

    #[inline(always)]
    fn run<V: Bits>(self) -> u64 {
        self.0.fold::<V, _, 4>(Ones::new())
    }
}

pub(crate) fn count_ones<'a>(input: impl Input<'a, u8, 1>) -> u64 {
    run_bits(OnesKernel(input))
}

pub(crate) fn hamming<'a>(input: impl Input<'a, u8, 2>) -> u64 {
    run_bits(HammingKernel(input))
}
