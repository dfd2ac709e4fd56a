//! Bodies of every size, declared or not, and the one byte too many.

use duractor_tests::{http::Exchange, wait_until, workerd};

const BODY_MAX: usize = 10 << 20;
const SIZES: [usize; 7] = [0, 1, 8 << 10, (64 << 10) - 1, 1 << 20, BODY_MAX - 1, BODY_MAX];

/// Bytes of every value, their order different from place to place.
fn bytes(count: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    (0..count)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect()
}

fn digest(bytes: &[u8]) -> String {
    let hash = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{} {hash:016x}", bytes.len())
}

#[test]
fn a_body_of_declared_length_arrives() {
    for size in SIZES {
        let body = bytes(size);
        let answer = workerd().request("POST", "/inputs/digest").body(body.clone()).send();
        assert_eq!(answer.ok(), digest(&body));
    }
}

#[test]
fn a_body_in_chunks_arrives() {
    for size in SIZES {
        let body = bytes(size);
        let answer = workerd().request("POST", "/inputs/digest").body(body.clone()).chunks(60_000).send();
        assert_eq!(answer.ok(), digest(&body));
    }
}

#[test]
fn a_body_comes_back_unchanged() {
    for size in SIZES {
        let body = bytes(size);
        let answer = workerd().request("PUT", "/inputs/echo").body(body.clone()).send();
        assert_eq!(answer.status, 200);
        assert!(answer.body == body, "{size} bytes came back as {}", answer.body.len());
    }
}

#[test]
fn a_body_that_is_one_byte_too_long_is_refused() {
    let answer = workerd().request("POST", "/inputs/digest").body(bytes(BODY_MAX + 1)).send();
    answer.assert_problem(413, "body-too-large");
}

#[test]
fn a_body_in_chunks_that_is_one_byte_too_long_is_refused() {
    let answer = workerd().request("POST", "/inputs/digest").body(bytes(BODY_MAX + 1)).chunks(60_000).send();
    answer.assert_problem(413, "body-too-large");
}

#[test]
fn a_declared_length_is_refused_before_anything_is_sent() {
    let workerd = workerd();
    let mut exchange = Exchange::connect(workerd.address()).unwrap();
    exchange.write(b"POST /inputs/digest HTTP/1.1\r\nhost: a\r\ncontent-length: 99999999999\r\n\r\n").unwrap();
    exchange.answer().unwrap().assert_problem(413, "body-too-large");
}

#[test]
fn an_endless_body_is_refused_when_it_is_too_long() {
    let workerd = workerd();
    let mut exchange = Exchange::connect(workerd.address()).unwrap();
    exchange.write(b"POST /inputs/digest HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n").unwrap();
    let mut chunk = b"100000\r\n".to_vec();
    chunk.extend(bytes(1 << 20));
    chunk.extend(b"\r\n");
    // It never ends: the answer comes before.
    for _ in 0..11 {
        if exchange.write(&chunk).is_err() {
            break;
        }
    }
    exchange.answer().unwrap().assert_problem(413, "body-too-large");
}

#[test]
fn a_client_that_leaves_during_its_upload_does_no_harm() {
    let workerd = workerd();
    for _ in 0..20 {
        let mut exchange = Exchange::connect(workerd.address()).unwrap();
        exchange.write(b"POST /inputs/digest HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\n").unwrap();
        exchange.write(&bytes(1000)).unwrap();
        exchange.reset().unwrap();
    }
    for _ in 0..20 {
        let mut exchange = Exchange::connect(workerd.address()).unwrap();
        exchange
            .write(b"POST /inputs/digest HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab")
            .unwrap();
        exchange.finish().unwrap();
    }
    let body = bytes(100_000);
    let answer = workerd.request("POST", "/inputs/digest").body(body.clone()).send();
    assert_eq!(answer.ok(), digest(&body));
}

#[test]
fn large_bodies_at_once_are_not_mixed_up() {
    std::thread::scope(|scope| {
        for size in (1..=12).map(|count| count * 300_001) {
            scope.spawn(move || {
                let body = bytes(size);
                let request = workerd().request("POST", "/inputs/echo").body(body.clone());
                let answer = if size % 2 == 0 { request.send() } else { request.chunks(10_007).send() };
                assert!(answer.body == body, "{size} bytes");
            });
        }
    });
}

#[test]
fn a_slow_upload_holds_nobody_up() {
    let workerd = workerd();
    let mut slow = Exchange::connect(workerd.address()).unwrap();
    slow.write(b"POST /inputs/digest HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n01234").unwrap();
    let quick = wait_until("another call is answered", || {
        workerd.request("POST", "/inputs/digest").body("quick").try_send().ok()
    });
    assert_eq!(quick.ok(), digest(b"quick"));
    slow.write(b"56789").unwrap();
    assert_eq!(slow.answer().unwrap().ok(), digest(b"0123456789"));
}
