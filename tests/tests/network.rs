//! Failures that only a real network has. The upstream is a socket of the test.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    thread,
    time::Duration,
};

use duractor_tests::workerd::{Internet, shared};
use serde_json::{Value, json};
use socket2::SockRef;

fn attempt(request: Value) -> Value {
    shared(Internet::Sockets).post_json("/outbound/network/attempt", &request).json()
}

#[track_caller]
fn assert_outcome(request: Value, outcome: &str) -> Value {
    let answer = attempt(request);
    assert_eq!(answer["outcome"], outcome, "{answer}");
    answer
}

/// Serves connections until the test ends, and returns its URL. It has read what the client sent first.
fn serve(answer: impl Fn(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            if stream.read(&mut request).is_ok_and(|length| length > 0) {
                answer(stream);
            }
        }
    });
    url
}

/// Writes these bytes and closes the connection.
fn serve_bytes(bytes: &'static [u8]) -> String {
    serve(move |mut stream| {
        let _ = stream.write_all(bytes);
    })
}

#[test]
fn a_host_that_answers_is_heard() {
    let url = serve_bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello");
    assert_eq!(assert_outcome(json!({ "url": url }), "reply")["text"], "hello");
}

/// workerd does not tell a connection that was refused from one that was lost.
#[test]
fn a_port_where_nobody_listens_is_a_lost_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    assert_outcome(json!({ "url": url }), "connection-lost");
}

/// workerd calls it an internal error, as an answer that is not HTTP.
#[test]
fn a_host_that_does_not_exist_is_an_error() {
    assert_outcome(json!({ "url": "http://no-such-host.invalid/", "timeout_ms": 15_000 }), "invalid-answer");
}

#[test]
fn a_connection_that_ends_before_the_answer_is_lost() {
    assert_outcome(json!({ "url": serve_bytes(b"") }), "connection-lost");
    assert_outcome(json!({ "url": serve_bytes(b"HTTP/1.1 200 OK\r\ncontent-le") }), "connection-lost");
}

#[test]
fn a_connection_that_ends_within_the_body_is_lost() {
    for bytes in [
        &b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhello"[..],
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\nhello",
    ] {
        assert_outcome(json!({ "url": serve_bytes(bytes) }), "connection-lost");
    }
}

#[test]
fn a_connection_that_is_reset_is_lost() {
    let url = serve(|stream| SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap());
    assert_outcome(json!({ "url": url }), "connection-lost");
}

#[test]
fn a_host_that_is_silent_is_a_timeout() {
    let url = serve(|mut stream| {
        let _ = stream.read(&mut [0; 1]);
    });
    assert_outcome(json!({ "url": url, "timeout_ms": 50 }), "timeout");
}

#[test]
fn a_body_that_never_ends_is_a_timeout() {
    let url = serve(|mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhello");
        let _ = stream.read(&mut [0; 1]);
    });
    assert_outcome(json!({ "url": url, "timeout_ms": 100 }), "timeout");
}

#[test]
fn an_answer_that_is_not_http_is_an_error() {
    for bytes in [&b"SSH-2.0-OpenSSH\r\n\r\n"[..], b"\0\0\0\0\0\0\0\0\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n"] {
        assert_outcome(json!({ "url": serve_bytes(bytes), "timeout_ms": 5000 }), "invalid-answer");
    }
    // What ends before it is a head may have been going to be one.
    assert_outcome(json!({ "url": serve_bytes(b"SSH-2.0-OpenSSH\r\n"), "timeout_ms": 5000 }), "connection-lost");
}

#[test]
fn headers_that_are_not_utf_8_do_no_harm() {
    let url = serve_bytes(b"HTTP/1.1 200 OK\r\nx-a: \xe9\xff\r\nx-b: fine\r\ncontent-length: 2\r\n\r\nok");
    let answer = assert_outcome(json!({ "url": url }), "reply");
    assert!(answer["headers"].as_array().unwrap().contains(&json!(["x-b", "fine"])), "{answer}");
}

#[test]
fn a_header_whose_name_is_none_is_left_out() {
    let url = serve_bytes(b"HTTP/1.1 200 OK\r\nx-\xff: a\r\nx-b: fine\r\ncontent-length: 2\r\n\r\nok");
    let answer = assert_outcome(json!({ "url": url }), "reply");
    assert_eq!(answer["headers"], json!([["content-length", "2"], ["x-b", "fine"]]));
}

#[test]
fn a_status_that_is_no_reply_is_an_error() {
    let url = serve_bytes(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n");
    assert_outcome(json!({ "url": url, "timeout_ms": 5000 }), "invalid-answer");
}
