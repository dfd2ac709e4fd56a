//! Bodies that come and go piece by piece, in workerd.

use std::time::Instant;

use duractor_tests::{wait_until, workerd};

/// A large body, and what an actor may take of memory to pass it on, in bytes.
const LARGE: usize = 100 << 20;
const GROWTH_MAX: u64 = 4 << 20;

#[test]
fn a_body_is_read_piece_by_piece() {
    let text = workerd().get("/streams/reads/count/many/1000000").ok().to_owned();
    let (bytes, pieces) = text.split_once(" in ").unwrap();
    assert_eq!(bytes, "1000000");
    assert!(pieces.parse::<usize>().unwrap() >= 1_000_000 / (64 << 10), "{text}");
    assert_eq!(workerd().get("/streams/reads/count/status/204").ok(), "0 in 0");
    assert_eq!(workerd().get("/streams/reads/count/bytes/10").ok(), "10 in 1");
    assert_eq!(workerd().get("/streams/reads/count/gzip/100000").ok().split_once(' ').unwrap().0, "100000");
}

#[test]
fn an_answer_goes_on_to_the_client() {
    let piped = workerd().get("/streams/pipes/pipe/bytes/300000");
    assert_eq!((piped.status, piped.header("content-length")), (200, Some("300000")));
    assert_eq!(piped.body, workerd().upstream("/bytes/300000").body);
    let headers = workerd().get("/streams/pipes/pipe/headers");
    assert_eq!((headers.header("x-one"), headers.header("content-type")), (Some("1"), Some("text/x-test")));
    assert_eq!(headers.headers("set-cookie").count(), 2);
    assert_eq!(workerd().get("/streams/pipes/pipe/status/404").text(), "status 404");
    assert_eq!(workerd().get("/streams/pipes/pipe/status/204").status, 204);
    assert_eq!(workerd().get("/streams/pipes/pipe/gzip/5000").text(), "z".repeat(5000));
    assert_eq!(workerd().request("HEAD", "/streams/pipes/pipe/bytes/10").send().status, 200);
}

#[test]
fn a_body_is_changed_on_its_way() {
    let body = workerd().get("/streams/changes/changed/bytes/300000").body;
    let expected: Vec<u8> = workerd().upstream("/bytes/300000").body.iter().map(|byte| byte.wrapping_add(1)).collect();
    assert_eq!(body, expected);
    assert_eq!(workerd().request("HEAD", "/streams/changes/changed/bytes/10").send().status, 200);
}

#[test]
fn what_is_left_of_a_body_goes_on() {
    let rest = workerd().get("/streams/rests/rest/many/300000").body;
    assert!(rest.len() >= 300_000 - (64 << 10) && rest.len() < 300_000, "{}", rest.len());
}

#[test]
fn a_method_that_never_waits_writes_a_body_after_its_turn() {
    let body = workerd().post("/streams/made/made/1000").body;
    assert!(body.len() == 1000 * 1024 && body.iter().enumerate().all(|(at, byte)| *byte == (at / 1024) as u8));
    assert_eq!(workerd().get("/streams/made/written").ok(), "1000");
    assert_eq!(workerd().post("/streams/made/made/0").body, b"");
}

#[test]
fn a_stream_that_fails_breaks_the_body_off() {
    for how in ["error", "panic"] {
        let answer = workerd().request("GET", format!("/streams/broken/broken/{how}")).try_send();
        assert!(answer.is_err(), "{how}: {answer:?}");
        assert_eq!(workerd().get("/streams/broken/written").ok(), "0");
    }
    // Without a length workerd ends the body as if it were whole.
    assert_eq!(workerd().get("/streams/broken/broken/unsized").text(), "begun");
    wait_until("it is in the log", || workerd().log().contains("broken").then_some(()));
}

#[test]
fn a_client_that_leaves_ends_the_stream() {
    let mut exchange = workerd().request("GET", "/streams/leaves/endless").start().unwrap();
    exchange.read_some(1 << 20).unwrap();
    exchange.reset().unwrap();
    let written = || workerd().get("/streams/leaves/written").ok().to_owned();
    wait_until("nothing more is written", || {
        let before = written();
        let later = Instant::now();
        while later.elapsed().as_millis() < 50 {
            workerd().get("/probe/beside/hello").ok();
        }
        (written() == before).then_some(())
    });
}

#[test]
fn a_body_is_sent_as_it_comes() {
    assert_eq!(workerd().post("/streams/copies/copy/length/many/3000000").ok(), "3000000 bytes");
    assert_eq!(workerd().post("/streams/copies/copy/length/status/204").ok(), "0 bytes");
    // It answers without reading.
    assert_eq!(workerd().post("/streams/copies/copy/text/many/30000000").status, 200);
    let unmade = workerd().post("/streams/copies/unmade").ok().to_owned();
    assert!(unmade.contains("the request's body cannot be made"), "{unmade}");
}

#[test]
fn bodies_pass_between_actors() {
    assert_eq!(workerd().get("/streams/reader/own/streams/writer/changed/bytes/100000").body.len(), 100_000);
    assert_eq!(workerd().post("/streams/sender/echoed/1000").text().split_whitespace().count(), 1000);
    // Where the body is asked for again it is gone.
    assert_eq!(workerd().post("/streams/sender/onward/303").ok(), "GET");
    let again = workerd().post("/streams/sender/onward/307").ok().to_owned();
    assert!(again.contains("asks for the body again"), "{again}");
    let broken = workerd().request("GET", "/streams/reader/own/streams/writer/broken/error").try_send();
    assert!(broken.is_err(), "{broken:?}");
}

#[test]
fn bodies_that_nobody_takes_are_given_up() {
    assert_eq!(workerd().get("/streams/heads/heads/20").ok(), "still-there");
}

#[test]
fn every_piece_has_a_deadline() {
    let text = workerd().get("/streams/stalled/stalled").ok().to_owned();
    assert_eq!(text, r#"10 Some(Err("http://upstream.test/stall: no answer in time"))"#);
}

#[test]
fn a_large_body_passes_without_coming_into_memory() {
    for way in ["pipe", "changed"] {
        let path = |bytes: usize| format!("/streams/large-{way}/{way}/many/{bytes}");
        assert_eq!(workerd().get(path(1 << 20)).body.len(), 1 << 20);
        let wasm = || workerd().post("/traps/large/collect").ok().parse::<u64>().unwrap();
        let before = wasm();
        let length = workerd().request("GET", path(LARGE)).start().unwrap().length().unwrap();
        assert_eq!(length, LARGE, "{way}");
        assert!(wasm().saturating_sub(before) < GROWTH_MAX, "{way}: {before} to {}", wasm());
    }
}
