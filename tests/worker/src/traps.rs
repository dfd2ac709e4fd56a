//! Methods that destroy the instance they run in.

use std::{hint::black_box, time::Duration};

use duractor::prelude::*;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use worker::{js_sys, wasm_bindgen::JsCast};

use crate::UPSTREAM;

#[derive(Default, Actor)]
pub(crate) struct Traps {
    value: u64,
    words: Vec<String>,
    brittle: Brittle,
    items: Arena<Brittle>,
}

/// Cannot be written when it is 13, and cannot be read when it is 14.
#[derive(Default)]
struct Brittle(u8);

impl Serialize for Brittle {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        assert_ne!(self.0, 13, "a secret reason");
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Brittle {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u8::deserialize(deserializer)?;
        assert_ne!(number, 14, "a secret reason");
        Ok(Self(number))
    }
}

/// How an instance ends.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Trap {
    Panic,
    Unreachable,
    Overflow,
    Memory,
}

impl Trap {
    fn happen(self) -> u64 {
        match self {
            Self::Panic => panic!("a secret reason"),
            Self::Unreachable => std::process::abort(),
            Self::Overflow => descend(0),
            Self::Memory => hoard(),
        }
    }
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

    /// Two rounds of requests that nobody else sends.
    #[get("/rounds/{id}")]
    async fn rounds(&self, id: &str, cx: &Cx) -> Result<String> {
        rounds(id, cx).await
    }

    #[post("/write-rounds/{id}")]
    async fn write_rounds(&mut self, id: &str, cx: &Cx) -> Result<String> {
        self.value += 1;
        rounds(id, cx).await
    }

    #[post("/trap-rounds/{id}/{how}")]
    async fn trap_rounds(&mut self, id: &str, how: Trap, cx: &Cx) -> Result<u64> {
        self.value += 100;
        rounds(id, cx).await?;
        Ok(how.happen())
    }

    /// Waits without a turn.
    #[get("/free/{gate}")]
    async fn free(gate: &str, cx: &Cx) -> Result<String> {
        Ok(cx.get(format!("{UPSTREAM}/gate/{gate}")).await?.text().into_owned())
    }

    /// Commits before it waits.
    #[post("/commit-and-wait/{gate}")]
    async fn commit_and_wait(me: Me<Self>, gate: &str, cx: &Cx) -> Result<u64> {
        let value = me.turn(|traps| {
            traps.value += 1;
            Ok::<_, Error>(traps.value)
        });
        let value = value.await?;
        cx.get(format!("{UPSTREAM}/gate/{gate}")).await?;
        Ok(value)
    }

    /// Ends a turn whose commit is made, and then the next in line traps.
    #[post("/add-later")]
    async fn add_later(&mut self, cx: &Cx) -> u64 {
        cx.sleep(Duration::from_millis(30)).await;
        self.value += 1;
        self.value
    }

    /// Sends what time and chance say, twice the same.
    #[get("/chance/{gate}")]
    async fn chance(&self, gate: &str, cx: &Cx) -> Result<String> {
        let dice = u64::from_le_bytes(cx.random());
        let now = cx.now().duration_since(std::time::UNIX_EPOCH)?.as_micros();
        cx.get(format!("{UPSTREAM}/text/{gate}/{dice}/{now}")).await?;
        cx.get(format!("{UPSTREAM}/gate/{gate}")).await?;
        Ok(format!("{dice}/{now}"))
    }

    /// Reads the clock a hundred times and does not wait.
    #[get("/clock")]
    fn clock(cx: &Cx) -> usize {
        (0..100).filter(|_| cx.now() > std::time::UNIX_EPOCH).count()
    }

    /// Takes a body and waits.
    #[post("/upload/{gate}")]
    async fn upload(body: &[u8], gate: &str, cx: &Cx) -> Result<String> {
        cx.get(format!("{UPSTREAM}/gate/{gate}")).await?;
        Ok(format!("{} {:?}", body.len(), body.last()))
    }

    /// Commits, has something done after that, and sends a request of its own.
    #[post("/effect-and-wait/{id}")]
    async fn effect_and_wait(me: Me<Self>, id: String, cx: &Cx) -> Result<String> {
        let (effect, inner) = (format!("{UPSTREAM}/text/effect/{id}"), cx.clone());
        me.turn(move |traps| {
            traps.value += 1;
            inner.after_commit(async move |cx| {
                cx.get(effect).await?;
                Ok(())
            })
        })
        .await?;
        Ok(cx.get(format!("{UPSTREAM}/text/method/{id}")).await?.text().into_owned())
    }

    /// Waits, takes a short turn, waits again.
    #[get("/peek/{one}/{two}")]
    async fn peek(me: Me<Self>, one: &str, two: &str, cx: &Cx) -> Result<u64> {
        cx.get(format!("{UPSTREAM}/gate/{one}")).await?;
        me.read(|_| ()).await;
        cx.get(format!("{UPSTREAM}/gate/{two}")).await?;
        Ok(me.read(|traps| traps.value).await)
    }

    /// Has the actor alone while it waits.
    #[post("/hold/{gate}")]
    async fn hold(&mut self, gate: &str, cx: &Cx) -> Result<u64> {
        cx.get(format!("{UPSTREAM}/gate/{gate}")).await?;
        self.value += 1;
        Ok(self.value)
    }

    /// Uses what no journal holds.
    #[get("/binding/{gate}")]
    async fn binding(&self, gate: &str, cx: &Cx) -> Result<String> {
        cx.env::<worker::Env>().kv("KV")?;
        Ok(cx.get(format!("{UPSTREAM}/gate/{gate}")).await?.text().into_owned())
    }

    /// Stores a number, which cannot be written if it is 13, and cannot be read again if it is 14.
    #[post("/brittle/{number}")]
    fn set_brittle(&mut self, number: u8) {
        self.value += 1;
        self.brittle.0 = number;
    }

    #[post("/items/{number}")]
    fn add_item(&mut self, number: u8) {
        self.value += 1;
        self.items.insert(Brittle(number));
    }

    /// A body that cannot be decoded if it is 14.
    #[post("/decode")]
    fn decode(Json(number): Json<Brittle>) -> u64 {
        number.0.into()
    }

    /// Collects garbage, and answers with the bytes of wasm memory.
    #[post("/collect")]
    fn collect() -> usize {
        if let Ok(gc) = js_sys::Reflect::get(&js_sys::global(), &"gc".into())
            && let Ok(gc) = gc.dyn_into::<js_sys::Function>()
        {
            gc.call0(&js_sys::global()).ok();
        }
        memory_bytes()
    }

    /// Tasks and operations that are not ended, of all actors.
    #[get("/left")]
    fn left() -> String {
        let (tasks, operations) = left();
        format!("{tasks} {operations}")
    }

    /// Takes memory, and gives it back.
    #[post("/grow/{mib}")]
    fn grow(mib: usize) -> usize {
        let bytes = vec![1_u8; mib << 20];
        usize::from(black_box(bytes)[7])
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
    fn memory(&mut self) -> u64 {
        self.value += 100;
        hoard()
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

async fn rounds(id: &str, cx: &Cx) -> Result<String> {
    let mut seen = Vec::new();
    for round in 0..2 {
        let asked = (0..3).map(|at| cx.get(format!("{UPSTREAM}/later/20/{id}/{round}/{at}")));
        for reply in try_join_all(asked).await? {
            seen.push(reply.text().into_owned());
        }
    }
    Ok(seen.join(" "))
}

#[cfg(target_arch = "wasm32")]
fn memory_bytes() -> usize {
    core::arch::wasm32::memory_size::<0>() << 16
}

#[cfg(not(target_arch = "wasm32"))]
fn memory_bytes() -> usize {
    0
}

#[cfg(target_arch = "wasm32")]
fn left() -> (usize, usize) {
    duractor::__rt::left()
}

#[cfg(not(target_arch = "wasm32"))]
fn left() -> (usize, usize) {
    (0, 0)
}

/// Uses up the memory.
fn hoard() -> u64 {
    let mut hoard = Vec::new();
    loop {
        hoard.push(black_box(Vec::<u8>::with_capacity(1 << 30)));
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
