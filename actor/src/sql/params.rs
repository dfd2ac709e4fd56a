//! [`Params`]: what stands for the `?` of a statement.

use crate::value::{INTEGER_MAX, IntoValue, Value};

/// Most parameters of one statement: as many as the platform takes.
pub const SQL_PARAMS_MAX: u32 = 100;

/// The parameters of a statement, in order: `()`, a tuple of up to sixteen [`IntoValue`]s, an array, a slice or a `Vec`.
///
/// ```
/// # use duractor::{prelude::*, Value};
/// # fn read(cx: &Cx, ids: Vec<u32>) -> Result<()> {
/// let none: Vec<String> = cx.sql("SELECT name FROM users", ()).all()?;
/// let one: Option<String> = cx.sql("SELECT name FROM users WHERE id = ?", (7,)).optional()?;
/// let two: Vec<String> = cx.sql("SELECT name FROM users WHERE age > ?2 AND city = ?1", ("Bern", 30)).all()?;
///
/// let marks = vec!["?"; ids.len()].join(", ");
/// let many: Vec<String> = cx.sql(&format!("SELECT name FROM users WHERE id IN ({marks})"), ids).all()?;
/// # Ok(()) }
/// ```
///
/// The runtime binds every number as a float. A column declared `INTEGER` makes an integer of it again and comparisons
/// do not care; elsewhere it shows: `? / 2` is 2.5 for 5. Write `CAST(? AS INTEGER)` there.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the parameters of a statement",
    label = "not a list of values",
    note = "parameters are `()`, a tuple such as `(id,)` or `(id, name)` of up to 16 values, an array, a slice or a `Vec`"
)]
pub trait Params {
    /// The values, in order.
    fn into_params(self) -> Vec<Value>;
}

impl<T: IntoValue> Params for Vec<T> {
    fn into_params(self) -> Vec<Value> {
        self.into_iter().map(T::into_value).collect()
    }
}

impl<T: IntoValue, const N: usize> Params for [T; N] {
    fn into_params(self) -> Vec<Value> {
        self.into_iter().map(T::into_value).collect()
    }
}

impl<T: IntoValue + Clone> Params for &[T] {
    fn into_params(self) -> Vec<Value> {
        self.iter().map(<&T>::into_value).collect()
    }
}

impl<P: Params + Clone> Params for &P {
    fn into_params(self) -> Vec<Value> {
        self.clone().into_params()
    }
}

macro_rules! tuples {
    ($($value:ident: $type:ident),*) => {
        impl<$($type: IntoValue),*> Params for ($($type,)*) {
            fn into_params(self) -> Vec<Value> {
                let ($($value,)*) = self;
                vec![$($value.into_value()),*]
            }
        }
    };
}

tuples! {}
tuples! { a: A }
tuples! { a: A, b: B }
tuples! { a: A, b: B, c: C }
tuples! { a: A, b: B, c: C, d: D }
tuples! { a: A, b: B, c: C, d: D, e: E }
tuples! { a: A, b: B, c: C, d: D, e: E, f: F }
tuples! { a: A, b: B, c: C, d: D, e: E, f: F, g: G }
tuples! { a: A, b: B, c: C, d: D, e: E, f: F, g: G, h: H }
tuples! { a: A, b: B, c: C, d: D, e: E, f: F, g: G, h: H, i: I }
tuples! { a: A, b: B, c: C, d: D, e: E, f: F, g: G, h: H, i: I, j: J }
tuples! { a: A, b: B, c: C, d: D, e: E, f: F, g: G, h: H, i: I, j: J, k: K }
tuples! { a: A, b: B, c: C, d: D, e: E, f: F, g: G, h: H, i: I, j: J, k: K, l: L }
tuples! { a: A, b: B, c: C, d: D, e: E, f: F, g: G, h: H, i: I, j: J, k: K, l: L, m: M }
tuples! { a: A, b: B, c: C, d: D, e: E, f: F, g: G, h: H, i: I, j: J, k: K, l: L, m: M, n: N }
tuples! { a: A, b: B, c: C, d: D, e: E, f: F, g: G, h: H, i: I, j: J, k: K, l: L, m: M, n: N, o: O }
tuples! { a: A, b: B, c: C, d: D, e: E, f: F, g: G, h: H, i: I, j: J, k: K, l: L, m: M, n: N, o: O, p: P }

/// Checks that the values arrive as they are.
///
/// # Errors
///
/// Why they would not.
pub(super) fn check(params: &[Value]) -> Result<(), String> {
    if params.len() > SQL_PARAMS_MAX as usize {
        return Err(format!("{} parameters, where the platform takes {SQL_PARAMS_MAX} at most", params.len()));
    }
    (1..).zip(params).try_for_each(|(number, value)| match value {
        Value::Integer(integer) if integer.unsigned_abs() > INTEGER_MAX.unsigned_abs() => {
            Err(format!("parameter {number} is an integer beyond 2^53 − 1, up to which integers are exact"))
        }
        Value::Real(real) if real.is_nan() => {
            Err(format!("parameter {number} is not a number, of which SQLite would make NULL"))
        }
        _ => Ok(()),
    })
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn parameters_are_tuples_or_lists() {
        let three = vec![Value::Integer(1), Value::Integer(2), Value::Integer(3)];
        assert_eq!((1_u8, 2_i64, 3_usize).into_params(), three);
        assert_eq!([1, 2, 3].into_params(), three);
        assert_eq!((&[1, 2, 3]).into_params(), three);
        assert_eq!([1, 2, 3][..].into_params(), three);
        assert_eq!((&vec![1, 2, 3]).into_params(), three);
        assert_eq!(three.clone().into_params(), three);
        assert_eq!(().into_params(), []);
        let sixteen = (1, "b", 3.5, 'd', true, None::<u8>, *b"g", 8, 9, 10, 11, 12, 13, 14, 15, String::from("p"));
        assert_eq!(sixteen.into_params().len(), 16);
    }

    #[test]
    fn a_value_that_would_not_arrive_as_it_is_is_refused_by_its_number() {
        let beyond = INTEGER_MAX + 1;
        for (params, named) in [
            ((0, beyond).into_params(), "parameter 2 is an integer"),
            ((-beyond,).into_params(), "parameter 1 is an integer"),
            ((u64::MAX,).into_params(), "parameter 1 is an integer"),
            ((i64::MIN,).into_params(), "parameter 1 is an integer"),
            ((0.5, f32::NAN).into_params(), "parameter 2 is not a number"),
            (vec![0; 101].into_params(), "101 parameters"),
        ] {
            let why = check(&params).unwrap_err();
            assert!(why.starts_with(named), "{why}");
        }
        let exact = (INTEGER_MAX, -INTEGER_MAX, f64::INFINITY, f64::MIN).into_params();
        assert_eq!(check(&exact), Ok(()));
        assert_eq!(check(&vec![0; 100].into_params()), Ok(()));
    }
}
