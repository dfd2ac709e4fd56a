//! `duractor mock-upstream`: a worker that answers for the internet, from a script.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::Value;

use crate::args::Mock;
use crate::terminal::say;

const WORKER: &str = include_str!("upstream.js");
/// Where the script stands in it.
const PLACE: &str = "__SCRIPT__";
const WRANGLER: &str = "name = \"upstream\"\nmain = \"upstream.js\"\ncompatibility_date = \"2026-04-01\"\n";
const FAILURES: [&str; 4] = ["refused", "not-found", "lost", "never"];

/// The format is that of `duractor::native::Script`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    upstreams: Vec<Rule>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    url: String,
    answers: Vec<Answer>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    status: Option<u16>,
    #[serde(default, rename = "headers")]
    _headers: Vec<(String, String)>,
    #[serde(rename = "text")]
    _text: Option<String>,
    #[serde(rename = "json")]
    _json: Option<Value>,
    #[serde(rename = "after_ms")]
    _after_ms: Option<u64>,
    #[serde(rename = "cut")]
    _cut: Option<bool>,
    fails: Option<String>,
}

/// Writes the worker and its configuration.
///
/// # Errors
///
/// If the script cannot be read or is none, or the folder cannot be written to.
pub fn mock(options: &Mock) -> Result<()> {
    let name = options.script.display();
    let text = fs::read_to_string(&options.script).with_context(|| format!("cannot read {name}"))?;
    let worker = worker(&text).with_context(|| format!("{name} is no script"))?;
    fs::create_dir_all(&options.out).with_context(|| format!("cannot make {}", options.out.display()))?;
    write(&options.out, "upstream.js", &worker)?;
    write(&options.out, "wrangler.toml", WRANGLER)?;
    say(format!("wrote {}", options.out.display()));
    Ok(())
}

fn write(dir: &Path, name: &str, text: &str) -> Result<()> {
    let path = dir.join(name);
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// The worker that answers from a script.
///
/// # Errors
///
/// If it is no script, with line and column where that is known.
pub fn worker(script: &str) -> Result<String> {
    let Script { upstreams } = serde_json::from_str(script)?;
    for Rule { url, answers } in &upstreams {
        ensure!(!answers.is_empty(), "the upstream {url} has no answer");
        for Answer { status, fails, .. } in answers {
            let status = status.unwrap_or(200);
            ensure!((200..600).contains(&status), "the upstream {url}: a status is 200-599, not {status}");
            let is_known = fails.as_deref().is_none_or(|fails| FAILURES.contains(&fails));
            ensure!(is_known, "the upstream {url}: what fails is one of {}", FAILURES.join(", "));
        }
    }
    // As a map, so that the text in the worker is JSON and nothing else.
    let script: BTreeMap<String, Value> = serde_json::from_str(script)?;
    Ok(WORKER.replace(PLACE, &serde_json::to_string_pretty(&script)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(script: &str) -> String {
        format!("{:#}", worker(script).unwrap_err())
    }

    #[test]
    fn a_script_becomes_part_of_the_worker() {
        let worker =
            worker(r#"{"upstreams": [{"url": "https://a.example/*", "answers": [{"text": "hello"}]}]}"#).unwrap();
        assert!(worker.contains("\"text\": \"hello\"") && !worker.contains(PLACE), "{worker}");
    }

    #[test]
    fn what_is_no_script_is_explained() {
        assert!(error("{").contains("line 1"));
        assert!(error(r#"{"upstreams": [{"url": "u", "answers": []}]}"#).contains("the upstream u has no answer"));
        assert!(error(r#"{"upstreams": [{"url": "u", "answers": [{"status": 99}]}]}"#).contains("200-599"));
        assert!(error(r#"{"upstreams": [{"url": "u", "answers": [{"fails": "badly"}]}]}"#).contains("refused"));
        assert!(error(r#"{"upstreams": [{"url": "u", "answers": [{"body": ""}]}]}"#).contains("unknown field `body`"));
    }
}
