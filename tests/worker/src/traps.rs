//! Methods that destroy the instance they run in.

use std::{hint::black_box, time::Duration};

use duractor::prelude::*;

use crate::UPSTREAM;

#[derive(Default, Actor)]
pub(crate) struct Traps {
    value: u64,
    words: Vec<String>,
}

#[methods]
impl Traps {
    #[get("/ping")]
    fn ping() {}

    #[get("/value")]
    fn value(&self) -> u64 {
        self.value
    }

    #[get("/words")]
    fn words(&self) -> String {
        self.words.join(" ")
    }

    #[post("/add/{word}")]
    fn add(&mut self, word: String) -> u64 {
        self.value += 1;
        self.words.push(word);
        self.value
    }

    #[get("/wait/{gate}")]
    async fn wait(&self, gate: &str, cx: &Cx) -> Result<u64> {
        cx.get(format!("{UPSTREAM}/gate/{gate}")).await?;
        Ok(self.value)
    }

    #[post("/panic")]
    fn panic(&mut self) {
        self.value += 100;
        panic!("a secret reason");
    }

    #[post("/panic-later")]
    async fn panic_later(&mut self, cx: &Cx) {
        self.value += 100;
        cx.sleep(Duration::from_millis(1)).await;
        panic!("a secret reason");
    }

    #[post("/unreachable-later")]
    async fn unreachable_later(&mut self, cx: &Cx) -> Result<()> {
        self.value += 100;
        cx.get(format!("{UPSTREAM}/text/1")).await?;
        abort()
    }

    #[post("/overflow")]
    fn overflow(&mut self) -> u64 {
        self.value += 100;
        descend(self.value)
    }

    #[post("/memory")]
    fn memory(&mut self) -> usize {
        self.value += 100;
        let mut hoard = Vec::new();
        loop {
            hoard.push(black_box(Vec::<u8>::with_capacity(1 << 30)));
            self.value += hoard.len() as u64;
        }
    }

    /// Answers, and traps later, outside of any call.
    #[post("/spawn-panic")]
    fn spawn_panic(&mut self) -> u64 {
        self.value += 1;
        worker::wasm_bindgen_futures::spawn_local(async {
            worker::Delay::from(Duration::from_millis(1)).await;
            panic!("a secret reason");
        });
        self.value
    }

    /// A promise after a trap is still heard.
    #[get("/delay")]
    async fn delay() -> &'static str {
        worker::Delay::from(Duration::from_millis(1)).await;
        "over"
    }

    #[post("/index")]
    fn index(body: &[u8]) -> u8 {
        body[body.len()]
    }
}

fn abort() -> Result<()> {
    std::process::abort()
}

/// Uses up the stack.
fn descend(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    if black_box(true) { descend(depth + 1) + black_box(frame)[1] } else { 0 }
}
