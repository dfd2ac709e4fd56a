//! Requests that are made again, in workerd.

use duractor_tests::{wait_until, workerd};
use serde_json::{Value, json};

/// How often the upstream was asked.
fn sent(path: &str) -> u64 {
    workerd().asked(&format!("/{path}"))
}

fn attempt(path: &str, rest: Value) -> Value {
    let mut attempt = json!({ "url": format!("http://upstream.test/{path}") });
    attempt.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    workerd().post_json("/outbound/retry/attempt", &attempt).json()
}

#[test]
fn what_may_pass_is_asked_again() {
    for status in ["503", "429", "0"] {
        let path = format!("passing/2/{status}/passes");
        let answer = attempt(&path, json!({ "attempts": 3 }));
        assert_eq!((&answer["status"], sent(&path)), (&json!(200), 3), "{status}");
    }
}

#[test]
fn what_stays_is_the_answer() {
    for (path, attempts, expected) in [("passing/9/503/stays", 4, (503, 4)), ("passing/9/404/stays", 4, (404, 1))] {
        let answer = attempt(path, json!({ "attempts": attempts }));
        assert_eq!((&answer["status"], sent(path)), (&json!(expected.0), expected.1), "{path}");
    }
}

#[test]
fn the_deadline_is_that_of_all_attempts() {
    let path = "passing/99/0/late";
    let answer = attempt(path, json!({ "attempts": 99, "timeout_ms": 1500 }));
    assert_eq!((&answer["outcome"], sent(path)), (&json!("timeout"), 2));
}

#[test]
fn what_may_not_be_repeated_is_not_sent() {
    let path = "passing/1/503/posted";
    let refused = attempt(path, json!({ "method": "POST", "attempts": 2 }));
    assert_eq!((&refused["outcome"], sent(path)), (&json!("invalid-request"), 0));
    let headers = json!([["idempotency-key", "1"]]);
    let answer = attempt(path, json!({ "method": "POST", "attempts": 2, "headers": headers, "body": "paid" }));
    assert_eq!((&answer["status"], sent(path)), (&json!(200), 2));
}

#[test]
fn a_call_that_is_run_again_goes_on_where_it_was() {
    let path = "passing/1/0/again";
    let attempt = json!({ "url": format!("http://upstream.test/{path}"), "attempts": 2 });
    let call = workerd().request("POST", "/outbound/retry-again/attempt").json(&attempt).start().unwrap();
    for count in 1..=2 {
        wait_until("it is asked", || (sent(path) >= count).then_some(()));
        workerd().post("/traps/retry/panic").assert_problem(500, "internal");
    }
    let answer = call.answer().unwrap();
    assert_eq!((&answer.json()["status"], sent(path)), (&json!(200), 2));
}
