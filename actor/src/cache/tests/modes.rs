//! What the caller asks by [`Cache`].

use super::*;

const MINUTE: Cache = Cache::FreshFor(Duration::from_secs(60));

#[test]
fn no_store_neither_reads_nor_writes() {
    let mut world = World::new();
    world.keep(&[("cache-control", "max-age=60")]);
    let ask = get().mode(Cache::NoStore);
    assert_eq!(world.sees(&ask), Saw::Miss);
    world.keep_as(&ask, 200, &[("cache-control", "max-age=60")], "other");
    assert_eq!(world.fresh(&get()).body(), b"body");
}

#[test]
fn refresh_asks_the_upstream_and_stores_the_answer() {
    let mut world = World::new();
    let ask = get().mode(Cache::Refresh);
    world.keep(&[("cache-control", "max-age=60, immutable"), ("etag", "\"1\"")]);
    assert_eq!(world.stale(&ask).send.len(), 1);
    world.keep_as(&ask, 200, &[("cache-control", "max-age=60")], "other");
    assert_eq!(world.fresh(&get()).body(), b"other");
}

#[test]
fn fresh_for_is_stronger_than_what_the_answer_says() {
    for says in ["max-age=5", "max-age=1000", "no-cache", "no-store", "x", "max-age=60, must-revalidate"] {
        let mut world = World::new();
        let ask = get().mode(MINUTE);
        world.keep_as(&ask, 200, &[("cache-control", says), ("age", "500")], "");
        world.wait(59);
        assert_eq!(world.sees(&ask), Saw::Fresh, "{says}");
        world.wait(1);
        assert_eq!(world.sees(&ask), Saw::Stale, "{says}");
    }
}

#[test]
fn fresh_for_is_for_the_request_that_says_it() {
    let mut world = World::new();
    world.keep_as(&get().mode(MINUTE), 200, &[("cache-control", "no-store")], "");
    let stale = world.stale(&get().says("max-stale, stale-if-error=60"));
    assert!(!stale.may_answer_now && !stale.may_answer_error);
}

#[test]
fn fresh_for_takes_2xx_and_what_is_cacheable_by_default() {
    for (status, is_stored) in
        [(200, true), (202, true), (404, true), (302, false), (403, false), (500, false), (503, false)]
    {
        let mut world = World::new();
        world.keep_as(&get().mode(MINUTE), status, &[], "");
        assert_eq!(world.store.stats().entries == 1, is_stored, "{status}");
    }
}

#[test]
fn fresh_for_begins_anew_with_a_304() {
    let mut world = World::new();
    let ask = get().mode(MINUTE);
    world.keep_as(&ask, 200, &[("etag", "\"1\"")], "");
    world.wait(60);
    let ticket = world.stale(&ask).ticket;
    world.revalidated(&ticket, &[("etag", "\"1\"")]).unwrap();
    world.wait(59);
    assert_eq!(world.sees(&ask), Saw::Fresh);
}

#[test]
fn fresh_for_obeys_no_cache_and_no_store_of_its_own_request() {
    let mut world = World::new();
    let ask = get().mode(MINUTE);
    world.keep_as(&ask.clone().says("no-store"), 200, &[], "");
    assert_eq!(world.sees(&ask), Saw::Miss);
    world.keep_as(&ask, 200, &[], "");
    assert_eq!(world.sees(&ask.says("no-cache")), Saw::Stale);
}
