//! One vector beside each row of a matrix.

use crate::{
    float::{Float, Kernel},
    number::Number,
    sums::{Product, SquaredDifference, Term},
    vector::{Vector, each4},
};

/// What a term adds up to for a vector and each row. Four rows are gone through together, so that the vector is loaded
/// once for four; each is added up as it would be alone, in two vectors of lanes at a time.
struct Rows<'a, T, M> {
    term: M,
    vector: &'a [T],
    rows: &'a [T],
    out: &'a mut [T],
}

macro_rules! kernel {
    ($term:ident) => {
        impl<T: Float> Kernel<T> for Rows<'_, T, $term> {
            type Output = ();

            #[inline(always)]
            fn run<V: Vector<Lane = T>>(self) {
                rows::<V, _>(&self.term, self.vector, self.rows, self.out);
            }
        }
    };
}

kernel!(Product);
kernel!(SquaredDifference);

#[inline(always)]
fn rows<V: Vector, M: Term<V, 2>>(term: &M, vector: &[V::Lane], rows: &[V::Lane], out: &mut [V::Lane]) {
    let len = vector.len();
    let (outs, last) = out.as_chunks_mut::<4>();
    let (fours, rest) = rows.split_at(outs.len() * 4 * len);
    for (at, out) in outs.iter_mut().enumerate() {
        let four = &fours[at * 4 * len..][..4 * len];
        let (ab, cd) = four.split_at(2 * len);
        let ((a, b), (c, d)) = (ab.split_at(len), cd.split_at(len));
        *out = of_rows::<V, M>(term, vector, [a, b, c, d]);
    }
    for (at, out) in last.iter_mut().enumerate() {
        let row = &rest[at * len..][..len];
        [*out, ..] = of_rows::<V, M>(term, vector, [row; 4]);
    }
}

/// The same for four rows.
#[inline(always)]
fn of_rows<V: Vector, M: Term<V, 2>>(term: &M, vector: &[V::Lane], rows: [&[V::Lane]; 4]) -> [V::Lane; 4] {
    let pairs = V::arrays(vector).as_chunks::<2>().0;
    let [a, b, c, d] = rows.map(|row| &V::arrays(row).as_chunks::<2>().0[..pairs.len()]);
    let mut sums = [V::splat(V::Lane::ZERO); 4];
    for (at, pair) in pairs.iter().enumerate() {
        let (one, other) = (V::load(&pair[0]), V::load(&pair[1]));
        let rows = [&a[at], &b[at], &c[at], &d[at]];
        sums = each4!(ROW => {
            let terms = [term.of([one, V::load(&rows[ROW][0])]), term.of([other, V::load(&rows[ROW][1])])];
            sums[ROW].add(terms[0].add(terms[1]))
        });
    }
    let done = pairs.len() * 2 * V::LANES;
    let rest = &vector[done..];
    if !rest.is_empty() {
        let [one, other] = padded::<V>(rest);
        sums = each4!(ROW => {
            let row = padded::<V>(&rows[ROW][done..]);
            sums[ROW].add(term.of([one, row[0]]).add(term.of([other, row[1]])))
        });
    }
    each4!(ROW => sums[ROW].sum())
}

/// Less than two vectors, filled up.
#[inline(always)]
fn padded<V: Vector>(values: &[V::Lane]) -> [V; 2] {
    let mut arrays = [V::array(V::Lane::ZERO); 2];
    V::lanes_mut(&mut arrays)[..values.len()].copy_from_slice(values);
    [V::load(&arrays[0]), V::load(&arrays[1])]
}

#[track_caller]
fn check<T>(vector: &[T], rows: &[T], out: &[T]) {
    let (len, all, count) = (vector.len(), rows.len(), out.len());
    assert!(
        len.checked_mul(count) == Some(all),
        "a matrix of {all} numbers is not {count} rows of {len}, which is the length of the vector"
    );
}

#[track_caller]
pub(crate) fn dot_rows<T: Float>(vector: &[T], rows: &[T], out: &mut [T]) {
    check(vector, rows, out);
    T::run(Rows { term: Product, vector, rows, out });
}

#[track_caller]
pub(crate) fn squared_distance_rows<T: Float>(vector: &[T], rows: &[T], out: &mut [T]) {
    check(vector, rows, out);
    T::run(Rows { term: SquaredDifference, vector, rows, out });
}
