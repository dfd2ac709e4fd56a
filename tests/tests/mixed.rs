//! A thousand calls at once, with hits, misses, failures and clients that leave: no answer is mixed up, and nothing is left.

use std::thread;

use duractor_tests::{wait_until, workerd};
use serde_json::json;

const CALLS: usize = 1_000;
const ACTORS: usize = 40;
/// Every so manieth client leaves.
const LEAVING: usize = 7;

#[test]
fn a_thousand_mixed_calls_leave_nothing() {
    // The first round takes the memory that it needs.
    let mut before = None;
    for round in 0..4 {
        thread::scope(|scope| {
            for id in 0..CALLS {
                let client = thread::Builder::new().stack_size(256 << 10);
                client.spawn_scoped(scope, move || call(round, id)).unwrap();
            }
        });
        // Tasks and operations, but those of the call that counts.
        wait_until("nothing is left", || (workerd().get("/traps/mixed/left").ok() == "0 0").then_some(()));
        wait_until("no request is under way", || (workerd().upstream("/under-way").text() == "0").then_some(()));
        let bytes = workerd().post("/traps/mixed/collect").ok().parse::<f64>().unwrap();
        let before = *before.get_or_insert(bytes);
        assert!(bytes <= before * 1.05, "{before} bytes of memory became {bytes}");
    }
}

fn call(round: usize, id: usize) {
    let actor = id % ACTORS;
    let mixture = json!({
        "hit": format!("/fresh/600/0/mixed-{actor}"),
        "miss": format!("/later/{}/{round}-{id}", id % 20),
        "failure": format!("/passing/999/{}/{round}-{id}", if id.is_multiple_of(3) { 503 } else { 404 }),
        "late": format!("/gate/never-{round}-{id}"),
    });
    let request = workerd().request("POST", format!("/outbound/mixed-{actor}/mixture")).json(&mixture);
    if id % LEAVING == 3 {
        return request.start().unwrap().reset().unwrap();
    }
    let answer = request.send();
    let expected = json!([
        "answer 1",
        format!("{round}-{id}"),
        if id.is_multiple_of(3) { 503 } else { 404 },
        "the time allowed has passed",
    ]);
    assert_eq!(answer.json(), expected, "{round}-{id}");
}
