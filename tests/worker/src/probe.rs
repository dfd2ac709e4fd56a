//! One of each kind of method: what a first worker has.

use std::time::Duration;

use duractor::prelude::*;
use futures::future::join_all;

use crate::UPSTREAM;

#[derive(Default, Actor)]
pub(crate) struct Probe {
    count: u64,
}

#[methods]
impl Probe {
    #[get("/hello")]
    fn hello(&self) -> &str {
        "Hello from actor"
    }

    #[get("/count")]
    fn count(&self) -> u64 {
        self.count
    }

    #[post("/add/{by}")]
    fn add(&mut self, by: u64) -> u64 {
        self.count += by;
        self.count
    }

    #[any("/echo")]
    fn echo(body: &[u8]) -> Vec<u8> {
        body.to_vec()
    }

    #[get("/sleep/{ms}")]
    async fn sleep(&self, ms: u64, cx: &Cx) -> u64 {
        cx.sleep(Duration::from_millis(ms)).await;
        ms
    }

    #[get("/fan/{count}")]
    async fn fan(count: u32, cx: &Cx) -> Result<String> {
        lines(join_all((0..count).map(|at| cx.get(format!("{UPSTREAM}/text/{at}")))).await)
    }

    #[get("/own-fan/{count}")]
    async fn own_fan(count: u32, cx: &Cx) -> Result<String> {
        lines(join_all((0..count).map(|at| cx.get(format!("/probe/fan-{at}/hello")))).await)
    }

    #[get("/panic")]
    fn panic(&self) -> u64 {
        panic!("on purpose")
    }
}

fn lines(replies: Vec<Result<duractor::Reply, FetchError>>) -> Result<String> {
    let mut text = String::new();
    for reply in replies {
        text += &reply?.text();
        text.push('\n');
    }
    Ok(text)
}
