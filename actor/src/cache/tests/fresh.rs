//! For how long an answer is fresh (RFC 9111 sections 4.2 and 5.2.2).

use super::*;

#[test]
fn max_age_is_how_long_an_answer_is_fresh() {
    assert_eq!(fresh_for(&[("cache-control", "max-age=60")]), 60);
    assert_eq!(fresh_for(&[("cache-control", "max-age=0")]), 0);
}

#[test]
fn max_age_wins_over_expires() {
    let world = World::new();
    assert_eq!(fresh_for(&[("cache-control", "max-age=60"), ("expires", &world.date(5))]), 60);
    assert_eq!(fresh_for(&[("cache-control", "max-age=5"), ("expires", &world.date(60))]), 5);
}

#[test]
fn s_maxage_is_for_shared_caches() {
    assert_eq!(fresh_for(&[("cache-control", "s-maxage=60")]), 0);
    assert_eq!(fresh_for(&[("cache-control", "s-maxage=5, max-age=60, proxy-revalidate")]), 60);
}

#[test]
fn expires_counts_from_the_date() {
    let world = World::new();
    assert_eq!(fresh_for(&[("expires", &world.date(60))]), 60);
    // The upstream's clock is an hour ahead: what counts is how far its two dates are apart.
    assert_eq!(fresh_for(&[("date", &world.date(3_600)), ("expires", &world.date(3_660))]), 60);
}

#[test]
fn expires_is_read_in_all_three_forms() {
    for expires in ["Tue, 02 Jan 2024 00:01:00 GMT", "Tuesday, 02-Jan-24 00:01:00 GMT", "Tue Jan  2 00:01:00 2024"] {
        assert_eq!(fresh_for(&[("expires", expires)]), 60, "{expires}");
    }
}

#[test]
fn an_invalid_expires_is_stale() {
    for expires in ["0", "-1", "", "tomorrow", "Tue, 02 Jan 2024 00:01:00 +0000", "Mon, 02 Jan 2024 00:01:00 GMT"] {
        assert_eq!(fresh_for(&[("expires", expires)]), 0, "{expires}");
    }
}

#[test]
fn two_expires_that_differ_are_stale() {
    let world = World::new();
    let (one, other) = (world.date(60), world.date(90));
    assert_eq!(fresh_for(&[("expires", &one), ("expires", &other)]), 0);
    assert_eq!(fresh_for(&[("expires", &one), ("expires", &one)]), 60);
}

#[test]
fn an_invalid_max_age_is_stale() {
    let world = World::new();
    for value in ["max-age", "max-age=", "max-age=x", "max-age=-1", "max-age=1.5", "max-age=\"\"", "max-age = 60"] {
        assert_eq!(fresh_for(&[("cache-control", value), ("expires", &world.date(60))]), 0, "{value}");
    }
}

#[test]
fn two_max_ages_that_differ_are_stale() {
    assert_eq!(fresh_for(&[("cache-control", "max-age=60, max-age=90")]), 0);
    assert_eq!(fresh_for(&[("cache-control", "max-age=60"), ("cache-control", "max-age=90")]), 0);
    assert_eq!(fresh_for(&[("cache-control", "max-age=60, max-age=60")]), 60);
}

#[test]
fn seconds_saturate() {
    for seconds in ["2147483648", "99999999999999999999999999999999"] {
        assert_eq!(fresh_for(&[("cache-control", &format!("max-age={seconds}"))]), 1_000);
        assert_eq!(fresh_for(&[("cache-control", "max-age=9999999"), ("age", seconds)]), 0);
    }
    let both = "99999999999999999999";
    assert_eq!(fresh_for(&[("cache-control", &format!("max-age={both}")), ("age", both)]), 0);
}

#[test]
fn directives_are_read_in_any_case_over_lines_and_with_quotes() {
    assert_eq!(fresh_for(&[("cache-control", "Public"), ("cache-control", "MAX-AGE=\"60\"")]), 60);
    assert_eq!(fresh_for(&[("cache-control", "x=\"a, no-cache, b\\\", no-cache\", max-age=60")]), 60);
    assert_eq!(fresh_for(&[("cache-control", ",, max-age=60 ,")]), 60);
}

#[test]
fn a_quote_that_never_ends_hides_nothing() {
    assert_eq!(fresh_for(&[("cache-control", "max-age=60, x=\", no-cache")]), 0);
}

#[test]
fn a_line_that_is_not_ascii_is_read() {
    assert_eq!(fresh_for(&[("cache-control", "max-age=60"), ("cache-control", "ü, No-Cache")]), 0);
}

#[test]
fn age_counts() {
    assert_eq!(fresh_for(&[("cache-control", "max-age=60"), ("age", "20")]), 40);
    assert_eq!(fresh_for(&[("cache-control", "max-age=60"), ("age", "60")]), 0);
}

#[test]
fn of_several_ages_the_first_counts_and_an_invalid_one_is_ignored() {
    assert_eq!(fresh_for(&[("cache-control", "max-age=60"), ("age", "20, 50")]), 40);
    assert_eq!(fresh_for(&[("cache-control", "max-age=60"), ("age", "20"), ("age", "50")]), 40);
    assert_eq!(fresh_for(&[("cache-control", "max-age=60"), ("age", "-20")]), 60);
}

#[test]
fn a_date_in_the_past_counts_as_age() {
    let world = World::new();
    assert_eq!(fresh_for(&[("cache-control", "max-age=60"), ("date", &world.date(-20))]), 40);
    assert_eq!(fresh_for(&[("cache-control", "max-age=60"), ("date", &world.date(-20)), ("age", "30")]), 30);
}

#[test]
fn a_date_in_the_future_counts_as_now() {
    let world = World::new();
    assert_eq!(fresh_for(&[("cache-control", "max-age=60"), ("date", &world.date(500))]), 60);
}

#[test]
fn an_invalid_date_counts_as_now() {
    let world = World::new();
    assert_eq!(fresh_for(&[("expires", &world.date(60)), ("date", "yesterday")]), 60);
}

#[test]
fn the_delay_of_an_answer_counts_as_age() {
    let mut world = World::new();
    world.delay = Duration::from_secs(7);
    world.keep(&[("cache-control", "max-age=60"), ("age", "3")]);
    assert_eq!(world.fresh_seconds(), 50);
}

#[test]
fn without_freshness_nothing_is_guessed() {
    let world = World::new();
    assert_eq!(fresh_for(&[("last-modified", &world.date(-1_000_000))]), 0);
    assert_eq!(fresh_for(&[("cache-control", "public")]), 0);
}

#[test]
fn no_cache_is_validated_each_time() {
    for value in ["no-cache, max-age=60", "max-age=60, no-cache=\"set-cookie, x\"", "max-age=60, no-cache=x"] {
        assert_eq!(fresh_for(&[("cache-control", value)]), 0, "{value}");
    }
}

#[test]
fn private_and_public_answers_are_stored() {
    for value in ["private, max-age=60", "private=\"set-cookie\", max-age=60", "public, max-age=60"] {
        assert_eq!(fresh_for(&[("cache-control", value)]), 60, "{value}");
    }
}

#[test]
fn immutable_does_not_lengthen_freshness() {
    assert_eq!(fresh_for(&[("cache-control", "immutable")]), 0);
    assert_eq!(fresh_for(&[("cache-control", "immutable, max-age=60")]), 60);
}

#[test]
fn pragma_of_an_answer_counts_only_without_cache_control() {
    let world = World::new();
    assert_eq!(fresh_for(&[("pragma", "no-cache"), ("expires", &world.date(60))]), 0);
    assert_eq!(fresh_for(&[("pragma", "no-cache"), ("cache-control", "max-age=60")]), 60);
}

#[test]
fn what_is_served_says_its_age() {
    let mut world = World::new();
    world.keep(&[("cache-control", "max-age=60"), ("age", "20")]);
    world.wait(7);
    let stored = world.fresh(&get());
    assert_eq!(header(&stored, "age").as_deref(), Some("27"));
    assert_eq!(stored.age(), Duration::from_secs(27));
}

#[test]
fn a_clock_that_goes_back_ages_nothing() {
    let mut world = World::new();
    world.keep(&[("cache-control", "max-age=60")]);
    world.now -= Duration::from_secs(1_000);
    assert_eq!(world.fresh(&get()).age(), Duration::ZERO);
}
