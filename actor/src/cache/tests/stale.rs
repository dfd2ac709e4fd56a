//! When a stale answer may be used (RFC 9111 section 4.2.4, RFC 5861).

use super::*;

/// What may be done with an answer of 10 seconds after so many more.
fn may(says: &str, seconds: u64, ask: &Ask) -> (bool, bool) {
    let mut world = World::new();
    world.keep(&[("cache-control", &format!("max-age=10, {says}")), ("etag", "\"1\"")]);
    world.wait(10 + seconds);
    let stale = world.stale(ask);
    (stale.may_answer_now, stale.may_answer_error)
}

#[test]
fn nothing_stale_is_used_unasked() {
    assert_eq!(may("", 0, &get()), (false, false));
}

#[test]
fn stale_while_revalidate_answers_within_its_window() {
    assert_eq!(may("stale-while-revalidate=5", 5, &get()), (true, false));
    assert_eq!(may("stale-while-revalidate=5", 6, &get()), (false, false));
}

#[test]
fn stale_if_error_answers_within_its_window() {
    assert_eq!(may("stale-if-error=5", 5, &get()), (false, true));
    assert_eq!(may("stale-if-error=5", 6, &get()), (false, false));
}

#[test]
fn stale_if_error_may_come_from_the_request() {
    assert_eq!(may("", 5, &get().says("stale-if-error=5")), (false, true));
    assert_eq!(may("", 6, &get().says("stale-if-error=5")), (false, false));
}

#[test]
fn must_revalidate_and_no_cache_forbid_both() {
    let both = "stale-while-revalidate=5, stale-if-error=5";
    for forbids in ["must-revalidate", "no-cache", "no-cache=\"x\""] {
        let ask = get().says("stale-if-error=5");
        assert_eq!(may(&format!("{both}, {forbids}"), 1, &ask), (false, false), "{forbids}");
    }
}

#[test]
fn a_request_for_something_fresh_is_not_answered_by_what_is_stale() {
    let both = "stale-while-revalidate=5, stale-if-error=5";
    assert_eq!(may(both, 1, &get().says("max-age=100")), (false, true));
    assert_eq!(may(both, 1, &get().says("min-fresh=1")), (false, true));
    assert_eq!(may(both, 1, &get().says("no-cache")), (false, false));
    assert_eq!(may(both, 1, &get().mode(Cache::Refresh)), (false, false));
}

#[test]
fn windows_that_are_invalid_are_none() {
    assert_eq!(may("stale-while-revalidate=x, stale-if-error", 0, &get()), (false, false));
    assert_eq!(may("stale-if-error=5, stale-if-error=6", 1, &get()), (false, false));
}

#[test]
fn what_is_stale_comes_along() {
    let mut world = World::new();
    world.keep(&[("cache-control", "max-age=10, stale-while-revalidate=5")]);
    world.wait(12);
    let stale = world.stale(&get());
    assert_eq!((stale.stored.body(), header(&stale.stored, "age").as_deref()), (&b"body"[..], Some("12")));
    assert!(stale.send.is_empty());
}
