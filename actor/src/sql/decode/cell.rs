//! One cell as whatever its reader asks for.

use serde::{
    Deserializer,
    de::{
        self, IntoDeserializer, Unexpected, Visitor,
        value::{SeqDeserializer, StrDeserializer},
    },
    forward_to_deserialize_any,
};

use super::DecodeError;
use crate::{rows::Cell, value::exact_integer};

/// One cell.
#[derive(Clone, Copy)]
pub(super) struct CellReader<'r> {
    pub(super) cell: Cell<'r>,
    pub(super) column: &'r str,
}

impl<'r> CellReader<'r> {
    fn unexpected(&self) -> Unexpected<'r> {
        match self.cell {
            Cell::Null => Unexpected::Other("NULL"),
            Cell::Number(number) => exact_integer(number).map_or(Unexpected::Float(number), Unexpected::Signed),
            Cell::Text(text) => Unexpected::Str(text),
            Cell::Blob(bytes) => Unexpected::Bytes(bytes),
        }
    }

    /// The cell is of another type than the visitor takes.
    fn refuse(&self, expected: &dyn de::Expected) -> DecodeError {
        let error: DecodeError = de::Error::invalid_type(self.unexpected(), expected);
        error.within(self.column)
    }

    fn integer(&self, expected: &dyn de::Expected) -> Result<i64, DecodeError> {
        let Cell::Number(number) = self.cell else { return Err(self.refuse(expected)) };
        if let Some(integer) = exact_integer(number) {
            return Ok(integer);
        }
        // Negative zero is an integer to SQLite.
        if number == 0.0 {
            return Ok(0);
        }
        let why =
            if number.trunc() == number { "beyond 2^53 − 1, up to which integers are exact" } else { "no integer" };
        Err(DecodeError::new(format!("{number} is {why}")).within(self.column))
    }

    fn bool(&self, expected: &dyn de::Expected) -> Result<bool, DecodeError> {
        match self.cell {
            Cell::Number(0.0) => Ok(false),
            Cell::Number(1.0) => Ok(true),
            Cell::Number(number) => {
                Err(DecodeError::new(format!("a bool is 0 or 1, not {number}")).within(self.column))
            }
            _ => Err(self.refuse(expected)),
        }
    }

    fn text(&self, expected: &dyn de::Expected) -> Result<&'r str, DecodeError> {
        match self.cell {
            Cell::Text(text) => Ok(text),
            _ => Err(self.refuse(expected)),
        }
    }

    fn blob(&self, expected: &dyn de::Expected) -> Result<&'r [u8], DecodeError> {
        match self.cell {
            Cell::Blob(bytes) => Ok(bytes),
            _ => Err(self.refuse(expected)),
        }
    }

    /// The visitor's own error, such as that a number is out of its range, of this column.
    fn located<T>(&self, outcome: Result<T, DecodeError>) -> Result<T, DecodeError> {
        outcome.map_err(|error| error.within(self.column))
    }
}

macro_rules! integers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            let integer = self.integer(&visitor)?;
            self.located(visitor.visit_i64(integer))
        }
    )*};
}

impl<'r> Deserializer<'r> for CellReader<'r> {
    type Error = DecodeError;

    integers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
    }

    forward_to_deserialize_any! { <V: Visitor<'r>> unit unit_struct map struct ignored_any }

    fn deserialize_any<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.located(match self.cell {
            Cell::Null => visitor.visit_unit(),
            Cell::Number(number) => match exact_integer(number) {
                Some(integer) => visitor.visit_i64(integer),
                None => visitor.visit_f64(number),
            },
            Cell::Text(text) => visitor.visit_str(text),
            Cell::Blob(bytes) => visitor.visit_bytes(bytes),
        })
    }

    fn deserialize_bool<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let bool = self.bool(&visitor)?;
        visitor.visit_bool(bool)
    }

    fn deserialize_f32<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.cell {
            Cell::Number(number) => visitor.visit_f64(number),
            _ => Err(self.refuse(&visitor)),
        }
    }

    fn deserialize_char<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_str<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let text = self.text(&visitor)?;
        self.located(visitor.visit_str(text))
    }

    fn deserialize_string<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let bytes = self.blob(&visitor)?;
        self.located(visitor.visit_bytes(bytes))
    }

    fn deserialize_byte_buf<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.cell {
            Cell::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'r>>(self, _: &'static str, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    /// `Vec<u8>` and arrays of bytes ask for a sequence.
    fn deserialize_seq<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let bytes = self.blob(&visitor)?;
        let mut bytes = SeqDeserializer::new(bytes.iter().copied());
        let value = self.located(visitor.visit_seq(&mut bytes))?;
        self.located(bytes.end()).map(|()| value)
    }

    fn deserialize_tuple<V: Visitor<'r>>(self, _: usize, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'r>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_enum<V: Visitor<'r>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let variant: StrDeserializer<'_, DecodeError> = self.text(&visitor)?.into_deserializer();
        self.located(variant.deserialize_enum(name, variants, visitor))
    }

    fn deserialize_identifier<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_str(visitor)
    }
}
