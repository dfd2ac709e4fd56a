//! Operations: outbound requests and waits.

use std::{pin::pin, time::Duration};

use duractor::{Redirects, Reply, Retry, prelude::*};
use futures::{
    FutureExt, StreamExt,
    future::{Either, join, join_all, select, try_join},
    stream::FuturesUnordered,
};
use serde::{Deserialize, Serialize};

use crate::UPSTREAM;

#[derive(Default, Actor)]
pub(crate) struct Outbound {}

/// A request to be made.
#[derive(Deserialize)]
pub(crate) struct Attempt {
    #[serde(default = "get")]
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    body: Option<String>,
    timeout_ms: Option<u64>,
    body_max: Option<u32>,
    redirects: Option<String>,
    attempts: Option<u32>,
}

fn get() -> String {
    "GET".into()
}

/// Paths of the mixed test.
#[derive(Deserialize)]
pub(crate) struct Mixture {
    hit: String,
    miss: String,
    failure: String,
    late: String,
}

/// What became of it.
#[derive(Default, Serialize)]
pub(crate) struct Answer {
    outcome: &'static str,
    text: String,
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// What the load test sends.
#[derive(Serialize, Deserialize)]
pub(crate) struct Job {
    id: u64,
    text: String,
    fan: Vec<String>,
}

/// What the load test gets back.
#[derive(Serialize)]
pub(crate) struct Done {
    actor: String,
    job: Job,
    replies: Vec<String>,
}

#[methods]
impl Outbound {
    /// What the upstream has at this path, by way of the cache.
    #[get("/cached/{*path}")]
    async fn cached(path: &str, cx: &Cx) -> Result<Response> {
        let reply = cx.get(format!("{UPSTREAM}/{path}")).await?;
        Ok(Response::text(reply.text().into_owned()).with_status(reply.status())?)
    }

    /// What the cache has, then what is behind a gate, then what the cache has.
    #[get("/cached-around/{gate}/{*path}")]
    async fn cached_around(gate: &str, path: &str, cx: &Cx) -> Result<String> {
        let first = cx.get(format!("{UPSTREAM}/{path}")).await?;
        cx.get(format!("{UPSTREAM}/gate/{gate}")).await?;
        let second = cx.get(format!("{UPSTREAM}/{path}")).await?;
        Ok(format!("{} {}", first.text(), second.text()))
    }

    /// Entries, hits and misses of the cache.
    #[get("/cache")]
    fn cache(cx: &Cx) -> String {
        let stats = cx.cache().stats();
        format!("{} {} {}", stats.entries, stats.hits, stats.misses)
    }

    /// An answer that is kept, one that is not, a failure, and what is given up, all at once.
    #[post("/mixture")]
    async fn mixture(Json(mixture): Json<Mixture>, cx: &Cx) -> Result<Json<(String, String, u16, String)>> {
        let get = |path: &str| cx.get(format!("{UPSTREAM}{path}"));
        let late = async { Ok(cx.timeout(millis(30), get(&mixture.late)).await) };
        let kept = try_join(get(&mixture.hit), get(&mixture.miss));
        let ((hit, miss), (failure, late)) = try_join(kept, try_join(get(&mixture.failure), late)).await?;
        let late = late.map_or_else(|elapsed| elapsed.to_string(), |_| "it has come".into());
        Ok(Json((hit.text().into_owned(), miss.text().into_owned(), failure.status(), late)))
    }

    #[post("/attempt")]
    async fn attempt(Json(attempt): Json<Attempt>, cx: &Cx) -> Json<Answer> {
        let mut fetch = cx.fetch(attempt.method, attempt.url);
        for (name, value) in &attempt.headers {
            fetch = fetch.header(name, value);
        }
        if let Some(body) = attempt.body {
            fetch = fetch.body(body);
        }
        if let Some(ms) = attempt.timeout_ms {
            fetch = fetch.timeout(Duration::from_millis(ms));
        }
        if let Some(max) = attempt.body_max {
            fetch = fetch.body_max_bytes(max);
        }
        fetch = match attempt.redirects.as_deref() {
            Some("manual") => fetch.redirects(Redirects::Manual),
            Some("error") => fetch.redirects(Redirects::Error),
            _ => fetch,
        };
        if let Some(attempts) = attempt.attempts {
            fetch = fetch.retry(Retry::attempts(attempts).backoff(millis(20), millis(20)).attempt_timeout(secs(1)));
        }
        Json(answer(fetch.await))
    }

    /// One job with its fan-out, for the load test.
    #[post("/job")]
    async fn job(&self, Json(job): Json<Job>, cx: &Cx) -> Result<Json<Done>> {
        let replies = texts(cx, &job.fan).await?;
        Ok(Json(Done { actor: cx.name().to_owned(), job, replies }))
    }

    /// All at once, answered in the order of the paths.
    #[post("/all")]
    async fn all(Json(paths): Json<Vec<String>>, cx: &Cx) -> Result<Json<Vec<String>>> {
        Ok(Json(texts(cx, &paths).await?))
    }

    /// All at once, answered in the order in which they end.
    #[post("/as-they-end")]
    async fn as_they_end(Json(paths): Json<Vec<String>>, cx: &Cx) -> Result<Json<Vec<String>>> {
        let mut under_way: FuturesUnordered<_> =
            paths.iter().map(|path| cx.get(format!("{UPSTREAM}{path}")).map(move |reply| (path, reply))).collect();
        let mut ended = Vec::new();
        while let Some((path, reply)) = under_way.next().await {
            reply?;
            ended.push(path.clone());
        }
        Ok(Json(ended))
    }

    /// Whichever of two ends first; the other one is dropped.
    #[post("/first")]
    async fn first(Json((left, right)): Json<(String, String)>, cx: &Cx) -> Result<String> {
        let (left, right) = (cx.get(format!("{UPSTREAM}{left}")), cx.get(format!("{UPSTREAM}{right}")));
        match select(left, right).await {
            Either::Left((reply, _)) => Ok(format!("left {}", reply?.text())),
            Either::Right((reply, _)) => Ok(format!("right {}", reply?.text())),
        }
    }

    /// Both, unless one fails.
    #[post("/both")]
    async fn both(Json((left, right)): Json<(String, String)>, cx: &Cx) -> Result<String> {
        let checked = async |path: String| cx.get(format!("{UPSTREAM}{path}")).await?.error_for_status();
        let (left, right) = try_join(pin!(checked(left)), pin!(checked(right))).await?;
        Ok(format!("{} {}", left.text(), right.text()))
    }

    /// Gives up on a request after some time.
    #[get("/patience/{ms}/{*path}")]
    async fn patience(ms: u64, path: &str, cx: &Cx) -> String {
        match cx.timeout(Duration::from_millis(ms), cx.get(format!("{UPSTREAM}/{path}"))).await {
            Ok(reply) => reply.map_or_else(|error| error.to_string(), |reply| reply.text().into_owned()),
            Err(elapsed) => elapsed.to_string(),
        }
    }

    /// Many requests at once: how many were answered and how many refused.
    #[get("/many/{count}")]
    async fn many(count: usize, cx: &Cx) -> String {
        let replies = join_all((0..count).map(|at| cx.get(format!("{UPSTREAM}/text/{at}")))).await;
        let refused = replies.iter().filter(|reply| matches!(reply, Err(FetchError::TooManyOperations { .. }))).count();
        let answered = replies.iter().filter(|reply| reply.is_ok()).count();
        format!("{answered} answered, {refused} refused")
    }

    #[get("/many-sleeps/{count}")]
    async fn many_sleeps(count: usize, cx: &Cx) -> String {
        join_all((0..count).map(|_| cx.sleep(Duration::from_millis(1)))).await;
        "slept".into()
    }

    /// A short wait inside a long limit, several times.
    #[get("/naps/{count}")]
    async fn naps(count: u32, cx: &Cx) -> Result<u32> {
        let naps = async {
            for _ in 0..count {
                cx.sleep(Duration::from_millis(1)).await;
            }
            count
        };
        Ok(cx.timeout(Duration::from_secs(600), naps).await?)
    }

    /// A wait after a request, whose time limit is much longer.
    #[get("/fetch-then-nap")]
    async fn fetch_then_nap(cx: &Cx) -> Result<String> {
        let reply = cx.get(format!("{UPSTREAM}/text/rested")).await?;
        cx.sleep(Duration::from_millis(1)).await;
        Ok(reply.text().into_owned())
    }

    /// A wait while a request is under way.
    #[get("/nap-beside/{gate}")]
    async fn nap_beside(gate: &str, cx: &Cx) -> Result<String> {
        let nap = async {
            cx.sleep(Duration::from_millis(1)).await;
            cx.sleep(Duration::from_millis(1)).await;
            cx.get(format!("{UPSTREAM}/open/{gate}")).await
        };
        let (reply, _) = join(cx.get(format!("{UPSTREAM}/gate/{gate}")), nap).await;
        Ok(reply?.text().into_owned())
    }

    /// The order of waits is that of their lengths.
    #[get("/wakes")]
    async fn wakes(cx: &Cx) -> Json<Vec<u64>> {
        let mut naps: FuturesUnordered<_> =
            [90, 10, 50, 30, 70].into_iter().map(|ms| cx.sleep(Duration::from_millis(ms)).map(move |()| ms)).collect();
        let mut order = Vec::new();
        while let Some(ms) = naps.next().await {
            order.push(ms);
        }
        Json(order)
    }

    /// Starts a request and does not wait for it.
    #[get("/leave/{gate}")]
    async fn leave(gate: &str, cx: &Cx) -> String {
        let gone = cx.get(format!("{UPSTREAM}/gate/{gate}"));
        let opened = cx.get(format!("{UPSTREAM}/arrived/{gate}"));
        match select(gone, opened).await {
            Either::Left(_) => "the gate was passed".into(),
            Either::Right((reply, _)) => {
                reply.map_or_else(|error| error.to_string(), |reply| reply.text().into_owned())
            }
        }
    }
}

async fn texts(cx: &Cx, paths: &[String]) -> Result<Vec<String>> {
    let replies = join_all(paths.iter().map(|path| cx.get(format!("{UPSTREAM}{path}")))).await;
    replies.into_iter().map(|reply| Ok(reply?.text().into_owned())).collect()
}

fn answer(outcome: Result<Reply, FetchError>) -> Answer {
    match outcome {
        Ok(reply) => Answer {
            outcome: "reply",
            text: reply.text().into_owned(),
            status: reply.status(),
            headers: reply.headers().iter().map(|(name, value)| (text(name.as_ref()), text(value))).collect(),
            body: reply.bytes().to_vec(),
        },
        Err(error) => Answer { outcome: kind(&error), text: error.to_string(), ..Answer::default() },
    }
}

fn kind(error: &FetchError) -> &'static str {
    match error {
        FetchError::InvalidUrl { .. } => "invalid-url",
        FetchError::UnsupportedScheme { .. } => "unsupported-scheme",
        FetchError::InvalidHeader { .. } => "invalid-header",
        FetchError::BodyNotAllowed { .. } => "body-not-allowed",
        FetchError::InvalidRequest { .. } => "invalid-request",
        FetchError::ConnectionRefused { .. } => "connection-refused",
        FetchError::HostNotFound { .. } => "host-not-found",
        FetchError::Timeout { .. } => "timeout",
        FetchError::BodyTooLarge { .. } => "body-too-large",
        FetchError::ConnectionLost { .. } => "connection-lost",
        FetchError::Cancelled { .. } => "cancelled",
        FetchError::TooManyOperations { .. } => "too-many-operations",
        FetchError::Status { .. } => "status",
        FetchError::TooManyRedirects { .. } => "too-many-redirects",
        FetchError::Redirected { .. } => "redirected",
        FetchError::InvalidAnswer { .. } => "invalid-answer",
        _ => "other",
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
