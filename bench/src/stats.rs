//! Medians and percentiles.

/// The middle of the values, or the mean of the two in the middle.
///
/// # Panics
///
/// If there are none.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    assert!(!values.is_empty(), "nothing has no median");
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        return values[middle];
    }
    f64::midpoint(values[middle - 1], values[middle])
}

/// The least of the sorted values that `percent` of them do not exceed (nearest rank).
///
/// # Panics
///
/// If there are none.
pub(crate) fn percentile<T: Copy>(sorted: &[T], percent: usize) -> T {
    assert!(!sorted.is_empty(), "nothing has no percentiles");
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted[rank.clamp(1, sorted.len()) - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median([3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median([4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median([7.0]), 7.0);
    }

    #[test]
    fn percentiles_are_nearest_ranks() {
        let hundred: Vec<u32> = (1..=100).collect();
        assert_eq!(percentile(&hundred, 50), 50);
        assert_eq!(percentile(&hundred, 99), 99);
        assert_eq!(percentile(&[5], 50), 5);
        assert_eq!(percentile(&[1, 2, 3], 99), 3);
    }
}
