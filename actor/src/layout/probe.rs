//! Serde's side of tracing: a deserializer whose every value is made up.
//!
//! All here is compiled once more for every type, so it only hands on to [`Tracer`].

use std::any::type_name;

use postcard::Error;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::{
    node::Node,
    tracer::{Shape, Tracer},
};

/// Numbers that are tried: the first is no number's zero.
const NUMBERS: [u8; 5] = [1, 0, 2, 10, 100];

const CHARS: [char; 3] = ['a', 'A', '1'];

/// Texts that are tried: what common types are written as.
const TEXTS: [&str; 30] = [
    "a",
    "",
    "1",
    "A",
    "127.0.0.1",
    "::1",
    "127.0.0.1:80",
    "[::1]:80",
    "10.0.0.0/8",
    "2000-01-01",
    "00:00:00",
    "2000-01-01T00:00:00",
    "2000-01-01T00:00:00Z",
    "2000-01-01 00:00:00",
    "2000-01-01T00:00:00+00:00[UTC]",
    "UTC",
    "Mon",
    "January",
    "PT1S",
    "https://example.com/",
    "a@example.com",
    "example.com",
    "67e55044-10b1-426f-9247-bb680e5fe0c8",
    "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "1.0.0",
    "EUR",
    "en-US",
    "text/plain",
    "#000000",
    "true",
];

/// Lengths of byte strings that are tried.
const BYTES: [usize; 8] = [0, 16, 32, 4, 12, 20, 24, 64];

static ZEROS: [u8; 64] = [0; 64];

/// Reads one value.
pub(super) struct Probe<'t>(pub(super) &'t mut Tracer);

impl Probe<'_> {
    /// What a leaf's visitor answered.
    fn check<T>(self, outcome: Result<T, Error>) -> Result<T, Error> {
        if outcome.is_err() {
            self.0.blame();
        }
        outcome
    }

    /// Ends a part that was opened.
    fn close<T>(self, shape: Shape, outcome: Result<T, Error>) -> Result<T, Error> {
        self.0.close(shape, outcome.is_ok());
        outcome
    }

    /// Ends a type that was entered.
    fn leave<T>(self, shape: Shape, outcome: Result<T, Error>) -> Result<T, Error> {
        self.0.leave(shape, outcome.is_ok());
        outcome
    }

    fn again(&mut self) -> Probe<'_> {
        Probe(self.0)
    }

    fn elements(&mut self, left: usize) -> Elements<'_> {
        Elements { tracer: self.0, left }
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident $type:ident)*) => {$(
        fn $method<V: Visitor<'static>>(self, visitor: V) -> Result<V::Value, Error> {
            let sample = NUMBERS[self.0.leaf(stringify!($type), NUMBERS.len())?];
            self.check(visitor.$visit(sample as $type))
        }
    )*};
}

macro_rules! self_describing {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'static>>(self, _: V) -> Result<V::Value, Error> {
            Err(self.0.refuse())
        }
    )*};
}

impl Deserializer<'static> for Probe<'_> {
    // postcard's, so that what serde compiles for an error type is compiled once.
    type Error = Error;

    fn is_human_readable(&self) -> bool {
        false
    }

    numbers! {
        deserialize_u8 visit_u8 u8
        deserialize_u16 visit_u16 u16
        deserialize_u32 visit_u32 u32
        deserialize_u64 visit_u64 u64
        deserialize_u128 visit_u128 u128
        deserialize_i8 visit_i8 i8
        deserialize_i16 visit_i16 i16
        deserialize_i32 visit_i32 i32
        deserialize_i64 visit_i64 i64
        deserialize_i128 visit_i128 i128
        deserialize_f32 visit_f32 f32
        deserialize_f64 visit_f64 f64
    }

    self_describing! { deserialize_any deserialize_ignored_any deserialize_identifier }

    fn deserialize_bool<V: Visitor<'static>>(self, visitor: V) -> Result<V::Value, Error> {
        let sample = self.0.leaf("bool", 2)?;
        self.check(visitor.visit_bool(sample == 1))
    }

    fn deserialize_char<V: Visitor<'static>>(self, visitor: V) -> Result<V::Value, Error> {
        let sample = self.0.leaf("char", CHARS.len())?;
        self.check(visitor.visit_char(CHARS[sample]))
    }

    fn deserialize_str<V: Visitor<'static>>(self, visitor: V) -> Result<V::Value, Error> {
        let sample = self.0.leaf("str", TEXTS.len())?;
        self.check(visitor.visit_borrowed_str(TEXTS[sample]))
    }

    fn deserialize_string<V: Visitor<'static>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'static>>(self, visitor: V) -> Result<V::Value, Error> {
        let sample = self.0.leaf("bytes", BYTES.len())?;
        self.check(visitor.visit_borrowed_bytes(&ZEROS[..BYTES[sample]]))
    }

    fn deserialize_byte_buf<V: Visitor<'static>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'static>>(mut self, visitor: V) -> Result<V::Value, Error> {
        let outcome = match self.0.open_many()? {
            0 => visitor.visit_none(),
            _ => visitor.visit_some(self.again()),
        };
        self.close(Shape::Option, outcome)
    }

    fn deserialize_unit<V: Visitor<'static>>(self, visitor: V) -> Result<V::Value, Error> {
        self.0.push(Node::Unit);
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'static>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'static>>(
        mut self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.enter_struct(type_name::<V::Value>(), name, &[])?;
        let outcome = visitor.visit_newtype_struct(self.again());
        self.leave(Shape::Type, outcome)
    }

    fn deserialize_seq<V: Visitor<'static>>(mut self, visitor: V) -> Result<V::Value, Error> {
        let len = self.0.open_many()?;
        let outcome = visitor.visit_seq(self.elements(len));
        self.close(Shape::Seq, outcome)
    }

    fn deserialize_map<V: Visitor<'static>>(mut self, visitor: V) -> Result<V::Value, Error> {
        let len = self.0.open_many()?;
        let outcome = visitor.visit_map(self.elements(len));
        self.close(Shape::Map, outcome)
    }

    fn deserialize_tuple<V: Visitor<'static>>(mut self, len: usize, visitor: V) -> Result<V::Value, Error> {
        self.0.open(&[])?;
        let outcome = visitor.visit_seq(self.elements(len));
        self.close(Shape::Tuple(len), outcome)
    }

    fn deserialize_tuple_struct<V: Visitor<'static>>(
        mut self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.enter_struct(type_name::<V::Value>(), name, &[])?;
        let outcome = visitor.visit_seq(self.elements(len));
        self.leave(Shape::Tuple(len), outcome)
    }

    fn deserialize_struct<V: Visitor<'static>>(
        mut self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.enter_struct(type_name::<V::Value>(), name, fields)?;
        let outcome = visitor.visit_seq(self.elements(fields.len()));
        self.leave(Shape::Struct(fields), outcome)
    }

    fn deserialize_enum<V: Visitor<'static>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let index = self.0.enter_enum(type_name::<V::Value>(), name, variants)? as u32;
        let outcome = visitor.visit_enum(Variant { tracer: self.0, index });
        self.leave(Shape::Type, outcome)
    }
}

/// Elements of a sequence, entries of a map, fields of a struct.
struct Elements<'t> {
    tracer: &'t mut Tracer,
    left: usize,
}

impl Elements<'_> {
    fn next(&mut self) -> bool {
        let has_next = self.left > 0;
        self.left -= usize::from(has_next);
        has_next
    }
}

impl SeqAccess<'static> for Elements<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'static>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        if self.next() { seed.deserialize(Probe(self.tracer)).map(Some) } else { Ok(None) }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

impl MapAccess<'static> for Elements<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'static>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        self.next_element_seed(seed)
    }

    fn next_value_seed<T: DeserializeSeed<'static>>(&mut self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(Probe(self.tracer))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

/// A variant of an enum, named by its index as on the wire.
struct Variant<'t> {
    tracer: &'t mut Tracer,
    index: u32,
}

impl EnumAccess<'static> for Variant<'_> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<T: DeserializeSeed<'static>>(self, seed: T) -> Result<(T::Value, Self), Error> {
        let variant = seed.deserialize(IntoDeserializer::<Error>::into_deserializer(self.index))?;
        Ok((variant, self))
    }
}

impl VariantAccess<'static> for Variant<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        self.tracer.push(Node::Unit);
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'static>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(Probe(self.tracer))
    }

    fn tuple_variant<V: Visitor<'static>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        Probe(self.tracer).deserialize_tuple(len, visitor)
    }

    fn struct_variant<V: Visitor<'static>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let mut probe = Probe(self.tracer);
        probe.0.open(fields)?;
        let outcome = visitor.visit_seq(probe.elements(fields.len()));
        probe.close(Shape::Struct(fields), outcome)
    }
}
