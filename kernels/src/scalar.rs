//! The twin without SIMD: arrays as vectors.

use crate::vector::{Bits, Bytes, Memory, Vector, Words};

macro_rules! memory {
    ($lane:ident, $lanes:literal) => {
        impl Memory for [$lane; $lanes] {
            type Lane = $lane;
            type Array = [$lane; $lanes];
            const LANES: usize = $lanes;

            #[inline(always)]
            fn arrays(values: &[$lane]) -> &[Self] {
                values.as_chunks().0
            }

            #[inline(always)]
            fn arrays_mut(values: &mut [$lane]) -> &mut [Self] {
                values.as_chunks_mut().0
            }

            #[inline(always)]
            fn lanes(arrays: &[Self]) -> &[$lane] {
                arrays.as_flattened()
            }

            #[inline(always)]
            fn lanes_mut(arrays: &mut [Self]) -> &mut [$lane] {
                arrays.as_flattened_mut()
            }

            #[inline(always)]
            fn array(value: $lane) -> Self {
                [value; $lanes]
            }

            #[inline(always)]
            fn load(from: &Self) -> Self {
                *from
            }

            #[inline(always)]
            fn store(self, to: &mut Self) {
                *to = self;
            }

            #[inline(always)]
            fn splat(value: $lane) -> Self {
                [value; $lanes]
            }

            #[inline(always)]
            fn first(self) -> $lane {
                self[0]
            }
        }
    };
}

memory!(f64, 2);
memory!(f32, 4);
memory!(i32, 4);
memory!(i8, 16);
memory!(u8, 16);

macro_rules! vector {
    ($lane:ident, $bits:ident, $lanes:literal, [$($at:literal)*], $scan:item, $sum:item) => {
        impl Vector for [$lane; $lanes] {
            #[inline(always)]
            fn add(self, other: Self) -> Self {
                [$(self[$at] + other[$at]),*]
            }

            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                [$(self[$at] - other[$at]),*]
            }

            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                [$(self[$at] * other[$at]),*]
            }

            #[inline(always)]
            fn abs(self) -> Self {
                [$(self[$at].abs()),*]
            }

            #[inline(always)]
            fn least(self, other: Self) -> Self {
                [$(if other[$at] < self[$at] { other[$at] } else { self[$at] }),*]
            }

            #[inline(always)]
            fn greatest(self, other: Self) -> Self {
                [$(if other[$at] > self[$at] { other[$at] } else { self[$at] }),*]
            }

            #[inline(always)]
            fn lt(self, other: Self) -> Self {
                [$($lane::from_bits(if self[$at] < other[$at] { $bits::MAX } else { 0 })),*]
            }

            #[inline(always)]
            fn le(self, other: Self) -> Self {
                [$($lane::from_bits(if self[$at] <= other[$at] { $bits::MAX } else { 0 })),*]
            }

            #[inline(always)]
            fn eq(self, other: Self) -> Self {
                [$($lane::from_bits(if self[$at] == other[$at] { $bits::MAX } else { 0 })),*]
            }

            #[inline(always)]
            fn ne(self, other: Self) -> Self {
                [$($lane::from_bits(if self[$at] != other[$at] { $bits::MAX } else { 0 })),*]
            }

            #[inline(always)]
            fn and(self, other: Self) -> Self {
                [$($lane::from_bits(self[$at].to_bits() & other[$at].to_bits())),*]
            }

            #[inline(always)]
            fn or(self, other: Self) -> Self {
                [$($lane::from_bits(self[$at].to_bits() | other[$at].to_bits())),*]
            }

            #[inline(always)]
            fn any(self) -> bool {
                $(self[$at].to_bits() != 0)||*
            }

            #[inline(always)]
            $scan

            #[inline(always)]
            fn last(self) -> Self {
                [self[$lanes - 1]; $lanes]
            }

            #[inline(always)]
            $sum
        }
    };
}

vector!(
    f64,
    u64,
    2,
    [0 1],
    fn scan(self) -> Self {
        [0.0 + self[0], self[0] + self[1]]
    },
    fn sum(self) -> f64 {
        self[0] + self[1]
    }
);

vector!(
    f32,
    u32,
    4,
    [0 1 2 3],
    fn scan(self) -> Self {
        let [a, b, c, d] = [0.0 + self[0], self[0] + self[1], self[1] + self[2], self[2] + self[3]];
        [a, b, a + c, b + d]
    },
    fn sum(self) -> f32 {
        (self[0] + self[2]) + (self[1] + self[3])
    }
);

impl Words for [i32; 4] {
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        let add = |at: usize| self[at].wrapping_add(other[at]);
        [add(0), add(1), add(2), add(3)]
    }

    #[inline(always)]
    fn upper(self) -> Self {
        self.map(|word| word >> 16)
    }

    #[inline(always)]
    fn least(self, other: Self) -> Self {
        let least = |at: usize| self[at].min(other[at]);
        [least(0), least(1), least(2), least(3)]
    }

    #[inline(always)]
    fn greatest(self, other: Self) -> Self {
        let greatest = |at: usize| self[at].max(other[at]);
        [greatest(0), greatest(1), greatest(2), greatest(3)]
    }
}

macro_rules! bytes {
    ($lane:ident) => {
        impl Bytes for [$lane; 16] {
            type Sums = [i32; 4];
            const ZERO: $lane = 0;

            #[inline(always)]
            fn dot(self, other: Self) -> [i32; 4] {
                let mut sums = [0; 4];
                for at in 0..16 {
                    sums[at / 2 % 4] += i32::from(self[at]) * i32::from(other[at]);
                }
                sums
            }
        }
    };
}

bytes!(i8);
bytes!(u8);

impl Bits for [u8; 16] {
    type Sums = [i32; 4];

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        (u128::from_le_bytes(self) ^ u128::from_le_bytes(other)).to_le_bytes()
    }

    #[inline(always)]
    fn ones(self) -> Self {
        self.map(|byte| byte.count_ones() as u8)
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        let mut sums = self;
        for (sum, other) in sums.iter_mut().zip(other) {
            *sum = sum.wrapping_add(other);
        }
        sums
    }

    #[inline(always)]
    fn sums(self) -> [i32; 4] {
        let mut sums = [0; 4];
        for (sum, four) in sums.iter_mut().zip(self.as_chunks::<4>().0) {
            *sum = four.iter().map(|byte| i32::from(*byte)).sum();
        }
        sums
    }
}
