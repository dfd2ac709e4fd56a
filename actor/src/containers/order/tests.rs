use std::{collections::BTreeMap, fmt::Debug};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Plain {
    room: String,
    at: (i32, Option<u8>),
    tags: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Pair(i16, char);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Unit;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Shape {
    Nothing,
    One(String),
    Two(u8, i64),
    Named { text: String, is_big: bool },
    Nested(Box<Option<Shape>>),
}

fn bytes<K: Serialize + ?Sized>(key: &K) -> Vec<u8> {
    encode(key).expect("it is a key")
}

/// That a key comes back, and that nothing less or more is one.
fn comes_back<K: Serialize + DeserializeOwned + PartialEq + Debug>(key: &K) {
    let encoded = bytes(key);
    assert_eq!(decode::<K>(&encoded).as_ref().map_err(ToString::to_string), Ok(key));
    for end in 0..encoded.len() {
        assert!(decode::<K>(&encoded[..end]).is_err(), "{key:?} cut off at {end}");
    }
    assert!(decode::<K>(&[&encoded[..], &[0]].concat()).is_err(), "{key:?} with a byte more");
}

/// That keys in ascending order have bytes in ascending order.
fn ascend<K: Serialize + DeserializeOwned + PartialEq + Debug>(keys: &[K]) {
    keys.iter().for_each(comes_back);
    for (less, greater) in keys.iter().zip(&keys[1..]) {
        assert!(bytes(less) < bytes(greater), "{less:?} < {greater:?}");
    }
}

#[test]
fn integers_sort_by_value() {
    ascend(&[0_u8, 1, 127, 128, 255]);
    ascend(&[i8::MIN, -1, 0, 1, i8::MAX]);
    ascend(&[i32::MIN, -256, -1, 0, 255, 256, i32::MAX]);
    ascend(&[i64::MIN, -1, 0, i64::MAX]);
    ascend(&[i128::MIN, -1, 0, i128::MAX]);
    ascend(&[0_u64, 255, 256, 1 << 32, u64::MAX]);
    ascend(&[0_u128, 1 << 64, u128::MAX]);
    ascend(&[false, true]);
    ascend(&['\0', 'a', 'ä', '\u{d7ff}', '\u{e000}', char::MAX]);
}

#[test]
fn text_sorts_by_its_bytes_whatever_they_are() {
    ascend(
        &["", "\0", "\0\0", "\0\u{1}", "\u{1}", "\u{1}\0", "\u{2}", "a", "a\0", "a\0b", "a\u{1}", "aa", "b", "ä"]
            .map(String::from),
    );
}

#[test]
fn a_field_that_ends_sorts_before_one_that_goes_on() {
    ascend(&[("a", 255_u8), ("a\0", 0), ("a\0", 255), ("a\u{1}", 0), ("aa", 0)].map(|(text, n)| (text.to_owned(), n)));
    ascend(&[(vec![], 9_u8), (vec![0_u8], 0), (vec![0, 0], 0), (vec![1], 0)]);
    ascend(&[(None, 9_u8), (Some(0_u8), 0), (Some(0), 1), (Some(1), 0)]);
}

#[test]
fn enums_sort_by_variant_first() {
    ascend(&[
        Shape::Nothing,
        Shape::One(String::new()),
        Shape::One("z".into()),
        Shape::Two(0, -1),
        Shape::Two(0, 1),
        Shape::Two(1, -9),
        Shape::Named { text: String::new(), is_big: true },
        Shape::Named { text: "a".into(), is_big: false },
        Shape::Nested(Box::new(None)),
        Shape::Nested(Box::new(Some(Shape::Nothing))),
    ]);
}

#[test]
fn floats_sort_in_total_order_and_come_back_bit_by_bit() {
    let floats = [-f64::NAN, f64::NEG_INFINITY, f64::MIN, -1.0, -0.0, 0.0, 1e-300, 1.0, f64::INFINITY, f64::NAN];
    assert!(floats.is_sorted_by(|less, greater| less.total_cmp(greater).is_lt()));
    assert!(floats.is_sorted_by(|less, greater| bytes(less) < bytes(greater)));
    for float in floats {
        assert_eq!(decode::<f64>(&bytes(&float)).expect("it is one").to_bits(), float.to_bits());
    }
    let singles = [-f32::NAN, f32::NEG_INFINITY, f32::MIN, -0.0, 0.0, f32::MIN_POSITIVE, f32::INFINITY, f32::NAN];
    assert!(singles.is_sorted_by(|less, greater| bytes(less) < bytes(greater)));
    for float in singles {
        assert_eq!(decode::<f32>(&bytes(&float)).expect("it is one").to_bits(), float.to_bits());
    }
}

#[test]
fn structs_sort_field_by_field() {
    ascend(&[Pair(-1, 'b'), Pair(0, 'a'), Pair(0, 'b')]);
    let plain = |room: &str, at, tags: &[&str]| Plain {
        room: room.into(),
        at,
        tags: tags.iter().map(ToString::to_string).collect(),
    };
    ascend(&[
        plain("a", (1, None), &["z"]),
        plain("a", (1, Some(0)), &[]),
        plain("a", (1, Some(0)), &[""]),
        plain("a", (2, None), &[]),
        plain("aa", (-1, None), &[]),
    ]);
}

#[test]
fn units_and_maps_are_keys() {
    assert!(bytes(&Unit).is_empty());
    ascend(&[Unit]);
    ascend(&[BTreeMap::new(), BTreeMap::from([(1_u8, 'a')]), BTreeMap::from([(1, 'a'), (2, 'a')])]);
}

#[test]
fn borrowed_forms_have_the_same_bytes() {
    assert_eq!(bytes("text"), bytes(&String::from("text")));
    assert_eq!(bytes(&[1_u16, 2][..]), bytes(&vec![1_u16, 2]));
    assert_eq!(bytes(&("a", 1)), bytes(&(String::from("a"), 1)));
}

#[test]
fn the_first_fields_are_the_beginning() {
    let key = Plain { room: "attic".into(), at: (-3, Some(1)), tags: vec!["old".into()] };
    assert!(bytes(&key).starts_with(&bytes(&("attic",))));
    assert!(bytes(&key).starts_with(&bytes(&("attic", -3))));
    assert!(!bytes(&key).starts_with(&bytes(&("att",))));
}

/// An enum whose variants number more than a byte can.
struct Variant(u32);

impl Serialize for Variant {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit_variant("Variant", self.0, "any")
    }
}

#[test]
fn variants_beyond_a_byte_sort_on() {
    let indices = [0, 1, 254, 255, 256, 65_536, u32::MAX].map(Variant);
    assert!(indices.is_sorted_by(|less, greater| bytes(less) < bytes(greater)));
}

#[test]
fn a_field_that_is_left_out_is_refused() {
    #[derive(Serialize)]
    struct Holes {
        #[serde(skip_serializing_if = "Option::is_none")]
        hole: Option<u8>,
    }
    assert!(encode(&Holes { hole: None }).is_err());
    assert!(encode(&Holes { hole: Some(1) }).is_ok());
}

#[test]
fn bytes_that_no_key_has_are_refused() {
    assert!(decode::<bool>(&[2]).is_err());
    assert!(decode::<char>(&[0, 0, 0xd8, 0]).is_err());
    assert!(decode::<Option<u8>>(&[2, 0]).is_err());
    assert!(decode::<String>(&[1, 0, 0]).is_err(), "an escape of nothing");
    assert!(decode::<String>(&[1, 3, 0]).is_err(), "an escape of nothing");
    assert!(decode::<String>(&[0xc3, 0]).is_err(), "half a character");
    assert!(decode::<Vec<u8>>(&[7, 0]).is_err());
    assert!(decode::<Shape>(&[9]).is_err(), "no such variant");
    assert!(decode::<Shape>(&[0xff, 0, 0, 0, 0]).is_err(), "a wider form than needed");
}

#[test]
fn what_tells_its_own_type_is_refused() {
    assert!(decode::<serde_json::Value>(&[0]).is_err());
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use proptest::prelude::*;

    use super::*;

    /// Text whose beginnings, zeros and ones are often the same.
    fn text() -> impl Strategy<Value = String> {
        prop_oneof!["[\0\u{1}\u{2}a]{0,4}", ".{0,12}"]
    }

    fn plain() -> impl Strategy<Value = Plain> {
        let small = (-2..3_i32, proptest::option::of(0..3_u8));
        (text(), small, proptest::collection::vec(text(), 0..3)).prop_map(|(room, at, tags)| Plain { room, at, tags })
    }

    fn shape() -> impl Strategy<Value = Shape> {
        let leaf = prop_oneof![
            Just(Shape::Nothing),
            text().prop_map(Shape::One),
            (0..2_u8, any::<i64>()).prop_map(|(a, b)| Shape::Two(a, b)),
            (text(), any::<bool>()).prop_map(|(text, is_big)| Shape::Named { text, is_big }),
            Just(Shape::Nested(Box::new(None))),
        ];
        leaf.prop_recursive(3, 8, 1, |inner| inner.prop_map(|shape| Shape::Nested(Box::new(Some(shape)))))
    }

    fn sorts_alike<K: Serialize + DeserializeOwned + Ord + Debug>(a: &K, b: &K) -> Result<(), TestCaseError> {
        prop_assert_eq!(bytes(a).cmp(&bytes(b)), a.cmp(b));
        for key in [a, b] {
            prop_assert_eq!(&decode::<K>(&bytes(key)).map_err(|e| TestCaseError::fail(e.to_string()))?, key);
        }
        Ok(())
    }

    macro_rules! sorts_alike {
        ($($name:ident: $strategy:expr;)*) => {
            proptest! {
                $(#[test]
                fn $name(a in $strategy, b in $strategy) {
                    sorts_alike(&a, &b)?;
                })*
            }
        };
    }

    sorts_alike! {
        unsigned: any::<(u8, u16, u32, u64, u128)>();
        signed: any::<(i8, i16, i32, i64, i128)>();
        wide: any::<u128>();
        sizes: any::<(usize, isize)>();
        characters: any::<(char, bool)>();
        strings: text();
        pairs_of_strings: (text(), text());
        bytes_in_sequence: proptest::collection::vec(0..3_u8, 0..4);
        arrays: any::<[i16; 3]>();
        nested_sequences: (proptest::collection::vec(proptest::collection::vec(0..2_u8, 0..3), 0..3), 0..2_u8);
        options: any::<(Option<Option<bool>>, Option<i8>, u8)>();
        maps: proptest::collection::btree_map(0..3_u8, text(), 0..3);
        newtypes: any::<(i16, char)>().prop_map(|(a, b)| Pair(a, b));
        structs: plain();
        enums: shape();
        structs_in_tuples: (plain(), shape());
    }

    proptest! {
        /// Whatever bytes decode are those of that key: two keys are equal where their bytes are.
        #[test]
        fn a_key_has_one_form_only(raw in proptest::collection::vec(prop_oneof![0..4_u8, Just(255), any::<u8>()], 0..12)) {
            if let Ok(key) = decode::<(Shape, Option<String>)>(&raw) {
                prop_assert_eq!(bytes(&key), &raw[..]);
            }
            if let Ok(key) = decode::<(bool, char, Vec<u8>, String)>(&raw) {
                prop_assert_eq!(bytes(&key), &raw[..]);
            }
        }
    }
}
