//! What can be asked of a column: kernels over its pages.

use std::ops::RangeBounds;

use duractor_kernels::{BadKey, Bucket, Point, Stats, pages};

use super::{
    Column,
    range::{ColumnSlices, clamp},
};
use crate::problem::{Error, Problem, Result};

/// Most groups of [`Column::group_sum`]: the sums take 512 KiB.
pub const COLUMN_GROUPS_MAX: usize = 1 << 16;

/// # Statistics
///
/// Each goes through the pages where they lie, and allocates what it returns; only [`quantiles`](Self::quantiles) needs a
/// copy of the values. What lies behind the end is left out of every range.
///
/// **A NaN is a gap.** Statistics leave it out: [`stats`](Self::stats), [`quantiles`](Self::quantiles),
/// [`correlation`](Self::correlation), [`buckets`](Self::buckets), [`lttb`](Self::lttb). To arithmetic it is a number that
/// nobody knows: to [`weighted_sum`](Self::weighted_sum), [`rolling_mean`](Self::rolling_mean), [`group_sum`](Self::group_sum)
/// and [`normalised`](Self::normalised), whose results have a NaN where one had a part in it. What there is not of no values at
/// all is `None`.
///
/// More is in [`kernels`](crate::kernels): they take what [`slices`](Self::slices) lends. Where a method says what one of them
/// does with infinite numbers and such, the column's does the same.
///
/// All of them fail as `slices` does, if pages cannot be loaded or are too many. Questions without an answer, such as the mean
/// of windows of no values, are 422 (`column-argument`), and columns that are not of the same length 500 (`columns-unequal`).
impl Column {
    /// Count, sum, mean, least, greatest, variance and standard deviation of a range.
    ///
    /// ```
    /// use duractor::Column;
    ///
    /// let celsius = Column::from_iter([20.0, 21.0, f64::NAN, 25.0]);
    /// let stats = celsius.stats(..)?;
    /// assert_eq!((stats.count, stats.mean, stats.max), (3, Some(22.0), Some(25.0)));
    /// assert_eq!(celsius.stats(9..)?.mean, None);
    /// # Ok::<_, duractor::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As of [`slices`](Self::slices).
    pub fn stats(&self, range: impl RangeBounds<u64>) -> Result<Stats<f64>> {
        Ok(pages::stats(self.slices(range)?))
    }

    /// For each `at`, from 0 to 1, the value that this share of a range is less than, by [`kernels::quantiles`]; none of no
    /// values.
    ///
    /// ```
    /// use duractor::Column;
    ///
    /// let millis = Column::from_iter((0..=1_000).map(f64::from));
    /// assert_eq!(millis.quantiles(.., [0.5, 0.99])?, Some([500.0, 990.0]));
    /// # Ok::<_, duractor::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As of [`slices`](Self::slices), and 422 if one of `at` is not from 0 to 1.
    ///
    /// [`kernels::quantiles`]: crate::kernels::quantiles
    pub fn quantiles<const N: usize>(&self, range: impl RangeBounds<u64>, at: [f64; N]) -> Result<Option<[f64; N]>> {
        if let Some(at) = at.iter().find(|at| !(0.0..=1.0).contains(*at)) {
            return Err(refused(format!("a quantile is at 0 to 1, not at {at}")));
        }
        let quantiles = pages::quantiles(self.slices(range)?, &at);
        Ok(quantiles.and_then(|quantiles| quantiles.try_into().ok()))
    }

    /// The values of a range on a scale on which the least of them is 0 and the greatest 1, by [`kernels::normalise_to`]. All
    /// are 0 where they are all the same.
    ///
    /// ```
    /// use duractor::Column;
    ///
    /// let column = Column::from_iter([10.0, 30.0, 15.0]);
    /// assert_eq!(column.normalised(..)?, [0.0, 1.0, 0.25]);
    /// # Ok::<_, duractor::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As of [`slices`](Self::slices).
    ///
    /// [`kernels::normalise_to`]: crate::kernels::normalise_to
    pub fn normalised(&self, range: impl RangeBounds<u64>) -> Result<Vec<f64>> {
        let slices = self.slices(range)?;
        let mut places = vec![0.0; slices.values()];
        pages::normalise_to(slices, &mut places);
        Ok(places)
    }

    /// Pearson's correlation of this column with another one in a range, from -1 to 1, by [`kernels::correlation`]; none if
    /// there is none, as where all values of one are the same.
    ///
    /// ```
    /// use duractor::Column;
    ///
    /// let (hours, cents) = (Column::from_iter([1.0, 2.0, 4.0]), Column::from_iter([50.0, 55.0, 65.0]));
    /// assert!(hours.correlation(&cents, ..)?.unwrap() > 0.999);
    /// # Ok::<_, duractor::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As of [`slices`](Self::slices), and 500 if the columns are not of the same length.
    ///
    /// [`kernels::correlation`]: crate::kernels::correlation
    pub fn correlation(&self, other: &Self, range: impl RangeBounds<u64>) -> Result<Option<f64>> {
        let [left, right] = self.slices_beside(other, range)?;
        Ok(pages::correlation(left, right))
    }

    /// The sum of a range, each value times its weight in another column.
    ///
    /// ```
    /// use duractor::Column;
    ///
    /// let (price, pieces) = (Column::from_iter([2.5, 4.0]), Column::from_iter([2.0, 10.0]));
    /// assert_eq!(price.weighted_sum(&pieces, ..)?, 45.0);
    /// # Ok::<_, duractor::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As of [`slices`](Self::slices), and 500 if the columns are not of the same length.
    pub fn weighted_sum(&self, weights: &Self, range: impl RangeBounds<u64>) -> Result<f64> {
        let [values, weights] = self.slices_beside(weights, range)?;
        Ok(pages::dot(values, weights))
    }

    /// For each value of a range the mean of the `window` values that end with it, by [`kernels::rolling_mean`]; NaN for the
    /// first `window - 1`. Values before the range have no part in it: begin earlier to have means from its first value on.
    ///
    /// ```
    /// use duractor::Column;
    ///
    /// let celsius = Column::from_iter([20.0, 21.0, 25.0, 24.0]);
    /// assert_eq!(celsius.rolling_mean(.., 3)?[2..], [22.0, 70.0 / 3.0]);
    /// # Ok::<_, duractor::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As of [`slices`](Self::slices), and 422 if `window` is 0.
    ///
    /// [`kernels::rolling_mean`]: crate::kernels::rolling_mean
    pub fn rolling_mean(&self, range: impl RangeBounds<u64>, window: usize) -> Result<Vec<f64>> {
        if window == 0 {
            return Err(refused("a window of no values has no mean".into()));
        }
        let slices = self.slices(range)?;
        let mut means = vec![0.0; slices.values()];
        pages::rolling_mean(slices, window, &mut means);
        Ok(means)
    }

    /// Sums of a range by group: a value belongs to the group whose number is at its place in another column.
    ///
    /// ```
    /// use duractor::Column;
    ///
    /// let (cents, weekday) = (Column::from_iter([250.0, 400.0, 50.0]), Column::from_iter([0.0, 6.0, 0.0]));
    /// let sums = cents.group_sum(&weekday, .., 7)?;
    /// assert_eq!((sums[0], sums[6]), (300.0, 400.0));
    /// # Ok::<_, duractor::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As of [`slices`](Self::slices); 422 if there are more than [`COLUMN_GROUPS_MAX`] groups; 500 if the columns are not of
    /// the same length (`columns-unequal`) or a key is no integer from 0 to `groups - 1` (`column-key`).
    pub fn group_sum(&self, keys: &Self, range: impl RangeBounds<u64>, groups: usize) -> Result<Vec<f64>> {
        if groups > COLUMN_GROUPS_MAX {
            return Err(refused(format!("{groups} groups are more than {COLUMN_GROUPS_MAX}")));
        }
        let range = clamp(&range, self.len());
        let first = range.start;
        let [values, keys] = self.slices_beside(keys, range)?;
        let mut sums = vec![0.0; groups];
        pages::group_sum(keys, values, &mut sums).map_err(|bad| bad_key(&bad, first))?;
        Ok(sums)
    }

    /// A range in `buckets` equal parts, and of each the least and the greatest value, by [`kernels::min_max_buckets`]: a band
    /// that a plot can draw. Where in the column a bucket lies is counted from the range's beginning.
    ///
    /// ```
    /// use duractor::Column;
    ///
    /// let column = Column::from_iter([3.0, 1.0, 2.0, 9.0]);
    /// let buckets = column.buckets(.., 2)?;
    /// assert_eq!((buckets[1].range.clone(), buckets[1].min_max), (2..4, Some((2.0, 9.0))));
    /// # Ok::<_, duractor::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As of [`slices`](Self::slices), and 422 if `buckets` is 0.
    ///
    /// [`kernels::min_max_buckets`]: crate::kernels::min_max_buckets
    pub fn buckets(&self, range: impl RangeBounds<u64>, buckets: usize) -> Result<Vec<Bucket<f64>>> {
        if buckets == 0 {
            return Err(refused("values cannot be put into no buckets".into()));
        }
        Ok(pages::min_max_buckets(self.slices(range)?, buckets))
    }

    /// At most so many points of a line, chosen so that it looks like one through all, by [`kernels::lttb`]. This column
    /// says where points are from left to right, `y` from bottom to top. A point's index is counted from the range's beginning.
    ///
    /// ```
    /// use duractor::Column;
    ///
    /// let (at, celsius) = (Column::from_iter((0..100).map(f64::from)), Column::from_iter((0..100).map(|at| f64::from(at % 7))));
    /// let line = at.lttb(&celsius, .., 20)?;
    /// assert_eq!((line.len(), line[19].index, line[19].y), (20, 99, 1.0));
    /// # Ok::<_, duractor::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As of [`slices`](Self::slices), 422 if `points` is less than 3, and 500 if the columns are not of the same length.
    ///
    /// [`kernels::lttb`]: crate::kernels::lttb
    pub fn lttb(&self, y: &Self, range: impl RangeBounds<u64>, points: usize) -> Result<Vec<Point<f64>>> {
        if points < 3 {
            return Err(refused(format!("a line is made of 3 points at least, not of {points}")));
        }
        let [x, y] = self.slices_beside(y, range)?;
        Ok(pages::lttb(x, y, points))
    }

    /// The same range of two columns that belong together.
    fn slices_beside<'c>(&'c self, other: &'c Self, range: impl RangeBounds<u64>) -> Result<[ColumnSlices<'c>; 2]> {
        let [len, other_len] = [self.len(), other.len()];
        if len != other_len {
            let detail = format!("columns of {len} and {other_len} values are not of the same length");
            return Err(Problem::new(500, "columns-unequal", detail).into());
        }
        let range = clamp(&range, len);
        Ok([self.slices(range.clone())?, other.slices(range)?])
    }
}

/// What was asked has no answer.
fn refused(detail: String) -> Error {
    Problem::new(422, "column-argument", detail).into()
}

/// `first` is the index of the range's first value.
fn bad_key(bad: &BadKey, first: u64) -> Error {
    let BadKey { index, key, groups } = *bad;
    let index = first + index as u64;
    let detail = format!("value {index} of the keys is {key}, which names none of {groups} groups");
    Problem::new(500, "column-key", detail).with("index", index).into()
}
