//! What algorithms need of 128-bit vectors.

use crate::number::Number;

/// A vector in memory: it is loaded from arrays at any alignment.
pub trait Memory: Copy {
    /// What it is a vector of.
    type Lane: Copy;
    type Array: Copy;
    /// How many lanes there are.
    const LANES: usize;

    /// A slice as arrays, without what is left over at its end.
    fn arrays(values: &[Self::Lane]) -> &[Self::Array];
    /// A slice as arrays, without what is left over at its end.
    fn arrays_mut(values: &mut [Self::Lane]) -> &mut [Self::Array];
    fn lanes(arrays: &[Self::Array]) -> &[Self::Lane];
    fn lanes_mut(arrays: &mut [Self::Array]) -> &mut [Self::Lane];
    fn array(value: Self::Lane) -> Self::Array;

    fn load(from: &Self::Array) -> Self;
    fn store(self, to: &mut Self::Array);
    fn splat(value: Self::Lane) -> Self;

    #[inline(always)]
    fn to_array(self, like: Self::Array) -> Self::Array {
        let mut array = like;
        self.store(&mut array);
        array
    }

    /// The first lane.
    fn first(self) -> Self::Lane;
}

/// Floating-point numbers, computed with as IEEE 754 says. Comparisons give masks: all bits of a lane, or none.
pub trait Vector: Memory<Lane: Number> {
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    fn abs(self) -> Self;
    /// `other` in lanes where it is less, else `self`: a NaN in `other` does not get through.
    fn least(self, other: Self) -> Self;
    /// `other` in lanes where it is greater, else `self`: a NaN in `other` does not get through.
    fn greatest(self, other: Self) -> Self;

    fn lt(self, other: Self) -> Self;
    fn le(self, other: Self) -> Self;
    fn eq(self, other: Self) -> Self;
    fn ne(self, other: Self) -> Self;
    /// The bits that both have.
    fn and(self, other: Self) -> Self;
    /// The bits that one of them has.
    fn or(self, other: Self) -> Self;
    /// Whether a mask has a lane.
    fn any(self) -> bool;

    /// In each lane the sum of all up to this one.
    fn scan(self) -> Self;
    /// The last lane in all.
    fn last(self) -> Self;
    /// The sum of the lanes.
    fn sum(self) -> Self::Lane;

    #[inline(always)]
    fn least_lane(self) -> Self::Lane {
        let array = [self.to_array(Self::array(Self::Lane::ZERO))];
        let lanes = Self::lanes(&array);
        lanes[1..].iter().fold(lanes[0], |least, lane| if *lane < least { *lane } else { least })
    }

    #[inline(always)]
    fn greatest_lane(self) -> Self::Lane {
        let array = [self.to_array(Self::array(Self::Lane::ZERO))];
        let lanes = Self::lanes(&array);
        lanes[1..].iter().fold(lanes[0], |greatest, lane| if *lane > greatest { *lane } else { greatest })
    }
}

/// Four i32; sums wrap.
pub(crate) trait Words: Memory<Lane = i32, Array = [i32; 4]> {
    fn add(self, other: Self) -> Self;
    /// The upper half of each, with its sign.
    fn upper(self) -> Self;
    fn least(self, other: Self) -> Self;
    fn greatest(self, other: Self) -> Self;
}

/// Sixteen i8 or u8.
pub(crate) trait Bytes: Memory {
    /// Sums of products of four each, as four i32.
    type Sums: Words;
    const ZERO: Self::Lane;

    fn dot(self, other: Self) -> Self::Sums;
}

/// 128 bits.
pub(crate) trait Bits: Memory<Lane = u8, Array = [u8; 16]> {
    type Sums: Words;

    fn xor(self, other: Self) -> Self;
    /// How many bits of each byte are set.
    fn ones(self) -> Self;
    /// Byte by byte; it wraps.
    fn add(self, other: Self) -> Self;
    /// Sums of four bytes each.
    fn sums(self) -> Self::Sums;
}

/// An array of eight, of an expression for each index. It is written out, since compilers that optimise for size leave
/// loops as they are, and the array in memory.
macro_rules! each8 {
    ($at:ident => $each:expr) => {
        [
            each8!(@ $at 0 $each), each8!(@ $at 1 $each), each8!(@ $at 2 $each), each8!(@ $at 3 $each),
            each8!(@ $at 4 $each), each8!(@ $at 5 $each), each8!(@ $at 6 $each), each8!(@ $at 7 $each),
        ]
    };
    (@ $at:ident $number:literal $each:expr) => {{
        const $at: usize = $number;
        $each
    }};
}

/// An array of four; see `each8`.
macro_rules! each4 {
    ($at:ident => $each:expr) => {
        [each4!(@ $at 0 $each), each4!(@ $at 1 $each), each4!(@ $at 2 $each), each4!(@ $at 3 $each)]
    };
    (@ $at:ident $number:literal $each:expr) => {{
        const $at: usize = $number;
        $each
    }};
}

pub(crate) use {each4, each8};
