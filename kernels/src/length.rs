//! Slices that belong together.

/// # Panics
///
/// They are not of the same length.
#[inline]
#[track_caller]
pub(crate) fn same_length<T>(left: &[T], right: &[T]) {
    let (left, right) = (left.len(), right.len());
    assert!(left == right, "slices of {left} and {right} numbers; they have to be of the same length");
}
