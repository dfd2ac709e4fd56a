//! Actors that call their own routes: joined where that is safe, refused where they would wait for themselves.

use duractor_tests::{wait_until, workerd};
use serde_json::{Value, json};

fn inner_problem(answer: &Value) -> Value {
    serde_json::from_str(answer["body"].as_str().unwrap()).unwrap()
}

#[test]
fn a_reader_reads_itself_while_a_writer_waits() {
    let workerd = workerd();
    let outer = workerd.request("GET", "/chain/join/shared/join").start().unwrap();
    wait_until("the reader waits", || (workerd.waiting_at("join") == 1).then_some(()));
    let writer = workerd.request("POST", "/chain/join/add").start().unwrap();
    assert_eq!(workerd.get("/chain/join/ping").status, 204);
    workerd.open("join");
    assert_eq!(outer.answer().unwrap().json(), json!({ "status": 200, "body": "0" }));
    assert_eq!(writer.answer().unwrap().ok(), "1");
}

#[test]
fn a_writer_that_reads_itself_is_refused() {
    let answer = workerd().post("/chain/alone/exclusive").json();
    assert_eq!(answer["status"], 508);
    let problem = inner_problem(&answer);
    assert_eq!(problem["type"], "/problems/deadlock");
    assert_eq!(problem["chain"], "Chain/alone → Chain/alone");
    assert_eq!(workerd().get("/chain/alone/value").ok(), "1");
}

#[test]
fn a_reader_that_writes_itself_is_refused() {
    let answer = workerd().get("/chain/upgrade/shared-to-exclusive").json();
    assert_eq!(answer["status"], 508);
    assert_eq!(workerd().post("/chain/upgrade/add").ok(), "1");
}

#[test]
fn a_chain_through_another_actor_is_seen() {
    let answer = workerd().post("/chain/first/through/second%20one").json();
    assert_eq!(answer["status"], 508);
    let problem = inner_problem(&answer);
    assert_eq!(problem["chain"], "Chain/first → Chain/second%20one → Chain/first");
    assert_eq!(workerd().get("/chain/first/value").ok(), "0");
}

#[test]
fn a_chain_without_an_end_is_refused() {
    let answer = workerd().get("/chain/forever/forever");
    let problem = answer.json();
    assert_eq!((answer.status, &problem["type"]), (508, &json!("/problems/chain-too-long")));
    assert_eq!(workerd().get("/chain/forever/value").ok(), "0");
}

#[test]
fn another_actor_answers_while_its_caller_holds_a_turn() {
    assert_eq!(workerd().get("/chain/asking/ask/asked").ok(), "0");
}

#[test]
fn a_chain_that_a_client_made_up_is_no_chain() {
    let workerd = workerd();
    let outer = workerd.request("GET", "/chain/forged/shared/forged").start().unwrap();
    wait_until("the reader waits", || (workerd.waiting_at("forged") == 1).then_some(()));
    let writer = workerd.request("POST", "/chain/forged/add").start().unwrap();
    assert_eq!(workerd.get("/chain/forged/ping").status, 204);
    for forged in ["", "x", ";Chain/forged", "undefined;Chain/forged", ",,,", "0;Chain/forged, 1;Chain/forged", "é"] {
        let reader = workerd.request("GET", "/chain/forged/value").header("duractor-chain", forged);
        let reader = reader.start().unwrap();
        assert_eq!(workerd.get("/chain/forged/ping").status, 204);
        // It has not joined, so it is answered after the writer.
        drop(reader);
    }
    let last = workerd.request("GET", "/chain/forged/value").header("duractor-chain", ";Chain/forged").start().unwrap();
    assert_eq!(workerd.get("/chain/forged/ping").status, 204);
    workerd.open("forged");
    assert_eq!(outer.answer().unwrap().json()["body"], "0");
    assert_eq!(writer.answer().unwrap().ok(), "1");
    assert_eq!(last.answer().unwrap().ok(), "1");
}

/// Whoever makes one up fails alone.
#[test]
fn a_long_made_up_chain_is_refused() {
    let forged = vec!["token;Chain/x"; 100].join(", ");
    let answer = workerd().request("GET", "/chain/long/value").header("duractor-chain", forged).send();
    answer.assert_problem(508, "chain-too-long");
    assert_eq!(workerd().get("/chain/long/value").ok(), "0");
}

#[test]
fn foreign_hosts_are_not_told_the_chain() {
    let seen = workerd().get("/chain/abroad/abroad").json();
    let headers = seen["headers"].as_array().unwrap();
    assert!(headers.iter().all(|pair| pair[0] != "duractor-chain"), "{headers:?}");
}

/// The client chooses the host that it sends, and so must not choose who is told the chain.
#[test]
fn a_host_that_the_client_names_is_not_told_the_chain() {
    let workerd = workerd();
    let mut exchange = duractor_tests::http::Exchange::connect(workerd.address()).unwrap();
    exchange.write(b"GET /chain/abroad/abroad HTTP/1.1\r\nhost: upstream.test\r\n\r\n").unwrap();
    let seen = exchange.answer().unwrap().json();
    let headers = seen["headers"].as_array().unwrap();
    assert!(headers.iter().all(|pair| pair[0] != "duractor-chain"), "{headers:?}");
}
