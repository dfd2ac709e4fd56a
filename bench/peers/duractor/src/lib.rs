//! The actor of the benchmarks, with Duractor.

use duractor::prelude::*;
use futures::future::try_join_all;
use serde::Serialize;

const FAN: usize = 10;

/// It counts in memory only, as the other peers do.
#[derive(Default, Actor)]
pub struct Counter {
    #[actor(transient)]
    n: u64,
}

/// What `/json` shows.
#[derive(Serialize)]
pub struct Seen<'r> {
    n: u64,
    ua: &'r str,
}

#[methods]
impl Counter {
    #[get("/hello")]
    fn hello(&self) -> &str {
        "Hello from actor"
    }

    #[get("/json")]
    fn json<'r>(&mut self, request: &'r Request) -> Json<Seen<'r>> {
        self.n += 1;
        let ua = request.header("user-agent").unwrap_or_default();
        Json(Seen { n: self.n, ua })
    }

    #[post("/echo")]
    fn echo(body: &[u8]) -> &[u8] {
        body
    }

    /// The length of what ten requests at once bring.
    #[get("/fan")]
    async fn fan(cx: &Cx) -> Result<u64> {
        let url = |at| format!("http://upstream.test/{at}");
        let replies = try_join_all((0..FAN).map(|at| cx.get(url(at)))).await?;
        Ok(replies.iter().map(|reply| reply.text().len() as u64).sum())
    }

    /// The length of what requests for the same bring, one after another. All but the first are answered by the cache.
    #[get("/fetch/{count}")]
    async fn fetch(count: u32, cx: &Cx) -> Result<u64> {
        let mut sum = 0;
        for _ in 0..count {
            sum += cx.get("http://upstream.test/kept/0").await?.text().len() as u64;
        }
        Ok(sum)
    }
}

#[routes]
fn routes() -> Router {
    Router::new().mount::<Counter>("/", "a")
}
