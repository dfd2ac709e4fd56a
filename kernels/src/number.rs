//! What scalar code needs of a number.

use std::ops::{Add, Div, Mul, Sub};

/// f64 or f32.
pub trait Number:
    Copy + PartialOrd + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + 'static
{
    const ZERO: Self;
    const ONE: Self;
    const NAN: Self;
    const INFINITY: Self;
    /// The least positive number with all its digits.
    const MIN_NORMAL: Self;
    const NEG_INFINITY: Self;

    fn sqrt(self) -> Self;
    fn abs(self) -> Self;
    fn is_nan(self) -> bool;
    fn next_up(self) -> Self;
    fn next_down(self) -> Self;
    /// The nearest number.
    fn from_u64(value: u64) -> Self;
    /// Without what is behind the point; 0 for a NaN and for what is less.
    fn to_u64(self) -> u64;
    /// Without what is behind the point; 0 for a NaN. It is quicker than to `u64`.
    fn to_i32(self) -> i32;
    /// The nearest number.
    fn from_f64(value: f64) -> Self;

    /// A cosine, which rounding may have led beyond its range.
    #[inline(always)]
    fn to_cosine(self) -> Self {
        if self > Self::ONE {
            Self::ONE
        } else if self < Self::ZERO - Self::ONE {
            Self::ZERO - Self::ONE
        } else {
            self
        }
    }

    /// The square root of a product, of which the product may be too large or too small for a number.
    #[inline(always)]
    fn geometric_mean(self, other: Self) -> Self {
        let product = self * other;
        if product >= Self::MIN_NORMAL && product < Self::INFINITY {
            return product.sqrt();
        }
        self.sqrt() * other.sqrt()
    }
}

macro_rules! number {
    ($number:ident) => {
        impl Number for $number {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const NAN: Self = Self::NAN;
            const INFINITY: Self = Self::INFINITY;
            const MIN_NORMAL: Self = Self::MIN_POSITIVE;
            const NEG_INFINITY: Self = Self::NEG_INFINITY;

            #[inline(always)]
            fn sqrt(self) -> Self {
                self.sqrt()
            }

            #[inline(always)]
            fn abs(self) -> Self {
                self.abs()
            }

            #[inline(always)]
            fn is_nan(self) -> bool {
                self.is_nan()
            }

            #[inline(always)]
            fn next_up(self) -> Self {
                self.next_up()
            }

            #[inline(always)]
            fn next_down(self) -> Self {
                self.next_down()
            }

            #[inline(always)]
            fn from_u64(value: u64) -> Self {
                value as Self
            }

            #[inline(always)]
            fn to_u64(self) -> u64 {
                self as u64
            }

            #[inline(always)]
            fn to_i32(self) -> i32 {
                self as i32
            }

            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as Self
            }
        }
    };
}

number!(f64);
number!(f32);
