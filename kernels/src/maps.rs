//! What is done to each number, or to each pair of numbers.

use std::iter::zip;

use crate::{
    float::{Float, Kernel},
    length::same_length,
    number::Number,
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
        let blocks = V::arrays_mut(out).as_chunks_mut::<4>().0;
        let count = blocks.len();
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
        let done = count * 4 * V::LANES;
        for start in (done..out.len()).step_by(V::LANES) {
            let end = out.len().min(start + V::LANES);
            let left: V = if IN_PLACE { padded(&out[start..end]) } else { padded(&left[start..end]) };
            let right = if TWO { padded(&right[start..end]) } else { left };
            let result = [map.of(left, right).to_array(V::array(T::ZERO))];
            out[start..end].copy_from_slice(&V::lanes(&result)[..end - start]);
        }
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

/// At most a vector, filled up.
#[inline(always)]
fn padded<V: Vector>(values: &[V::Lane]) -> V {
    let mut array = [V::array(V::Lane::ZERO)];
    V::lanes_mut(&mut array)[..values.len()].copy_from_slice(values);
    V::load(&array[0])
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
