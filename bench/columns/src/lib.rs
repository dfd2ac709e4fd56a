//! Operations of a column, and the kernels that they run: of the same values, in pages and in one slice.

use std::hint::black_box;

use duractor::{
    Column, Result,
    kernels::{self, Stats},
};

/// How many values there are.
pub const VALUES: u32 = 1 << 20;

const FROM_FIRST: std::ops::RangeFrom<u64> = 0..;
const AT: [f64; 3] = [0.5, 0.95, 0.99];
const WINDOW: usize = 60;
const GROUPS: usize = 24;
const BUCKETS: usize = 400;
const POINTS: usize = 800;

/// The same values as columns and as slices.
#[derive(Debug)]
pub struct World {
    columns: [Column; 3],
    slices: [Vec<f64>; 3],
}

/// Something that is done to all values, by a column and by a kernel.
#[derive(Debug)]
pub struct Operation {
    /// What it is called.
    pub name: &'static str,
    column: fn([&Column; 3]) -> Result<()>,
    kernel: fn([&[f64]; 3]),
}

/// Keeps what was computed from being left out.
fn use_up<T>(result: T) {
    black_box(result);
}

/// Makes the output of a kernel as a column does.
fn written(values: &[f64], write: impl FnOnce(&mut [f64])) {
    let mut out = vec![0.0; values.len()];
    write(&mut out);
    use_up(out);
}

/// All that a column can be asked. The columns are times, measurements, and hours of the day.
pub const OPERATIONS: [Operation; 9] = [
    Operation {
        name: "stats",
        column: |[_, values, _]| values.stats(FROM_FIRST).map(use_up::<Stats<f64>>),
        kernel: |[_, values, _]| use_up(kernels::stats(values)),
    },
    Operation {
        name: "quantiles",
        column: |[_, values, _]| values.quantiles(FROM_FIRST, AT).map(use_up),
        kernel: |[_, values, _]| use_up(kernels::quantiles(values, &AT)),
    },
    Operation {
        name: "normalised",
        column: |[_, values, _]| values.normalised(FROM_FIRST).map(use_up),
        kernel: |[_, values, _]| written(values, |out| kernels::normalise_to(values, out)),
    },
    Operation {
        name: "correlation",
        column: |[at, values, _]| at.correlation(values, FROM_FIRST).map(use_up),
        kernel: |[at, values, _]| use_up(kernels::correlation(at, values)),
    },
    Operation {
        name: "weighted sum",
        column: |[at, values, _]| values.weighted_sum(at, FROM_FIRST).map(use_up),
        kernel: |[at, values, _]| use_up(kernels::dot(values, at)),
    },
    Operation {
        name: "rolling mean",
        column: |[_, values, _]| values.rolling_mean(FROM_FIRST, WINDOW).map(use_up),
        kernel: |[_, values, _]| written(values, |out| kernels::rolling_mean(values, WINDOW, out)),
    },
    Operation {
        name: "group sum",
        column: |[_, values, hours]| values.group_sum(hours, FROM_FIRST, GROUPS).map(use_up),
        kernel: |[_, values, hours]| use_up(kernels::group_sum(hours, values, &mut [0.0; GROUPS])),
    },
    Operation {
        name: "buckets",
        column: |[_, values, _]| values.buckets(FROM_FIRST, BUCKETS).map(use_up),
        kernel: |[_, values, _]| use_up(kernels::min_max_buckets(values, BUCKETS)),
    },
    Operation {
        name: "lttb",
        column: |[at, values, _]| at.lttb(values, FROM_FIRST, POINTS).map(use_up),
        kernel: |[at, values, _]| use_up(kernels::lttb(at, values, POINTS)),
    },
];

impl World {
    /// Makes up the values.
    pub fn new() -> Self {
        let minutes = || (0..VALUES).map(f64::from);
        let at: Vec<f64> = minutes().map(|minute| 1.7e9 + minute * 60.0).collect();
        let noise = (0..VALUES).scan(1u32, |state, _| {
            *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            Some(f64::from(*state >> 8) / f64::from(1 << 24))
        });
        let values = minutes().zip(noise).map(|(minute, noise)| 15.0 + (minute / 229.0).sin() * 5.0 + noise).collect();
        let hours = minutes().map(|minute| (minute / 60.0).floor() % 24.0).collect();
        let slices = [at, values, hours];
        Self { columns: slices.each_ref().map(|slice| slice.iter().copied().collect()), slices }
    }

    /// Does it once, to the columns or to the slices.
    ///
    /// # Panics
    ///
    /// The columns do not answer.
    pub fn run(&self, operation: &Operation, is_column: bool) {
        if is_column {
            (operation.column)(self.columns.each_ref()).expect("columns in memory answer");
        } else {
            (operation.kernel)(self.slices.each_ref().map(|slice| &slice[..]));
        }
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

/// What the script calls that measures it in wasm.
#[cfg(target_arch = "wasm32")]
mod exports {
    use super::{OPERATIONS, World};

    thread_local! {
        static WORLD: World = World::new();
    }

    /// # Panics
    ///
    /// There is no such operation.
    #[unsafe(no_mangle)]
    extern "C" fn run(operation: u32, is_column: u32) {
        WORLD.with(|world| world.run(&OPERATIONS[operation as usize], is_column != 0));
    }
}
