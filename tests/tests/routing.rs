//! Paths and methods choose the route, and the mount chooses the actor.

use std::collections::HashSet;

use duractor_tests::workerd;
use serde_json::Value;

#[test]
fn a_parameter_is_decoded_once() {
    let workerd = workerd();
    for (path, value) in [
        ("plain", "plain"),
        ("a%2Fb", "a/b"),
        ("a%252Fb", "a%2Fb"),
        ("caf%C3%A9", "café"),
        ("a+b", "a+b"),
        ("a%20b", "a b"),
        ("%00", "\0"),
        ("fixed", "the static route"),
        ("x;y=1", "x;y=1"),
    ] {
        assert_eq!(workerd.get(format!("/place/decode/value/{path}")).ok(), value, "{path}");
    }
}

#[test]
fn a_catch_all_takes_slashes() {
    let workerd = workerd();
    assert_eq!(workerd.get("/place/p/rest/a").ok(), "a");
    assert_eq!(workerd.get("/place/p/rest/a/b%2Fc//d/").ok(), "a/b/c//d/");
    workerd.get("/place/p/rest").assert_problem(404, "no-route");
    workerd.get("/place/p/rest/").assert_problem(404, "no-route");
}

#[test]
fn a_trailing_slash_makes_no_difference() {
    let workerd = workerd();
    assert_eq!(workerd.get("/place/slash").ok(), "slash");
    assert_eq!(workerd.get("/place/slash/").ok(), "slash");
    assert_eq!(workerd.get("/place/slash/visits/").ok(), "0");
    workerd.get("/place/slash//visits").assert_problem(404, "no-route");
}

#[test]
fn a_query_is_not_part_of_the_path() {
    let workerd = workerd();
    assert_eq!(workerd.get("/place/q/target?a=/b&c=%2F").ok(), "/place/q/target?a=/b&c=%2F");
    assert_eq!(workerd.get("/place/q/target?").ok(), "/place/q/target?");
}

#[test]
fn what_nothing_answers_is_not_found() {
    let workerd = workerd();
    for path in ["/", "/nowhere", "/place", "/place/", "/place/p/nowhere", "/places/p", "/PLACE/p"] {
        workerd.get(path).assert_problem(404, "no-route");
    }
}

#[test]
fn another_method_is_told_which_are_allowed() {
    let workerd = workerd();
    let answer = workerd.post("/place/p/thing");
    answer.assert_problem(405, "method-not-allowed");
    let allowed = answer.header("allow").unwrap().split(", ").collect::<HashSet<_>>();
    assert_eq!(allowed, HashSet::from(["PUT", "PATCH", "DELETE", "OPTIONS"]));
    assert_eq!(workerd.request("PUT", "/place/p/thing").send().ok(), "put");
    assert_eq!(workerd.request("PATCH", "/place/p/thing").send().ok(), "patched");
    assert_eq!(workerd.request("DELETE", "/place/p/thing").send().status, 204);
}

#[test]
fn head_is_get_without_the_body() {
    let workerd = workerd();
    let answer = workerd.request("HEAD", "/place/p/value/hello").send();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(workerd.request("HEAD", "/place/p/visit").send().status, 405);
    assert_eq!(workerd.request("HEAD", "/nowhere").send().status, 404);
}

#[test]
fn options_tells_the_methods() {
    let workerd = workerd();
    let answer = workerd.request("OPTIONS", "/place/p/visits").send();
    assert_eq!(answer.status, 204);
    let allowed = answer.header("allow").unwrap().split(", ").collect::<HashSet<_>>();
    assert_eq!(allowed, HashSet::from(["GET", "HEAD", "OPTIONS"]));
}

#[test]
fn any_takes_every_method() {
    let workerd = workerd();
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "REPORT"] {
        assert_eq!(workerd.request(method, "/place/p/any").send().ok(), method);
    }
}

#[test]
fn a_name_comes_from_the_path_a_header_a_function_or_is_fixed() {
    let workerd = workerd();
    assert_eq!(workerd.get("/place/ann").ok(), "ann");
    assert_eq!(workerd.get("/fixed").ok(), "fixed");
    assert_eq!(workerd.get("/org/acme/room/lobby").ok(), "acme/lobby");
    assert_eq!(workerd.request("GET", "/tenant").header("x-tenant", "globex").send().ok(), "globex");
    assert_eq!(workerd.get("/function?whoever").ok(), "whoever");
}

#[test]
fn a_request_without_a_name_is_refused() {
    let workerd = workerd();
    let problem = workerd.get("/tenant").assert_problem(400, "missing-header");
    assert_eq!(problem["field"], "x-tenant");
    workerd.request("GET", "/tenant").header("x-tenant", "").send().assert_problem(400, "name-empty");
    workerd.get("/function").assert_problem(400, "name-empty");
    workerd.get("/function?forbidden").assert_problem(403, "forbidden");
    workerd.get(format!("/place/{}", "n".repeat(1025))).assert_problem(400, "name-too-long");
    assert_eq!(workerd.get(format!("/place/{}", "n".repeat(1024))).status, 200);
}

#[test]
fn a_malformed_path_is_a_bad_request() {
    let workerd = workerd();
    for path in ["/place/%ff", "/place/%", "/place/%zz", "/place/a/value/%C3", "/place/%ED%A0%80"] {
        workerd.get(path).assert_problem(400, "bad-path");
    }
}

#[test]
fn two_names_never_share_state() {
    let workerd = workerd();
    let paths = [
        "/place/one",
        "/place/One",
        "/place/one%2Ftwo",
        "/place/one%252Ftwo",
        "/place/%20one",
        "/place/one%00",
        "/org/a/room/b%2Fc",
        "/org/a%2Fb/room/c",
        "/org/a%252Fb/room/c",
        "/org/a/room/b",
        "/org/b/room/a",
        "/place/caf%C3%A9",
        "/place/cafe%CC%81",
    ];
    for (at, path) in paths.iter().enumerate() {
        for _ in 0..=at {
            workerd.post(format!("{path}/visit")).ok();
        }
    }
    for (at, path) in paths.iter().enumerate() {
        assert_eq!(workerd.get(format!("{path}/visits")).ok(), (at + 1).to_string(), "{path}");
    }
    assert_eq!(workerd.get("/place/never/visits").ok(), "0");
}

#[test]
fn two_mounts_with_one_name_are_one_actor() {
    let workerd = workerd();
    workerd.post("/place/fixed/visit").ok();
    assert_eq!(workerd.get("/fixed/visits").ok(), "1");
    assert_eq!(workerd.get("/function/visits?fixed").ok(), "1");
}

#[test]
fn a_long_path_is_refused() {
    let workerd = workerd();
    let long = format!("/place/p/rest/{}", "x".repeat(16 << 10));
    workerd.get(long).assert_problem(414, "path-too-long");
    let start = "/place/p/rest/";
    let longest = format!("{start}{}", "x".repeat((16 << 10) - start.len()));
    assert_eq!(workerd.get(longest).status, 200);
}

#[test]
fn problems_are_json_with_type_title_status_and_detail() {
    let workerd = workerd();
    let problem = workerd.get("/nowhere").assert_problem(404, "no-route");
    for member in ["type", "title", "detail"] {
        assert!(matches!(&problem[member], Value::String(text) if !text.is_empty()), "{problem}");
    }
}
