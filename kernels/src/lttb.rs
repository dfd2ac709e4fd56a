//! Few points that look like many: Largest-Triangle-Three-Buckets (Sveinn Steinarsson, "Downsampling Time Series for
//! Visual Representation", 2013, section 4.2).

use std::iter::zip;

use crate::{
    cursor::{self, Cursor},
    float::Float,
};

/// A point of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point<T> {
    /// Which of all points it is.
    pub index: usize,
    /// Where it is from left to right.
    pub x: T,
    /// Where it is from bottom to top.
    pub y: T,
}

/// Two corners of a triangle.
struct Corners<T> {
    left: (T, T),
    right: (T, T),
}

impl<T: Float> Corners<T> {
    /// Twice the area of the triangle with a third one.
    #[inline(always)]
    fn area(&self, x: T, y: T) -> T {
        let Self { left, right } = self;
        ((left.0 - right.0) * (y - left.1) - (left.0 - x) * (right.1 - left.1)).abs()
    }
}

#[inline(always)]
fn is_finite<T: Float>(x: T, y: T) -> bool {
    x.abs() < T::INFINITY && y.abs() < T::INFINITY
}

/// How points are divided: the first and the last are alone, and what is between them is in buckets which differ in
/// length by one at most.
struct Division {
    count: usize,
    buckets: usize,
}

impl Division {
    /// Where a bucket begins; the one behind the last, where all end.
    fn start(&self, bucket: usize) -> usize {
        if bucket == 0 || bucket == self.buckets {
            return if bucket == 0 { 0 } else { self.count };
        }
        let (count, buckets) = (self.count as u128 - 2, self.buckets as u128 - 2);
        1 + ((bucket as u128 - 1) * count / buckets) as usize
    }

    fn len(&self, bucket: usize) -> usize {
        self.start(bucket + 1) - self.start(bucket)
    }
}

/// The mean of points, those that are finite.
struct Centre<T> {
    x_sum: T,
    y_sum: T,
    count: u64,
}

impl<T: Float> Centre<T> {
    /// That of the next `count` points; none if none is finite.
    fn of<'a, I: Iterator<Item = &'a [T]>>(points: &mut Cursor<'a, T, I, 2>, count: usize) -> Option<(T, T)> {
        let mut centre = Self { x_sum: T::ZERO, y_sum: T::ZERO, count: 0 };
        points.places(count).for_each(|[xs, ys]| centre.add(xs, ys));
        let count = T::from_u64(centre.count);
        (centre.count > 0).then(|| (centre.x_sum / count, centre.y_sum / count))
    }

    fn add(&mut self, xs: &[T], ys: &[T]) {
        let Self { mut x_sum, mut y_sum, mut count } = *self;
        for (x, y) in zip(xs, ys) {
            if is_finite(*x, *y) {
                x_sum = x_sum + *x;
                y_sum = y_sum + *y;
                count += 1;
            }
        }
        *self = Self { x_sum, y_sum, count };
    }
}

/// The point that stays of those that were looked at.
struct Choice<T> {
    /// What makes triangles; without it the first finite point stays.
    corners: Option<Corners<T>>,
    largest: T,
    chosen: Option<Point<T>>,
}

impl<T: Float> Choice<T> {
    /// That of the next `count` points.
    fn of<'a, I: Iterator<Item = &'a [T]>>(
        points: &mut Cursor<'a, T, I, 2>,
        count: usize,
        start: usize,
        corners: Option<Corners<T>>,
    ) -> Option<Point<T>> {
        let mut choice = Self { corners, largest: T::NEG_INFINITY, chosen: None };
        let mut index = start;
        for [xs, ys] in points.places(count) {
            choice.offer(xs, ys, index);
            index += xs.len();
        }
        choice.chosen
    }

    fn offer(&mut self, xs: &[T], ys: &[T], start: usize) {
        // What stays if no triangle is larger.
        let first = || zip(xs, ys).position(|(x, y)| is_finite(*x, *y));
        let mut best = if self.chosen.is_none() { first() } else { None };
        if let Some(corners) = &self.corners {
            let mut largest = self.largest;
            for (at, (x, y)) in zip(xs, ys).enumerate() {
                let area = corners.area(*x, *y);
                // An area that is NaN, since it is too large for a number, is never the largest.
                if area > largest && is_finite(*x, *y) {
                    largest = area;
                    best = Some(at);
                }
            }
            self.largest = largest;
        }
        if let Some(at) = best {
            self.chosen = Some(Point { index: start + at, x: xs[at], y: ys[at] });
        }
    }
}

/// All that are finite.
fn all<'a, T: Float, I: Iterator<Item = &'a [T]>>(mut points: Cursor<'a, T, I, 2>, count: usize) -> Vec<Point<T>> {
    let mut all = Vec::with_capacity(count);
    all.extend((0..count).filter_map(|index| Choice::of(&mut points, 1, index, None)));
    all
}

#[track_caller]
pub(crate) fn lttb<'a, T: Float, I: Iterator<Item = &'a [T]> + Clone>(x: I, y: I, points: usize) -> Vec<Point<T>> {
    assert!(points >= 3, "a line is made of 3 points at least, not of {points}");
    let [count, other] = [&x, &y].map(|pages| cursor::count(pages.clone()));
    assert!(count == other, "the sequences are not of the same length");
    let mut here = Cursor::new([x, y]);
    if count <= points {
        return all(here, count);
    }
    let division = Division { count, buckets: points };
    let mut ahead = here.clone();
    ahead.places(1).for_each(drop);
    let mut chosen: Vec<Point<T>> = Vec::with_capacity(points);
    for bucket in 0..points {
        let next = if bucket + 1 < points { Centre::of(&mut ahead, division.len(bucket + 1)) } else { None };
        let last = chosen.last().map(|point| (point.x, point.y));
        let corners = last.zip(next).map(|(left, right)| Corners { left, right });
        chosen.extend(Choice::of(&mut here, division.len(bucket), division.start(bucket), corners));
    }
    chosen
}

#[cfg(test)]
mod tests {
    #[cfg(not(target_arch = "wasm32"))]
    use proptest::prelude::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn of(x: &[f64], y: &[f64], points: usize) -> Vec<usize> {
        indices(&lttb([x].into_iter(), [y].into_iter(), points))
    }

    fn indices(points: &[Point<f64>]) -> Vec<usize> {
        points.iter().map(|point| point.index).collect()
    }

    fn line<const LEN: usize>(y: [f64; LEN], points: usize) -> Vec<usize> {
        of(&std::array::from_fn::<_, LEN, _>(|at| at as f64), &y, points)
    }

    #[test]
    fn peaks_stay() {
        assert_eq!(line([0.0, 0.0, 9.0, 0.0, 0.0, -9.0, 0.0, 0.0], 4), [0, 2, 5, 7]);
        assert_eq!(line([1.0, 2.0, 3.0], 3), [0, 1, 2]);
        assert_eq!(line([1.0, 2.0, 3.0], 9), [0, 1, 2]);
        assert!(line([], 3).is_empty());
        assert_eq!(line([1.0], 3), [0]);
    }

    #[test]
    fn what_is_not_finite_is_left_out() {
        let nan = f64::NAN;
        assert_eq!(line([nan, 1.0, f64::INFINITY, 3.0], 9), [1, 3]);
        assert_eq!(line([nan, 1.0, 2.0, nan, nan, 0.0, 1.0, nan], 5), [1, 5]);
        assert_eq!(line([0.0, nan, 8.0, 1.0, nan, 8.0, nan, nan, 0.0], 4), [0, 2, 5, 8]);
        assert!(line([nan; 9], 4).is_empty());
        assert_eq!(of(&[0.0, nan, 2.0, 3.0, 4.0], &[0.0, 9.0, 1.0, 2.0, 0.0], 3), [0, 3, 4]);
    }

    #[test]
    fn of_points_that_make_the_same_triangle_the_first_stays() {
        assert_eq!(line([5.0; 8], 4), [0, 1, 4, 7]);
        assert_eq!(of(&[1.0; 8], &[3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0], 4), [0, 1, 4, 7]);
        assert_eq!(line([0.0, 1e300, -1e300, 1e300, 0.0], 3), [0, 1, 4]);
        assert_eq!(line([0.0, f64::MAX, -f64::MAX, f64::MAX, 0.0], 3).len(), 3);
    }

    #[test]
    fn lines_of_f32_are_f32() {
        let (x, y) = ([0f32, 1.0, 2.0, 3.0], [0f32, 1.0, 5.0, 0.0]);
        let points = lttb([&x[..]].into_iter(), [&y[..]].into_iter(), 3);
        assert_eq!(points[1], Point { index: 2, x: 2.0, y: 5.0 });
    }

    #[cfg(not(target_arch = "wasm32"))]
    #[test]
    #[should_panic(expected = "3 points at least, not of 2")]
    fn two_points_are_no_choice() {
        line([1.0, 2.0, 3.0], 2);
    }

    #[cfg(not(target_arch = "wasm32"))]
    #[test]
    #[should_panic(expected = "not of the same length")]
    fn every_x_has_a_y() {
        of(&[1.0, 2.0], &[1.0], 3);
    }

    /// As it is written in the paper, of finite points that are more than those wanted.
    #[cfg(not(target_arch = "wasm32"))]
    fn naive(x: &[f64], y: &[f64], points: usize) -> Vec<usize> {
        let (len, buckets) = (x.len() - 2, points - 2);
        let bounds: Vec<_> = (0..=buckets).map(|at| 1 + at * len / buckets).collect();
        let mut chosen = vec![0];
        for bucket in 0..buckets {
            let next = if bucket + 1 < buckets { bounds[bucket + 1]..bounds[bucket + 2] } else { len + 1..len + 2 };
            let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
            let (right_x, right_y) = (mean(&x[next.clone()]), mean(&y[next]));
            let left = *chosen.last().unwrap();
            let area =
                |at: usize| ((x[left] - right_x) * (y[at] - y[left]) - (x[left] - x[at]) * (right_y - y[left])).abs();
            let mut best = bounds[bucket];
            for at in bounds[bucket]..bounds[bucket + 1] {
                best = if area(at) > area(best) { at } else { best };
            }
            chosen.push(best);
        }
        chosen.push(len + 1);
        chosen
    }

    #[cfg(not(target_arch = "wasm32"))]
    proptest! {
        #[test]
        fn it_chooses_as_the_paper_says(
            pairs in prop::collection::vec((-1e6..1e6f64, -1e6..1e6f64), 4..200),
            points in 3..199usize,
            pages in 1..9usize,
        ) {
            let (x, y): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
            let found = lttb(x.chunks(pages), y.chunks(pages + 3), points);
            let expected = if x.len() > points { naive(&x, &y, points) } else { (0..x.len()).collect() };
            prop_assert_eq!(indices(&found), expected);
            prop_assert!(found.iter().all(|point| (point.x, point.y) == (x[point.index], y[point.index])));
        }

        #[test]
        fn whatever_the_numbers_what_it_chooses_is_finite_and_in_order(
            pairs: Vec<(f64, f64)>,
            points in 3..50usize,
        ) {
            let pairs: Vec<_> = pairs.iter().cycle().take(pairs.len() * 3).copied().collect();
            let (x, y): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
            let found = lttb(x.chunks(5), y.chunks(7), points);
            prop_assert!(found.is_sorted_by(|one, next| one.index < next.index) && found.len() <= points);
            prop_assert!(found.iter().all(|point| is_finite(point.x, point.y)));
            let any = zip(&x, &y).any(|(x, y)| is_finite(*x, *y));
            prop_assert_eq!(found.is_empty(), !any);
        }
    }
}
