//! Futures of the crate `worker` in the same methods as Duractor's own.

use std::thread;

use duractor_tests::workerd;

#[test]
fn a_binding_is_awaited_beside_requests_and_waits() {
    let workerd = workerd();
    let put = workerd.request("PUT", "/bindings/kv/kv/greeting").body("hello").send();
    assert_eq!(put.status, 204, "{}", put.text());
    assert_eq!(workerd.get("/bindings/kv/kv/greeting").ok(), "hello beside 1");
    assert_eq!(workerd.get("/bindings/kv/kv/greeting").ok(), "hello beside 2");
    assert_eq!(workerd.get("/bindings/kv/kv/absent").status, 404);
}

#[test]
fn a_binding_and_a_request_are_awaited_together() {
    let workerd = workerd();
    workerd.request("PUT", "/bindings/both/kv/word").body("word").send();
    assert_eq!(workerd.get("/bindings/both/both/word").ok(), "word 0");
}

#[test]
fn a_promise_wakes_again_and_again() {
    assert_eq!(workerd().get("/bindings/delays/delays/20").ok(), "20");
}

#[test]
fn promises_of_many_actors_go_home_to_their_own() {
    thread::scope(|scope| {
        for actor in 0..40 {
            scope.spawn(move || {
                let path = format!("/bindings/actor-{actor}");
                let value = format!("value-{actor}");
                let put = workerd().request("PUT", format!("{path}/kv/key-{actor}")).body(value.clone()).send();
                assert_eq!(put.status, 204);
                for read in 1..=5 {
                    let answer = workerd().get(format!("{path}/kv/key-{actor}"));
                    assert_eq!(answer.ok(), format!("{value} beside {read}"));
                    assert_eq!(workerd().get(format!("{path}/delays/3")).ok(), "3");
                }
            });
        }
    });
}
