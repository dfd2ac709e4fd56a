//! What methods return is what clients get.

use duractor_tests::workerd;
use serde_json::json;

#[test]
fn every_status_from_200_to_599_survives() {
    for status in 200..600 {
        let answer = workerd().get(format!("/replies/status/{status}"));
        assert_eq!(answer.status, status);
        let is_bodiless = matches!(status, 204 | 205 | 304);
        assert_eq!(answer.text(), if is_bodiless { String::new() } else { format!("status {status}") });
    }
}

#[test]
fn a_status_that_is_none_is_an_error_of_the_actor() {
    for status in [0, 99, 100, 101, 199, 600, 999, 65535] {
        workerd().get(format!("/replies/status/{status}")).assert_problem(500, "internal");
    }
}

#[test]
fn repeated_headers_stay_apart() {
    let answer = workerd().get("/replies/cookies");
    assert_eq!(answer.headers("set-cookie").collect::<Vec<_>>(), ["a=1; Path=/", "b=2, 3; Path=/"]);
    let words = workerd().get("/replies/repeated");
    assert_eq!(words.headers("x-word").collect::<Vec<_>>().join(", "), "one, two, three");
}

#[test]
fn a_header_cannot_be_injected() {
    for value in ["a%0D%0Ax-evil:%201", "a%0Ax-evil:%201", "a%0D", "a%00b", "%7F"] {
        let answer = workerd().get(format!("/replies/header?name=x-text&value={value}"));
        answer.assert_problem(500, "internal");
        assert!(answer.header("x-evil").is_none());
    }
    for name in ["", "a%20b", "a:b", "x%0D%0Aevil", "%C3%A9", "content-length", "Transfer-Encoding", "connection"] {
        workerd().get(format!("/replies/header?name={name}&value=1")).assert_problem(500, "internal");
    }
}

#[test]
fn a_header_may_have_any_text() {
    for (sent, value) in
        [("plain", "plain"), ("a%09b", "a\tb"), ("", ""), ("%C3%84gnes", "Ägnes"), ("%F0%9F%A6%80", "🦀")]
    {
        let answer = workerd().get(format!("/replies/header?name=x-text&value={sent}"));
        assert_eq!(answer.status, 200, "{sent}: {}", answer.text());
        assert_eq!(answer.header("x-text"), Some(value), "{sent}");
    }
}

#[test]
fn a_header_of_arbitrary_bytes_does_no_harm() {
    let answer = workerd().get("/replies/header-bytes");
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[test]
fn content_types_fit_the_reply() {
    for (path, content_type, body) in [
        ("html", "text/html; charset=utf-8", "<p>hello</p>"),
        ("json", "application/json", "[1,2,3]"),
        ("svg", "image/svg+xml", "<svg/>"),
        ("header?name=x-a&value=b", "text/plain; charset=utf-8", "set"),
        ("header?name=content-type&value=text/markdown", "text/markdown", "set"),
    ] {
        let answer = workerd().get(format!("/replies/{path}"));
        assert_eq!((answer.header("content-type"), answer.ok()), (Some(content_type), body), "{path}");
        assert_eq!(answer.headers("content-type").count(), 1, "{path}");
    }
    let image = workerd().get("/replies/own-type");
    assert_eq!((image.header("content-type"), &*image.body), (Some("image/png"), &b"\x89PNG"[..]));
}

#[test]
fn bytes_of_every_length_come() {
    for count in [0, 1, 15, 16, 17, 4096, 65_537, 3_000_000] {
        let answer = workerd().get(format!("/replies/bytes/{count}"));
        assert_eq!(answer.header("content-type"), Some("application/octet-stream"));
        assert!(answer.body.iter().enumerate().all(|(at, byte)| *byte == (at % 251) as u8));
        assert_eq!(answer.body.len(), count);
    }
}

#[test]
fn a_body_that_is_encoded_already_comes_as_it_is() {
    let answer = workerd().request("GET", "/replies/encoded").header("accept-encoding", "gzip").send();
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    assert_eq!(String::from_utf8_lossy(&answer.body), "not really gzip");
}

#[test]
fn shapes_of_replies_are_what_they_say() {
    let nothing = workerd().get("/replies/nothing");
    assert_eq!((nothing.status, nothing.header("content-type")), (204, None));
    workerd().get("/replies/none").assert_problem(404, "not-found");
    let tuple = workerd().get("/replies/tuple");
    assert_eq!((tuple.status, tuple.header("location"), tuple.text()), (201, Some("/replies/tuple/1"), "made"));
    let redirect = workerd().get("/replies/redirect");
    assert_eq!((redirect.status, redirect.header("location")), (303, Some("/replies/nothing")));
}

#[test]
fn problems_keep_their_status_and_kind() {
    let problem = workerd().get("/replies/overdrawn").assert_problem(409, "overdrawn");
    assert_eq!(problem["detail"], json!("overdrawn by 5"));
    let problem = workerd().get("/replies/unit").assert_problem(422, "no-such-unit");
    assert_eq!(problem["detail"], json!("\"furlong\" is no unit"));
}

#[test]
fn what_an_error_says_is_logged_and_not_sent() {
    let workerd = workerd();
    let answer = workerd.get("/replies/error");
    answer.assert_problem(500, "internal");
    assert!(!answer.text().contains("invalid digit"), "{}", answer.text());
    assert!(workerd.log().contains("invalid digit found in string"));
}
