//! What is done to each number, or to each pair of numbers.

use crate::{
    float::{Float, Kernel},
    length::same_length,
    number::Number,
    vector::{Vector, each4},
};

/// What becomes of the numbers at one place of `IN` slices.
pub(crate) trait Map<T, const IN: usize> {
    fn of<V: Vector<Lane = T>>(&self, values: [V; IN]) -> V;
}

pub(crate) struct Scale<T>(pub(crate) T);
pub(crate) struct Affine<T>(pub(crate) T, pub(crate) T);
pub(crate) struct Clamp<T>(pub(crate) T, pub(crate) T);
pub(crate) struct Add;
pub(crate) struct Sub;
pub(crate) struct Mul;
/// The first, and the second times a factor.
pub(crate) struct Axpy<T>(pub(crate) T);

macro_rules! map {
    ($name:ty, $pages:literal, |$self:ident, [$($value:ident),*]| $of:expr) => {
        impl<T: Float> Map<T, $pages> for $name {
            #[inline(always)]
            fn of<V: Vector<Lane = T>>(&$self, [$($value),*]: [V; $pages]) -> V {
                $of
            }
        }
    };
}

map!(Scale<T>, 1, |self, [value]| value.mul(V::splat(self.0)));
map!(Affine<T>, 1, |self, [value]| value.mul(V::splat(self.0)).add(V::splat(self.1)));
map!(Clamp<T>, 1, |self, [value]| value.greatest(V::splat(self.0)).least(V::splat(self.1)));
map!(Add, 2, |self, [left, right]| left.add(right));
map!(Sub, 2, |self, [left, right]| left.sub(right));
map!(Mul, 2, |self, [left, right]| left.mul(right));
map!(Axpy<T>, 2, |self, [left, right]| left.add(right.mul(V::splat(self.0))));

/// Writes what becomes of `sources` to `out`, which are of the same length. `IN_PLACE` the first of them is `out` itself.
struct Each<'a, T, M, const IN: usize, const IN_PLACE: bool> {
    map: M,
    sources: [&'a [T]; IN],
    out: &'a mut [T],
}

impl<T: Float, M: Map<T, IN>, const IN: usize, const IN_PLACE: bool> Kernel<T> for Each<'_, T, M, IN, IN_PLACE> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Lane = T>>(self) {
        let Self { map, sources, out } = self;
        let (blocks, _) = V::arrays_mut(out).as_chunks_mut::<4>();
        let count = blocks.len();
        let firsts = if IN_PLACE { &[] } else { &V::arrays(sources[0]).as_chunks().0[..count] };
        let seconds = if IN > 1 { &V::arrays(sources[1]).as_chunks().0[..count] } else { &[] };
        for (at, block) in blocks.iter_mut().enumerate() {
            let first = if IN_PLACE { load4(block) } else { load4(&firsts[at]) };
            let second = if IN > 1 { load4::<V>(&seconds[at]) } else { first };
            store4(each4!(AT => map.of(inputs(first[AT], second[AT]))), block);
        }
        let done = count * 4 * V::LANES;
        let sources = sources.map(|source| source.get(done..).unwrap_or_default());
        remainder::<V, M, IN, IN_PLACE>(&map, sources, &mut out[done..]);
    }
}

/// Less than a block, a vector at a time.
#[inline(always)]
fn remainder<V: Vector, M: Map<V::Lane, IN>, const IN: usize, const IN_PLACE: bool>(
    map: &M,
    sources: [&[V::Lane]; IN],
    out: &mut [V::Lane],
) {
    for (at, out) in out.chunks_mut(V::LANES).enumerate() {
        let part = |source: &[V::Lane]| V::load(&padded::<V>(&source[at * V::LANES..][..out.len()]));
        let first = if IN_PLACE { V::load(&padded::<V>(out)) } else { part(sources[0]) };
        let second = if IN > 1 { part(sources[1]) } else { first };
        let result = [map.of(inputs(first, second)).to_array(V::array(V::Lane::ZERO))];
        out.copy_from_slice(&V::lanes(&result)[..out.len()]);
    }
}

#[inline(always)]
fn inputs<V: Vector, const IN: usize>(first: V, second: V) -> [V; IN] {
    let mut inputs = [first; IN];
    if IN > 1 {
        inputs[1] = second;
    }
    inputs
}

#[inline(always)]
fn load4<V: Vector>(arrays: &[V::Array; 4]) -> [V; 4] {
    each4!(AT => V::load(&arrays[AT]))
}

#[inline(always)]
fn store4<V: Vector>([a, b, c, d]: [V; 4], [to_a, to_b, to_c, to_d]: &mut [V::Array; 4]) {
    a.store(to_a);
    b.store(to_b);
    c.store(to_c);
    d.store(to_d);
}

/// At most a vector, filled up.
#[inline(always)]
fn padded<V: Vector>(values: &[V::Lane]) -> V::Array {
    let mut array = [V::array(V::Lane::ZERO)];
    V::lanes_mut(&mut array)[..values.len()].copy_from_slice(values);
    array[0]
}

pub(crate) fn unary<T: Float>(map: impl Map<T, 1>, values: &mut [T]) {
    T::run(Each::<_, _, 1, true> { map, sources: [&[]], out: values });
}

pub(crate) fn unary_to<T: Float>(map: impl Map<T, 1>, values: &[T], out: &mut [T]) {
    same_length(values, out);
    T::run(Each::<_, _, 1, false> { map, sources: [values], out });
}

pub(crate) fn binary<T: Float>(map: impl Map<T, 2>, values: &mut [T], others: &[T]) {
    same_length(values, others);
    T::run(Each::<_, _, 2, true> { map, sources: [&[], others], out: values });
}

pub(crate) fn binary_to<T: Float>(map: impl Map<T, 2>, values: &[T], others: &[T], out: &mut [T]) {
    same_length(values, others);
    same_length(values, out);
    T::run(Each::<_, _, 2, false> { map, sources: [values, others], out });
}
