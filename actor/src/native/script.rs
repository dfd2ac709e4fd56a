//! Upstreams from a file, the same for this host and for workerd.

use std::{cell::Cell, time::Duration};

use serde::Deserialize;
use serde_json::Value;

use super::{
    Native,
    answer::{Answer, Sent},
};

/// Upstreams and what they answer, as JSON. `duractor mock-upstream` makes a worker of the same file, so that one script
/// serves native tests and tests in workerd.
///
/// Each upstream has a URL as [`Native::upstream`] takes it, and answers that are given in order; the last one stays. An
/// answer has a `status`, `headers` as pairs, and a body by `text` or `json`; `after_ms` lets it come later, `cut` loses the
/// connection behind its body. Or it `fails`: `refused`, `not-found`, `lost` or `never`.
///
/// ```
/// use duractor::{Native, native::Script};
///
/// let script = Script::from_json(
///     r#"{ "upstreams": [{
///         "url": "https://rates.example/*",
///         "answers": [
///             { "fails": "lost" },
///             { "json": { "rate": 1.08 }, "headers": [["cache-control", "max-age=60"]], "after_ms": 300 }
///         ]
///     }] }"#,
/// )?;
/// let native = Native::new();
/// native.script(&script);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    upstreams: Vec<Rule>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    url: String,
    answers: Vec<Scripted>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Scripted {
    status: Option<u16>,
    headers: Vec<(String, String)>,
    text: Option<String>,
    json: Option<Value>,
    after_ms: u64,
    cut: bool,
    fails: Option<Failure>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Failure {
    Refused,
    NotFound,
    Lost,
    Never,
}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    ///
    /// If it is not JSON, or not a script: with line and column.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}

impl Scripted {
    fn answer(&self) -> Answer {
        let after = Duration::from_millis(self.after_ms);
        if let Some(failure) = self.fails {
            let answer = match failure {
                Failure::Refused => Answer::refused(),
                Failure::NotFound => Answer::not_found(),
                Failure::Lost => Answer::lost(),
                Failure::Never => Answer::never(),
            };
            return answer.after(after);
        }
        let answer = match (&self.text, &self.json) {
            (Some(text), _) => Answer::text(text),
            (None, Some(json)) => Answer::json(json),
            (None, None) => Answer::status(200),
        };
        let answer = answer.with_status(self.status.unwrap_or(200)).after(after);
        let answer = if self.cut { answer.cut() } else { answer };
        self.headers.iter().fold(answer, |answer, (name, value)| answer.header(name, value))
    }
}

impl Native {
    /// Scripts all upstreams of a [`Script`].
    ///
    /// # Panics
    ///
    /// When a request comes, if the answer has a status that is not 200-599, or if its upstream has none at all.
    pub fn script(&self, script: &Script) {
        for Rule { url, answers } in script.upstreams.clone() {
            let given = Cell::new(0);
            self.upstream(&url, move |sent: &Sent| {
                let at = given.replace(given.get() + 1).min(answers.len().saturating_sub(1));
                let scripted = answers.get(at).unwrap_or_else(|| panic!("the script has no answer for {}", sent.url));
                scripted.answer()
            });
        }
    }
}
