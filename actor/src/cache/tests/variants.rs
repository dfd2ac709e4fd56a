//! Several answers to one URL (RFC 9111 section 4.1).

use super::super::entries::VARIANTS_MAX;
use super::*;

fn in_language(language: &str) -> Ask {
    get().header("accept-language", language)
}

const FRESH: (&str, &str) = ("cache-control", "max-age=60");

#[test]
fn an_answer_is_for_requests_with_the_headers_it_varies_by() {
    let mut world = World::new();
    let headers = [FRESH, ("vary", "Accept-Language")];
    world.keep_as(&in_language("de"), 200, &headers, "de");
    world.keep_as(&in_language("en"), 200, &headers, "en");
    assert_eq!(world.fresh(&in_language("de")).body(), b"de");
    assert_eq!(world.fresh(&in_language("en")).body(), b"en");
    assert_eq!(world.sees(&in_language("fr")), Saw::Miss);
    assert_eq!(world.sees(&get()), Saw::Miss);
}

#[test]
fn a_header_that_is_missing_is_not_one_that_is_empty() {
    let mut world = World::new();
    world.keep(&[FRESH, ("vary", "accept-language")]);
    assert_eq!(world.sees(&get()), Saw::Fresh);
    assert_eq!(world.sees(&in_language("")), Saw::Miss);
}

#[test]
fn vary_star_never_matches() {
    for vary in ["*", "accept, *", "*, accept", "not a name", "\u{fc}"] {
        let mut world = World::new();
        world.keep(&[FRESH, ("etag", "\"1\""), ("vary", vary)]);
        assert_eq!(world.sees(&get()), Saw::Miss, "{vary}");
    }
}

#[test]
fn vary_is_read_over_several_lines() {
    let mut world = World::new();
    world.keep(&[FRESH, ("vary", "a"), ("vary", "b ,, c")]);
    for name in ["a", "b", "c"] {
        assert_eq!(world.sees(&get().header(name, "1")), Saw::Miss, "{name}");
    }
    assert_eq!(world.sees(&get().header("d", "1")), Saw::Fresh);
}

#[test]
fn blanks_and_lines_of_lists_do_not_make_another_variant() {
    let mut world = World::new();
    world.keep_as(&in_language("de , en;q=0.5"), 200, &[FRESH, ("vary", "accept-language")], "");
    assert_eq!(world.sees(&in_language("de,en;q=0.5 ")), Saw::Fresh);
    assert_eq!(world.sees(&in_language("de").header("accept-language", "en;q=0.5")), Saw::Fresh);
    assert_eq!(world.sees(&in_language("en;q=0.5,de")), Saw::Miss);
}

#[test]
fn blanks_that_may_mean_something_do() {
    let mut world = World::new();
    world.keep_as(
        &get().header("x", "a, b").header("accept", "t;p=\"a, b\""),
        200,
        &[FRESH, ("vary", "x, accept")],
        "",
    );
    assert_eq!(world.sees(&get().header("x", "a, b").header("accept", "t;p=\"a, b\"")), Saw::Fresh);
    assert_eq!(world.sees(&get().header("x", "a,b").header("accept", "t;p=\"a, b\"")), Saw::Miss);
    assert_eq!(world.sees(&get().header("x", "a, b").header("accept", "t;p=\"a,b\"")), Saw::Miss);
}

#[test]
fn credentials_always_make_another_variant() {
    for name in ["authorization", "cookie"] {
        let mut world = World::new();
        world.keep_as(&get().header(name, "ann"), 200, &[FRESH], "for ann");
        assert_eq!(world.fresh(&get().header(name, "ann")).body(), b"for ann");
        assert_eq!(world.sees(&get().header(name, "bob")), Saw::Miss);
        assert_eq!(world.sees(&get()), Saw::Miss);
    }
}

#[test]
fn of_several_that_match_the_most_recent_is_used() {
    let mut world = World::new();
    let (old, new) = (world.date(-9), world.date(-1));
    let ask = get().header("a", "1").header("b", "1");
    world.keep_as(&get().header("b", "1"), 200, &[FRESH, ("vary", "b, c"), ("date", &new)], "new");
    world.keep_as(&get().header("a", "1"), 200, &[FRESH, ("vary", "a, c"), ("date", &old)], "old");
    assert_eq!(world.fresh(&ask).body(), b"new");
}

#[test]
fn an_answer_replaces_those_that_its_request_selects() {
    let mut world = World::new();
    world.keep_as(&in_language("de"), 200, &[FRESH], "for all");
    world.keep_as(&in_language("de"), 200, &[FRESH, ("vary", "accept-language")], "de");
    assert_eq!(world.sees(&in_language("en")), Saw::Miss);
    assert_eq!(world.store.stats().entries, 1);
}

#[test]
fn an_url_has_so_many_variants_and_no_more() {
    let mut world = World::new();
    let languages: Vec<_> = (0..=VARIANTS_MAX).map(|n| n.to_string()).collect();
    for language in &languages {
        world.keep_as(&in_language(language), 200, &[FRESH, ("vary", "accept-language")], "");
        world.sees(&in_language("0"));
    }
    assert_eq!(world.store.stats().entries as usize, VARIANTS_MAX);
    assert_eq!(world.sees(&in_language("0")), Saw::Fresh, "the one in use stays");
    assert_eq!(world.sees(&in_language("1")), Saw::Miss);
}

#[test]
fn an_answer_that_varies_by_too_much_is_for_nobody() {
    let mut world = World::new();
    let many: Vec<_> = (0..100).map(|n| format!("x{n}")).collect();
    world.keep(&[FRESH, ("vary", &many.join(","))]);
    assert_eq!(world.sees(&get()), Saw::Miss);
}
