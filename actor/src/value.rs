//! [`Value`]: what SQLite stores, and what becomes one.

use std::{borrow::Cow, fmt, rc::Rc, sync::Arc};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, Visitor},
};

/// Greatest integer that is exact: the runtime has one kind of number, an f64.
pub(crate) const INTEGER_MAX: i64 = (1 << 53) - 1;

/// A value of SQLite's ([SQLite, "Datatypes"](https://www.sqlite.org/datatype3.html)).
///
/// As a parameter it is bound as it is. In a row it takes whatever a cell holds; a number is an `Integer` if it is whole
/// and exact, whatever its column is declared as, since the runtime tells 2 from 2.0 as little as JavaScript does.
///
/// ```
/// use std::collections::HashMap;
/// use duractor::{prelude::*, Value};
///
/// fn dump(cx: &Cx) -> Result<Vec<HashMap<String, Value>>> {
///     Ok(cx.sql("SELECT * FROM users", ()).all()?)
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// `NULL`.
    #[default]
    Null,
    /// An integer of at most 53 bits.
    Integer(i64),
    /// A float.
    Real(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

impl Value {
    /// How much it holds, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Null | Self::Integer(_) | Self::Real(_) => size_of::<f64>(),
            Self::Text(text) => text.len(),
            Self::Blob(bytes) => bytes.len(),
        }
    }
}

/// The integer that a number is; none if it is no integer, or one that might have been rounded.
pub(crate) fn exact_integer(number: f64) -> Option<i64> {
    let is_exact = number.trunc() == number && number.abs() <= INTEGER_MAX as f64;
    let is_negative_zero = number == 0.0 && number.is_sign_negative();
    (is_exact && !is_negative_zero).then_some(number as i64)
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_none(),
            Self::Integer(integer) => serializer.serialize_i64(*integer),
            Self::Real(real) => serializer.serialize_f64(*real),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Blob(bytes) => serializer.serialize_bytes(bytes),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl Visitor<'_> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of SQLite's")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, bool: bool) -> Result<Value, E> {
        Ok(Value::Integer(bool.into()))
    }

    fn visit_i64<E>(self, integer: i64) -> Result<Value, E> {
        Ok(Value::Integer(integer))
    }

    fn visit_u64<E: de::Error>(self, integer: u64) -> Result<Value, E> {
        let too_large = |_| E::invalid_value(de::Unexpected::Unsigned(integer), &self);
        i64::try_from(integer).map(Value::Integer).map_err(too_large)
    }

    fn visit_f64<E>(self, real: f64) -> Result<Value, E> {
        Ok(Value::Real(real))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Value, E> {
        Ok(Value::Blob(bytes.to_vec()))
    }
}

/// What can be a parameter of SQL.
///
/// | Rust | SQLite |
/// |---|---|
/// | `None` | `NULL` |
/// | `bool` | 0 or 1 |
/// | integers | a number; an error beyond 2<sup>53</sup> − 1, where they would not be exact |
/// | `f32`, `f64` | a number; an error where it is not a number, of which SQLite would make `NULL` |
/// | `char`, `&str`, `String`, `Cow<str>`, `Box<str>`, `Rc<str>`, `Arc<str>` | text |
/// | `&[u8]`, `Vec<u8>`, `Cow<[u8]>`, `[u8; N]` | a blob |
///
/// References to these, too. For a type of your own say what it is stored as:
///
/// ```
/// use duractor::{IntoValue, Value};
///
/// struct UserId(u64);
///
/// impl IntoValue for UserId {
///     fn into_value(self) -> Value {
///         self.0.into_value()
///     }
/// }
///
/// assert_eq!(UserId(7).into_value(), Value::Integer(7));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a parameter of SQL",
    label = "not a value that SQLite stores",
    note = "numbers, bool, text, bytes, `Option` of these and `duractor::Value` can; for a type of your own implement \
            `duractor::IntoValue`"
)]
pub trait IntoValue {
    /// The value. Whether a number can be stored exactly is checked when it is bound.
    fn into_value(self) -> Value;
}

impl IntoValue for Value {
    fn into_value(self) -> Value {
        self
    }
}

impl<T: IntoValue> IntoValue for Option<T> {
    fn into_value(self) -> Value {
        self.map_or(Value::Null, T::into_value)
    }
}

impl<T: IntoValue + Clone> IntoValue for &T {
    fn into_value(self) -> Value {
        self.clone().into_value()
    }
}

/// An integer out of range stays out of range: it is refused when it is bound.
macro_rules! integers {
    ($($integer:ty)*) => {$(
        impl IntoValue for $integer {
            fn into_value(self) -> Value {
                #[allow(irrefutable_let_patterns, reason = "of the small types")]
                Value::Integer(if let Ok(integer) = i64::try_from(self) { integer } else { i64::MAX })
            }
        }
    )*};
}

integers! { i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize }

macro_rules! values {
    ($($from:ty: $value:ident => $into:expr;)*) => {$(
        impl IntoValue for $from {
            fn into_value(self) -> Value {
                let $value = self;
                $into
            }
        }
    )*};
}

values! {
    bool: bool => Value::Integer(bool.into());
    f32: real => Value::Real(real.into());
    f64: real => Value::Real(real);
    char: char => Value::Text(char.into());
    &str: text => Value::Text(text.to_owned());
    String: text => Value::Text(text);
    Cow<'_, str>: text => Value::Text(text.into_owned());
    Box<str>: text => Value::Text(text.into());
    Rc<str>: text => Value::Text((*text).to_owned());
    Arc<str>: text => Value::Text((*text).to_owned());
    &[u8]: bytes => Value::Blob(bytes.to_vec());
    Vec<u8>: bytes => Value::Blob(bytes);
    Cow<'_, [u8]>: bytes => Value::Blob(bytes.into_owned());
}

impl<const N: usize> IntoValue for [u8; N] {
    fn into_value(self) -> Value {
        Value::Blob(self.into())
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn references_are_what_they_refer_to() {
        let name = String::from("ann");
        assert_eq!((&name).into_value(), Value::Text("ann".into()));
        assert_eq!((&Some(&7_u8)).into_value(), Value::Integer(7));
        assert_eq!((&[1_u8, 2]).into_value(), Value::Blob(vec![1, 2]));
        assert_eq!(None::<&str>.into_value(), Value::Null);
    }

    #[test]
    fn an_integer_out_of_range_stays_out_of_range() {
        for integer in [u64::MAX.into_value(), i128::MIN.into_value(), (1_u64 << 63).into_value()] {
            assert!(matches!(integer, Value::Integer(integer) if integer.unsigned_abs() > INTEGER_MAX as u64));
        }
    }

    #[test]
    fn a_number_is_an_integer_where_it_is_exact() {
        let max = INTEGER_MAX as f64;
        for (number, integer) in [(0.0, 0), (-3.0, -3), (max, INTEGER_MAX), (-max, -INTEGER_MAX)] {
            assert_eq!(exact_integer(number), Some(integer));
        }
        for number in [-0.0, 0.5, max + 1.0, -max - 1.0, 1e300, f64::INFINITY, f64::NAN] {
            assert_eq!(exact_integer(number), None, "{number}");
        }
    }

    #[test]
    fn a_value_is_read_as_it_is_written() {
        let json = serde_json::to_string(&[Value::Null, Value::Integer(-1), Value::Real(0.5), Value::Text("ä".into())]);
        let json = json.unwrap();
        assert_eq!(json, r#"[null,-1,0.5,"ä"]"#);
        assert_eq!(serde_json::from_str::<Vec<Value>>(&json).unwrap()[3], Value::Text("ä".into()));
    }
}
