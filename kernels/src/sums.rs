//! Sums of something that is computed of each number, or of each pair of numbers.

use crate::{
    float::{Float, Kernel},
    fold::{Fold, Input},
    number::Number,
    vector::{Vector, each4},
};

/// What is added up.
pub(crate) trait Term<T, const IN: usize> {
    /// A number of which the term is zero.
    const PAD: T;

    fn of<V: Vector<Lane = T>>(&self, values: [V; IN]) -> V;
}

/// Adds up terms: four partial sums, so that an addition does not wait for the one before, and their sum after each
/// group of blocks, so that errors grow with the length of a group and the number of groups, not with their product.
struct Sums<V, T> {
    term: T,
    parts: [V; 4],
    total: V,
}

impl<V: Vector, T> Sums<V, T> {
    #[inline(always)]
    fn new(term: T) -> Self {
        Self { term, parts: [V::splat(V::Lane::ZERO); 4], total: V::splat(V::Lane::ZERO) }
    }

    #[inline(always)]
    fn flush(&mut self) {
        let [a, b, c, d] = self.parts;
        self.total = self.total.add(a.add(b).add(c.add(d)));
        self.parts = [V::splat(V::Lane::ZERO); 4];
    }
}

impl<V: Vector, T: Term<V::Lane, 1>> Fold<V, 1, 8> for Sums<V, T> {
    type Output = V::Lane;
    const PAD: V::Lane = T::PAD;

    #[inline(always)]
    fn block(&mut self, [values]: [&[V::Array; 8]; 1]) {
        self.parts = each4!(AT => {
            let one = self.term.of([V::load(&values[AT])]);
            let other = self.term.of([V::load(&values[AT + 4])]);
            self.parts[AT].add(one.add(other))
        });
    }

    #[inline(always)]
    fn flush(&mut self) {
        self.flush();
    }

    #[inline(always)]
    fn finish(self) -> V::Lane {
        self.total.sum()
    }
}

/// Blocks of two sequences are half as long, since all that is loaded at once has to find place in sixteen registers.
impl<V: Vector, T: Term<V::Lane, 2>> Fold<V, 2, 4> for Sums<V, T> {
    type Output = V::Lane;
    const PAD: V::Lane = T::PAD;

    #[inline(always)]
    fn block(&mut self, [left, right]: [&[V::Array; 4]; 2]) {
        self.parts = each4!(AT => {
            let term = self.term.of([V::load(&left[AT]), V::load(&right[AT])]);
            self.parts[AT].add(term)
        });
    }

    #[inline(always)]
    fn flush(&mut self) {
        self.flush();
    }

    #[inline(always)]
    fn finish(self) -> V::Lane {
        self.total.sum()
    }
}

macro_rules! term {
    ($(#[$doc:meta])* $name:ident, $pages:literal, |[$($value:ident),*]| $term:expr) => {
        $(#[$doc])*
        pub(crate) struct $name;

        impl<T: Float> Term<T, $pages> for $name {
            const PAD: T = T::ZERO;

            #[inline(always)]
            fn of<V: Vector<Lane = T>>(&self, [$($value),*]: [V; $pages]) -> V {
                $term
            }
        }
    };
}

term!(Itself, 1, |[value]| value);
term!(Magnitude, 1, |[value]| value.abs());
term!(Square, 1, |[value]| value.mul(value));
term!(Product, 2, |[left, right]| left.mul(right));
term!(SquaredDifference, 2, |[left, right]| {
    let difference = left.sub(right);
    difference.mul(difference)
});

/// From a number to a number, both included. The term is a number that is.
pub(crate) struct Span<T>(pub(crate) T, pub(crate) T);

impl<T: Float> Span<T> {
    /// Which lanes are in it.
    #[inline(always)]
    pub(crate) fn mask<V: Vector<Lane = T>>(&self, values: V) -> V {
        V::splat(self.0).le(values).and(values.le(V::splat(self.1)))
    }
}

impl<T: Float> Term<T, 1> for Span<T> {
    const PAD: T = T::NAN;

    #[inline(always)]
    fn of<V: Vector<Lane = T>>(&self, [value]: [V; 1]) -> V {
        self.mask(value).and(value)
    }
}

/// The sum of what a term is of each number, or of each pair.
struct Sum<M, I, const IN: usize>(M, I);

impl<'a, T: Float, M: Term<T, 1>, I: Input<'a, T, 1>> Kernel<T> for Sum<M, I, 1> {
    type Output = T;

    #[inline(always)]
    fn run<V: Vector<Lane = T>>(self) -> T {
        self.1.fold::<V, _, _>(Sums::new(self.0))
    }
}

impl<'a, T: Float, M: Term<T, 2>, I: Input<'a, T, 2>> Kernel<T> for Sum<M, I, 2> {
    type Output = T;

    #[inline(always)]
    fn run<V: Vector<Lane = T>>(self) -> T {
        self.1.fold::<V, _, _>(Sums::new(self.0))
    }
}

pub(crate) fn sum<'a, T: Float>(input: impl Input<'a, T, 1>) -> T {
    T::run(Sum(Itself, input))
}

pub(crate) fn l1_norm<'a, T: Float>(input: impl Input<'a, T, 1>) -> T {
    T::run(Sum(Magnitude, input))
}

pub(crate) fn squared_norm<'a, T: Float>(input: impl Input<'a, T, 1>) -> T {
    T::run(Sum(Square, input))
}

pub(crate) fn dot<'a, T: Float>(input: impl Input<'a, T, 2>) -> T {
    T::run(Sum(Product, input))
}

pub(crate) fn squared_distance<'a, T: Float>(input: impl Input<'a, T, 2>) -> T {
    T::run(Sum(SquaredDifference, input))
}

pub(crate) fn sum_in<'a, T: Float>(input: impl Input<'a, T, 1>, span: Span<T>) -> T {
    T::run(Sum(span, input))
}

/// The dot product of two sequences, and of each with itself.
struct Cosine<V> {
    parts: [V; 3],
    totals: [V; 3],
}

impl<V: Vector> Fold<V, 2, 4> for Cosine<V> {
    type Output = [V::Lane; 3];
    const PAD: V::Lane = V::Lane::ZERO;

    #[inline(always)]
    fn block(&mut self, [left, right]: [&[V::Array; 4]; 2]) {
        let left = each4!(AT => V::load(&left[AT]));
        let right = each4!(AT => V::load(&right[AT]));
        let sum = |[a, b, c, d]: [V; 4]| a.add(b).add(c.add(d));
        let [both, lefts, rights] = self.parts;
        self.parts = [
            both.add(sum(each4!(AT => left[AT].mul(right[AT])))),
            lefts.add(sum(each4!(AT => left[AT].mul(left[AT])))),
            rights.add(sum(each4!(AT => right[AT].mul(right[AT])))),
        ];
    }

    #[inline(always)]
    fn flush(&mut self) {
        let ([a, b, c], [to_a, to_b, to_c]) = (self.parts, self.totals);
        self.totals = [to_a.add(a), to_b.add(b), to_c.add(c)];
        self.parts = [V::splat(V::Lane::ZERO); 3];
    }

    #[inline(always)]
    fn finish(self) -> [V::Lane; 3] {
        let [a, b, c] = self.totals;
        [a.sum(), b.sum(), c.sum()]
    }
}

struct CosineSimilarity<I>(I);

impl<'a, T: Float, I: Input<'a, T, 2>> Kernel<T> for CosineSimilarity<I> {
    type Output = T;

    #[inline(always)]
    fn run<V: Vector<Lane = T>>(self) -> T {
        let zeros = [V::splat(T::ZERO); 3];
        let [both, left, right] = self.0.fold::<V, _, _>(Cosine { parts: zeros, totals: zeros });
        (both / left.geometric_mean(right)).to_cosine()
    }
}

pub(crate) fn cosine_similarity<'a, T: Float>(input: impl Input<'a, T, 2>) -> T {
    T::run(CosineSimilarity(input))
}
