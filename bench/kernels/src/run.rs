//! Runs something many times, each time as if nothing were known of it.

use std::{hint::black_box, slice};

use crate::outcome::{NUMBERS_MAX, Outcome};

/// Where operands are, and where what comes of them goes.
#[derive(Clone, Copy)]
pub(crate) struct Operands<T> {
    pub(crate) left: *const T,
    pub(crate) right: *const T,
    pub(crate) out: *mut T,
    /// For the numbers of an outcome.
    pub(crate) results: *mut f64,
    pub(crate) len: usize,
}

/// Runs a kernel that many times, and tells what came of the last.
///
/// # Safety
///
/// There are `len` numbers at each operand and [`NUMBERS_MAX`] at the results, of which none is in two of these.
#[inline(always)]
pub(crate) unsafe fn run<T: Copy, R: Outcome>(
    operands: Operands<T>,
    times: u32,
    kernel: impl Fn(&[T], &[T], &mut [T]) -> R,
) {
    let mut last = None;
    for _ in 0..times {
        let Operands { left, right, out, len, .. } = black_box(operands);
        // SAFETY: the caller says so.
        let (left, right, out) = unsafe {
            (slice::from_raw_parts(left, len), slice::from_raw_parts(right, len), slice::from_raw_parts_mut(out, len))
        };
        last = Some(black_box(kernel(left, right, out)));
    }
    let numbers = last.map(|outcome| outcome.numbers()).unwrap_or_default();
    // SAFETY: the caller says so.
    let results = unsafe { slice::from_raw_parts_mut(operands.results, NUMBERS_MAX) };
    results[..numbers.len()].copy_from_slice(&numbers);
}

/// An export, which runs a kernel on numbers of one kind.
macro_rules! export {
    ($name:ident, $lane:ident, $kernel:expr) => {
        /// # Safety
        ///
        /// As of [`run`](crate::run::run).
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name(
            left: *const $lane,
            right: *const $lane,
            out: *mut $lane,
            results: *mut f64,
            len: usize,
            times: u32,
        ) {
            let operands = $crate::run::Operands { left, right, out, results, len };
            // SAFETY: the caller says so.
            unsafe { $crate::run::run(operands, times, $kernel) }
        }
    };
}

pub(crate) use export;
