//! A serializer whose bytes sort like what was serialized.

use serde::ser::{self, Serialize};

use super::{ELEMENT, END, ESCAPE, OrderError, WIDE};

type Result<T = (), E = OrderError> = std::result::Result<T, E>;

/// Collects a key's bytes.
#[derive(Default)]
pub(super) struct Writer {
    pub(super) bytes: Vec<u8>,
}

impl Writer {
    #[inline(never)]
    fn put(&mut self, bytes: &[u8]) -> Result {
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn put_variant(&mut self, index: u32) -> Result {
        match u8::try_from(index) {
            Ok(index) if index < WIDE => self.put(&[index]),
            _ => {
                self.bytes.push(WIDE);
                self.put(&index.to_be_bytes())
            }
        }
    }

    fn put_escaped(&mut self, bytes: &[u8]) -> Result {
        self.bytes.reserve(bytes.len() + 1);
        for &byte in bytes {
            if byte <= ESCAPE {
                self.bytes.push(ESCAPE);
                self.bytes.push(byte + 1);
            } else {
                self.bytes.push(byte);
            }
        }
        self.put(&[END])
    }

    fn put_element<T: Serialize + ?Sized>(&mut self, element: &T) -> Result {
        self.bytes.push(ELEMENT);
        element.serialize(self)
    }
}

macro_rules! unsigned {
    ($($name:ident: $type:ty)*) => {$(
        fn $name(self, value: $type) -> Result {
            self.put(&value.to_be_bytes())
        }
    )*};
}

macro_rules! signed {
    ($($name:ident: $type:ty)*) => {$(
        fn $name(self, value: $type) -> Result {
            self.put(&(value ^ <$type>::MIN).to_be_bytes())
        }
    )*};
}

impl ser::Serializer for &mut Writer {
    type Ok = ();
    type Error = OrderError;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    unsigned! {
        serialize_u8: u8
        serialize_u16: u16
        serialize_u32: u32
        serialize_u64: u64
        serialize_u128: u128
    }

    signed! {
        serialize_i8: i8
        serialize_i16: i16
        serialize_i32: i32
        serialize_i64: i64
        serialize_i128: i128
    }

    fn serialize_bool(self, value: bool) -> Result {
        self.put(&[u8::from(value)])
    }

    fn serialize_f32(self, value: f32) -> Result {
        let bits = value.to_bits();
        let mask = if value.is_sign_negative() { u32::MAX } else { 1 << 31 };
        self.put(&(bits ^ mask).to_be_bytes())
    }

    fn serialize_f64(self, value: f64) -> Result {
        let bits = value.to_bits();
        let mask = if value.is_sign_negative() { u64::MAX } else { 1 << 63 };
        self.put(&(bits ^ mask).to_be_bytes())
    }

    fn serialize_char(self, value: char) -> Result {
        self.put(&u32::from(value).to_be_bytes())
    }

    fn serialize_str(self, value: &str) -> Result {
        self.put_escaped(value.as_bytes())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result {
        self.put_escaped(value)
    }

    fn serialize_none(self) -> Result {
        self.put(&[END])
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result {
        self.put_element(value)
    }

    fn serialize_unit(self) -> Result {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result {
        Ok(())
    }

    fn serialize_unit_variant(self, _: &'static str, index: u32, _: &'static str) -> Result {
        self.put_variant(index)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        value: &T,
    ) -> Result {
        self.put_variant(index)?;
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self> {
        Ok(self)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self> {
        Ok(self)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self> {
        Ok(self)
    }

    fn serialize_tuple_variant(self, _: &'static str, index: u32, _: &'static str, _: usize) -> Result<Self> {
        self.put_variant(index)?;
        Ok(self)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self> {
        Ok(self)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self> {
        Ok(self)
    }

    fn serialize_struct_variant(self, _: &'static str, index: u32, _: &'static str, _: usize) -> Result<Self> {
        self.put_variant(index)?;
        Ok(self)
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

impl ser::SerializeSeq for &mut Writer {
    type Ok = ();
    type Error = OrderError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result {
        self.put_element(value)
    }

    fn end(self) -> Result {
        self.put(&[END])
    }
}

impl ser::SerializeMap for &mut Writer {
    type Ok = ();
    type Error = OrderError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result {
        self.put_element(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result {
        value.serialize(&mut **self)
    }

    fn end(self) -> Result {
        self.put(&[END])
    }
}

/// What has a fixed number of fields.
macro_rules! fields {
    ($($trait:ident $name:ident)*) => {$(
        impl ser::$trait for &mut Writer {
            type Ok = ();
            type Error = OrderError;

            fn $name<T: Serialize + ?Sized>(&mut self, value: &T) -> Result {
                value.serialize(&mut **self)
            }

            fn end(self) -> Result {
                Ok(())
            }
        }
    )*};
}

fields! {
    SerializeTuple serialize_element
    SerializeTupleStruct serialize_field
    SerializeTupleVariant serialize_field
}

macro_rules! named_fields {
    ($($trait:ident)*) => {$(
        impl ser::$trait for &mut Writer {
            type Ok = ();
            type Error = OrderError;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, _: &'static str, value: &T) -> Result {
                value.serialize(&mut **self)
            }

            fn skip_field(&mut self, _: &'static str) -> Result {
                Err(OrderError::new("a key's field cannot be left out"))
            }

            fn end(self) -> Result {
                Ok(())
            }
        }
    )*};
}

named_fields! {
    SerializeStruct
    SerializeStructVariant
}
