//! Upstreams from a script, in workerd: the worker that `duractor mock-upstream` makes.

use std::fs;

use duractor_tests::{
    process::Folder,
    workerd::{Workerd, root},
};
use serde_json::{Value, json};

#[test]
fn upstreams_answer_as_the_script_says() {
    let folder = Folder::new().unwrap();
    let scripts = root().join("tests/upstream");
    let (out, script) = (folder.path().as_os_str().to_owned(), scripts.join("script.json").into_os_string());
    duractor_cli::run(["mock-upstream".into(), "--out".into(), out, script]).unwrap();
    let workerd = Workerd::mocked(&folder.path().join("upstream.js")).unwrap();
    let outcomes = fs::read_to_string(scripts.join("script-outcomes.json")).unwrap();
    let outcomes: Vec<(String, String)> = serde_json::from_str(&outcomes).unwrap();
    let attempt = |url: &str| {
        let attempt = json!({ "url": url, "timeout_ms": 500 });
        workerd.post_json("/outbound/script/attempt", &attempt).json()
    };
    for (url, outcome) in &outcomes {
        let answer = attempt(url);
        let text = answer["text"].as_str().unwrap();
        let got = if answer["outcome"] == "reply" { format!("{} {text}", answer["status"]) } else { text.to_owned() };
        assert_eq!(got, *outcome);
    }
    let sent: Value = serde_json::from_str(attempt("http://duractor.test/sent")["text"].as_str().unwrap()).unwrap();
    let sent: Vec<_> = sent.as_array().unwrap().iter().map(|sent| sent["url"].as_str().unwrap()).collect();
    assert_eq!(sent, outcomes.iter().map(|(url, _)| url.as_str()).collect::<Vec<_>>());
    workerd.kill();
}
