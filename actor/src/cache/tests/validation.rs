//! Conditional requests and what comes of them (RFC 9111 section 4.3).

use super::*;

const MODIFIED: &str = "Mon, 01 Jan 2024 00:00:00 GMT";
const ETAG: (&str, &str) = ("etag", "\"1\"");

/// A stale answer and its ticket.
fn stale(headers: Pairs<'_>) -> (World, Stale) {
    let mut world = World::new();
    world.keep(&[headers, &[("cache-control", "max-age=10")]].concat());
    world.wait(20);
    let stale = world.stale(&get());
    (world, stale)
}

fn sent(headers: Pairs<'_>) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    stale(headers).1.send.iter().map(|(name, value)| (name.to_string(), text(value))).collect()
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.into(), value.into())
}

#[test]
fn validators_are_sent() {
    assert_eq!(sent(&[("etag", "W/\"1\"")]), [pair("if-none-match", "W/\"1\"")]);
    assert_eq!(sent(&[("last-modified", MODIFIED)]), [pair("if-modified-since", MODIFIED)]);
    let both = [pair("if-none-match", "\"1\""), pair("if-modified-since", MODIFIED)];
    assert_eq!(sent(&[ETAG, ("last-modified", MODIFIED)]), both);
    assert_eq!(sent(&[("etag", ""), ("last-modified", "\u{fc}")]), []);
}

#[test]
fn a_304_makes_an_answer_fresh_again() {
    let (mut world, stale) = stale(&[ETAG]);
    let stored = world.revalidated(&stale.ticket, &[ETAG, ("cache-control", "max-age=30")]).unwrap();
    assert_eq!((stored.status(), stored.body(), stored.age()), (200, &b"body"[..], Duration::ZERO));
    assert_eq!(world.fresh_seconds(), 30);
    assert_eq!(world.store.stats().revalidations, 1);
}

#[test]
fn a_304_updates_headers_but_for_those_of_the_body() {
    let old = [ETAG, ("x", "old"), ("stays", "1"), ("content-type", "a/a"), ("content-length", "4"), ("age", "3")];
    let (mut world, stale) = stale(&old);
    let new =
        [ETAG, ("x", "new"), ("content-type", "b/b"), ("content-length", "0"), ("content-encoding", "br"), ("y", "1")];
    let stored = world.revalidated(&stale.ticket, &[&new[..], &[("connection", "z"), ("z", "1")]].concat()).unwrap();
    let mut headers: Vec<_> = stored.headers().map(|(name, _)| (name, header(&stored, name).unwrap())).collect();
    headers.sort_unstable();
    let date = world.date(0);
    let expected = [
        ("age", "0"),
        ("cache-control", "max-age=10"),
        ("content-length", "4"),
        ("content-type", "b/b"),
        ("date", &date),
        ("etag", "\"1\""),
        ("stays", "1"),
        ("x", "new"),
        ("y", "1"),
    ];
    assert_eq!(headers, expected.map(|(name, value)| (name, value.to_owned())));
}

#[test]
fn the_age_of_a_304_counts() {
    let (mut world, stale) = stale(&[ETAG]);
    world.delay = Duration::from_secs(2);
    world.revalidated(&stale.ticket, &[ETAG, ("age", "3")]).unwrap();
    assert_eq!(world.fresh_seconds(), 5);
}

#[test]
fn a_304_for_another_answer_is_refused_and_the_stored_one_dropped() {
    for (old, new) in [("\"1\"", "\"2\""), ("W/\"1\"", "\"1\""), ("W/\"1\"", "W/\"2\"")] {
        let (mut world, stale) = stale(&[("etag", old)]);
        assert!(world.revalidated(&stale.ticket, &[("etag", new)]).is_none(), "{old} {new}");
        assert_eq!(world.sees(&get()), Saw::Miss);
    }
    let (mut world, stale) = stale(&[("last-modified", MODIFIED)]);
    assert!(world.revalidated(&stale.ticket, &[("last-modified", "Tue, 02 Jan 2024 00:00:00 GMT")]).is_none());
}

#[test]
fn a_weak_validator_matches_weakly() {
    for (old, new) in [("\"1\"", "W/\"1\""), ("W/\"1\"", "W/\"1\"")] {
        let (mut world, stale) = stale(&[("etag", old)]);
        assert!(world.revalidated(&stale.ticket, &[("etag", new)]).is_some(), "{old} {new}");
    }
}

#[test]
fn a_304_without_a_validator_means_the_answer_that_was_asked_about() {
    let (mut world, stale) = stale(&[ETAG]);
    assert!(world.revalidated(&stale.ticket, &[]).is_some());
    assert_eq!(world.sees(&get()), Saw::Fresh);
}

#[test]
fn a_304_that_forbids_storing_is_served_once() {
    let (mut world, stale) = stale(&[ETAG]);
    assert!(world.revalidated(&stale.ticket, &[("cache-control", "no-store")]).is_some());
    assert_eq!(world.sees(&get()), Saw::Miss);
}

#[test]
fn a_304_serves_what_has_left_and_does_not_bring_it_back() {
    let (mut world, stale) = stale(&[ETAG]);
    world.store.clear();
    let stored = world.revalidated(&stale.ticket, &[ETAG]).unwrap();
    assert_eq!(stored.body(), b"body");
    assert_eq!(world.sees(&get()), Saw::Miss);
}

#[test]
fn a_304_does_not_replace_what_came_meanwhile() {
    let (mut world, stale) = stale(&[ETAG]);
    world.keep_as(&get(), 200, &[("cache-control", "max-age=10"), ("etag", "\"2\"")], "newer");
    world.revalidated(&stale.ticket, &[ETAG]).unwrap();
    assert_eq!(world.fresh(&get()).body(), b"newer");
}

#[test]
fn a_whole_answer_replaces_the_stale_one() {
    let (mut world, _) = stale(&[ETAG]);
    world.keep_as(&get(), 200, &[("cache-control", "max-age=10")], "other");
    assert_eq!(world.fresh(&get()).body(), b"other");
    assert_eq!(world.store.stats().entries, 1);
}

#[test]
fn the_answer_to_a_head_updates_a_get_that_it_describes() {
    let (mut world, _) = stale(&[ETAG]);
    world.keep_as(&head(), 200, &[ETAG, ("content-length", "4"), ("cache-control", "max-age=30")], "");
    assert_eq!((world.fresh(&get()).body(), world.fresh_seconds()), (&b"body"[..], 30));
}

#[test]
fn the_answer_to_a_head_drops_a_get_that_it_contradicts() {
    for (status, headers) in [
        (200, [("etag", "\"2\""), ("x", "")]),
        (200, [ETAG, ("content-length", "5")]),
        (200, [ETAG, ("last-modified", MODIFIED)]),
        (404, [ETAG, ("x", "")]),
    ] {
        let (mut world, _) = stale(&[ETAG]);
        world.keep_as(&head(), status, &headers, "");
        assert_eq!(world.sees(&get()), Saw::Miss, "{status} {headers:?}");
    }
    let (mut world, _) = stale(&[ETAG]);
    world.keep_as(&head(), 503, &[], "");
    assert_eq!(world.sees(&get()), Saw::Stale);
}
