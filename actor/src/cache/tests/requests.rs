//! What a request asks of the cache (RFC 9111 section 5.2.1).

use super::*;

/// An answer that is fresh for 60 seconds and 20 old.
fn world() -> World {
    let mut world = World::new();
    world.keep(&[("cache-control", "max-age=60"), ("etag", "\"1\"")]);
    world.wait(20);
    world
}

#[test]
fn only_get_and_head_are_looked_up() {
    for (method, saw) in [("GET", Saw::Fresh), ("HEAD", Saw::Fresh), ("POST", Saw::Miss), ("get", Saw::Miss)] {
        assert_eq!(world().sees(&get().method(method)), saw, "{method}");
    }
}

#[test]
fn a_head_is_answered_from_a_get_without_its_body() {
    let mut world = World::new();
    world.keep(&[("cache-control", "max-age=60"), ("content-length", "4")]);
    let stored = world.fresh(&head());
    assert_eq!((stored.body(), header(&stored, "content-length").as_deref()), (&b""[..], Some("4")));
}

#[test]
fn no_cache_asks_for_validation() {
    assert_eq!(world().sees(&get().says("no-cache")), Saw::Stale);
    let stale = world().stale(&get().says("No-Cache, stale-if-error=100"));
    assert!(!stale.may_answer_now && !stale.may_answer_error);
}

#[test]
fn pragma_counts_only_without_cache_control() {
    assert_eq!(world().sees(&get().header("pragma", "no-cache")), Saw::Stale);
    assert_eq!(world().sees(&get().header("pragma", "no-cache").says("max-age=60")), Saw::Fresh);
}

#[test]
fn no_store_of_a_request_does_not_forbid_reading() {
    assert_eq!(world().sees(&get().says("no-store")), Saw::Fresh);
}

#[test]
fn max_age_bounds_the_age() {
    assert_eq!(world().sees(&get().says("max-age=20")), Saw::Fresh);
    assert_eq!(world().sees(&get().says("max-age=19")), Saw::Stale);
    assert_eq!(world().sees(&get().says("max-age=0")), Saw::Stale);
}

#[test]
fn min_fresh_asks_for_time_left() {
    assert_eq!(world().sees(&get().says("min-fresh=40")), Saw::Fresh);
    assert_eq!(world().sees(&get().says("min-fresh=41")), Saw::Stale);
}

#[test]
fn max_stale_takes_what_is_stale() {
    let mut world = world();
    world.wait(50);
    assert_eq!(world.sees(&get()), Saw::Stale);
    assert_eq!(world.sees(&get().says("max-stale=11")), Saw::Fresh);
    assert_eq!(world.sees(&get().says("max-stale=9")), Saw::Stale);
    assert_eq!(world.sees(&get().says("max-stale")), Saw::Fresh);
}

#[test]
fn max_stale_takes_nothing_that_must_be_validated() {
    for value in ["max-age=60, must-revalidate", "max-age=60, no-cache", "max-age=60, no-cache=\"x\""] {
        let mut world = World::new();
        world.keep(&[("cache-control", value), ("etag", "\"1\"")]);
        world.wait(70);
        assert_eq!(world.sees(&get().says("max-stale")), Saw::Stale, "{value}");
    }
}

#[test]
fn what_a_request_says_unclearly_is_taken_strictly() {
    for value in ["max-age=x", "max-age", "min-fresh=-1", "max-age=50, max-age=60"] {
        assert_eq!(world().sees(&get().says(value)), Saw::Stale, "{value}");
    }
    let mut world = world();
    world.wait(50);
    assert_eq!(world.sees(&get().says("max-stale=x")), Saw::Stale);
}

#[test]
fn only_if_cached_never_leaves() {
    let mut world = world();
    let ask = get().says("only-if-cached");
    assert_eq!(world.sees(&ask), Saw::Fresh);
    assert_eq!(world.sees(&ask.clone().url("https://a.example/other")), Saw::Unavailable);
    assert_eq!(world.sees(&ask.clone().mode(Cache::NoStore)), Saw::Unavailable);
    world.wait(60);
    assert_eq!(world.sees(&ask), Saw::Unavailable);
    assert_eq!(world.sees(&ask.says("max-stale")), Saw::Fresh);
}

#[test]
fn conditional_and_range_requests_of_the_caller_pass_the_cache() {
    for (name, value) in [
        ("if-none-match", "\"1\""),
        ("if-modified-since", "Tue, 02 Jan 2024 00:00:00 GMT"),
        ("if-match", "*"),
        ("if-unmodified-since", "Tue, 02 Jan 2024 00:00:00 GMT"),
        ("if-range", "\"1\""),
        ("range", "bytes=0-1"),
    ] {
        let ask = get().header(name, value);
        let mut world = world();
        assert_eq!(world.sees(&ask), Saw::Miss, "{name}");
        world.keep_as(&ask, 200, &[("cache-control", "max-age=60")], "other");
        world.keep_as(&ask, 206, &[("cache-control", "max-age=60")], "o");
        world.keep_as(&ask, 304, &[("cache-control", "max-age=60")], "");
        assert_eq!(world.fresh(&get()).body(), b"body", "{name}");
    }
}

#[test]
fn an_url_is_looked_up_without_its_fragment_and_in_its_plain_form() {
    let mut world = World::new();
    world.keep_as(&get().url("HTTPS://A.example:443/x?q#top"), 200, &[("cache-control", "max-age=60")], "");
    assert_eq!(world.sees(&get().url("https://a.example/x?q")), Saw::Fresh);
    for other in ["https://a.example/x", "https://a.example/X?q", "http://a.example/x?q", "https://a.example:444/x?q"] {
        assert_eq!(world.sees(&get().url(other)), Saw::Miss, "{other}");
    }
    world.keep_as(&get().url("https://b.example"), 200, &[("cache-control", "max-age=60")], "");
    assert_eq!(world.sees(&get().url("https://b.example/#x")), Saw::Fresh);
    world.keep_as(&get().url("https://c.example/a b/é?q=\"<\""), 200, &[("cache-control", "max-age=60")], "");
    for same in [
        "https://c.example/a%20b/%C3%A9?q=%22%3C%22",
        "https://c.example/x/../a b/é?q=\"<\"",
        "https://c.example/./y/%2E%2e/a%20b/é?q=\"<%22",
        "\u{1}https://c.example\\a b\\é?q=\"<\" \n",
        "https://c.exa\tmple/a b/\né?q=\"<\"",
    ] {
        assert_eq!(world.sees(&get().url(same)), Saw::Fresh, "{same}");
    }
    // An encoded slash is no slash, and letters keep their case.
    for other in ["https://c.example/a%20b%2F%C3%A9?q=%22%3C%22", "https://c.example/a b/É?q=%22%3C%22"] {
        assert_eq!(world.sees(&get().url(other)), Saw::Miss, "{other}");
    }
}

#[test]
fn look_ups_are_counted() {
    let mut world = world();
    world.sees(&get());
    world.sees(&get().says("no-cache"));
    world.sees(&get().url("https://a.example/other"));
    world.sees(&get().method("POST"));
    let stats = world.store.stats();
    assert_eq!((stats.hits, stats.misses, stats.entries), (1, 2, 1));
}
