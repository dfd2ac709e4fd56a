//! The algorithms, over any two-lane vector.

/// Two f64 side by side.
pub(crate) trait Lanes: Copy {
    fn new(lanes: [f64; 2]) -> Self;
    fn add(self, other: Self) -> Self;
    fn lanes(self) -> [f64; 2];
}

/// Independent partial sums hide the latency of an addition, four cycles on current processors.
const VECTORS: usize = 4;
const STEP: usize = 2 * VECTORS;

#[inline(always)]
pub(crate) fn sum<V: Lanes>(values: &[f64]) -> f64 {
    let (steps, rest) = values.as_chunks::<STEP>();
    let mut sums = [V::new([0.0; 2]); VECTORS];
    for step in steps {
        for (sum, pair) in sums.iter_mut().zip(step.as_chunks::<2>().0) {
            *sum = sum.add(V::new(*pair));
        }
    }
    let [a, b, c, d] = sums;
    let [left, right] = a.add(b).add(c.add(d)).lanes();
    rest.iter().fold(left + right, |sum, value| sum + value)
}
