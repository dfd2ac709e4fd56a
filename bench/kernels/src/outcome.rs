//! What kernels return, as numbers that can be compared with what another variant returns.

use duractor_kernels::{CoMoments, Moments};

/// How many numbers an outcome is at most.
pub(crate) const NUMBERS_MAX: usize = 64;

pub(crate) trait Outcome {
    /// At most [`NUMBERS_MAX`].
    fn numbers(&self) -> Vec<f64>;
}

impl Outcome for () {
    fn numbers(&self) -> Vec<f64> {
        Vec::new()
    }
}

impl Outcome for f64 {
    fn numbers(&self) -> Vec<f64> {
        vec![*self]
    }
}

impl Outcome for f32 {
    fn numbers(&self) -> Vec<f64> {
        vec![(*self).into()]
    }
}

impl Outcome for i32 {
    fn numbers(&self) -> Vec<f64> {
        vec![(*self).into()]
    }
}

macro_rules! integer {
    ($integer:ident) => {
        impl Outcome for $integer {
            fn numbers(&self) -> Vec<f64> {
                vec![*self as f64]
            }
        }
    };
}

integer!(i64);
integer!(u64);
integer!(usize);

impl<A: Outcome, B: Outcome> Outcome for (A, B) {
    fn numbers(&self) -> Vec<f64> {
        [self.0.numbers(), self.1.numbers()].concat()
    }
}

impl<T: Outcome> Outcome for Option<T> {
    fn numbers(&self) -> Vec<f64> {
        self.as_slice().numbers()
    }
}

impl<T: Outcome> Outcome for [T] {
    fn numbers(&self) -> Vec<f64> {
        self.iter().flat_map(Outcome::numbers).collect()
    }
}

impl<T: Outcome> Outcome for Vec<T> {
    fn numbers(&self) -> Vec<f64> {
        self.as_slice().numbers()
    }
}

impl<const N: usize> Outcome for [u64; N] {
    fn numbers(&self) -> Vec<f64> {
        self.as_slice().numbers()
    }
}

macro_rules! float {
    ($float:ident) => {
        impl Outcome for Moments<$float> {
            fn numbers(&self) -> Vec<f64> {
                (self.mean(), self.variance()).numbers()
            }
        }

        impl Outcome for CoMoments<$float> {
            fn numbers(&self) -> Vec<f64> {
                ((self.left(), self.right()), self.covariance()).numbers()
            }
        }
    };
}

float!(f64);
float!(f32);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_told_in_order() {
        assert_eq!(Some((1_u64, 2.5_f32)).numbers(), [1.0, 2.5]);
        assert_eq!(vec![(3_usize, 4.0_f64), (5, 6.0)].numbers(), [3.0, 4.0, 5.0, 6.0]);
        assert_eq!(None::<f64>.numbers(), []);
        assert_eq!(duractor_kernels::moments(&[1.0, 3.0]).numbers(), [2.0, 1.0]);
    }
}
