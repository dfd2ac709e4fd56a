//! The deserializer of what the serializer beside it writes.

use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
    value::U32Deserializer,
};

use super::{ELEMENT, END, ESCAPE, OrderError, WIDE};

type Result<T, E = OrderError> = std::result::Result<T, E>;

/// Reads a key's bytes.
pub(super) struct Reader<'de> {
    rest: &'de [u8],
}

impl<'de> Reader<'de> {
    pub(super) fn new(bytes: &'de [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Nothing may be left.
    pub(super) fn finish(self) -> Result<()> {
        if self.rest.is_empty() { Ok(()) } else { Err(OrderError::new("bytes are left over")) }
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(OrderError::new("it is cut off"))?;
        self.rest = rest;
        Ok(*taken)
    }

    /// 0 is false, 1 is true.
    fn take_flag(&mut self) -> Result<bool> {
        match self.take()? {
            [END] => Ok(false),
            [ELEMENT] => Ok(true),
            _ => Err(OrderError::new("a byte is neither 0 nor 1")),
        }
    }

    fn take_variant(&mut self) -> Result<u32> {
        let [index] = self.take()?;
        if index < WIDE {
            return Ok(index.into());
        }
        let index = u32::from_be_bytes(self.take()?);
        if index < WIDE.into() { Err(OrderError::new("a variant has a wider form than it needs")) } else { Ok(index) }
    }

    fn take_escaped(&mut self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        loop {
            match self.take()? {
                [END] => return Ok(bytes),
                [ESCAPE] => bytes.push(self.take_escape()?),
                [byte] => bytes.push(byte),
            }
        }
    }

    fn take_escape(&mut self) -> Result<u8> {
        match self.take()? {
            [byte @ 1..=2] => Ok(byte - 1),
            _ => Err(OrderError::new("an escape stands for nothing")),
        }
    }
}

macro_rules! unsigned {
    ($($name:ident $visit:ident $type:ty,)*) => {$(
        fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            visitor.$visit(<$type>::from_be_bytes(self.take()?))
        }
    )*};
}

macro_rules! signed {
    ($($name:ident $visit:ident $type:ty,)*) => {$(
        fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            visitor.$visit(<$type>::from_be_bytes(self.take()?) ^ <$type>::MIN)
        }
    )*};
}

/// What needs bytes that tell their own type.
macro_rules! refused {
    ($($name:ident)*) => {$(
        fn $name<V: Visitor<'de>>(self, _: V) -> Result<V::Value> {
            Err(OrderError::new("a key's type must be known from outside: no untagged enums, no flattened fields"))
        }
    )*};
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = OrderError;

    unsigned! {
        deserialize_u8 visit_u8 u8,
        deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64,
        deserialize_u128 visit_u128 u128,
    }

    signed! {
        deserialize_i8 visit_i8 i8,
        deserialize_i16 visit_i16 i16,
        deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64,
        deserialize_i128 visit_i128 i128,
    }

    refused! {
        deserialize_any
        deserialize_identifier
        deserialize_ignored_any
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_bool(self.take_flag()?)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let bits = u32::from_be_bytes(self.take()?);
        let mask = if bits >> 31 == 0 { u32::MAX } else { 1 << 31 };
        visitor.visit_f32(f32::from_bits(bits ^ mask))
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let bits = u64::from_be_bytes(self.take()?);
        let mask = if bits >> 63 == 0 { u64::MAX } else { 1 << 63 };
        visitor.visit_f64(f64::from_bits(bits ^ mask))
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let scalar = u32::from_be_bytes(self.take()?);
        visitor.visit_char(char::from_u32(scalar).ok_or(OrderError::new("a character is none"))?)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_string(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let bytes = self.take_escaped()?;
        visitor.visit_string(String::from_utf8(bytes).map_err(|_| OrderError::new("text is not UTF-8"))?)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_byte_buf(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_byte_buf(self.take_escaped()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.take_flag()? { visitor.visit_some(self) } else { visitor.visit_none() }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_seq(Elements(self))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_map(Elements(self))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, count: usize, visitor: V) -> Result<V::Value> {
        visitor.visit_seq(Fields { reader: self, count })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(self, _: &'static str, count: usize, visitor: V) -> Result<V::Value> {
        self.deserialize_tuple(count, visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_tuple(fields.len(), visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_enum(self)
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// As many as are announced one by one.
struct Elements<'r, 'de>(&'r mut Reader<'de>);

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = OrderError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        if self.0.take_flag()? { seed.deserialize(&mut *self.0).map(Some) } else { Ok(None) }
    }
}

impl<'de> MapAccess<'de> for Elements<'_, 'de> {
    type Error = OrderError;

    fn next_key_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        self.next_element_seed(seed)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value> {
        seed.deserialize(&mut *self.0)
    }
}

/// As many as the type has.
struct Fields<'r, 'de> {
    reader: &'r mut Reader<'de>,
    count: usize,
}

impl<'de> SeqAccess<'de> for Fields<'_, 'de> {
    type Error = OrderError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        let Some(count) = self.count.checked_sub(1) else { return Ok(None) };
        self.count = count;
        seed.deserialize(&mut *self.reader).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.count)
    }
}

impl<'de> EnumAccess<'de> for &mut Reader<'de> {
    type Error = OrderError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self)> {
        let index: U32Deserializer<OrderError> = de::IntoDeserializer::into_deserializer(self.take_variant()?);
        Ok((seed.deserialize(index)?, self))
    }
}

impl<'de> VariantAccess<'de> for &mut Reader<'de> {
    type Error = OrderError;

    fn unit_variant(self) -> Result<()> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, count: usize, visitor: V) -> Result<V::Value> {
        self.deserialize_tuple(count, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value> {
        self.deserialize_tuple(fields.len(), visitor)
    }
}
