//! Memory for what is measured, and how fast it is.

use std::{hint::black_box, mem, ptr};

/// What operands are aligned to: a vector.
#[derive(Clone)]
#[repr(align(16))]
struct Line(#[expect(dead_code, reason = "it is memory, which exports see as numbers")] [u8; 16]);

/// Memory for operands, which lasts as long as the module does.
#[unsafe(no_mangle)]
extern "C" fn allocate(bytes: usize) -> *mut u8 {
    let lines = vec![Line([0; 16]); bytes.div_ceil(size_of::<Line>())];
    mem::ManuallyDrop::new(lines).as_mut_ptr().cast()
}

/// The limit of what reads and writes `traffic` bytes, of `footprint` different ones: to copy one half of them to the
/// other, again and again until as much was read and written.
///
/// # Safety
///
/// There are `footprint` bytes at `area`.
#[unsafe(no_mangle)]
unsafe extern "C" fn copy(area: *mut u8, footprint: usize, traffic: usize, times: u32) {
    let half = footprint / 2;
    for _ in 0..times {
        let mut left = traffic / 2;
        while left > 0 {
            let bytes = left.min(half);
            let from = black_box(area);
            // SAFETY: the caller says that both halves are there, and `bytes` is no more than one.
            unsafe { ptr::copy_nonoverlapping(from, from.add(half), bytes) };
            left -= bytes;
        }
    }
}

/// Whether this module has the scalar twin.
#[unsafe(no_mangle)]
extern "C" fn is_scalar() -> bool {
    cfg!(duractor_kernels = "scalar")
}
