//! What is done to each number, or to each pair of numbers.

use std::iter::zip;

use crate::{
    float::{Float, Kernel},
    length::same_length,
    vector::{Vector, each4},
};

/// What becomes of the number at one place, or of those of two slices.
pub(crate) trait Map<T> {
    fn of<V: Vector<Lane = T>>(&self, left: V, right: V) -> V;
}

pub(crate) struct Scale<T>(pub(crate) T);
pub(crate) struct Affine<T>(pub(crate) T, pub(crate) T);
pub(crate) struct Clamp<T>(pub(crate) T, pub(crate) T);
pub(crate) struct Add;
pub(crate) struct Sub;
pub(crate) struct Mul;
pub(crate) struct Axpy<T>(pub(crate) T);

macro_rules! map {
    ($name:ty, |$self:ident, $left:ident, $right:ident| $of:expr) => {
        impl<T: Float> Map<T> for $name {
            #[inline(always)]
            fn of<V: Vector<Lane = T>>(&$self, $left: V, $right: V) -> V {
                $of
            }
        }
    };
}

map!(Scale<T>, |self, value, _none| value.mul(V::splat(self.0)));
map!(Affine<T>, |self, value, _none| value.mul(V::splat(self.0)).add(V::splat(self.1)));
map!(Clamp<T>, |self, value, _none| value.greatest(V::splat(self.0)).least(V::splat(self.1)));
map!(Add, |self, left, right| left.add(right));
map!(Sub, |self, left, right| left.sub(right));
map!(Mul, |self, left, right| left.mul(right));
map!(Axpy<T>, |self, left, right| left.add(right.mul(V::splat(self.0))));

/// Writes to `out` what becomes of the numbers on the left, which are those of `out` itself if `IN_PLACE`, and on the
/// right, if there are `TWO`. What is not looked at may be empty, all else is of the same length.
struct Each<'a, T, M, const IN_PLACE: bool, const TWO: bool> {
    map: M,
    left: &'a [T],
    right: &'a [T],
    out: &'a mut [T],
}

impl<T: Float, M: Map<T>, const IN_PLACE: bool, const TWO: bool> Kernel<T> for Each<'_, T, M, IN_PLACE, TWO> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Lane = T>>(self) {
        let Self { map, left, right, out } = self;
        // A processor is slow to store what crosses a line of its cache, so blocks begin where none of their vectors does.
        let head = out.as_ptr().align_offset(size_of::<V::Array>()).min(out.len());
        let (out_head, out) = out.split_at_mut(head);
        let (left_head, left) = left.split_at(if IN_PLACE { 0 } else { head });
        let (right_head, right) = right.split_at(if TWO { head } else { 0 });
        few::<V, M, IN_PLACE, TWO>(&map, left_head, right_head, out_head);
        let blocks = V::arrays_mut(out).as_chunks_mut::<4>().0;
        let done = blocks.len() * 4 * V::LANES;
        let lefts = V::arrays(left).as_chunks::<4>().0;
        let rights = V::arrays(right).as_chunks::<4>().0;
        match (IN_PLACE, TWO) {
            (true, false) => {
                for block in blocks {
                    let left: [V; 4] = load4(block);
                    store4(of4(&map, left, left), block);
                }
            }
            (true, true) => {
                for (block, right) in zip(blocks, rights) {
                    let left: [V; 4] = load4(block);
                    store4(of4(&map, left, load4(right)), block);
                }
            }
            (false, false) => {
                for (block, left) in zip(blocks, lefts) {
                    let left: [V; 4] = load4(left);
                    store4(of4(&map, left, left), block);
                }
            }
            (false, true) => {
                for ((block, left), right) in zip(zip(blocks, lefts), rights) {
                    let left: [V; 4] = load4(left);
                    store4(of4(&map, left, load4(right)), block);
                }
            }
        }
        let left = left.get(done..).unwrap_or_default();
        let right = right.get(done..).unwrap_or_default();
        few::<V, M, IN_PLACE, TWO>(&map, left, right, &mut out[done..]);
    }
}

/// Less than a block, a number at a time: copying parts of vectors would take longer.
#[inline(always)]
fn few<V: Vector, M: Map<V::Lane>, const IN_PLACE: bool, const TWO: bool>(
    map: &M,
    left: &[V::Lane],
    right: &[V::Lane],
    out: &mut [V::Lane],
) {
    for (at, out) in out.iter_mut().enumerate() {
        let left = V::splat(if IN_PLACE { *out } else { left[at] });
        let right = if TWO { V::splat(right[at]) } else { left };
        *out = map.of(left, right).first();
    }
}

#[inline(always)]
fn of4<V: Vector, M: Map<V::Lane>>(map: &M, left: [V; 4], right: [V; 4]) -> [V; 4] {
    each4!(AT => map.of(left[AT], right[AT]))
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

pub(crate) fn unary<T: Float>(map: impl Map<T>, values: &mut [T]) {
    T::run(Each::<_, _, true, false> { map, left: &[], right: &[], out: values });
}

#[track_caller]
pub(crate) fn unary_to<T: Float>(map: impl Map<T>, values: &[T], out: &mut [T]) {
    same_length(values, out);
    T::run(Each::<_, _, false, false> { map, left: values, right: &[], out });
}

#[track_caller]
pub(crate) fn binary<T: Float>(map: impl Map<T>, left: &mut [T], right: &[T]) {
    same_length(left, right);
    T::run(Each::<_, _, true, true> { map, left: &[], right, out: left });
}

#[track_caller]
pub(crate) fn binary_to<T: Float>(map: impl Map<T>, left: &[T], right: &[T], out: &mut [T]) {
    same_length(left, right);
    same_length(left, out);
    T::run(Each::<_, _, false, true> { map, left, right, out });
}
