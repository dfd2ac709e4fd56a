//! Futures of the crate `worker` beside Duractor's own.

use std::time::Duration;

use duractor::prelude::*;
use futures::future::join;

use crate::UPSTREAM;

#[derive(Default, Actor)]
pub(crate) struct Bindings {
    reads: u64,
}

#[methods]
impl Bindings {
    #[put("/kv/{key}")]
    async fn put(key: &str, text: &str, cx: &Cx) -> Result<()> {
        cx.env::<worker::Env>().kv("KV")?.put(key, text)?.execute().await?;
        Ok(())
    }

    /// The binding, an outbound request and a wait, one after another.
    #[get("/kv/{key}")]
    async fn get(&mut self, key: &str, cx: &Cx) -> Result<Option<String>> {
        let value = cx.env::<worker::Env>().kv("KV")?.get(key).text().await?;
        cx.sleep(Duration::from_millis(1)).await;
        let reply = cx.get(format!("{UPSTREAM}/text/beside")).await?;
        self.reads += 1;
        Ok(value.map(|value| format!("{value} {} {}", reply.text(), self.reads)))
    }

    /// The binding and an own route at once.
    #[get("/both/{key}")]
    async fn both(key: &str, cx: &Cx) -> Result<Option<String>> {
        let kv = cx.env::<worker::Env>().kv("KV")?;
        let (value, reads) = join(kv.get(key).text(), cx.get(format!("/bindings/{}/reads", cx.name()))).await;
        let reads = reads?.text().into_owned();
        Ok(value?.map(|value| format!("{value} {reads}")))
    }

    #[get("/reads")]
    fn reads(&self) -> u64 {
        self.reads
    }

    /// A future that JavaScript wakes, again and again.
    #[get("/delays/{count}")]
    async fn delays(count: u32) -> u32 {
        for _ in 0..count {
            worker::Delay::from(Duration::from_millis(1)).await;
        }
        count
    }
}
