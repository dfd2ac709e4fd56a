//! Rows as the host writes them, read as types of the user's.

use std::{collections::HashMap, fmt::Debug};

use serde::{Deserialize, de::DeserializeOwned};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::decode;
use crate::{
    rows::{Cell, Rows},
    value::{INTEGER_MAX, Value},
};

/// The row as a value, or the error's text.
fn read<T: DeserializeOwned>(row: &[(&str, Cell<'_>)]) -> Result<T, String> {
    let names: Vec<_> = row.iter().map(|(name, _)| *name).collect();
    let rows = Rows::write(&names, false, 0, row.iter().map(|(_, cell)| *cell));
    decode(&rows, 0).map_err(|error| error.to_string())
}

fn read_one<T: DeserializeOwned>(cell: Cell<'_>) -> Result<T, String> {
    read(&[("x", cell)])
}

#[track_caller]
fn refused<T: DeserializeOwned + Debug>(cell: Cell<'_>, why: &str) {
    assert_eq!(read_one::<T>(cell).unwrap_err(), format!("column `x`: {why}"));
}

const USER: [(&str, Cell<'static>); 4] = [
    ("id", Cell::Number(7.0)),
    ("name", Cell::Text("ann")),
    ("email", Cell::Null),
    ("photo", Cell::Blob(&[1, 2, 255])),
];

#[derive(Debug, Deserialize, PartialEq)]
struct Id(u64);

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Role {
    Admin,
    Guest,
}

#[test]
fn a_struct_takes_columns_by_name() {
    #[derive(Debug, Deserialize, PartialEq)]
    struct User {
        name: String,
        id: Id,
        email: Option<String>,
        #[serde(default)]
        age: u8,
    }
    let ann = User { name: "ann".into(), id: Id(7), email: None, age: 0 };
    assert_eq!(read::<User>(&USER), Ok(ann));
}

#[test]
fn a_struct_may_be_flattened_or_wrapped() {
    #[derive(Debug, Deserialize, PartialEq)]
    struct Inner {
        name: String,
    }
    #[derive(Debug, Deserialize, PartialEq)]
    struct Outer {
        id: u8,
        #[serde(flatten)]
        inner: Inner,
    }
    #[derive(Debug, Deserialize, PartialEq)]
    struct Wrapped(Outer);
    let outer = || Outer { id: 7, inner: Inner { name: "ann".into() } };
    assert_eq!(read::<Wrapped>(&USER), Ok(Wrapped(outer())));
    assert_eq!(read::<Option<Outer>>(&USER), Ok(Some(outer())));
}

#[test]
fn a_tuple_takes_columns_by_position() {
    #[derive(Debug, Deserialize, PartialEq)]
    struct Pair(u8, String);
    assert_eq!(read(&USER), Ok((7_u64, String::from("ann"), None::<String>, vec![1_u8, 2, 255])),);
    assert_eq!(read(&USER[..2]), Ok(Pair(7, "ann".into())));
    assert_eq!(read(&[("a", Cell::Number(1.0)), ("b", Cell::Number(2.0))]), Ok([1_u32, 2]));
    assert_eq!(read(&[("a", Cell::Number(1.0)), ("b", Cell::Null)]), Ok(vec![Some(1), None]));
}

#[test]
fn a_tuple_of_another_length_is_an_error() {
    let why = |count| format!("{count} values are asked for, and the row has 4 columns");
    assert_eq!(read::<(u8, String)>(&USER).unwrap_err(), why(2));
    assert_eq!(read::<[Value; 5]>(&USER).unwrap_err(), why(5));
}

#[test]
fn a_value_takes_the_only_column() {
    assert_eq!(read_one(Cell::Number(7.0)), Ok(7_u8));
    assert_eq!(read_one(Cell::Number(7.0)), Ok(Id(7)));
    assert_eq!(read_one(Cell::Number(7.0)), Ok((7_i128,)));
    assert_eq!(read_one(Cell::Number(0.5)), Ok(0.5_f32));
    assert_eq!(read_one(Cell::Text("ä")), Ok('ä'));
    assert_eq!(read_one(Cell::Text("guest")), Ok(Role::Guest));
    assert_eq!(read_one(Cell::Text("x")), Ok(Some(String::from("x"))));
    assert_eq!(read_one(Cell::Null), Ok(None::<Id>));
    assert_eq!(read_one(Cell::Blob(&[1, 2])), Ok(vec![1_u8, 2]));
    assert_eq!(read_one(Cell::Blob(&[1, 2])), Ok([1_u8, 2]));
    assert_eq!(read_one(Cell::Blob(&[])), Ok(Vec::<u8>::new()));
    assert_eq!(read::<()>(&USER), Ok(()));
    assert_eq!(read::<u64>(&USER), Err("one value is asked for, and the row has 4 columns".into()));
}

#[test]
fn a_bool_is_0_or_1() {
    assert_eq!((read_one(Cell::Number(0.0)), read_one(Cell::Number(1.0))), (Ok(false), Ok(true)));
    refused::<bool>(Cell::Number(2.0), "a bool is 0 or 1, not 2");
    refused::<bool>(Cell::Text("true"), "invalid type: string \"true\", expected a boolean");
}

#[test]
fn an_integer_is_exact_or_an_error() {
    let max = INTEGER_MAX as f64;
    assert_eq!((read_one(Cell::Number(max)), read_one(Cell::Number(-max))), (Ok(INTEGER_MAX), Ok(-INTEGER_MAX)));
    assert_eq!(read_one(Cell::Number(-0.0)), Ok(0_u64));
    for beyond in [max + 1.0, -max - 1.0, f64::INFINITY] {
        refused::<i64>(Cell::Number(beyond), &format!("{beyond} is beyond 2^53 − 1, up to which integers are exact"));
    }
    refused::<i64>(Cell::Number(1.5), "1.5 is no integer");
    refused::<u8>(Cell::Number(256.0), "invalid value: integer `256`, expected u8");
    refused::<u64>(Cell::Number(-1.0), "invalid value: integer `-1`, expected u64");
}

#[test]
fn a_float_takes_every_number() {
    for number in [7.0, 0.1, 1e300, f64::NEG_INFINITY] {
        assert_eq!(read_one(Cell::Number(number)), Ok(number));
    }
    refused::<f64>(Cell::Text("1.5"), "invalid type: string \"1.5\", expected f64");
}

#[test]
fn null_is_an_error_where_there_must_be_something() {
    refused::<i64>(Cell::Null, "invalid type: NULL, expected i64");
    refused::<f64>(Cell::Null, "invalid type: NULL, expected f64");
    refused::<bool>(Cell::Null, "invalid type: NULL, expected a boolean");
    refused::<String>(Cell::Null, "invalid type: NULL, expected a string");
    refused::<Role>(Cell::Null, "invalid type: NULL, expected enum Role");
}

#[test]
fn a_cell_of_another_type_is_an_error_that_names_the_column() {
    refused::<String>(Cell::Number(5.0), "invalid type: integer `5`, expected a string");
    refused::<u8>(Cell::Text("5"), "invalid type: string \"5\", expected u8");
    refused::<Role>(Cell::Text("root"), "unknown variant `root`, expected `admin` or `guest`");
    refused::<[u8; 3]>(Cell::Blob(&[1, 2]), "invalid length 2, expected an array of length 3");
    refused::<[u8; 1]>(Cell::Blob(&[1, 2]), "invalid length 2, expected 1 element in sequence");
    let error = read::<HashMap<String, u8>>(&USER).unwrap_err();
    assert_eq!(error, "column `name`: invalid type: string \"ann\", expected u8");
    let error = read::<(u8, String, String, Value)>(&USER).unwrap_err();
    assert_eq!(error, "column `email`: invalid type: NULL, expected a string");
}

#[test]
fn a_missing_column_is_named_with_those_that_there_are() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only its absence matters")]
    struct Named {
        nmae: String,
    }
    let error = read::<Named>(&USER).unwrap_err();
    assert_eq!(error, "missing field `nmae`; the columns are id, name, email, photo");
}

#[test]
fn a_type_that_takes_anything_takes_a_value_or_an_object() {
    assert_eq!(read_one(Cell::Number(7.0)), Ok(Value::Integer(7)));
    assert_eq!(read_one(Cell::Number(0.5)), Ok(Value::Real(0.5)));
    assert_eq!(read_one(Cell::Null), Ok(Value::Null));
    assert_eq!(read_one::<serde_json::Value>(Cell::Text("x")), Ok("x".into()));
    assert_eq!(read(&USER[..3]), Ok(serde_json::json!({ "id": 7, "name": "ann", "email": null })));
    let map: HashMap<String, Value> = read(&USER).unwrap();
    assert_eq!(map["photo"], Value::Blob(vec![1, 2, 255]));
    assert_eq!(map["name"], Value::Text("ann".into()));
}

#[test]
fn a_column_of_the_same_name_is_an_error_of_a_struct() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only the error matters")]
    struct Named {
        a: u8,
    }
    let error = read::<Named>(&[("a", Cell::Number(1.0)), ("a", Cell::Number(2.0))]).unwrap_err();
    assert_eq!(error, "duplicate field `a`");
}
