//! Numbers for which something holds: how many there are, and their sum.

use crate::{
    float::{Float, Kernel},
    fold::{Fold, Input},
    number::Number,
    sums::{self, Span},
    vector::{Vector, each4},
};

/// What can be asked of a number. Comparisons are those of IEEE 754: a NaN is neither less nor greater nor equal, and
/// −0.0 equals 0.0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Is<T> {
    /// Less than this.
    Lt(T),
    /// Less or equal.
    Le(T),
    /// Greater than this.
    Gt(T),
    /// Greater or equal.
    Ge(T),
    /// From the first to the second, both included.
    Between(T, T),
    /// Not a number.
    Nan,
}

impl<T: Float> Is<T> {
    const NOTHING: Span<T> = Span(T::INFINITY, T::NEG_INFINITY);

    /// All but `Nan` as a span; an empty one if nothing can be so.
    fn span(self) -> Span<T> {
        match self {
            Is::Lt(bound) if bound == T::NEG_INFINITY => Self::NOTHING,
            Is::Gt(bound) if bound == T::INFINITY => Self::NOTHING,
            Is::Lt(bound) => Span(T::NEG_INFINITY, bound.next_down()),
            Is::Le(bound) => Span(T::NEG_INFINITY, bound),
            Is::Gt(bound) => Span(bound.next_up(), T::INFINITY),
            Is::Ge(bound) => Span(bound, T::INFINITY),
            Is::Between(from, to) => Span(from, to),
            Is::Nan => Self::NOTHING,
        }
    }
}

/// Which lanes are counted, as a mask.
trait Mask<T> {
    /// A number that is not.
    const PAD: T;

    fn of<V: Vector<Lane = T>>(&self, values: V) -> V;
}

impl<T: Float> Mask<T> for Span<T> {
    const PAD: T = T::NAN;

    #[inline(always)]
    fn of<V: Vector<Lane = T>>(&self, values: V) -> V {
        self.mask(values)
    }
}

struct IsNan;

impl<T: Float> Mask<T> for IsNan {
    const PAD: T = T::ZERO;

    #[inline(always)]
    fn of<V: Vector<Lane = T>>(&self, values: V) -> V {
        values.ne(values)
    }
}

/// Counts in floating point as long as that is exact: a group of blocks.
struct Count<V, M> {
    mask: M,
    parts: [V; 4],
    total: u64,
}

impl<V: Vector, M: Mask<V::Lane>> Fold<V, 1, 8> for Count<V, M> {
    type Output = u64;
    const PAD: V::Lane = M::PAD;

    #[inline(always)]
    fn block(&mut self, [values]: [&[V::Array; 8]; 1]) {
        let one = V::splat(V::Lane::ONE);
        self.parts = each4!(AT => {
            let first = self.mask.of(V::load(&values[AT])).and(one);
            let second = self.mask.of(V::load(&values[AT + 4])).and(one);
            self.parts[AT].add(first.add(second))
        });
    }

    #[inline(always)]
    fn flush(&mut self) {
        let [a, b, c, d] = self.parts;
        self.total += a.add(b).add(c.add(d)).sum().to_u64();
        self.parts = [V::splat(V::Lane::ZERO); 4];
    }

    #[inline(always)]
    fn finish(self) -> u64 {
        self.total
    }
}

struct CountKernel<M, I>(M, I);

impl<'a, T: Float, M: Mask<T>, I: Input<'a, T, 1>> Kernel<T> for CountKernel<M, I> {
    type Output = u64;

    #[inline(always)]
    fn run<V: Vector<Lane = T>>(self) -> u64 {
        self.1.fold::<V, _, _>(Count { mask: self.0, parts: [V::splat(T::ZERO); 4], total: 0 })
    }
}

pub(crate) fn count_where<'a, T: Float>(input: impl Input<'a, T, 1>, is: Is<T>) -> u64 {
    match is {
        Is::Nan => T::run(CountKernel(IsNan, input)),
        _ => T::run(CountKernel(is.span(), input)),
    }
}

pub(crate) fn sum_where<'a, T: Float>(input: impl Input<'a, T, 1>, is: Is<T>) -> T {
    if matches!(is, Is::Nan) {
        return if count_where(input, is) > 0 { T::NAN } else { T::ZERO };
    }
    sums::sum_in(input, is.span())
}
