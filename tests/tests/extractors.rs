//! What methods take from a request, and what is said when it is not there.

use duractor_tests::{http::Answer, workerd};
use serde_json::{Value, json};

#[track_caller]
fn post(path: &str, content_type: &str, body: &[u8]) -> Answer {
    workerd().request("POST", path).header("content-type", content_type).body(body).send()
}

#[test]
fn json_comes_and_goes() {
    let order = json!({ "id": 7, "lines": [{ "sku": "é \"quoted\" \u{1f980}", "count": 3 }] });
    let answer = workerd().post_json("/inputs/json", &order);
    assert_eq!(answer.json(), order);
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

#[test]
fn json_has_several_media_types() {
    let body = br#"{"id":1,"lines":[]}"#;
    for good in
        ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "application/cloudevents+json"]
    {
        assert_eq!(post("/inputs/json", good, body).status, 200, "{good}");
    }
    for bad in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "+json", ""] {
        post("/inputs/json", bad, body).assert_problem(415, "unsupported-media-type");
    }
    let untyped = workerd().request("POST", "/inputs/json").body(body).send();
    untyped.assert_problem(415, "unsupported-media-type");
}

#[test]
fn json_that_is_wrong_is_located() {
    let cases: [(&str, &str, u64, u64); 8] = [
        ("", ".", 1, 0),
        ("{", ".", 1, 1),
        ("{\"id\":1,\n\"lines\":[}", "lines[0]", 2, 10),
        (r#"{"id":"one","lines":[]}"#, "id", 1, 11),
        (r#"{"id":1,"lines":[{"sku":"a","count":1},{"sku":"b","count":256}]}"#, "lines[1].count", 1, 61),
        (r#"{"id":1,"lines":[{"sku":"a"}]}"#, "lines[0].count", 1, 28),
        (r#"{"id":1,"lines":[]} x"#, ".", 1, 21),
        (r#"{"id":1,"id":2,"lines":[]}"#, ".", 1, 12),
    ];
    for (body, field, line, column) in cases {
        let problem = post("/inputs/json", "application/json", body.as_bytes()).assert_problem(400, "bad-json");
        assert_eq!(
            (&problem["field"], &problem["line"], &problem["column"]),
            (&json!(field), &json!(line), &json!(column)),
            "{body}: {problem}"
        );
    }
}

#[test]
fn json_that_is_not_utf_8_is_refused() {
    for body in [&b"{\"id\":1,\"lines\":[{\"sku\":\"\xff\",\"count\":1}]}"[..], b"\xff\xfe", b"\0"] {
        post("/inputs/json", "application/json", body).assert_problem(400, "bad-json");
    }
    post("/inputs/value", "application/json", br#""\ud800""#).assert_problem(400, "bad-json");
}

#[test]
fn an_optional_body_may_be_absent_and_not_malformed() {
    assert_eq!(workerd().post("/inputs/optional-json").ok(), "none");
    assert_eq!(post("/inputs/optional-json", "application/json", b"").ok(), "none");
    assert_eq!(post("/inputs/optional-json", "application/json", br#"{"id":5,"lines":[]}"#).ok(), "order 5");
    post("/inputs/optional-json", "application/json", b"{").assert_problem(400, "bad-json");
    post("/inputs/optional-json", "text/plain", b"{}").assert_problem(415, "unsupported-media-type");
}

#[test]
fn a_form_is_decoded() {
    let form = "application/x-www-form-urlencoded";
    let answer = post("/inputs/form", form, b"tag=a+b&limit=5&tag=%C3%A9%26");
    assert_eq!(answer.json(), json!({ "limit": 5, "tag": ["a b", "é&"] }));
    post("/inputs/form", "text/plain", b"limit=5").assert_problem(415, "unsupported-media-type");
    let problem = post("/inputs/form", form, b"tag=a&limit=many").assert_problem(400, "bad-input");
    assert_eq!((&problem["field"], &problem["position"]), (&json!("limit"), &json!(12)));
    let problem = post("/inputs/form", form, b"tag=%f").assert_problem(400, "bad-encoding");
    assert_eq!(problem["position"], json!(4));
    let problem = post("/inputs/form", form, b"tag=a&tag=\xff").assert_problem(400, "bad-encoding");
    assert_eq!(problem["position"], json!(10));
}

#[test]
fn a_query_is_decoded() {
    let get = |query: &str| workerd().get(format!("/inputs/query{query}"));
    assert_eq!(get("?tag=a+b&limit=5&tag=%C3%A9").json(), json!({ "limit": 5, "tag": ["a b", "é"] }));
    assert_eq!(get("").json(), json!({ "limit": null, "tag": [] }));
    let problem = get("?limit=-1").assert_problem(400, "bad-input");
    assert_eq!((&problem["field"], &problem["position"]), (&json!("limit"), &json!(6)));
    let problem = get("?tag=%ff").assert_problem(400, "bad-encoding");
    assert_eq!(problem["position"], json!(4));
    get("?limit=1&limit=2").assert_problem(400, "bad-input");
}

#[test]
fn a_query_may_be_a_list_of_pairs() {
    let answer = workerd().get("/inputs/pairs?b=1&a=2&b=3&c&=d&&e=f=g");
    let pairs = json!([["b", "1"], ["a", "2"], ["b", "3"], ["c", ""], ["", "d"], ["e", "f=g"]]);
    assert_eq!(answer.json(), pairs);
}

#[test]
fn text_is_utf_8() {
    assert_eq!(post("/inputs/text", "text/plain", "größe".as_bytes()).ok(), "GRÖSSE");
    assert_eq!(workerd().post("/inputs/text").ok(), "");
    let problem = post("/inputs/text", "text/plain", b"abc\xff").assert_problem(400, "bad-text");
    assert_eq!(problem["position"], json!(3));
}

#[test]
fn a_parameter_is_parsed() {
    assert_eq!(workerd().get("/inputs/number/-128").ok(), "-128");
    for bad in ["128", "x", "1.5", "%20", "1%00"] {
        let problem = workerd().get(format!("/inputs/number/{bad}")).assert_problem(400, "bad-parameter");
        assert_eq!(problem["field"], json!("number"));
    }
}

#[test]
fn a_hundred_headers_arrive() {
    let mut request = workerd().request("GET", "/inputs/headers");
    for at in 0..100 {
        request = request.header(&format!("X-Header-{at}"), format!("value {at}"));
    }
    let seen = request.send().json();
    for at in 0..100 {
        let pair = json!([format!("x-header-{at}"), format!("value {at}")]);
        assert!(seen.as_array().unwrap().contains(&pair), "{pair}");
    }
}

#[test]
fn repeated_headers_are_joined_as_http_allows() {
    let workerd = workerd();
    let request = workerd.request("GET", "/inputs/headers").header("x-word", "one").header("X-Word", "two");
    let seen = request.send().json();
    assert!(seen.as_array().unwrap().contains(&json!(["x-word", "one, two"])), "{seen}");
}

#[test]
fn a_header_in_utf_8_arrives() {
    let seen = workerd().request("GET", "/inputs/headers").header("x-name", "Ägnes").send();
    assert_eq!(seen.status, 200, "{}", seen.text());
    assert!(seen.json().as_array().unwrap().contains(&json!(["x-name", "Ägnes"])), "{}", seen.text());
}

#[test]
fn cookies_are_read_and_what_is_none_is_passed_over() {
    let cookies = |header: &str| workerd().request("GET", "/inputs/cookies").header("cookie", header).send().json();
    assert_eq!(cookies("a=1; b=two; c=\"3\""), json!([["a", "1"], ["b", "two"], ["c", "\"3\""]]));
    assert_eq!(cookies("a=1; nonsense; =x; ;; b==; a=2"), json!([["a", "1"], ["b", "="], ["a", "2"]]));
    assert_eq!(workerd().get("/inputs/cookies").json(), Value::Array(vec![]));
    let one = workerd().request("GET", "/inputs/cookie/b").header("cookie", "a=1; b=2").send();
    assert_eq!(one.ok(), "2");
    assert_eq!(workerd().get("/inputs/cookie/b").status, 404);
}
