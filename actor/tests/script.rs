//! Upstreams from a script, with the outcomes that they have in workerd, too.

use duractor::{Native, native::Script, prelude::*};

const SCRIPT: &str = include_str!("../../tests/upstream/script.json");
/// URLs in order, and what becomes of a request to each.
const OUTCOMES: &str = include_str!("../../tests/upstream/script-outcomes.json");

#[derive(Default, Actor)]
struct Asker {}

#[methods]
impl Asker {
    #[post]
    async fn ask(cx: &Cx, url: &str) -> String {
        match cx.get(url).timeout(millis(500)).await {
            Ok(reply) => format!("{} {}", reply.status(), reply.text()),
            Err(error) => error.to_string(),
        }
    }
}

#[routes]
fn routes() -> Router {
    Router::new().mount::<Asker>("/ask", "ask")
}

#[test]
fn upstreams_answer_as_the_script_says() {
    let native = Native::new().routes(routes());
    native.script(&Script::from_json(SCRIPT).unwrap());
    let outcomes: Vec<(String, String)> = serde_json::from_str(OUTCOMES).unwrap();
    for (url, outcome) in &outcomes {
        assert_eq!(native.post("/ask").body(url.as_str()).send().text(), outcome.as_str());
    }
    let sent: Vec<_> = native.sent().into_iter().map(|sent| sent.url).collect();
    assert_eq!(sent, outcomes.into_iter().map(|(url, _)| url).collect::<Vec<_>>());
}

#[test]
fn what_is_no_script_is_refused_with_its_place() {
    let error = Script::from_json("{\n \"upstreams\": [{ \"url\": \"u\", \"answer\": 1 }] }").unwrap_err();
    assert!(error.to_string().contains("unknown field `answer`") && error.line() == 2, "{error}");
}
