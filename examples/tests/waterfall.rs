//! The waterfall of the rates: what its actor's cache does with answers of the worker's own routes.

use duractor::{Native, millis, secs};
use duractor_examples::{routes, upstreams::BANKS};
use serde_json::json;

/// How long every bank thinks, in milliseconds.
const DELAY: u64 = 50;

/// Requests under way at once.
const CONNECTIONS: usize = 6;

/// A row of the picture, as its title says it.
#[derive(Debug, PartialEq)]
struct Row {
    bank: String,
    terms: String,
    came: String,
    start: u64,
    asked: Option<u64>,
    end: u64,
}

impl Row {
    fn parse(title: &str) -> Self {
        let (label, said) = title.split_once(": ").expect("a label");
        let (terms, said) = said.split_once(": ").expect("a word");
        let (came, times) = said.rsplit_once("; ").expect("times");
        let mut times: Vec<u64> = times.split(' ').filter_map(|word| word.parse().ok()).collect();
        let (start, end) = (times.remove(0), times.pop().expect("an end"));
        Self { bank: label.into(), terms: terms.into(), came: came.into(), start, asked: times.pop(), end }
    }
}

fn rows(svg: &str) -> Vec<Row> {
    let titles = svg.split("<g class=\"row\"><title>").skip(1);
    titles.map(|row| Row::parse(row.split('<').next().unwrap_or_default())).collect()
}

/// A worker whose banks all think for the same time.
fn worker() -> Native {
    let native = Native::new().routes(routes());
    BANKS.iter().for_each(|bank| set(&native, bank, DELAY, false));
    native
}

fn set(native: &Native, bank: &str, delay: u64, failing: bool) {
    let mood = json!({"delay": delay, "failing": failing});
    assert_eq!(native.put(&format!("/upstreams/{bank}")).json(&mood).send().status, 204);
}

fn load(native: &Native) -> Vec<Row> {
    let response = native.get("/rates/waterfall").send();
    assert_eq!(response.status, 200, "{}", response.text());
    rows(&response.text())
}

/// What came of the requests on some terms: one word, since all banks are alike.
fn came<'r>(rows: &'r [Row], terms: &str) -> &'r str {
    let mut words: Vec<_> = rows.iter().filter(|row| row.terms == terms).map(|row| row.came.as_str()).collect();
    assert_eq!(words.len(), BANKS.len(), "{terms} in {rows:#?}");
    words.dedup();
    assert_eq!(words.len(), 1, "{terms} in {rows:#?}");
    words[0]
}

/// The same for all terms: those of `max-age`, `ETag`, `stale-while-revalidate`, `no-store` and `FreshFor`.
fn all(rows: &[Row]) -> [&str; 5] {
    ["max-age=5", "ETag, max-age=0", "stale-while-revalidate", "no-store", "FreshFor 10 s"]
        .map(|terms| came(rows, terms))
}

#[test]
fn the_first_call_misses_and_waits_in_line_for_connections() {
    let rows = load(&worker());
    assert_eq!(rows.len(), 20);
    assert!(rows.len() > CONNECTIONS);
    for (at, row) in rows.iter().enumerate() {
        let asked = (at / CONNECTIONS) as u64 * DELAY;
        let times = (row.came.as_str(), row.start, row.asked, row.end);
        assert_eq!(times, ("miss", 0, Some(asked), asked + DELAY), "{row:?}");
    }
}

#[test]
fn the_second_call_hits_what_is_fresh_and_validates_what_is_to_be_checked() {
    let native = worker();
    load(&native);
    let before = native.now();
    let rows = load(&native);
    assert_eq!(all(&rows), ["hit", "validated", "hit", "miss", "hit"]);
    for row in &rows {
        match row.came.as_str() {
            "hit" => assert_eq!((row.start, row.asked, row.end), (0, None, 0), "{row:?}"),
            _ => assert!(row.asked.is_some_and(|asked| row.start <= asked && asked < row.end), "{row:?}"),
        }
    }
    // Eight of twenty are asked, over six connections.
    assert_eq!(native.now().duration_since(before).expect("time goes on"), millis(2 * DELAY));
}

#[test]
fn what_is_fresh_for_some_seconds_is_asked_for_after_them() {
    let native = worker();
    load(&native);
    native.advance(secs(4));
    assert_eq!(all(&load(&native)), ["hit", "validated", "hit", "miss", "hit"]);
    native.advance(secs(2));
    assert_eq!(all(&load(&native)), ["miss", "validated", "hit", "miss", "hit"]);
    native.advance(secs(5));
    assert_eq!(all(&load(&native)), ["miss", "validated", "hit", "miss", "miss"]);
}

#[test]
fn what_is_stale_is_used_while_the_next_one_is_fetched() {
    let native = worker();
    load(&native);
    for _ in 0..3 {
        // Thrice twenty seconds are more than any answer may be stale: each is there because the one before was renewed.
        native.advance(secs(20));
        assert_eq!(came(&load(&native), "stale-while-revalidate"), "hit");
    }
    native.advance(secs(40));
    assert_eq!(came(&load(&native), "stale-while-revalidate"), "miss");
}

#[test]
fn an_offer_that_holds_no_longer_is_fetched_anew() {
    let native = worker();
    load(&native);
    assert_eq!(came(&load(&native), "ETag, max-age=0"), "validated");
    native.advance(secs(60));
    assert_eq!(came(&load(&native), "ETag, max-age=0"), "miss");
    assert_eq!(came(&load(&native), "ETag, max-age=0"), "validated");
}

#[test]
fn a_cache_that_was_cleared_misses_again() {
    let native = worker();
    load(&native);
    let cleared = native.post("/rates/clear").send();
    assert_eq!((cleared.status, cleared.header("location")), (303, Some("/rates/waterfall")));
    assert_eq!(all(&load(&native)), ["miss"; 5]);
    assert_eq!(all(&load(&native)), ["hit", "validated", "hit", "miss", "hit"]);
}

#[test]
fn banks_that_fail_or_are_too_slow_spoil_nothing_but_their_own_rows() {
    let native = worker();
    set(&native, "gamma", DELAY, true);
    set(&native, "delta", 10_000, false);
    let rows = load(&native);
    let of = |bank: &str| rows.iter().filter(|row| row.bank == bank).collect::<Vec<_>>();
    assert!(of("gamma").iter().all(|row| row.came.starts_with("failed (") && row.came.contains("status is 503")));
    assert!(of("delta").iter().all(|row| row.came.contains("no answer in time") && row.end == 3_000));
    assert_eq!((of("gamma").len(), of("delta").len()), (5, 5));
    assert!(of("alpha").iter().all(|row| row.came == "miss"), "{rows:#?}");
    assert!(rows.iter().all(|row| row.start <= row.asked.unwrap_or(row.start) && row.asked <= Some(row.end)));
}

#[test]
fn the_picture_is_an_svg_that_no_browser_keeps() {
    let native = worker();
    let response = native.get("/rates/waterfall").send();
    assert_eq!(response.header("content-type"), Some("image/svg+xml"));
    assert_eq!(response.header("cache-control"), Some("no-store"));
    let svg = response.text();
    assert!(svg.starts_with("<svg xmlns=") && svg.trim_end().ends_with("</svg>"), "{svg}");
    assert!(svg.contains(">20 requests in 200 ms: 20 miss, 0 validated, 0 hit, 0 failed</text>"), "{svg}");
}

#[test]
fn the_page_shows_the_picture_in_a_frame_that_its_buttons_load_again() {
    let html = worker().get("/rates").send().text().into_owned();
    for part in [
        r#"<iframe name="waterfall" title="Waterfall of requests" src="/rates/waterfall""#,
        r#"<form target="waterfall">"#,
        r#"formaction="/rates/clear""#,
    ] {
        assert!(html.contains(part), "{part} is missing in {html}");
    }
}
