//! Outbound requests and waits of one call: together, in order of their ends, bounded, and each failure by its name.

use duractor_tests::{wait_until, workerd};
use serde_json::{Value, json};

const CONNECTIONS_MAX: u64 = 6;

fn attempt(attempt: Value) -> Value {
    let answer = workerd().post_json("/outbound/attempt/attempt", &attempt);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[track_caller]
fn assert_outcome(request: Value, outcome: &str) -> Value {
    let answer = attempt(request.clone());
    assert_eq!(answer["outcome"], outcome, "{request}: {answer}");
    answer
}

fn url(path: &str) -> String {
    format!("http://upstream.test{path}")
}

/// The bytes that the upstream makes.
fn pattern(count: usize) -> Vec<u8> {
    (0..count).map(|at| (at % 251) as u8).collect()
}

fn bytes(answer: &Value) -> Vec<u8> {
    serde_json::from_value(answer["body"].clone()).unwrap()
}

#[test]
fn ten_requests_are_answered_in_their_order() {
    let paths: Vec<_> = (0..10).map(|at| format!("/text/{at}")).collect();
    let answer = workerd().post_json("/outbound/ten/all", &json!(paths));
    assert_eq!(answer.json(), json!((0..10).map(|at| at.to_string()).collect::<Vec<_>>()));
}

#[test]
fn requests_leave_together_up_to_the_connections_there_are() {
    // Equal ones would be sent once.
    let apart = |path: &str, count: usize| (0..count).map(|at| format!("{path}?{at}")).collect::<Vec<_>>();
    let together = apart("/meet/six/6", 6);
    let answer = workerd().post_json("/outbound/meet/all", &json!(together));
    assert_eq!(answer.json(), json!(vec!["met 6"; 6]));

    let call = workerd().request("POST", "/outbound/gate/all").json(&json!(apart("/gate/ten", 10)));
    let exchange = call.start().unwrap();
    wait_until("six wait", || (workerd().waiting_at("ten") == CONNECTIONS_MAX).then_some(()));
    workerd().open("ten");
    assert_eq!(exchange.answer().unwrap().json(), json!(vec!["passed ten"; 10]));
    let state = workerd().upstream("/state/ten").json();
    assert_eq!((&state["most"], &state["passed"]), (&json!(CONNECTIONS_MAX), &json!(10)));
}

#[test]
fn each_call_has_connections_of_its_own() {
    let calls: Vec<_> = (0..3)
        .map(|call| {
            let paths: Vec<_> = (0..6).map(|at| format!("/gate/shared?{call}-{at}")).collect();
            workerd().request("POST", "/outbound/own-connections/all").json(&json!(paths)).start().unwrap()
        })
        .collect();
    wait_until("all wait", || (workerd().waiting_at("shared") == 18).then_some(()));
    workerd().open("shared");
    for call in calls {
        assert_eq!(call.answer().unwrap().status, 200);
    }
}

#[test]
fn requests_are_taken_in_the_order_in_which_they_end() {
    let paths = json!(["/gate/last", "/text/first"]);
    let exchange = workerd().request("POST", "/outbound/ends/as-they-end").json(&paths).start().unwrap();
    wait_until("it waits", || (workerd().waiting_at("last") == 1).then_some(()));
    workerd().open("last");
    assert_eq!(exchange.answer().unwrap().json(), json!(["/text/first", "/gate/last"]));
}

#[test]
fn the_first_of_two_wins_and_the_other_is_dropped() {
    let workerd = workerd();
    let answer = workerd.post_json("/outbound/first/first", &json!(["/gate/loser", "/text/winner"]));
    assert_eq!(answer.ok(), "right winner");
    let answer = workerd.post_json("/outbound/first/first", &json!(["/text/winner", "/gate/loser"]));
    assert_eq!(answer.ok(), "left winner");
    wait_until("both losers are aborted", || {
        (workerd.upstream("/aborted?path=/gate/loser").text() == "2").then_some(())
    });
}

#[test]
fn two_are_answered_unless_one_fails() {
    let workerd = workerd();
    assert_eq!(workerd.post_json("/outbound/both/both", &json!(["/text/a", "/text/b"])).ok(), "a b");
    workerd
        .post_json("/outbound/both/both", &json!(["/gate/never", "/status/500"]))
        .assert_problem(502, "upstream-failed");
    wait_until("the other one is aborted", || {
        (workerd.upstream("/aborted?path=/gate/never").text() == "1").then_some(())
    });
}

#[test]
fn a_dropped_request_is_aborted() {
    let workerd = workerd();
    assert_eq!(workerd.get("/outbound/leave/leave/left").ok(), "somebody waits at left");
    wait_until("the request is aborted", || (workerd.upstream("/aborted?path=/gate/left").text() == "1").then_some(()));
}

#[test]
fn a_call_gives_up_after_its_patience() {
    let answer = workerd().get("/outbound/patience/patience/20/gate/patience");
    assert_eq!(answer.ok(), "the time allowed has passed");
    assert_eq!(workerd().get("/outbound/patience/patience/10000/text/quick").ok(), "quick");
    wait_until("the request is aborted", || {
        (workerd().upstream("/aborted?path=/gate/patience").text() == "1").then_some(())
    });
}

#[test]
fn short_waits_end_inside_a_long_limit() {
    assert_eq!(workerd().get("/outbound/naps/naps/5").ok(), "5");
}

#[test]
fn a_short_wait_ends_after_a_request() {
    assert_eq!(workerd().get("/outbound/naps/fetch-then-nap").ok(), "rested");
}

#[test]
fn short_waits_end_beside_a_request() {
    assert_eq!(workerd().get("/outbound/naps/nap-beside/bedside").ok(), "passed bedside");
}

#[test]
fn waits_end_in_the_order_of_their_lengths() {
    assert_eq!(workerd().get("/outbound/wakes/wakes").json(), json!([10, 30, 50, 70, 90]));
}

#[test]
fn one_operation_too_many_is_refused() {
    assert_eq!(workerd().get("/outbound/many/many/64").ok(), "64 answered, 0 refused");
    assert_eq!(workerd().get("/outbound/many/many/65").ok(), "64 answered, 1 refused");
    assert_eq!(workerd().get("/outbound/many/many-sleeps/64").ok(), "slept");
    workerd().get("/outbound/many/many-sleeps/65").assert_problem(503, "too-many-operations");
}

#[test]
fn a_request_goes_out_as_it_was_built() {
    let answer = assert_outcome(
        json!({
            "method": "PUT", "url": url("/echo?q=%C3%A9"), "body": "hello",
            "headers": [["x-a", "1"], ["x-a", "2"], ["content-type", "text/x-test"], ["x-utf8", "Ägnes"]],
        }),
        "reply",
    );
    let seen: Value = serde_json::from_slice(&bytes(&answer)).unwrap();
    assert_eq!((&seen["method"], &seen["body"]), (&json!("PUT"), &json!("hello")));
    assert_eq!(seen["url"], url("/echo?q=%C3%A9"));
    let headers = seen["headers"].as_array().unwrap();
    for pair in [["x-a", "1, 2"], ["content-type", "text/x-test"], ["x-utf8", "Ägnes"]] {
        assert!(headers.contains(&json!(pair)), "{pair:?} in {headers:?}");
    }
}

#[test]
fn every_method_goes_out() {
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"] {
        let answer = assert_outcome(json!({ "method": method, "url": url("/echo") }), "reply");
        let seen: Value = serde_json::from_slice(&bytes(&answer)).unwrap();
        assert_eq!(seen["method"], method);
    }
    let head = assert_outcome(json!({ "method": "HEAD", "url": url("/text/x") }), "reply");
    assert_eq!((&head["status"], bytes(&head).len()), (&json!(200), 0));
}

#[test]
fn every_status_comes_back() {
    for status in (200..600).filter(|status| ![301, 302, 303, 307, 308].contains(status)) {
        let answer = assert_outcome(json!({ "url": url(&format!("/status/{status}")) }), "reply");
        assert_eq!(answer["status"], status);
    }
}

#[test]
fn repeated_headers_come_back() {
    let answer = assert_outcome(json!({ "url": url("/headers") }), "reply");
    let headers = answer["headers"].as_array().unwrap();
    for pair in
        [["set-cookie", "a=1; Path=/"], ["set-cookie", "b=2, 3; Path=/"], ["x-word", "one, two"], ["x-one", "1"]]
    {
        assert!(headers.contains(&json!(pair)), "{pair:?} in {headers:?}");
    }
}

#[test]
fn binary_bodies_come_back_with_and_without_their_length() {
    for count in [0, 1, 4_096, 100_000] {
        for kind in ["bytes", "stream"] {
            let answer = assert_outcome(json!({ "url": url(&format!("/{kind}/{count}")) }), "reply");
            assert!(bytes(&answer) == pattern(count), "{kind} {count}");
        }
    }
}

#[test]
fn an_encoded_body_is_decoded() {
    let answer = assert_outcome(json!({ "url": url("/gzip/50000") }), "reply");
    assert_eq!(bytes(&answer), vec![b'z'; 50_000]);
}

#[test]
fn a_body_that_is_too_large_is_refused() {
    for path in ["/bytes/1001", "/stream/1001", "/gzip/1001", "/stream/5000000"] {
        assert_outcome(json!({ "url": url(path), "body_max": 1000 }), "body-too-large");
    }
    for path in ["/bytes/1000", "/stream/1000", "/gzip/1000"] {
        assert_outcome(json!({ "url": url(path), "body_max": 1000 }), "reply");
    }
    assert_outcome(json!({ "url": url("/stream/10485761") }), "body-too-large");
}

#[test]
fn the_length_that_a_head_tells_is_not_the_length_of_its_body() {
    assert_outcome(json!({ "method": "HEAD", "url": url("/bytes/1001"), "body_max": 1000 }), "reply");
}

#[test]
fn a_slow_answer_is_a_timeout() {
    assert_outcome(json!({ "url": url("/gate/slow"), "timeout_ms": 20 }), "timeout");
    assert_outcome(json!({ "url": url("/hang"), "timeout_ms": 1 }), "timeout");
    assert_outcome(json!({ "url": url("/text/a"), "timeout_ms": u64::MAX }), "reply");
    wait_until("the request is aborted", || {
        (workerd().upstream("/aborted?path=/gate/slow").text() == "1").then_some(())
    });
}

#[test]
fn what_cannot_be_sent_is_told_by_what_is_wrong_with_it() {
    for invalid in
        ["", "upstream.test", "upstream.test/a:b", "http://", "http:///", "http://a b/", "http://upstream.test:99999/"]
    {
        assert_outcome(json!({ "url": invalid }), "invalid-url");
    }
    for scheme in ["ftp://upstream.test/", "file:///etc/hosts", "data:,text", "ws://upstream.test/"] {
        assert_outcome(json!({ "url": scheme }), "unsupported-scheme");
    }
    for header in [["x-a", "b\r\nx-evil: 1"], ["x a", "b"], ["content-length", "5"], ["", "b"]] {
        assert_outcome(json!({ "url": url("/"), "headers": [header] }), "invalid-header");
    }
    for method in ["GET", "HEAD"] {
        assert_outcome(json!({ "url": url("/"), "method": method, "body": "it has none" }), "body-not-allowed");
    }
    for method in ["GE T", ""] {
        assert_outcome(json!({ "url": url("/"), "method": method }), "invalid-request");
    }
    let secret = attempt(json!({ "url": "ftp://upstream.test/?key=secret" }));
    assert!(!secret["text"].as_str().unwrap().contains("secret"), "{secret}");
}

#[test]
fn redirects_are_followed_taken_or_refused() {
    let followed = assert_outcome(json!({ "url": url("/redirect/3") }), "reply");
    assert_eq!(bytes(&followed), b"arrived");
    let manual = assert_outcome(json!({ "url": url("/redirect/3"), "redirects": "manual" }), "reply");
    assert_eq!(manual["status"], 302);
    assert_outcome(json!({ "url": url("/redirect/3"), "redirects": "error" }), "redirected");
    assert_outcome(json!({ "url": url("/redirect/50") }), "too-many-redirects");
}

#[test]
fn a_redirect_of_an_own_route_leads_to_the_actor_that_it_names() {
    let url = "/place/first/elsewhere/place/second";
    assert_eq!(assert_outcome(json!({ "url": url }), "reply")["text"], "second");
    let manual = assert_outcome(json!({ "url": url, "redirects": "manual" }), "reply");
    assert_eq!(manual["status"], 303);
    assert!(manual["headers"].as_array().unwrap().contains(&json!(["location", "/place/second"])), "{manual}");
    assert_outcome(json!({ "url": url, "redirects": "error" }), "redirected");
}

#[test]
fn a_redirect_of_an_own_route_keeps_or_drops_the_body() {
    let post = |status: u16, to: &str| {
        let url = format!("/place/first/onward/{status}/{to}");
        assert_outcome(json!({ "method": "POST", "url": url, "body": "hello" }), "reply")
    };
    for status in [307, 308] {
        assert_eq!(post(status, "inputs/echo")["text"], "hello", "{status}");
    }
    for status in [301, 302, 303] {
        assert_eq!(post(status, "place/p/any")["text"], "GET", "{status}");
    }
}

#[test]
fn a_redirect_of_an_own_route_may_lead_abroad() {
    let headers = json!([["authorization", "secret"], ["x-a", "1"]]);
    let answer = assert_outcome(json!({ "url": "/place/p/abroad", "headers": headers }), "reply");
    let seen: Value = serde_json::from_str(answer["text"].as_str().unwrap()).unwrap();
    let names: Vec<_> = seen["headers"].as_array().unwrap().iter().map(|pair| pair[0].as_str().unwrap()).collect();
    assert!(names.contains(&"x-a"), "{names:?}");
    assert!(!names.contains(&"authorization") && !names.contains(&"duractor-chain"), "{names:?}");
}

#[test]
fn a_redirect_of_an_own_route_to_itself_ends() {
    let answer = attempt(json!({ "url": "/place/loop/elsewhere/place/loop/elsewhere/x" }));
    assert_eq!(answer["status"], 404, "{answer}");
    assert_outcome(json!({ "url": "/place/loop/around" }), "too-many-redirects");
}

#[test]
fn an_own_route_is_asked_like_any_other() {
    let missing = assert_outcome(json!({ "url": "/nowhere" }), "reply");
    assert_eq!(missing["status"], 404);
    let echo = assert_outcome(json!({ "method": "POST", "url": "/inputs/echo", "body": "hello" }), "reply");
    assert_eq!(echo["text"], "hello");
    assert_outcome(json!({ "url": "/replies/bytes/1001", "body_max": 1000 }), "body-too-large");
    assert_outcome(json!({ "url": "/turns/slow/read/own-slow", "timeout_ms": 20 }), "timeout");
    let cookies = assert_outcome(json!({ "url": "/replies/cookies" }), "reply");
    let headers = cookies["headers"].as_array().unwrap();
    assert!(headers.contains(&json!(["set-cookie", "b=2, 3; Path=/"])), "{headers:?}");
    for odd in ["//place/p", "/\\evil.test/", "/@evil.test/", "/..//evil.test"] {
        let answer = attempt(json!({ "url": odd }));
        assert_eq!(answer["status"], 404, "{odd}: {answer}");
    }
}

#[test]
fn a_connection_that_is_lost_is_named() {
    assert_outcome(json!({ "url": url("/drop") }), "connection-lost");
}

#[test]
fn a_failure_of_an_upstream_is_a_bad_gateway() {
    workerd().post_json("/outbound/bad/all", &json!(["/drop"])).assert_problem(502, "upstream-failed");
}
