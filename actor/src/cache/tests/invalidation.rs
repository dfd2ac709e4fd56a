//! What requests that change something drop (RFC 9111 section 4.4).

use super::*;

const FRESH: (&str, &str) = ("cache-control", "max-age=60");

/// Which of these are still there after an unsafe request to [`URL`].
fn left_of(urls: &[&str], method: &str, status: u16, headers: Pairs<'_>) -> Vec<String> {
    let mut world = World::new();
    for url in urls {
        world.keep_as(&get().url(url), 200, &[FRESH], "");
    }
    world.invalidate(method, status, headers);
    let mut is_there = |url: &&&str| world.sees(&get().url(url)) == Saw::Fresh;
    urls.iter().filter(|url| is_there(url)).map(|url| url.to_string()).collect()
}

#[test]
fn an_unsafe_request_drops_its_url() {
    for method in ["POST", "PUT", "PATCH", "DELETE", "PURGE"] {
        assert!(left_of(&[URL], method, 204, &[]).is_empty(), "{method}");
    }
    for method in ["GET", "HEAD", "OPTIONS", "TRACE"] {
        assert_eq!(left_of(&[URL], method, 200, &[]), [URL], "{method}");
    }
}

#[test]
fn a_failed_request_drops_nothing() {
    for (status, left) in [(200, 0), (303, 0), (400, 1), (404, 1), (500, 1)] {
        assert_eq!(left_of(&[URL], "POST", status, &[]).len(), left, "{status}");
    }
}

#[test]
fn all_variants_are_dropped() {
    let mut world = World::new();
    for language in ["de", "en"] {
        let ask = get().header("accept-language", language);
        world.keep_as(&ask, 200, &[FRESH, ("vary", "accept-language")], "");
    }
    world.invalidate("POST", 200, &[]);
    assert_eq!(world.store.stats().entries, 0);
}

#[test]
fn location_and_content_location_are_dropped_on_the_same_origin() {
    let other = "https://a.example/y/z?q";
    for reference in
        ["/y/z?q", "https://a.example/y/z?q#f", "HTTPS://A.EXAMPLE:443/y/z?q", "//a.example/y/z?q", "y/./b/../z?q"]
    {
        for name in ["location", "content-location"] {
            assert!(left_of(&[other], "POST", 201, &[(name, reference)]).is_empty(), "{name}: {reference}");
        }
    }
}

#[test]
fn nothing_is_dropped_on_another_origin() {
    for other in
        ["https://b.example/y", "http://a.example/y", "https://a.example:8443/y", "https://a.example.b.example/y"]
    {
        assert_eq!(left_of(&[other], "POST", 201, &[("location", other)]), [other]);
    }
}

#[test]
fn own_routes_are_an_origin() {
    let mut world = World::new();
    world.keep_as(&get().url("/orders/7"), 200, &[FRESH], "");
    let ask = get().method("POST").url("/orders/");
    let now = world.now;
    with_headers(&[("location", "7")], |headers| {
        world.store.invalidate(&ask.request(), &Arrived { status: 201, headers, body: &[], sent_at: now, now });
    });
    assert_eq!(world.sees(&get().url("/orders/7")), Saw::Miss);
}

#[test]
fn urls_and_prefixes_are_dropped_by_hand() {
    let mut world = World::new();
    for path in ["a", "a/b", "c"] {
        world.keep_as(&get().url(&format!("https://a.example/{path}")), 200, &[FRESH], "");
    }
    world.store.remove_url("https://A.example/c#x");
    assert_eq!(world.store.stats().entries, 2);
    world.store.remove_prefix("https://a.example/a/");
    assert_eq!(world.sees(&get().url("https://a.example/a")), Saw::Fresh);
    world.store.clear();
    assert_eq!((world.store.stats().entries, world.store.stats().bytes), (0, 0));
}
