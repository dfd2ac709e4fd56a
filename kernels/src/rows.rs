//! One vector beside each row of a matrix.

use std::iter::zip;

use crate::{
    float::{Float, Kernel},
    number::Number,
    sums::{Product, SquaredDifference, Term},
    vector::{Vector, each4},
};

/// What a term adds up to for a vector and each row.
///
/// Four rows are gone through together, so that the vector is loaded once for four. They are a quarter of the matrix apart:
/// each quarter is then read from its beginning to its end, which a processor foresees. Of four rows that follow each other
/// it does not, and matrices that are larger than its caches take four times as long.
struct Rows<'a, T, M> {
    term: M,
    vector: &'a [T],
    rows: &'a [T],
    out: &'a mut [T],
}

impl<T: Float, M: Term<T, 2>> Kernel<T> for Rows<'_, T, M> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Lane = T>>(self) {
        rows::<V, _>(&self.term, self.vector, self.rows, self.out);
    }
}

#[inline(always)]
fn rows<V: Vector, M: Term<V::Lane, 2>>(term: &M, vector: &[V::Lane], rows: &[V::Lane], out: &mut [V::Lane]) {
    let len = vector.len();
    let quarter = out.len() / 4;
    let row = |at: usize| &rows[at * len..][..len];
    let is_uneven = 4 * quarter < out.len();
    for at in 0..quarter + usize::from(is_uneven) {
        let four =
            if at < quarter { [0, 1, 2, 3].map(|part| at + part * quarter) } else { last_of(out.len(), quarter) };
        let sums = of_rows::<V, M>(term, vector, four.map(row));
        for (at, sum) in zip(four, sums) {
            out[at] = sum;
        }
    }
}

/// The rows that are in no quarter, one to three of them; the last more than once.
#[inline(always)]
fn last_of(count: usize, quarter: usize) -> [usize; 4] {
    [0, 1, 2, 3].map(|part| (4 * quarter + part).min(count - 1))
}

/// The same for four rows. What a row adds up to does not depend on the others.
#[inline(always)]
fn of_rows<V: Vector, M: Term<V::Lane, 2>>(term: &M, vector: &[V::Lane], rows: [&[V::Lane]; 4]) -> [V::Lane; 4] {
    let pairs = pairs_of::<V>(vector);
    let count = pairs.len();
    let a = &pairs_of::<V>(rows[0])[..count];
    let b = &pairs_of::<V>(rows[1])[..count];
    let c = &pairs_of::<V>(rows[2])[..count];
    let d = &pairs_of::<V>(rows[3])[..count];
    let mut sums = [V::splat(V::Lane::ZERO); 4];
    for at in 0..count {
        let (one, other) = (V::load(&pairs[at][0]), V::load(&pairs[at][1]));
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

#[inline(always)]
fn pairs_of<V: Vector>(values: &[V::Lane]) -> &[[V::Array; 2]] {
    V::arrays(values).as_chunks().0
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
