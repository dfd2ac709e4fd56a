//! The least and the greatest, and where they are.

use crate::{
    float::{Float, Kernel},
    fold::{Fold, Input},
    number::Number,
    vector::{Vector, each4},
};

/// How many numbers are looked through again for where the extreme is.
const SPAN: usize = 4_096;

/// Both at once: a comparison with NaN is false, so that a NaN is never taken.
struct LeastAndGreatest<V> {
    least: [V; 4],
    greatest: [V; 4],
}

impl<V: Vector> LeastAndGreatest<V> {
    #[inline(always)]
    fn new() -> Self {
        Self { least: [V::splat(V::Lane::INFINITY); 4], greatest: [V::splat(V::Lane::NEG_INFINITY); 4] }
    }
}

impl<V: Vector> Fold<V, 1, 4> for LeastAndGreatest<V> {
    type Output = (V::Lane, V::Lane);
    const PAD: V::Lane = V::Lane::NAN;

    #[inline(always)]
    fn block(&mut self, [values]: [&[V::Array; 4]; 1]) {
        self.least = each4!(AT => self.least[AT].least(V::load(&values[AT])));
        self.greatest = each4!(AT => self.greatest[AT].greatest(V::load(&values[AT])));
    }

    #[inline(always)]
    fn finish(self) -> (V::Lane, V::Lane) {
        let [a, b, c, d] = self.least;
        let least = a.least(b).least(c.least(d)).least_lane();
        let [a, b, c, d] = self.greatest;
        (least, a.greatest(b).greatest(c.greatest(d)).greatest_lane())
    }
}

struct MinMax<I>(I);

impl<'a, T: Float, I: Input<'a, T, 1>> Kernel<T> for MinMax<I> {
    type Output = Option<(T, T)>;

    #[inline(always)]
    fn run<V: Vector<Lane = T>>(self) -> Option<(T, T)> {
        let (least, greatest) = self.0.fold::<V, _, _>(LeastAndGreatest::new());
        (least <= greatest).then_some((least, greatest))
    }
}

pub(crate) fn min_max<'a, T: Float>(input: impl Input<'a, T, 1>) -> Option<(T, T)> {
    T::run(MinMax(input))
}

/// Which of two numbers is wanted.
pub(crate) trait Order {
    /// What every number is wanted more than.
    fn worst<T: Number>() -> T;
    fn is_better<T: Number>(value: T, than: T) -> bool;
    fn better<V: Vector>(value: V, other: V) -> V;
    fn best_lane<V: Vector>(value: V) -> V::Lane;
}

pub(crate) struct Least;

impl Order for Least {
    #[inline(always)]
    fn worst<T: Number>() -> T {
        T::INFINITY
    }

    #[inline(always)]
    fn is_better<T: Number>(value: T, than: T) -> bool {
        value < than
    }

    #[inline(always)]
    fn better<V: Vector>(value: V, other: V) -> V {
        value.least(other)
    }

    #[inline(always)]
    fn best_lane<V: Vector>(value: V) -> V::Lane {
        value.least_lane()
    }
}

pub(crate) struct Greatest;

impl Order for Greatest {
    #[inline(always)]
    fn worst<T: Number>() -> T {
        T::NEG_INFINITY
    }

    #[inline(always)]
    fn is_better<T: Number>(value: T, than: T) -> bool {
        value > than
    }

    #[inline(always)]
    fn better<V: Vector>(value: V, other: V) -> V {
        value.greatest(other)
    }

    #[inline(always)]
    fn best_lane<V: Vector>(value: V) -> V::Lane {
        value.greatest_lane()
    }
}

struct Best<V, O> {
    parts: [V; 4],
    order: std::marker::PhantomData<O>,
}

impl<V: Vector, O: Order> Best<V, O> {
    #[inline(always)]
    fn new() -> Self {
        Self { parts: [V::splat(O::worst()); 4], order: std::marker::PhantomData }
    }
}

impl<V: Vector, O: Order> Fold<V, 1, 8> for Best<V, O> {
    type Output = V::Lane;
    const PAD: V::Lane = V::Lane::NAN;

    #[inline(always)]
    fn block(&mut self, [values]: [&[V::Array; 8]; 1]) {
        self.parts = each4!(AT => {
            let better = O::better(self.parts[AT], V::load(&values[AT]));
            O::better(better, V::load(&values[AT + 4]))
        });
    }

    #[inline(always)]
    fn finish(self) -> V::Lane {
        let [a, b, c, d] = self.parts;
        O::best_lane(O::better(O::better(a, b), O::better(c, d)))
    }
}

struct Position<O, I>(O, I);

impl<'a, T: Float, O: Order, I: Iterator<Item = &'a [T]>> Kernel<T> for Position<O, I> {
    type Output = Option<usize>;

    #[inline(always)]
    fn run<V: Vector<Lane = T>>(self) -> Option<usize> {
        let mut best = O::worst();
        // The first that is not NaN is better than none, even if it is the worst.
        let mut found: Option<(usize, &[T])> = None;
        let mut start = 0;
        for page in self.1 {
            for span in page.chunks(SPAN) {
                let value = [span].fold::<V, _, _>(Best::<V, O>::new());
                let is_first = || found.is_none() && span.contains(&value);
                if O::is_better(value, best) || is_first() {
                    best = value;
                    found = Some((start, span));
                }
                start += span.len();
            }
        }
        let (start, span) = found?;
        Some(start + position::<V>(span, best)?)
    }
}

/// The first index of a number.
#[inline(always)]
fn position<V: Vector>(values: &[V::Lane], number: V::Lane) -> Option<usize> {
    let wanted = V::splat(number);
    let blocks = V::arrays(values).as_chunks::<4>().0;
    let is_in = |block: &&[V::Array; 4]| {
        let [a, b, c, d] = each4!(AT => V::load(&block[AT]).eq(wanted));
        a.or(b).or(c.or(d)).any()
    };
    let before = blocks.iter().position(|block| is_in(&block)).unwrap_or(blocks.len()) * 4 * V::LANES;
    Some(before + values[before..].iter().position(|value| *value == number)?)
}

pub(crate) fn argmin<'a, T: Float>(pages: impl Iterator<Item = &'a [T]>) -> Option<usize> {
    T::run(Position(Least, pages))
}

pub(crate) fn argmax<'a, T: Float>(pages: impl Iterator<Item = &'a [T]>) -> Option<usize> {
    T::run(Position(Greatest, pages))
}

/// Magnitudes, of which the greatest is wanted.
struct GreatestMagnitude<V>([V; 4]);

impl<V: Vector> Fold<V, 1, 8> for GreatestMagnitude<V> {
    type Output = V::Lane;
    const PAD: V::Lane = V::Lane::ZERO;

    #[inline(always)]
    fn block(&mut self, [values]: [&[V::Array; 8]; 1]) {
        self.0 = each4!(AT => {
            let greatest = self.0[AT].greatest(V::load(&values[AT]).abs());
            greatest.greatest(V::load(&values[AT + 4]).abs())
        });
    }

    #[inline(always)]
    fn finish(self) -> V::Lane {
        let [a, b, c, d] = self.0;
        a.greatest(b).greatest(c.greatest(d)).greatest_lane()
    }
}

struct MaxNorm<I>(I);

impl<'a, T: Float, I: Input<'a, T, 1>> Kernel<T> for MaxNorm<I> {
    type Output = T;

    #[inline(always)]
    fn run<V: Vector<Lane = T>>(self) -> T {
        self.0.fold::<V, _, _>(GreatestMagnitude([V::splat(T::ZERO); 4]))
    }
}

pub(crate) fn max_norm<'a, T: Float>(input: impl Input<'a, T, 1>) -> T {
    T::run(MaxNorm(input))
}
