//! The example `search`, as its clients meet it.

use duractor::{
    Native,
    native::{Fault, Response},
};
use duractor_examples::routes;
use serde_json::{Value, json};

fn worker() -> Native {
    Native::new().routes(routes())
}

/// A worker with these vectors, whose memory is gone.
fn with(vectors: Value) -> Native {
    let native = worker();
    let reply = put(&native, vectors);
    assert_eq!(reply.status, 200, "{}", reply.text());
    native.evict("Search", "docs");
    native
}

fn put(native: &Native, vectors: Value) -> Response {
    native.put("/search/docs/vectors").json(&vectors).send()
}

fn query(native: &Native, query: Value) -> Response {
    native.post("/search/docs/query").json(&query).send()
}

/// The ids that a query finds.
fn ids(native: &Native, vector: Value) -> Vec<String> {
    let found: Value = query(native, json!({ "vector": vector })).json();
    found.as_array().expect("a list").iter().map(|near| near["id"].as_str().expect("an id").to_owned()).collect()
}

fn size(native: &Native) -> Value {
    native.get("/search/docs/size").send().json()
}

fn compass() -> Value {
    json!([
        {"id": "north", "vector": [0, 2]},
        {"id": "east", "vector": [5, 0], "payload": "where the sun rises"},
        {"id": "south-west", "vector": [-1, -1]},
    ])
}

fn press(native: &Native, fields: &[(&str, &str)]) -> Response {
    native.post("/search/docs").form(&fields).send()
}

fn assert_refused(reply: &Response, status: u16, why: &str) {
    assert_eq!((reply.status, reply.text().contains(why)), (status, true), "{}", reply.text());
}

#[test]
fn the_nearest_come_first_with_their_scores() {
    let native = with(compass());
    let found: Value = query(&native, json!({"vector": [10, 0], "k": 2})).json();
    let east = json!({"id": "east", "score": 1.0, "payload": "where the sun rises"});
    assert_eq!(found, json!([east, {"id": "north", "score": 0.0, "payload": null}]));
    assert_eq!(ids(&native, json!([-3, -2])), ["south-west", "north", "east"]);
}

#[test]
fn what_is_kept_is_the_direction() {
    let native = with(compass());
    let east = json!({"id": "east", "vector": [1.0, 0.0], "payload": "where the sun rises"});
    assert_eq!(native.get("/search/docs/vectors/east").send().json::<Value>(), east);
    assert_refused(&native.get("/search/docs/vectors/west").send(), 404, "there is no vector `west`");
}

#[test]
fn an_id_that_is_put_again_is_replaced() {
    let native = with(compass());
    let again = json!([
        {"id": "north", "vector": [1, 1]},
        {"id": "west", "vector": [1, 0]},
        {"id": "west", "vector": [-1, 0]},
    ]);
    assert_eq!(put(&native, again).json::<Value>(), json!({"added": 1, "replaced": 2, "vectors": 4}));
    native.evict("Search", "docs");
    assert_eq!(ids(&native, json!([-1, 0])), ["west", "south-west", "north", "east"]);
    // `POST` does the same.
    let reply = native.post("/search/docs/vectors").json(&json!([{"id": "north", "vector": [0, 1]}])).send();
    assert_eq!(reply.json::<Value>(), json!({"added": 0, "replaced": 1, "vectors": 4}));
}

#[test]
fn what_is_deleted_is_not_found() {
    let native = with(compass());
    assert_eq!(native.delete("/search/docs/vectors/north").send().status, 204);
    assert_refused(&native.delete("/search/docs/vectors/north").send(), 404, "there is no vector `north`");
    for _ in 0..2 {
        assert_eq!(ids(&native, json!([0, 1])), ["east", "south-west"]);
        native.evict("Search", "docs");
    }
    assert_eq!(native.delete("/search/docs").send().status, 204);
    native.evict("Search", "docs");
    assert_eq!(size(&native), json!({"vectors": 0, "vectors_max": 10_000, "dimensions": null}));
    assert!(ids(&native, json!([0, 1])).is_empty());
    // The next vector decides anew.
    assert_eq!(put(&native, json!([{"id": "up", "vector": [0, 0, 1]}])).status, 200);
}

#[test]
fn equal_scores_are_in_the_same_order_after_an_eviction() {
    let same: Vec<_> = (0..20).map(|at| json!({"id": format!("{}", (at * 7) % 20), "vector": [1, at / 10]})).collect();
    let native = with(json!(same));
    native.delete("/search/docs/vectors/7").send();
    let before = ids(&native, json!([1, 0]));
    native.evict("Search", "docs");
    assert_eq!((ids(&native, json!([1, 0])), before.len()), (before, 10));
}

#[test]
fn what_storage_refuses_is_gone_from_memory_too() {
    for (fault, is_kept) in [
        (Fault::FailCommit, false),
        (Fault::LoseCommit, false),
        (Fault::CrashBefore, false),
        (Fault::CrashDuring, false),
        (Fault::CrashAfter, true),
    ] {
        let native = with(compass());
        native.inject(fault);
        let changes = json!([{"id": "east", "vector": [-1, 0]}, {"id": "west", "vector": [-1, 0]}]);
        assert_eq!(put(&native, changes).status, 503, "{fault:?}");
        for _ in 0..2 {
            let expected = if is_kept { ["east", "west"] } else { ["south-west", "north"] };
            assert_eq!(ids(&native, json!([-1, 0]))[..2], expected, "{fault:?}");
            native.evict("Search", "docs");
        }
        native.inject(fault);
        assert_eq!(native.delete("/search/docs/vectors/north").send().status, 503, "{fault:?}");
        let status = if is_kept { 404 } else { 200 };
        assert_eq!(native.get("/search/docs/vectors/north").send().status, status, "{fault:?}");
    }
}

#[test]
fn a_query_that_storage_does_not_answer_is_tried_again() {
    let native = with(compass());
    native.inject(Fault::FailRead);
    assert_eq!(query(&native, json!({"vector": [0, 1]})).status, 503);
    assert_eq!(ids(&native, json!([0, 1]))[0], "north");
}

#[test]
fn vectors_are_put_together_or_not_at_all() {
    let native = with(compass());
    for (bad, why) in [
        (
            json!({"id": "up", "vector": [0, 0, 1]}),
            "a vector of 3 dimensions is none of this index, whose vectors have 2",
        ),
        (json!({"id": "", "vector": [0, 1]}), "an id has 1 to 128 bytes, not 0"),
        (json!({"id": "x".repeat(129), "vector": [0, 1]}), "an id has 1 to 128 bytes, not 129"),
        (json!({"id": "up", "vector": []}), "1 to 4096 dimensions, not 0"),
        (json!({"id": "up", "vector": vec![1; 4_097]}), "1 to 4096 dimensions, not 4097"),
        (json!({"id": "up", "vector": [0, 0]}), "has no direction"),
        (json!({"id": "up", "vector": [1e39, 0]}), "has no direction"),
        (json!({"id": "up", "vector": [1, 0], "payload": "x".repeat(1_025)}), "at most 1024 bytes, not 1025"),
    ] {
        let reply = put(&native, json!([{"id": "west", "vector": [-1, 0]}, bad]));
        assert_refused(&reply, 422, why);
        assert_eq!(reply.json::<Value>()["id"], bad["id"]);
    }
    for bad in [json!({"id": "a", "vector": [1, 0], "metadata": 1}), json!({"id": "a"}), json!([["a", [1, 0]]])] {
        assert_eq!(put(&native, json!([bad])).status, 400, "{bad}");
    }
    let many: Vec<_> = (0..1_001).map(|id| json!({"id": id.to_string(), "vector": [1, 0]})).collect();
    assert_refused(&put(&native, json!(many)), 413, "1001 vectors at once are more than 1000");
    assert_eq!(put(&native, json!([])).json::<Value>(), json!({"added": 0, "replaced": 0, "vectors": 3}));
    assert_eq!(size(&native)["vectors"], 3);
}

#[test]
fn what_is_no_query_is_refused() {
    let native = with(compass());
    let other = "a vector of 3 dimensions is none of this index, whose vectors have 2";
    assert_refused(&query(&native, json!({"vector": [0, 0, 1]})), 422, other);
    assert_refused(&query(&native, json!({"vector": [0, 0]})), 422, "has no direction");
    for k in [0, 101] {
        assert_refused(&query(&native, json!({"vector": [0, 1], "k": k})), 422, "the 1 to 100 nearest vectors");
    }
    for bad in [json!({"vector": ["north"]}), json!({"vector": [0, 1], "top": 3}), json!({"k": 3}), json!([0, 1])] {
        assert_eq!(query(&native, bad.clone()).status, 400, "{bad}");
    }
    assert_eq!(query(&native, json!({"vector": [0, 1], "k": 100})).json::<Vec<Value>>().len(), 3);
}

#[test]
fn an_index_is_filled_to_its_bound_step_by_step() {
    let native = worker();
    press(&native, &[("act", "add"), ("text", "a kitten drinks milk")]);
    for step in 1..=10 {
        let reply = press(&native, &[("act", "fill")]);
        // The browser asks the same again until all is done.
        let status = if step < 10 { 307 } else { 303 };
        assert_eq!((reply.status, reply.header("location")), (status, Some("/search/docs")), "step {step}");
    }
    native.evict("Search", "docs");
    assert_eq!(size(&native), json!({"vectors": 10_000, "vectors_max": 10_000, "dimensions": 384}));
    let page = native.get("/search/docs?q=kittens+with+milk").send();
    let (_, found) = page.text().split_once("<tbody>").map(|(head, found)| (head.len(), found.to_owned())).unwrap();
    assert!(found.split("</tr>").next().unwrap().ends_with("<td>a kitten drinks milk"), "{found}");
    assert!(found.contains("each of 10,000 vectors of 384 dimensions: 3,840,000 products"), "{found}");

    // Replacing needs no room, and one more has none.
    let vector = vec![1.0; 384];
    let text = native.get("/search/docs?q=kitten").send().text().into_owned();
    let (_, id) = text.split_once("<code>").expect("a random vector is found, too");
    let id = id.split('<').next().unwrap();
    assert_eq!(put(&native, json!([{"id": id, "vector": vector}])).json::<Value>()["replaced"], 1);
    let full = "an index of 384 dimensions has at most 10000 vectors, not 10001";
    assert_refused(&put(&native, json!([{"id": "new", "vector": vector}])), 507, full);
    assert_eq!(press(&native, &[("act", "fill")]).status, 303);
}

#[test]
fn the_page_finds_texts() {
    let native = worker();
    let press = |fields: &[(&str, &str)]| {
        let reply = press(&native, fields);
        assert_eq!(reply.status, 303);
        native.get(reply.header("location").unwrap()).send().text().into_owned()
    };
    assert!(press(&[("act", "samples")]).contains("There are 16 of at most 10,000 vectors"));
    let page = press(&[("act", "add"), ("text", " Kittens & <b>milk</b> ")]);
    assert!(page.contains("There are 17 of"), "{page}");
    let page = native.get("/search/docs?q=milk+for+kittens").send().text().into_owned();
    let rows: Vec<&str> = page.split("<tr>").skip(2).collect();
    assert!(rows.len() == 10 && rows[0].contains("<td>Kittens &amp; &lt;b&gt;milk&lt;/b&gt;"), "{rows:?}");
    assert!(page.contains(r#"value="milk for kittens""#), "{page}");

    // The same text is the same vector.
    assert!(press(&[("act", "samples")]).contains("There are 17 of"));
    assert!(press(&[("act", "add"), ("text", "?!")]).contains("a text without letters and digits has no direction"));
    assert!(native.get("/search/docs?q=%3F").send().text().contains("has no direction"));
    assert!(press(&[("act", "add"), ("text", &"long ".repeat(300))]).contains("at most 1024 bytes, not 1499"));
    assert!(press(&[("act", "clear")]).contains("There are 0 of"));
    assert!(native.get("/search/docs?q=kitten").send().text().contains("nothing to compare with"));
    assert_eq!(native.post("/search/docs").form(&[("act", "burn")]).send().status, 400);
}

#[test]
fn the_page_takes_the_dimensions_that_are_there() {
    let native = with(compass());
    assert_eq!(press(&native, &[("act", "add"), ("text", "a kitten")]).status, 303);
    assert_eq!(size(&native), json!({"vectors": 4, "vectors_max": 10_000, "dimensions": 2}));
    assert!(
        native.get("/search/docs?q=kitten").send().text().contains("each of 4 vectors of 2 dimensions: 8 products")
    );
}
