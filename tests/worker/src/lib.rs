//! Actors that the tests in workerd call.

use std::time::Duration;

use duractor::prelude::*;
use futures::future::join_all;

/// One of each kind of method.
#[derive(Default, Actor)]
pub struct Probe {
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
        let replies = join_all((0..count).map(|at| cx.get(format!("http://upstream.test/{at}")))).await;
        let mut text = String::new();
        for reply in replies {
            text += &reply?.text();
            text.push('\n');
        }
        Ok(text)
    }

    #[get("/panic")]
    fn panic(&self) -> u64 {
        panic!("on purpose")
    }
}

#[routes]
fn routes() -> Router {
    Router::new().mount::<Probe>("/probe/{name}", "{name}")
}
