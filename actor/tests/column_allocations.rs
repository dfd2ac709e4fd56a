//! Statistics of a column allocate what they return: as often for a million values as for a few.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

use duractor::Column;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: what the system's allocator promises; the count is beside it, and allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller promises what `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as above; what is freed was allocated by `System`.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often something allocates on this thread.
fn allocations<T>(run: impl FnOnce() -> T) -> usize {
    let before = ALLOCATIONS.get();
    let result = run();
    let count = ALLOCATIONS.get() - before;
    drop(result);
    count
}

/// How often each statistic of so many values allocates.
fn each(len: u32) -> Vec<(&'static str, usize)> {
    let at = Column::from_iter((0..len).map(f64::from));
    let values = Column::from_iter((0..len).map(|at| f64::from(at % 1_009).sqrt()));
    let gaps = Column::from_iter((0..len).map(|at| if at % 7 == 0 { f64::NAN } else { f64::from(at) }));
    let keys = Column::from_iter((0..len).map(|at| f64::from(at % 24)));
    let from = 3..;
    vec![
        ("stats", allocations(|| values.stats(from.clone()).unwrap())),
        ("stats of gaps", allocations(|| gaps.stats(from.clone()).unwrap())),
        ("quantiles", allocations(|| values.quantiles(from.clone(), [0.1, 0.5, 0.99]).unwrap())),
        ("normalised", allocations(|| values.normalised(from.clone()).unwrap())),
        ("correlation", allocations(|| at.correlation(&values, from.clone()).unwrap())),
        ("correlation of gaps", allocations(|| at.correlation(&gaps, from.clone()).unwrap())),
        ("weighted sum", allocations(|| values.weighted_sum(&at, from.clone()).unwrap())),
        ("rolling mean", allocations(|| values.rolling_mean(from.clone(), 100).unwrap())),
        ("group sum", allocations(|| values.group_sum(&keys, from.clone(), 24).unwrap())),
        ("buckets", allocations(|| values.buckets(from.clone(), 500).unwrap())),
        ("lttb", allocations(|| at.lttb(&values, from.clone(), 500).unwrap())),
    ]
}

#[test]
fn a_million_values_take_as_many_allocations_as_a_few() {
    let (few, many) = (each(2_000), each(1 << 20));
    assert_eq!(few, many);
    for (name, count) in many {
        assert!(count <= 8, "{name} allocates {count} times");
    }
    assert_eq!(allocations(|| Box::new(1)), 1);
}
