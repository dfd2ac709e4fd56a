//! Requests that no honest client sends: each is answered or its connection closed, and none is the actor's failure.

use std::{fmt::Write as _, io};

use duractor_tests::{
    http::{Answer, Exchange},
    workerd,
};
use serde_json::json;

/// Sends bytes and returns the answer, or none where the connection was closed without one.
#[track_caller]
fn send(bytes: &[u8]) -> Option<Answer> {
    let mut exchange = Exchange::connect(workerd().address()).unwrap();
    exchange.write(bytes).unwrap();
    match exchange.answer() {
        Ok(answer) => Some(answer),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            panic!("no answer in time to {}", String::from_utf8_lossy(bytes).chars().take(200).collect::<String>())
        }
        Err(_) => None,
    }
}

/// Whatever comes, it is no failure of the actor, and the worker goes on.
#[track_caller]
fn assert_harmless(bytes: &[u8]) {
    let answer = send(bytes);
    let shown = String::from_utf8_lossy(bytes).chars().take(200).collect::<String>();
    assert!(answer.as_ref().is_none_or(is_harmless), "{shown:?}: {answer:?}");
    assert_alive();
}

fn is_harmless(answer: &Answer) -> bool {
    (200..500).contains(&answer.status) || is_from_workerd(answer)
}

/// What workerd answers by itself before the worker sees the request. The platform's edge refuses such requests.
fn is_from_workerd(answer: &Answer) -> bool {
    let text = String::from_utf8_lossy(&answer.body);
    answer.header("connection") == Some("close")
        && ["Internal Server Error", "ERROR: "].iter().any(|own| text.starts_with(own))
}

#[track_caller]
fn assert_alive() {
    assert_eq!(workerd().get("/place/alive").ok(), "alive");
}

fn request(line: &str, headers: &str) -> Vec<u8> {
    format!("{line}\r\nhost: a\r\n{headers}\r\n").into_bytes()
}

#[test]
fn methods_that_are_none() {
    for method in ["FOO", "get", "GET\t", "", "GE\0T", "\u{1f980}", "CONNECT", "TRACE", "PRI", "GET GET"] {
        assert_harmless(&request(&format!("{method} /place/p HTTP/1.1"), ""));
    }
}

#[test]
fn methods_that_are_rare_are_not_allowed() {
    for method in ["PROPFIND", "MKCOL", "REPORT", "SEARCH", "PURGE"] {
        let answer = workerd().request(method, "/place/p").send();
        answer.assert_problem(405, "method-not-allowed");
        workerd().request(method, "/nowhere").send().assert_problem(404, "no-route");
    }
}

#[test]
fn targets_that_are_malformed() {
    for target in [
        "",
        " ",
        "*",
        "place/p",
        "//",
        "///",
        "//place/p",
        "/place//p",
        "/place/p//",
        "?",
        "#",
        "/#/place/p",
        "/place/p#x",
        "/place/%",
        "/place/%2",
        "/place/%zz",
        "/place/%ff",
        "/place/%C0%AF",
        "/place/%ED%A0%80",
        "/place/%00",
        "/place/%2e%2e",
        "/../../etc/passwd",
        "/place/../place/p",
        "/place/./p",
        "/place/%2e%2e/%2e%2e/p",
        "/..%2f..%2fetc",
        "/place/p\\..\\x",
        "/place/p?%",
        "/place/p?%zz=%zz",
        "/place/p?a=\0",
        "/place/p;/visits",
        "/place/p HTTP/1.1",
        "/place/p\tx",
        "/\u{7f}",
        "/place/é",
        "/place/🦀",
        "http://",
        "http:///",
        "http://a",
        "http://a:99999/place/p",
        "http://[::1/place/p",
        "ftp://a/place/p",
        "http://user:password@a/place/p",
        "javascript:alert(1)",
        "data:,x",
        "http://a/place/p",
        "HTTP://A/place/p",
    ] {
        assert_harmless(&request(&format!("GET {target} HTTP/1.1"), ""));
    }
}

#[test]
fn dots_lead_nowhere_else() {
    assert_eq!(workerd().get("/place/a%2F..%2Fb").ok(), "a%2F..%2Fb");
    for target in ["/place/../place/p", "/x/../place/p", "/place/./p", "/place/q/../p"] {
        assert_eq!(workerd().get(target).ok(), "p", "{target}");
    }
    // Written so, they are text.
    workerd().get("/x/%2e%2e/place/p").assert_problem(404, "no-route");
}

#[test]
fn bytes_that_are_not_utf_8() {
    for bytes in [
        &b"GET /place/\xff\xfe HTTP/1.1\r\nhost: a\r\n\r\n"[..],
        b"GET /place/p?\xff=\xc3 HTTP/1.1\r\nhost: a\r\n\r\n",
        b"GET /inputs/headers HTTP/1.1\r\nhost: a\r\nx-bytes: \xff\xfe\x80\r\n\r\n",
        b"GET /inputs/headers HTTP/1.1\r\nhost: a\r\nx-\xff: a\r\n\r\n",
        b"GET /inputs/cookies HTTP/1.1\r\nhost: a\r\ncookie: a=\xff; b=\xc3\r\n\r\n",
        b"GET /tenant HTTP/1.1\r\nhost: a\r\nx-tenant: \xff\xc3\r\n\r\n",
        b"GET /place/p HTTP/1.1\r\nhost: \xff\r\n\r\n",
        b"G\xcbT /place/p HTTP/1.1\r\nhost: a\r\n\r\n",
    ] {
        assert_harmless(bytes);
    }
}

#[test]
fn headers_that_are_malformed() {
    for headers in [
        ": a\r\n",
        "a\r\n",
        "a b: c\r\n",
        "a : b\r\n",
        " a: b\r\n",
        "a: b\r\n c\r\n",
        "a: b\rx: y\r\n",
        "a: b\nx: y\r\n",
        "a: \0\r\n",
        "a:\r\n",
        "\r\n",
        "host: b\r\n",
        "host:\r\n",
        "connection: upgrade\r\nupgrade: websocket\r\n",
        "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
        "connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n",
        "expect: 100-continue\r\n",
        "expect: x\r\n",
        "range: bytes=0-\r\n",
        "te: trailers\r\n",
        "accept-encoding: br, gzip\r\n",
        "x-forwarded-for: ' OR 1=1 --\r\n",
        "content-type: \r\n",
        "content-type: ;;;;\r\n",
        "content-type: a/b; c=\"\r\n",
        "cookie: \r\n",
        "cookie: =;=;;\"\r\n",
        "cookie: a\r\n",
        "cookie: $Version=1; a=\"\\\"\r\n",
        "duractor-chain: x\r\n",
    ] {
        for path in ["/place/p", "/inputs/cookies", "/inputs/headers"] {
            assert_harmless(&request(&format!("GET {path} HTTP/1.1"), headers));
        }
    }
}

#[test]
fn lengths_that_lie() {
    for (headers, body) in [
        ("content-length: 5\r\n", "hello world"),
        ("content-length: -1\r\n", "hello"),
        ("content-length: +5\r\n", "hello"),
        ("content-length: 0x5\r\n", "hello"),
        ("content-length: five\r\n", "hello"),
        ("content-length: 5, 5\r\n", "hello"),
        ("content-length: 5\r\ncontent-length: 5\r\n", "hello"),
        ("content-length: 5\r\ncontent-length: 3\r\n", "hello"),
        ("content-length: 3\r\ncontent-length: 5\r\n", "hello"),
        ("content-length: 18446744073709551616\r\n", "hello"),
        ("content-length: 99999999999999999999999999\r\n", "hello"),
        ("content-length: \r\n", "hello"),
        ("content-length: 5\r\ntransfer-encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"),
        ("transfer-encoding: chunked\r\ncontent-length: 5\r\n", "5\r\nhello\r\n0\r\n\r\n"),
        ("transfer-encoding: chunked, chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"),
        ("transfer-encoding: gzip, chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"),
        ("transfer-encoding: nonsense\r\n", "hello"),
        ("transfer-encoding: chunked\r\n", "0\r\n\r\n"),
    ] {
        let mut bytes = request("POST /inputs/digest HTTP/1.1", headers);
        bytes.extend_from_slice(body.as_bytes());
        assert_harmless(&bytes);
    }
}

/// The client has said that it sends no more, and still listens.
#[test]
fn bodies_that_end_early_or_are_malformed() {
    for (headers, body) in [
        ("content-length: 500\r\n", "hello"),
        ("transfer-encoding: chunked\r\n", "5\r\nhel"),
        ("transfer-encoding: chunked\r\n", "xyz\r\nhello\r\n0\r\n\r\n"),
        ("transfer-encoding: chunked\r\n", "-5\r\nhello\r\n0\r\n\r\n"),
        ("transfer-encoding: chunked\r\n", "5\r\nhelloworld\r\n0\r\n\r\n"),
        ("transfer-encoding: chunked\r\n", "ffffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
        ("transfer-encoding: chunked\r\n", "5;x=y\r\nhello\r\n0\r\n\r\n"),
    ] {
        let mut exchange = Exchange::connect(workerd().address()).unwrap();
        exchange.write(&request("POST /inputs/digest HTTP/1.1", headers)).unwrap();
        exchange.write(body.as_bytes()).unwrap();
        exchange.finish().unwrap();
        if let Ok(answer) = exchange.answer() {
            assert!(is_harmless(&answer), "{headers:?} {body:?}: {answer:?}");
        }
        assert_alive();
    }
}

#[test]
fn a_body_that_ends_early_is_a_bad_request() {
    let mut exchange = Exchange::connect(workerd().address()).unwrap();
    exchange.write(&request("POST /inputs/digest HTTP/1.1", "content-length: 500\r\n")).unwrap();
    exchange.write(b"hello").unwrap();
    exchange.finish().unwrap();
    exchange.answer().unwrap().assert_problem(400, "body-incomplete");
}

#[test]
fn headers_that_are_too_many_or_too_large() {
    let workerd = workerd();
    let large = workerd.request("GET", "/place/p").header("x-large", "x".repeat(33 << 10)).send();
    large.assert_problem(431, "headers-too-large");
    let mut many = workerd.request("GET", "/place/p");
    for at in 0..1_000 {
        many = many.header(&format!("x-{at}"), "y".repeat(30));
    }
    many.send().assert_problem(431, "headers-too-large");
    let enough = workerd.request("GET", "/place/p").header("x-large", "x".repeat(31 << 10)).send();
    assert_eq!(enough.ok(), "p");

    let mut huge = String::new();
    for at in 0..100_000 {
        write!(huge, "x-{at}: value\r\n").unwrap();
    }
    let mut exchange = Exchange::connect(workerd.address()).unwrap();
    // The server may close before it has read all.
    let _ = exchange.write(&request("GET /place/p HTTP/1.1", &huge));
    if let Ok(answer) = exchange.answer() {
        assert!((400..500).contains(&answer.status), "{answer:?}");
    }
    assert_alive();
}

#[test]
fn paths_that_are_too_long() {
    workerd().get(format!("/place/{}", "x".repeat(17 << 10))).assert_problem(414, "path-too-long");
    workerd().get(format!("/place/p?{}", "x".repeat(17 << 10))).assert_problem(414, "path-too-long");
    workerd().get(format!("/nowhere{}", "/x".repeat(9 << 10))).assert_problem(414, "path-too-long");
    let encoded = workerd().get(format!("/place/p/value/{}", "%F0%9F%A6%80".repeat(1_000)));
    assert_eq!(encoded.ok(), "🦀".repeat(1_000));
}

#[test]
fn queries_of_ten_thousand_pairs() {
    let form = "a=1&".repeat(10_000);
    let answer = workerd()
        .request("POST", "/inputs/form")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("{form}limit=1"))
        .send();
    assert_eq!(answer.json(), json!({ "limit": 1, "tag": [] }));
    let tags = workerd()
        .request("POST", "/inputs/form")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("tag=x&".repeat(10_000))
        .send();
    assert_eq!(tags.json()["tag"].as_array().unwrap().len(), 10_000);
    let pairs = workerd().get(format!("/inputs/pairs?{}", "&=".repeat(5_000)));
    assert_eq!(pairs.status, 200, "{}", pairs.text());
    let short = workerd().get(format!("/inputs/pairs?{}", "a&".repeat(8_000)));
    assert_eq!(short.json().as_array().unwrap().len(), 8_000);
}

#[test]
fn json_that_is_deep_or_large_or_strange() {
    let value = |body: Vec<u8>| {
        workerd().request("POST", "/inputs/value").header("content-type", "application/json").body(body).send()
    };
    for deep in ["[", "{\"a\":", "[{\"a\":"] {
        let answer = value(deep.repeat(100_000).into_bytes());
        answer.assert_problem(400, "bad-json");
    }
    let nested = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    value(nested.into_bytes()).assert_problem(400, "bad-json");
    assert_eq!(value(format!("{}1{}", "[".repeat(100), "]".repeat(100)).into_bytes()).status, 200);

    let wide = format!("[{}0]", "0,".repeat(200_000));
    assert_eq!(value(wide.into_bytes()).status, 200);
    let long = format!("\"{}\"", "\\u0041".repeat(100_000));
    assert_eq!(value(long.into_bytes()).body.len(), 100_002);
    let keys = format!("{{{}\"a\":0}}", "\"a\":1,".repeat(100_000));
    assert_eq!(value(keys.into_bytes()).text(), r#"{"a":0}"#);
    for odd in [
        "1e999",
        "-",
        "01",
        "nul",
        "\"\\x\"",
        "\"\\ud800\"",
        "\u{feff}1",
        "1 2",
        "[1,]",
        "{a:1}",
        "'a'",
        "NaN",
        "\0",
        "",
    ] {
        value(odd.as_bytes().to_vec()).assert_problem(400, "bad-json");
    }
    for fine in ["-0", "1e308", "18446744073709551616", " [ ] ", "\"\\u0000\"", "\"\u{7f}\""] {
        assert_eq!(value(fine.as_bytes().to_vec()).status, 200, "{fine}");
    }
}

#[test]
fn field_names_that_are_hostile_are_not_echoed_as_they_are() {
    let answer =
        workerd().post_json("/inputs/json", &json!({ "id": "<script>alert(1)</script>\r\nx: y", "lines": [] }));
    answer.assert_problem(400, "bad-json");
    assert!(answer.header("x").is_none());
    let answer = workerd().get("/inputs/query?limit=%3Cscript%3E%0D%0Ax:y");
    answer.assert_problem(400, "bad-input");
    let answer =
        workerd().request("POST", "/inputs/json").header("content-type", "\"<script>\\\" \u{1f980}").body("{}").send();
    answer.assert_problem(415, "unsupported-media-type");
}

#[test]
fn a_body_where_none_is_expected() {
    for method in ["GET", "HEAD", "DELETE", "OPTIONS"] {
        let answer = workerd().request(method, "/place/p").body("unexpected").send();
        assert!(answer.status < 500, "{method}: {answer:?}");
        let answer = workerd().request(method, "/inputs/echo").body("unexpected").send();
        assert!(answer.status < 500, "{method}: {answer:?}");
    }
    assert_alive();
}

#[test]
fn what_is_not_http() {
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\0\0\0\0\r\n\r\n",
        b"GET /place/p\r\n\r\n",
        b"GET /place/p HTTP/0.9\r\n\r\n",
        b"GET /place/p HTTP/1.0\r\n\r\n",
        b"GET /place/p HTTP/1.1\r\n\r\n",
        b"GET /place/p HTTP/9.9\r\nhost: a\r\n\r\n",
        b"\r\n\r\nGET /place/p HTTP/1.1\r\nhost: a\r\n\r\n",
        b"GET /place/p HTTP/1.1\nhost: a\n\n",
    ] {
        let mut exchange = Exchange::connect(workerd().address()).unwrap();
        exchange.write(bytes).unwrap();
        exchange.finish().unwrap();
        let text = String::from_utf8_lossy(&exchange.rest().unwrap()).into_owned();
        assert!(!text.contains("/problems/internal"), "{text}");
        assert_alive();
    }
}

#[test]
fn requests_on_one_connection_are_answered_in_order() {
    let mut exchange = Exchange::connect(workerd().address()).unwrap();
    let mut bytes = Vec::new();
    for at in 0..50 {
        bytes.extend(request(&format!("GET /place/p/value/{at}. HTTP/1.1"), ""));
    }
    bytes.extend(request("GET /place/p/value/last HTTP/1.1", "connection: close\r\n"));
    exchange.write(&bytes).unwrap();
    exchange.finish().unwrap();
    let text = String::from_utf8_lossy(&exchange.rest().unwrap()).into_owned();
    let bodies: Vec<&str> = text.split("\r\n\r\n").skip(1).map(|part| part.split("HTTP/1.1").next().unwrap()).collect();
    let expected: Vec<String> = (0..50).map(|at| format!("{at}.")).chain(["last".to_owned()]).collect();
    assert_eq!(bodies, expected);
}
