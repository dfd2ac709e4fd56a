//! Mean, variance and covariance in one pass.

use std::iter::zip;

use crate::{
    float::{Float, Kernel},
    fold::{Fold, Input},
    number::Number,
    vector::{Vector, each4},
};

/// Count, mean and variance of numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moments<T> {
    count: u64,
    mean: T,
    /// The sum of the squares of what each differs from the mean by.
    squares: T,
}

impl<T: Float> Moments<T> {
    /// How many numbers there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The mean; NaN if there are no numbers.
    pub fn mean(&self) -> T {
        if self.count == 0 { T::NAN } else { self.mean }
    }

    /// The variance of these numbers, which is the mean squared difference from the mean; NaN if there are none.
    pub fn variance(&self) -> T {
        self.squares / T::from_u64(self.count)
    }

    /// What the variance is likely to be of all the numbers of which these are a sample (Bessel's correction); NaN if
    /// there are less than two.
    pub fn sample_variance(&self) -> T {
        if self.count < 2 { T::NAN } else { self.squares / T::from_u64(self.count - 1) }
    }

    /// The square root of the variance.
    pub fn standard_deviation(&self) -> T {
        self.variance().sqrt()
    }

    /// The square root of the sample variance.
    pub fn sample_standard_deviation(&self) -> T {
        self.sample_variance().sqrt()
    }

    /// Those of both together (Chan, Golub and LeVeque 1979). Each time the mean is rounded: merge few large parts rather than
    /// many small ones.
    pub fn merge(self, other: Self) -> Self {
        let both = CoMoments::alike(self).merge(CoMoments::alike(other));
        Self { count: both.count, mean: both.means[0], squares: both.squares[0] }
    }
}

impl<T: Float> Default for Moments<T> {
    /// Those of no numbers.
    fn default() -> Self {
        Self { count: 0, mean: T::ZERO, squares: T::ZERO }
    }
}

/// Count, means, variances and covariance of pairs of numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CoMoments<T> {
    count: u64,
    means: [T; 2],
    squares: [T; 2],
    /// The sum of products of what each of a pair differs from its mean by.
    products: T,
}

impl<T: Float> CoMoments<T> {
    fn alike(of: Moments<T>) -> Self {
        Self { count: of.count, means: [of.mean; 2], squares: [of.squares; 2], products: of.squares }
    }

    /// How many pairs there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Those of the first of each pair.
    pub fn left(&self) -> Moments<T> {
        Moments { count: self.count, mean: self.means[0], squares: self.squares[0] }
    }

    /// Those of the second of each pair.
    pub fn right(&self) -> Moments<T> {
        Moments { count: self.count, mean: self.means[1], squares: self.squares[1] }
    }

    /// The covariance of these pairs; NaN if there are none.
    pub fn covariance(&self) -> T {
        self.products / T::from_u64(self.count)
    }

    /// What the covariance is likely to be of all the pairs of which these are a sample; NaN if there are less than two.
    pub fn sample_covariance(&self) -> T {
        if self.count < 2 { T::NAN } else { self.products / T::from_u64(self.count - 1) }
    }

    /// Pearson's correlation, from -1 to 1; NaN if all of the first are equal, or all of the second.
    pub fn correlation(&self) -> T {
        (self.products / self.squares[0].geometric_mean(self.squares[1])).to_cosine()
    }

    /// Those of both together (Chan, Golub and LeVeque 1979). Each time the mean is rounded: merge few large parts rather than
    /// many small ones.
    pub fn merge(self, other: Self) -> Self {
        if self.count == 0 || other.count == 0 {
            return if self.count == 0 { other } else { self };
        }
        let count = self.count + other.count;
        let share = T::from_u64(other.count) / T::from_u64(count);
        let weight = T::from_u64(self.count) * share;
        let [left, right] = [other.means[0] - self.means[0], other.means[1] - self.means[1]];
        Self {
            count,
            means: [self.means[0] + left * share, self.means[1] + right * share],
            squares: [
                self.squares[0] + other.squares[0] + left * left * weight,
                self.squares[1] + other.squares[1] + right * right * weight,
            ],
            products: self.products + other.products + left * right * weight,
        }
    }
}

impl<T: Float> Default for CoMoments<T> {
    /// Those of no pairs.
    fn default() -> Self {
        Self { count: 0, means: [T::ZERO; 2], squares: [T::ZERO; 2], products: T::ZERO }
    }
}

/// Few pairs, but not none, in two passes.
#[inline(always)]
fn of_few<T: Float>(left: &[T], right: &[T]) -> CoMoments<T> {
    let count = T::from_u64(left.len() as u64);
    let mean = |values: &[T]| {
        let shift = values[0];
        shift + values.iter().fold(T::ZERO, |sum, value| sum + (*value - shift)) / count
    };
    let means = [mean(left), mean(right)];
    let mut moments = CoMoments { count: left.len() as u64, means, ..CoMoments::default() };
    for (left, right) in zip(left, right) {
        let [left, right] = [*left - means[0], *right - means[1]];
        moments.squares = [moments.squares[0] + left * left, moments.squares[1] + right * right];
        moments.products = moments.products + left * right;
    }
    moments
}

/// One of two variables, lane by lane.
///
/// What each number differs from a shift by is added up over a group of blocks. The shift is the mean of all groups
/// before, and for the first group that of its first block, so that hardly more is added up than what remains when the
/// mean is taken off: the shifted data algorithm within a group, pairwise merging of groups (Chan, Golub and LeVeque,
/// "Algorithms for computing the sample variance", 1983).
struct Variable<V> {
    /// The mean of the groups before, and by how much that is more, which a number near the mean is too coarse to tell.
    /// Else a mean that no longer moves would add to the variance with every group.
    shift: V,
    low: V,
    sum: V,
    square_sum: V,
    /// Of the groups before.
    squares: V,
}

/// What a group before counts for, beside one of its blocks.
struct Shares<V> {
    per_group: V,
    share: V,
    weight: V,
}

impl<V: Vector> Shares<V> {
    #[inline(always)]
    fn new(before: u64, group: u64) -> Self {
        let [before, group, both] = [before, group, before + group].map(V::Lane::from_u64);
        Self {
            per_group: V::splat(V::Lane::ONE / group),
            share: V::splat(group / both),
            weight: V::splat(before * (group / both)),
        }
    }
}

impl<V: Vector> Variable<V> {
    #[inline(always)]
    fn new() -> Self {
        let zero = V::splat(V::Lane::ZERO);
        Self { shift: zero, low: zero, sum: zero, square_sum: zero, squares: zero }
    }

    #[inline(always)]
    fn add(&mut self, differences: [V; 4]) {
        let [a, b, c, d] = differences;
        self.sum = self.sum.add(a.add(b).add(c.add(d)));
        self.square_sum = self.square_sum.add(a.mul(a).add(b.mul(b)).add(c.mul(c).add(d.mul(d))));
    }

    /// Takes the group to the groups before. By how much its mean differs from the shift, and from theirs.
    #[inline(always)]
    fn merge(&mut self, shares: &Shares<V>) -> [V; 2] {
        let zero = V::splat(V::Lane::ZERO);
        let mean = self.sum.mul(shares.per_group);
        let difference = mean.sub(self.low);
        let squares = self.square_sum.sub(self.sum.mul(mean)).greatest(zero);
        self.squares = self.squares.add(squares.add(difference.mul(difference).mul(shares.weight)));
        let step = self.low.add(difference.mul(shares.share));
        let shift = self.shift.add(step);
        self.low = step.sub(shift.sub(self.shift));
        self.shift = shift;
        self.sum = zero;
        self.square_sum = zero;
        [mean, difference]
    }
}

/// How many numbers each lane has, in the groups before and in this one.
#[derive(Default)]
struct Counts {
    before: u64,
    group: u64,
}

impl Counts {
    #[inline(always)]
    fn is_first_block(&self) -> bool {
        self.before + self.group == 0
    }

    #[inline(always)]
    fn shares<V: Vector>(&mut self) -> Shares<V> {
        let shares = Shares::new(self.before, self.group);
        self.before += self.group;
        self.group = 0;
        shares
    }
}

/// Their mean, which does not overflow.
#[inline(always)]
fn mean_of4<V: Vector>(values: [V; 4]) -> V {
    let quarter = V::splat(V::Lane::ONE / V::Lane::from_u64(4));
    let [a, b, c, d] = each4!(AT => values[AT].mul(quarter));
    a.add(b).add(c.add(d))
}

struct One<V: Vector> {
    counts: Counts,
    variable: Variable<V>,
    rest: CoMoments<V::Lane>,
}

impl<V: Vector<Lane: Float>> Fold<V, 1, 4> for One<V> {
    type Output = CoMoments<V::Lane>;
    const PAD: V::Lane = V::Lane::ZERO;

    #[inline(always)]
    fn block(&mut self, [values]: [&[V::Array; 4]; 1]) {
        if self.counts.is_first_block() {
            self.variable.shift = mean_of4(each4!(AT => V::load(&values[AT])));
        }
        self.variable.add(each4!(AT => V::load(&values[AT]).sub(self.variable.shift)));
        self.counts.group += 4;
    }

    #[inline(always)]
    fn last(&mut self, [values]: [&[V::Array; 4]; 1], len: usize) {
        let values = &V::lanes(values)[..len];
        self.rest = of_few(values, values);
    }

    #[inline(always)]
    fn flush(&mut self) {
        if self.counts.group > 0 {
            self.variable.merge(&self.counts.shares());
        }
    }

    #[inline(always)]
    fn finish(self) -> CoMoments<V::Lane> {
        let [means, squares] = [self.variable.shift, self.variable.squares];
        merge_lanes(self.counts.before, [means; 2], [squares; 2], squares, self.rest)
    }
}

struct Two<V: Vector> {
    counts: Counts,
    left: Variable<V>,
    right: Variable<V>,
    product_sum: V,
    products: V,
    rest: CoMoments<V::Lane>,
}

impl<V: Vector<Lane: Float>> Fold<V, 2, 4> for Two<V> {
    type Output = CoMoments<V::Lane>;
    const PAD: V::Lane = V::Lane::ZERO;

    #[inline(always)]
    fn block(&mut self, [left, right]: [&[V::Array; 4]; 2]) {
        if self.counts.is_first_block() {
            self.left.shift = mean_of4(each4!(AT => V::load(&left[AT])));
            self.right.shift = mean_of4(each4!(AT => V::load(&right[AT])));
        }
        let left = each4!(AT => V::load(&left[AT]).sub(self.left.shift));
        let right = each4!(AT => V::load(&right[AT]).sub(self.right.shift));
        self.left.add(left);
        self.right.add(right);
        let [a, b, c, d] = each4!(AT => left[AT].mul(right[AT]));
        self.product_sum = self.product_sum.add(a.add(b).add(c.add(d)));
        self.counts.group += 4;
    }

    #[inline(always)]
    fn last(&mut self, [left, right]: [&[V::Array; 4]; 2], len: usize) {
        self.rest = of_few(&V::lanes(left)[..len], &V::lanes(right)[..len]);
    }

    #[inline(always)]
    fn flush(&mut self) {
        if self.counts.group == 0 {
            return;
        }
        let shares = self.counts.shares();
        let left_sum = self.left.sum;
        let [_, left] = self.left.merge(&shares);
        let [right_mean, right] = self.right.merge(&shares);
        let products = self.product_sum.sub(left_sum.mul(right_mean));
        self.products = self.products.add(products.add(left.mul(right).mul(shares.weight)));
        self.product_sum = V::splat(V::Lane::ZERO);
    }

    #[inline(always)]
    fn finish(self) -> CoMoments<V::Lane> {
        let means = [self.left.shift, self.right.shift];
        merge_lanes(self.counts.before, means, [self.left.squares, self.right.squares], self.products, self.rest)
    }
}

/// All lanes together, and the rest.
#[inline(always)]
fn merge_lanes<V: Vector<Lane: Float>>(
    count: u64,
    means: [V; 2],
    squares: [V; 2],
    products: V,
    rest: CoMoments<V::Lane>,
) -> CoMoments<V::Lane> {
    let array = |vector: V| [vector.to_array(V::array(V::Lane::ZERO))];
    let [left_means, right_means] = means.map(array);
    let [left_squares, right_squares] = squares.map(array);
    let products = array(products);
    let mut all = CoMoments::default();
    for lane in 0..V::LANES {
        let of = |array: &[V::Array; 1]| V::lanes(array)[lane];
        all = all.merge(CoMoments {
            count,
            means: [of(&left_means), of(&right_means)],
            squares: [of(&left_squares), of(&right_squares)],
            products: of(&products),
        });
    }
    all.merge(rest)
}

struct MomentsKernel<I>(I);

impl<'a, T: Float, I: Input<'a, T, 1>> Kernel<T> for MomentsKernel<I> {
    type Output = Moments<T>;

    #[inline(always)]
    fn run<V: Vector<Lane = T>>(self) -> Moments<T> {
        let one = One { counts: Counts::default(), variable: Variable::new(), rest: CoMoments::default() };
        self.0.fold::<V, _, _>(one).left()
    }
}

struct CoMomentsKernel<I>(I);

impl<'a, T: Float, I: Input<'a, T, 2>> Kernel<T> for CoMomentsKernel<I> {
    type Output = CoMoments<T>;

    #[inline(always)]
    fn run<V: Vector<Lane = T>>(self) -> CoMoments<T> {
        let zero = V::splat(T::ZERO);
        let (left, right, counts) = (Variable::new(), Variable::new(), Counts::default());
        let two = Two { counts, left, right, product_sum: zero, products: zero, rest: CoMoments::default() };
        self.0.fold::<V, _, _>(two)
    }
}

pub(crate) fn moments<'a, T: Float>(input: impl Input<'a, T, 1>) -> Moments<T> {
    T::run(MomentsKernel(input))
}

pub(crate) fn co_moments<'a, T: Float>(input: impl Input<'a, T, 2>) -> CoMoments<T> {
    T::run(CoMomentsKernel(input))
}
