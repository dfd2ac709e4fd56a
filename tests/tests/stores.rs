//! KV as operations, in workerd; R2 needs more of a mock and is in `wrangler.rs`.

use duractor_tests::{wait_until, workerd};

#[test]
fn a_value_is_put_got_and_deleted() {
    let workerd = workerd();
    assert_eq!(workerd.get("/stores/values/kv/key").status, 404);
    assert_eq!(workerd.request("PUT", "/stores/values/kv/key").body("text").send().status, 204);
    assert_eq!(workerd.get("/stores/values/kv/key").ok(), "text by ann");
    assert_eq!(workerd.get("/stores/values/small/key").ok(), "KV/key: more than 3 bytes");
    assert_eq!(workerd.request("DELETE", "/stores/values/kv/key").send().status, 204);
    assert_eq!(workerd.get("/stores/values/kv/key").status, 404);
}

#[test]
fn bytes_come_back_as_they_were() {
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    assert_eq!(workerd().request("PUT", "/stores/bytes/kv/bytes").body(bytes).send().status, 204);
    assert_eq!(workerd().get("/stores/bytes/kv/bytes").status, 200);
    assert_eq!(workerd().request("PUT", "/stores/bytes/kv/empty").body("").send().status, 204);
    assert_eq!(workerd().get("/stores/bytes/kv/empty").ok(), " by ann");
}

#[test]
fn a_binding_that_is_missing_or_of_another_kind_is_named() {
    for (kind, table, binding) in
        [("kv", "kv_namespaces", "NOWHERE"), ("r2", "r2_buckets", "NOWHERE"), ("other", "r2_buckets", "KV")]
    {
        let text = workerd().get(format!("/stores/missing/missing/{kind}")).ok().to_owned();
        assert!(text.contains(&format!("[[{table}]]\nbinding = \"{binding}\"")), "{text}");
    }
}

#[test]
fn a_call_that_is_run_again_is_told_what_it_was_told() {
    let workerd = workerd();
    workerd.request("PUT", "/stores/again/kv/again").body("first").send();
    let call = workerd.request("GET", "/stores/again/beside/again/stores-again").start().unwrap();
    wait_until("it waits", || (workerd.waiting_at("stores-again") == 1).then_some(()));
    workerd.request("PUT", "/stores/other/kv/again").body("second").send();
    workerd.post("/traps/stores/panic").assert_problem(500, "internal");
    workerd.open("stores-again");
    assert_eq!(call.answer().unwrap().ok(), "first passed stores-again");
}
