//! A client that goes away takes its shared calls along; an exclusive turn that has begun runs to its end.

use duractor_tests::{http::Exchange, wait_until, workerd};

fn journal(name: &str) -> Vec<String> {
    serde_json::from_value(workerd().get(format!("/turns/{name}/journal")).json()).unwrap()
}

fn wait_for(name: &str, event: &str) {
    let event = event.to_owned();
    wait_until(&format!("{name}: {event}"), || journal(name).contains(&event).then_some(()));
}

fn wait_at(method: &str, path: &str, gate: &str) -> Exchange {
    let exchange = workerd().request(method, path).start().unwrap();
    wait_until("it waits at the gate", || (workerd().waiting_at(gate) == 1).then_some(()));
    exchange
}

#[test]
fn a_shared_call_is_cancelled_with_what_it_waits_for() {
    wait_at("GET", "/turns/gone/read/gone", "gone").reset().unwrap();
    wait_for("gone", "read gone ends");
    assert!(!journal("gone").contains(&"read gone passed".to_owned()));
    wait_until("the request is aborted", || {
        (workerd().upstream("/aborted?path=/gate/gone").text() == "1").then_some(())
    });
    assert_eq!(workerd().post("/turns/gone/add/1").ok(), "1");
}

#[test]
fn an_exclusive_turn_runs_to_its_end() {
    wait_at("POST", "/turns/kept/write/kept", "kept").reset().unwrap();
    let reader = workerd().request("GET", "/turns/kept/value").start().unwrap();
    assert_eq!(workerd().get("/turns/kept/ping").status, 204);
    workerd().open("kept");
    assert_eq!(reader.answer().unwrap().ok(), "1");
    wait_for("kept", "write kept passed");
}

#[test]
fn a_wait_without_a_turn_is_cancelled() {
    wait_at("POST", "/turns/short/short/short", "short").reset().unwrap();
    wait_for("short", "short short ends");
    assert_eq!(workerd().get("/turns/short/value").ok(), "1");
}

#[test]
fn a_call_that_waits_for_its_turn_leaves_the_queue() {
    let holder = wait_at("POST", "/turns/queue/write/queue", "queue");
    for _ in 0..10 {
        let waiting = workerd().request("POST", "/turns/queue/add/100").header("x-mark", "q").start().unwrap();
        wait_for("queue", "arrived q");
        assert_eq!(workerd().get("/turns/queue/ping").status, 204);
        waiting.reset().unwrap();
    }
    // Nothing tells that a call has left the queue. These take a longer way than the last reset.
    for _ in 0..5 {
        assert_eq!(workerd().get("/turns/queue/ping").status, 204);
    }
    let after = workerd().request("POST", "/turns/queue/add/1").start().unwrap();
    assert_eq!(workerd().get("/turns/queue/ping").status, 204);
    workerd().open("queue");
    assert_eq!(holder.answer().unwrap().ok(), "1");
    assert_eq!(after.answer().unwrap().status, 200);
    let value: u64 = workerd().get("/turns/queue/value").ok().parse().unwrap();
    assert_eq!(value, 2, "an abandoned call took its turn");
}

#[test]
fn many_clients_that_leave_do_not_use_up_the_calls_of_an_actor() {
    // More than may wait at once.
    for _ in 0..3 {
        let calls: Vec<_> =
            (0..500).map(|_| workerd().request("GET", "/turns/crowd/read/crowd").start().unwrap()).collect();
        wait_until("they wait", || (workerd().waiting_at("crowd") == 500).then_some(()));
        for call in calls {
            call.reset().unwrap();
        }
        wait_until("all are gone", || (workerd().waiting_at("crowd") == 0).then_some(()));
    }
    assert_eq!(workerd().post("/turns/crowd/add/1").ok(), "1");
}

#[test]
fn a_call_is_cancelled_with_the_call_that_asked_for_it() {
    let attempt = serde_json::json!({ "url": "/turns/inner/read/inner", "timeout_ms": 50 });
    let answer = workerd().post_json("/outbound/outer/attempt", &attempt);
    assert_eq!(answer.json()["outcome"], "timeout");
    wait_for("inner", "read inner ends");
    assert_eq!(workerd().post("/turns/inner/add/1").ok(), "1");
}
