//! wasm's 128-bit vectors.

use std::arch::wasm32::*;

use crate::vector::{Bits, Bytes, Memory, Vector, Words};

macro_rules! memory {
    ($(#[$doc:meta])* $vector:ident, $lane:ident, $lanes:literal, $splat:ident, $extract:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub(crate) struct $vector(v128);

        impl Memory for $vector {
            type Lane = $lane;
            type Array = [$lane; $lanes];
            const LANES: usize = $lanes;

            #[inline(always)]
            fn arrays(values: &[$lane]) -> &[[$lane; $lanes]] {
                values.as_chunks().0
            }

            #[inline(always)]
            fn arrays_mut(values: &mut [$lane]) -> &mut [[$lane; $lanes]] {
                values.as_chunks_mut().0
            }

            #[inline(always)]
            fn lanes(arrays: &[[$lane; $lanes]]) -> &[$lane] {
                arrays.as_flattened()
            }

            #[inline(always)]
            fn lanes_mut(arrays: &mut [[$lane; $lanes]]) -> &mut [$lane] {
                arrays.as_flattened_mut()
            }

            #[inline(always)]
            fn array(value: $lane) -> [$lane; $lanes] {
                [value; $lanes]
            }

            #[inline(always)]
            fn load(from: &[$lane; $lanes]) -> Self {
                // SAFETY: it is 16 bytes, and a v128 is loaded at any alignment.
                Self(unsafe { v128_load(from.as_ptr().cast()) })
            }

            #[inline(always)]
            fn store(self, to: &mut [$lane; $lanes]) {
                // SAFETY: it is 16 bytes, and a v128 is stored at any alignment.
                unsafe { v128_store(to.as_mut_ptr().cast(), self.0) }
            }

            #[inline(always)]
            fn splat(value: $lane) -> Self {
                Self($splat(value))
            }

            #[inline(always)]
            fn first(self) -> $lane {
                $extract::<0>(self.0)
            }
        }
    };
}

memory!(
    /// Two f64.
    F64x2, f64, 2, f64x2_splat, f64x2_extract_lane
);
memory!(
    /// Four f32.
    F32x4, f32, 4, f32x4_splat, f32x4_extract_lane
);
memory!(
    /// Four i32.
    I32x4, i32, 4, i32x4_splat, i32x4_extract_lane
);
memory!(
    /// Sixteen i8.
    I8x16, i8, 16, i8x16_splat, i8x16_extract_lane
);
memory!(
    /// Sixteen u8.
    U8x16, u8, 16, u8x16_splat, u8x16_extract_lane
);

macro_rules! vector {
    (
        $vector:ident, $add:ident, $sub:ident, $mul:ident, $abs:ident, $least:ident, $greatest:ident, $lt:ident,
        $le:ident, $eq:ident, $ne:ident, $last:expr, $scan:item, $sum:item
    ) => {
        impl Vector for $vector {
            #[inline(always)]
            fn add(self, other: Self) -> Self {
                Self($add(self.0, other.0))
            }

            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                Self($sub(self.0, other.0))
            }

            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                Self($mul(self.0, other.0))
            }

            #[inline(always)]
            fn abs(self) -> Self {
                Self($abs(self.0))
            }

            #[inline(always)]
            fn least(self, other: Self) -> Self {
                Self($least(self.0, other.0))
            }

            #[inline(always)]
            fn greatest(self, other: Self) -> Self {
                Self($greatest(self.0, other.0))
            }

            #[inline(always)]
            fn lt(self, other: Self) -> Self {
                Self($lt(self.0, other.0))
            }

            #[inline(always)]
            fn le(self, other: Self) -> Self {
                Self($le(self.0, other.0))
            }

            #[inline(always)]
            fn eq(self, other: Self) -> Self {
                Self($eq(self.0, other.0))
            }

            #[inline(always)]
            fn ne(self, other: Self) -> Self {
                Self($ne(self.0, other.0))
            }

            #[inline(always)]
            fn and(self, other: Self) -> Self {
                Self(v128_and(self.0, other.0))
            }

            #[inline(always)]
            fn or(self, other: Self) -> Self {
                Self(v128_or(self.0, other.0))
            }

            #[inline(always)]
            fn any(self) -> bool {
                v128_any_true(self.0)
            }

            #[inline(always)]
            $scan

            #[inline(always)]
            fn last(self) -> Self {
                Self($last(self.0, self.0))
            }

            #[inline(always)]
            $sum
        }
    };
}

vector!(
    F64x2,
    f64x2_add,
    f64x2_sub,
    f64x2_mul,
    f64x2_abs,
    f64x2_pmin,
    f64x2_pmax,
    f64x2_lt,
    f64x2_le,
    f64x2_eq,
    f64x2_ne,
    i64x2_shuffle::<1, 1>,
    fn scan(self) -> Self {
        let zero = f64x2_splat(0.0);
        Self(f64x2_add(self.0, i64x2_shuffle::<0, 2>(zero, self.0)))
    },
    fn sum(self) -> f64 {
        f64x2_extract_lane::<0>(self.0) + f64x2_extract_lane::<1>(self.0)
    }
);

vector!(
    F32x4,
    f32x4_add,
    f32x4_sub,
    f32x4_mul,
    f32x4_abs,
    f32x4_pmin,
    f32x4_pmax,
    f32x4_lt,
    f32x4_le,
    f32x4_eq,
    f32x4_ne,
    i32x4_shuffle::<3, 3, 3, 3>,
    fn scan(self) -> Self {
        let zero = f32x4_splat(0.0);
        let pairs = f32x4_add(self.0, i32x4_shuffle::<0, 4, 5, 6>(zero, self.0));
        Self(f32x4_add(pairs, i32x4_shuffle::<0, 1, 4, 5>(zero, pairs)))
    },
    fn sum(self) -> f32 {
        let (left, right) = (f32x4_extract_lane::<0>(self.0), f32x4_extract_lane::<1>(self.0));
        (left + f32x4_extract_lane::<2>(self.0)) + (right + f32x4_extract_lane::<3>(self.0))
    }
);

impl Words for I32x4 {
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(i32x4_add(self.0, other.0))
    }

    #[inline(always)]
    fn upper(self) -> Self {
        Self(i32x4_shr(self.0, 16))
    }

    #[inline(always)]
    fn least(self, other: Self) -> Self {
        Self(i32x4_min(self.0, other.0))
    }

    #[inline(always)]
    fn greatest(self, other: Self) -> Self {
        Self(i32x4_max(self.0, other.0))
    }
}

impl Bytes for I8x16 {
    type Sums = I32x4;
    const ZERO: i8 = 0;

    #[inline(always)]
    fn dot(self, other: Self) -> I32x4 {
        let low = i32x4_dot_i16x8(i16x8_extend_low_i8x16(self.0), i16x8_extend_low_i8x16(other.0));
        let high = i32x4_dot_i16x8(i16x8_extend_high_i8x16(self.0), i16x8_extend_high_i8x16(other.0));
        I32x4(i32x4_add(low, high))
    }
}

impl Bytes for U8x16 {
    type Sums = I32x4;
    const ZERO: u8 = 0;

    #[inline(always)]
    fn dot(self, other: Self) -> I32x4 {
        let low = i32x4_dot_i16x8(u16x8_extend_low_u8x16(self.0), u16x8_extend_low_u8x16(other.0));
        let high = i32x4_dot_i16x8(u16x8_extend_high_u8x16(self.0), u16x8_extend_high_u8x16(other.0));
        I32x4(i32x4_add(low, high))
    }
}

impl Bits for U8x16 {
    type Sums = I32x4;

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        Self(v128_xor(self.0, other.0))
    }

    #[inline(always)]
    fn ones(self) -> Self {
        Self(u8x16_popcnt(self.0))
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(u8x16_add(self.0, other.0))
    }

    #[inline(always)]
    fn sums(self) -> I32x4 {
        I32x4(u32x4_extadd_pairwise_u16x8(u16x8_extadd_pairwise_u8x16(self.0)))
    }
}
