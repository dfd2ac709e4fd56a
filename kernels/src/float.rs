//! The numbers that kernels take, and the vectors that they are computed on.

use std::fmt;

use crate::{number::Number, vector::Vector};

/// What runs on the vectors of a target.
///
/// `run` is always inlined, and so is all that it calls: it becomes part of the one function that enables simd128.
pub trait Kernel<T> {
    type Output;

    fn run<V: Vector<Lane = T>>(self) -> Self::Output;
}

mod private {
    use super::{Kernel, Number};

    pub trait Lane: Number {
        fn run<K: Kernel<Self>>(kernel: K) -> K::Output;
    }
}

pub(crate) use private::Lane;

/// `f64` or `f32`.
pub trait Float: Lane + Default + fmt::Debug + fmt::Display + fmt::LowerExp + Into<f64> {}

impl Float for f64 {}
impl Float for f32 {}

macro_rules! lane {
    ($lane:ident, $lanes:literal, $vector:ident) => {
        impl Lane for $lane {
            #[cfg(all(target_arch = "wasm32", not(duractor_kernels = "scalar")))]
            fn run<K: Kernel<Self>>(kernel: K) -> K::Output {
                #[target_feature(enable = "simd128")]
                fn run<K: Kernel<$lane>>(kernel: K) -> K::Output {
                    kernel.run::<crate::simd128::$vector>()
                }
                run(kernel)
            }

            #[cfg(not(all(target_arch = "wasm32", not(duractor_kernels = "scalar"))))]
            fn run<K: Kernel<Self>>(kernel: K) -> K::Output {
                kernel.run::<[$lane; $lanes]>()
            }
        }
    };
}

lane!(f64, 2, F64x2);
lane!(f32, 4, F32x4);
