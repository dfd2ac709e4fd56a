//! Extractors.

use std::borrow::Cow;

use duractor::{exchange::Headers, prelude::*};
use serde::{Deserialize, Serialize};

#[derive(Default, Actor)]
pub(crate) struct Inputs {}

#[derive(Serialize, Deserialize)]
pub(crate) struct Order {
    id: u32,
    lines: Vec<Line>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Line {
    sku: String,
    count: u8,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Filter<'r> {
    limit: Option<u32>,
    #[serde(default)]
    tag: Vec<Cow<'r, str>>,
}

#[methods]
impl Inputs {
    #[post("/json")]
    fn json(Json(order): Json<Order>) -> Json<Order> {
        Json(order)
    }

    #[post("/optional-json")]
    fn optional_json(order: Option<Json<Order>>) -> String {
        order.map_or_else(|| "none".to_owned(), |order| format!("order {}", order.id))
    }

    #[post("/value")]
    fn value(Json(value): Json<serde_json::Value>) -> Json<serde_json::Value> {
        Json(value)
    }

    #[post("/form")]
    fn form(Form(filter): Form<Filter<'_>>) -> Json<Filter<'_>> {
        Json(filter)
    }

    #[get("/query")]
    fn query(Query(filter): Query<Filter<'_>>) -> Json<Filter<'_>> {
        Json(filter)
    }

    #[get("/pairs")]
    fn pairs(Query(pairs): Query<Vec<(String, String)>>) -> Json<Vec<(String, String)>> {
        Json(pairs)
    }

    #[post("/text")]
    fn text(text: &str) -> String {
        text.to_uppercase()
    }

    #[post("/digest")]
    fn digest(body: &[u8]) -> String {
        format!("{} {:016x}", body.len(), fnv(body))
    }

    #[any("/echo")]
    fn echo(body: &[u8]) -> &[u8] {
        body
    }

    #[get("/headers")]
    fn headers(headers: Headers<'_>) -> Json<Vec<(String, String)>> {
        let pairs = headers.iter().map(|(name, value)| (text(name.as_ref()), text(value)));
        Json(pairs.collect())
    }

    #[get("/cookies")]
    fn cookies(cookies: Cookies<'_>) -> Json<Vec<(String, String)>> {
        Json(cookies.iter().map(|cookie| (cookie.name().to_owned(), cookie.value().to_owned())).collect())
    }

    #[get("/cookie/{name}")]
    fn cookie(cookies: Cookies<'_>, name: &str) -> Option<String> {
        cookies.get(name).map(Cow::into_owned)
    }

    #[get("/number/{number}")]
    fn number(number: i8) -> i8 {
        number
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// FNV-1a, 64 bits: the test computes the same.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
