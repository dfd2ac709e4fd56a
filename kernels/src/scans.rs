//! Sums of all up to each number.

use std::mem;

use crate::{
    float::{Float, Kernel},
    fold::{Fold, Input},
    number::Number,
    vector::{Vector, each4},
};

/// What was added up so far, in every lane, and where the next sums go.
struct Prefix<'o, V: Vector> {
    sum: V,
    out: &'o mut [V::Lane],
}

impl<V: Vector> Prefix<'_, V> {
    /// The sums of a block: of each vector on its own, and of all vectors before it.
    #[inline(always)]
    fn next(&mut self, values: &[V::Array; 4]) -> [V; 4] {
        let [a, b, c, d] = each4!(AT => V::load(&values[AT]).scan());
        let two = a.last().add(b.last());
        let three = two.add(c.last());
        let sums = [a, b.add(a.last()), c.add(two), d.add(three)];
        let sums = each4!(AT => self.sum.add(sums[AT]));
        self.sum = self.sum.add(three.add(d.last()));
        sums
    }

    #[inline(always)]
    fn take(&mut self, len: usize) -> &mut [V::Lane] {
        let out = mem::take(&mut self.out);
        assert!(len <= out.len(), "there are more numbers than places for their sums");
        let (now, rest) = out.split_at_mut(len);
        self.out = rest;
        now
    }
}

impl<V: Vector> Fold<V, 1, 4> for Prefix<'_, V> {
    type Output = ();
    const PAD: V::Lane = V::Lane::ZERO;

    #[inline(always)]
    fn block(&mut self, [values]: [&[V::Array; 4]; 1]) {
        let [a, b, c, d] = self.next(values);
        if let [to_a, to_b, to_c, to_d] = V::arrays_mut(self.take(4 * V::LANES)) {
            a.store(to_a);
            b.store(to_b);
            c.store(to_c);
            d.store(to_d);
        }
    }

    #[inline(always)]
    fn last(&mut self, [values]: [&[V::Array; 4]; 1], len: usize) {
        let sums = self.next(values);
        let sums = each4!(AT => sums[AT].to_array(V::array(V::Lane::ZERO)));
        self.take(len).copy_from_slice(&V::lanes(&sums)[..len]);
    }

    #[inline(always)]
    fn finish(self) {
        let left = self.out.len();
        assert!(left == 0, "there are {left} more places for sums than numbers");
    }
}

struct PrefixSum<'o, T, I>(I, &'o mut [T]);

impl<'a, T: Float, I: Input<'a, T, 1>> Kernel<T> for PrefixSum<'_, T, I> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Lane = T>>(self) {
        self.0.fold::<V, _, _>(Prefix { sum: V::splat(T::ZERO), out: self.1 });
    }
}

#[track_caller]
pub(crate) fn prefix_sum<'a, T: Float>(input: impl Input<'a, T, 1>, out: &mut [T]) {
    T::run(PrefixSum(input, out));
}
