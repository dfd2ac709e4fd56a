//! Listed rates: of every bank, on all terms, asked for at once. What may be used again comes from the actor's cache.

use std::time::{SystemTime, UNIX_EPOCH};

use duractor::{Cache, Reply, prelude::*};

use crate::{
    upstreams::{ASKED_AT, BANKS, Pair, Terms},
    waterfall::{Came, Row},
};

/// How many requests there are: more than leave at once, so that some wait in line.
pub(crate) const REQUESTS: usize = BANKS.len() * Terms::ALL.len();

/// How long an answer is waited for, in line and then.
const PATIENCE: Duration = secs(3);

/// How long an answer is fresh that does not say it.
const FRESH_FOR: Duration = secs(10);

/// Asks all banks on all terms.
pub(crate) async fn ask_all(cx: &Cx) -> Vec<Row> {
    let start = cx.now();
    let pairs = Terms::ALL.iter().flat_map(|terms| BANKS.map(|bank| (bank, *terms)));
    join_all(pairs.map(|(bank, terms)| ask(bank, terms, start, cx))).await
}

async fn ask(bank: &str, terms: Terms, first: SystemTime, cx: &Cx) -> Row {
    let url = format!("/upstreams/{bank}/{terms}/{}", Pair::EurUsd);
    let start = cx.now();
    let reply = cx.get(url).cache(mode(terms)).timeout(PATIENCE).await.and_then(Reply::error_for_status);
    let end = cx.now();
    let since = |at: SystemTime| at.duration_since(first).unwrap_or_default().as_millis() as u64;
    // What is kept says when it was asked for at first.
    let asked = reply.as_ref().ok().and_then(asked_at).filter(|asked| (start..=end).contains(asked));
    let came = came(&reply, asked);
    Row {
        label: format!("{bank}: {}", label(terms)),
        start: since(start),
        asked: asked.map(since),
        end: since(end),
        came,
    }
}

fn mode(terms: Terms) -> Cache {
    match terms {
        Terms::Unsaid => Cache::FreshFor(FRESH_FOR),
        _ => Cache::Standard,
    }
}

fn label(terms: Terms) -> String {
    match terms {
        Terms::Checked => "ETag, max-age=0".into(),
        // What it says in full is too long for a line.
        Terms::Stale => "stale-while-revalidate".into(),
        _ => terms.cache_control().map_or_else(|| format!("FreshFor {} s", FRESH_FOR.as_secs()), str::to_owned),
    }
}

fn came(reply: &Result<Reply, FetchError>, asked: Option<SystemTime>) -> Came {
    match reply {
        Ok(reply) if !reply.is_from_cache() => Came::Miss,
        Ok(_) if asked.is_some() => Came::Validated,
        Ok(_) => Came::Hit,
        Err(error) => Came::Failed(error.to_string()),
    }
}

/// When the upstream had the request, if it says so.
fn asked_at(reply: &Reply) -> Option<SystemTime> {
    let ms = reply.header(ASKED_AT)?.parse().ok()?;
    UNIX_EPOCH.checked_add(Duration::from_millis(ms))
}
