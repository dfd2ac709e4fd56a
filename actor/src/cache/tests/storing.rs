//! What is stored, and what of it (RFC 9111 section 3).

use super::*;

fn is_stored(ask: &Ask, status: u16, headers: Pairs<'_>) -> bool {
    let mut world = World::new();
    world.keep_as(ask, status, headers, "body");
    world.store.stats().entries == 1
}

const FRESH: (&str, &str) = ("cache-control", "max-age=60");

#[test]
fn only_a_get_is_stored() {
    assert!(is_stored(&get(), 200, &[FRESH]));
    for method in ["HEAD", "POST", "PUT", "OPTIONS", "get"] {
        assert!(!is_stored(&get().method(method), 200, &[FRESH]), "{method}");
    }
}

#[test]
fn no_store_of_an_answer_forbids_storing() {
    for value in ["no-store", "No-Store, max-age=60", "max-age=60, no-store=\"x\""] {
        assert!(!is_stored(&get(), 200, &[("cache-control", value), ("etag", "\"1\"")]), "{value}");
    }
}

#[test]
fn no_store_of_a_request_forbids_storing() {
    assert!(!is_stored(&get().says("no-store"), 200, &[FRESH]));
}

#[test]
fn must_understand_overrides_no_store_where_the_status_is_known() {
    let headers = [("cache-control", "must-understand, no-store, max-age=60")];
    assert!(is_stored(&get(), 200, &headers));
    assert!(!is_stored(&get(), 299, &headers));
    assert!(!is_stored(&get(), 299, &[("cache-control", "must-understand, max-age=60")]));
}

#[test]
fn any_final_status_with_explicit_freshness_is_stored() {
    for status in [200, 203, 204, 299, 302, 307, 400, 404, 418, 429, 500, 503, 599] {
        assert!(is_stored(&get(), status, &[FRESH]), "{status}");
    }
}

#[test]
fn without_freshness_only_what_is_cacheable_by_default_is_stored_to_be_validated() {
    for (status, is_cacheable) in [(200, true), (301, true), (404, true), (302, false), (403, false), (500, false)] {
        assert_eq!(is_stored(&get(), status, &[("etag", "\"1\"")]), is_cacheable, "{status}");
    }
    assert!(is_stored(&get(), 302, &[("etag", "\"1\""), ("cache-control", "private")]));
}

#[test]
fn parts_interim_answers_and_304_are_never_stored() {
    for status in [0, 100, 103, 206, 304] {
        for mode in [Cache::Standard, Cache::FreshFor(Duration::from_secs(60))] {
            assert!(!is_stored(&get().mode(mode), status, &[FRESH]), "{status}");
        }
    }
}

#[test]
fn an_answer_that_can_never_be_used_is_not_stored() {
    assert!(!is_stored(&get(), 200, &[]));
    assert!(!is_stored(&get(), 200, &[("cache-control", "no-cache")]));
    assert!(is_stored(&get(), 200, &[("cache-control", "no-cache"), ("etag", "\"1\"")]));
    assert!(is_stored(&get(), 200, &[("cache-control", "max-age=0, stale-if-error=60")]));
}

#[test]
fn authorization_does_not_forbid_storing() {
    assert!(is_stored(&get().header("authorization", "Bearer a"), 200, &[FRESH]));
}

#[test]
fn set_cookie_does_not_forbid_storing_and_every_one_is_served() {
    let mut world = World::new();
    world.keep(&[FRESH, ("set-cookie", "a=1"), ("set-cookie", "b=2")]);
    let stored = world.fresh(&get());
    let cookies: Vec<_> = stored.headers().filter(|(name, _)| *name == "set-cookie").map(|(_, value)| value).collect();
    assert_eq!(cookies, [b"a=1", b"b=2"]);
}

#[test]
fn headers_of_the_connection_are_not_stored() {
    let mut world = World::new();
    let of_connection = [("connection", "X-Hop, close, cache-control"), ("x-hop", "1"), ("keep-alive", "5")];
    world.keep(&[&[FRESH, ("x-end", "1"), ("transfer-encoding", "chunked")], &of_connection[..]].concat());
    let stored = world.fresh(&get());
    let names: Vec<_> = stored.headers().map(|(name, _)| name).collect();
    assert_eq!(names, ["cache-control", "x-end", "date", "age"]);
}

#[test]
fn no_store_cannot_be_hidden_by_connection() {
    assert!(!is_stored(
        &get(),
        200,
        &[("connection", "cache-control"), ("cache-control", "no-store"), ("etag", "\"1\"")]
    ));
}

#[test]
fn the_length_that_is_served_is_that_of_the_body() {
    let mut world = World::new();
    world.keep(&[FRESH, ("content-length", "999")]);
    let stored = world.fresh(&get());
    assert_eq!(
        (stored.status(), stored.body(), header(&stored, "content-length").as_deref()),
        (200, &b"body"[..], Some("4"))
    );
}

#[test]
fn an_answer_without_a_date_gets_one() {
    let mut world = World::new();
    world.keep(&[FRESH]);
    let date = world.date(0);
    world.wait(5);
    assert_eq!(header(&world.fresh(&get()), "date"), Some(date));
}

#[test]
fn an_answer_that_may_not_be_stored_drops_the_one_before() {
    let mut world = World::new();
    world.keep(&[FRESH]);
    world.keep(&[("cache-control", "no-store")]);
    assert_eq!(world.sees(&get()), Saw::Miss);
}

#[test]
fn a_failure_that_may_not_be_stored_leaves_the_one_before() {
    let mut world = World::new();
    world.keep(&[FRESH]);
    world.keep_as(&get(), 503, &[], "");
    assert_eq!(world.sees(&get()), Saw::Fresh);
}
