//! What is asked of each peer, and what it has to answer.

use std::str::FromStr;

use anyhow::{Context as _, Result, bail, ensure};

use crate::load::Ask;

/// What the clients call themselves.
const USER_AGENT: &str = "duractor-bench/1.0";

/// Length of the body that `echo` sends there and back.
const ECHO_BYTES: usize = 1024;

/// What ten bodies of 1000 bytes and 0 to 9 more (peers/upstream.js) come to.
const FAN_SUM: &str = "10045";

/// One kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scenario {
    /// A short text.
    Hello,
    /// JSON with a counter in memory and a request header.
    Json,
    /// 1 KB there and back.
    Echo,
    /// Ten outbound requests at once.
    Fan,
}

/// How much more CPU time than hand-written JavaScript is promised at most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Promise {
    ExtraMicros(f64),
    Times(f64),
}

impl Promise {
    /// What is promised beside the peer that others are compared with.
    pub(crate) fn says(self, first: &str) -> String {
        match self {
            Self::ExtraMicros(max) => format!("at most {max} µs more than {first}"),
            Self::Times(max) => format!("at most {max} times {first}"),
        }
    }

    /// Whether it holds for this difference and ratio.
    pub(crate) fn holds(self, extra_us: f64, times: f64) -> bool {
        match self {
            Self::ExtraMicros(max) => extra_us <= max,
            Self::Times(max) => times <= max,
        }
    }

    /// How tables say that.
    pub(crate) fn outcome(self, extra_us: f64, times: f64) -> &'static str {
        if self.holds(extra_us, times) { "holds" } else { "missed" }
    }
}

impl Scenario {
    pub(crate) const ALL: [Self; 4] = [Self::Hello, Self::Json, Self::Echo, Self::Fan];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Hello => "hello",
            Self::Json => "json",
            Self::Echo => "echo",
            Self::Fan => "fan",
        }
    }

    pub(crate) fn promise(self) -> Promise {
        match self {
            Self::Hello | Self::Json | Self::Echo => Promise::ExtraMicros(10.0),
            Self::Fan => Promise::Times(1.05),
        }
    }

    fn method(self) -> &'static str {
        match self {
            Self::Echo => "POST",
            _ => "GET",
        }
    }
}

impl Ask for Scenario {
    fn name(&self) -> &str {
        Self::name(*self)
    }

    fn request(&self) -> Vec<u8> {
        let (method, name) = (self.method(), Self::name(*self));
        let mut more = String::new();
        if *self == Self::Echo {
            more = format!("content-type: application/octet-stream\r\ncontent-length: {ECHO_BYTES}\r\n");
        }
        let mut bytes = head(method, &format!("/{name}"), &more);
        if *self == Self::Echo {
            bytes.extend(echo_body());
        }
        bytes
    }

    fn check(&self, body: &[u8], last: &mut u64) -> Result<()> {
        let is_right = match self {
            Self::Hello => body == b"Hello from actor",
            Self::Json => {
                let n = counted(body)?;
                n > std::mem::replace(last, n)
            }
            Self::Echo => body.iter().copied().eq(echo_body()),
            Self::Fan => body == FAN_SUM.as_bytes(),
        };
        let text = String::from_utf8_lossy(body);
        ensure!(is_right, "/{} brings {text:?}", Self::name(*self));
        Ok(())
    }
}

/// The head of a request. Its headers are those that clients of an API send most.
pub(crate) fn head(method: &str, path: &str, more: &str) -> Vec<u8> {
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: bench.test\r\nuser-agent: {USER_AGENT}\r\naccept: */*\r\n\
         accept-encoding: gzip, br\r\n{more}\r\n"
    );
    head.into_bytes()
}

impl FromStr for Scenario {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        match Self::ALL.into_iter().find(|known| known.name() == name) {
            Some(scenario) => Ok(scenario),
            None => bail!("there is no scenario `{name}`; there are hello, json, echo and fan"),
        }
    }
}

/// Every byte occurs, so that a body that is decoded as text on its way does not come back.
fn echo_body() -> impl Iterator<Item = u8> {
    (0..=u8::MAX).cycle().take(ECHO_BYTES)
}

/// The counter in `{"n":7,"ua":"…"}`.
fn counted(body: &[u8]) -> Result<u64> {
    let end = format!(",\"ua\":\"{USER_AGENT}\"}}");
    let number =
        std::str::from_utf8(body).ok().and_then(|text| text.strip_prefix("{\"n\":")?.strip_suffix(&end)?.parse().ok());
    number.with_context(|| format!("/json brings {:?}", String::from_utf8_lossy(body)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_right(scenario: Scenario, body: &[u8]) -> bool {
        scenario.check(body, &mut 0).is_ok()
    }

    #[test]
    fn a_counter_only_grows() {
        let body = br#"{"n":3,"ua":"duractor-bench/1.0"}"#;
        let mut last = 2;
        assert!(Scenario::Json.check(body, &mut last).is_ok());
        assert_eq!(last, 3);
        assert!(Scenario::Json.check(body, &mut last).is_err());
        assert!(!is_right(Scenario::Json, br#"{"n":3,"ua":""}"#));
    }

    #[test]
    fn what_was_sent_comes_back() {
        let request = Scenario::Echo.request();
        assert!(is_right(Scenario::Echo, &request[request.len() - ECHO_BYTES..]));
        assert!(!is_right(Scenario::Echo, &[0; ECHO_BYTES]));
        assert!(!is_right(Scenario::Echo, b""));
    }

    #[test]
    fn a_promise_holds_up_to_its_bound() {
        assert!(Promise::ExtraMicros(10.0).holds(10.0, 9.0));
        assert!(!Promise::ExtraMicros(10.0).holds(10.5, 1.0));
        assert!(Promise::Times(1.05).holds(90.0, 1.05));
        assert!(!Promise::Times(1.05).holds(1.0, 1.06));
    }
}
