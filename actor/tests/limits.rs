//! Bounds of one actor's own, circuit breakers, and a cache that outlives its actor's memory.

use std::cell::Cell;

use duractor::{
    Breaker, Cache, Limits, Native,
    native::{Answer, Sent},
    prelude::*,
};

const UPSTREAM: &str = "https://a.example";

/// Asks seldom, and remembers.
#[derive(Default, Actor)]
#[actor(durable_cache, limits = |worker| Limits {
    connections_max: 2,
    actor_connections_max: 3,
    operation_time_max: secs(5),
    ..worker
})]
struct Modest {}

/// As the worker says.
#[derive(Default, Actor)]
struct Usual {
    stored: u64,
}

async fn ask(cx: &Cx, count: u32) -> Result<usize> {
    let asked = (0..count).map(|at| cx.get(format!("{UPSTREAM}/slow/{}/{at}", cx.name())).cache(Cache::NoStore));
    Ok(join_all(asked).await.iter().filter(|reply| reply.is_ok()).count())
}

async fn guarded(cx: &Cx, path: &str) -> String {
    let reply = cx.get(format!("{UPSTREAM}/{path}")).breaker(Breaker::after(3).open_for(secs(10))).await;
    reply.map_or_else(|error| error.to_string(), |reply| format!("{} {}", reply.status(), reply.text()))
}

#[methods]
impl Modest {
    #[get("/ask/{count}")]
    async fn ask(cx: &Cx, count: u32) -> Result<usize> {
        ask(cx, count).await
    }

    #[get("/text/{*path}")]
    async fn text(cx: &Cx, path: &str) -> Result<String> {
        Ok(cx.get(format!("{UPSTREAM}/{path}")).await?.text().into_owned())
    }

    #[get("/forced/{*path}")]
    async fn forced(cx: &Cx, path: &str) -> Result<String> {
        Ok(cx.get(format!("{UPSTREAM}/{path}")).cache(Cache::FreshFor(secs(60))).await?.text().into_owned())
    }

    #[get("/entries")]
    fn entries(cx: &Cx) -> u32 {
        cx.cache().stats().entries
    }

    #[post("/clear")]
    fn clear(cx: &Cx) {
        cx.cache().clear();
    }
}

#[methods]
impl Usual {
    #[get("/ask/{count}")]
    async fn ask(cx: &Cx, count: u32) -> Result<usize> {
        ask(cx, count).await
    }

    #[get("/guarded/{*path}")]
    async fn guarded(cx: &Cx, path: &str) -> String {
        guarded(cx, path).await
    }

    #[post("/stored")]
    fn stored(&mut self) -> u64 {
        self.stored += 1;
        self.stored
    }
}

#[routes]
fn routes() -> Router {
    Router::new().mount::<Modest>("/modest/{name}", "{name}").mount::<Usual>("/usual/{name}", "{name}")
}

fn native() -> Native {
    let native = Native::new().routes(routes());
    native.upstream("https://a.example/slow/*", Answer::text("slow").after(secs(1)));
    native
}

/// How long it takes, in seconds of the virtual clock.
fn takes(native: &Native, act: impl FnOnce()) -> u64 {
    let before = native.now();
    act();
    native.now().duration_since(before).unwrap().as_secs()
}

#[test]
fn an_actor_has_connections_of_its_own() {
    let native = native();
    assert_eq!(takes(&native, || assert_eq!(native.get("/modest/a/ask/6").send().text(), "6")), 3);
    assert_eq!(takes(&native, || assert_eq!(native.get("/usual/a/ask/6").send().text(), "6")), 1);
}

#[test]
fn the_calls_of_an_actor_share_its_connections_in_order() {
    let native = native();
    // Three at once, of four calls that would have two each.
    let calls: Vec<_> = (0..4).map(|_| native.get("/modest/b/ask/3")).collect();
    let took = takes(&native, || {
        for reply in native.all(calls) {
            assert_eq!(reply.text(), "3");
        }
    });
    assert_eq!(took, 4);
    // None is lost.
    assert_eq!(takes(&native, || assert_eq!(native.get("/modest/b/ask/6").send().text(), "6")), 3);
}

#[test]
fn connections_of_calls_that_ended_are_free() {
    let native = native();
    for _ in 0..5 {
        let call = native.get("/modest/c/ask/3").start();
        native.run();
        drop(call);
        native.advance(secs(2));
    }
    assert_eq!(takes(&native, || assert_eq!(native.get("/modest/c/ask/6").send().text(), "6")), 3);
}

#[test]
fn an_actor_has_deadlines_of_its_own() {
    let native = native();
    native.upstream("https://a.example/slow/d/*", Answer::never());
    assert_eq!(takes(&native, || assert_eq!(native.get("/modest/d/ask/1").send().text(), "0")), 5);
    assert_eq!(takes(&native, || assert_eq!(native.get("/usual/d/ask/1").send().text(), "0")), 30);
}

#[test]
fn a_circuit_opens_after_failures_and_closes_after_a_success() {
    let native = native();
    native.upstream("https://a.example/*", Answer::status(503));
    let ask = || native.get("/usual/a/guarded/x").send().text().into_owned();
    for _ in 0..3 {
        assert_eq!(ask(), "503 ");
    }
    assert!(ask().contains("failed again and again"), "{}", ask());
    assert_eq!(native.sent().len(), 3);
    // Another actor counts for itself.
    assert_eq!(native.get("/usual/b/guarded/x").send().text(), "503 ");
    // One is let through, and fails.
    native.advance(secs(10));
    assert_eq!(ask(), "503 ");
    assert!(ask().contains("failed again and again"));
    native.advance(secs(10));
    native.upstream("https://a.example/*", Answer::text("well"));
    assert_eq!((ask().as_str(), ask().as_str()), ("200 well", "200 well"));
    native.upstream("https://a.example/*", Answer::refused());
    for _ in 0..3 {
        assert!(ask().contains("refused"));
    }
    assert!(ask().contains("failed again and again"));
}

#[test]
fn one_request_at_a_time_finds_out_whether_a_circuit_may_close() {
    let native = native();
    native.upstream("https://a.example/*", Answer::lost());
    (0..3).for_each(|_| drop(native.get("/usual/p/guarded/x").send()));
    native.advance(secs(10));
    native.upstream("https://a.example/*", Answer::text("well").after(secs(1)));
    let probe = native.get("/usual/p/guarded/x").start();
    native.run();
    assert!(native.get("/usual/p/guarded/x").send().text().contains("failed again and again"));
    // It is given up, and another one is let through.
    drop(probe);
    native.run();
    assert_eq!(native.get("/usual/p/guarded/x").send().text(), "200 well");
}

#[test]
fn other_origins_and_answers_of_clients_faults_do_not_open_a_circuit() {
    let native = native();
    native.upstream("https://a.example/*", Answer::status(404));
    (0..9).for_each(|_| assert_eq!(native.get("/usual/a/guarded/x").send().text(), "404 "));
}

#[test]
fn a_durable_cache_is_there_after_an_eviction() {
    let native = native();
    let count = Cell::new(0);
    native.upstream("https://a.example/f/*", move |sent: &Sent| {
        count.set(count.get() + 1);
        Answer::text(format!("{} {}", count.get(), sent.url.rsplit('/').next().unwrap()))
            .header("cache-control", "max-age=60")
    });
    assert_eq!(native.get("/modest/e/text/f/one").send().text(), "1 one");
    assert_eq!(native.get("/modest/e/text/f/two").send().text(), "2 two");
    for _ in 0..2 {
        native.evict("Modest", "e");
        assert_eq!(native.get("/modest/e/text/f/one").send().text(), "1 one");
        assert_eq!(native.get("/modest/e/text/f/two").send().text(), "2 two");
    }
    assert_eq!(native.get("/modest/e/entries").send().text(), "2");
    // Its age counts on.
    native.advance(secs(61));
    native.evict("Modest", "e");
    assert_eq!(native.get("/modest/e/text/f/one").send().text(), "3 one");
    native.evict("Modest", "e");
    assert_eq!(native.get("/modest/e/text/f/one").send().text(), "3 one");
}

#[test]
fn what_left_a_durable_cache_does_not_come_back() {
    let native = native();
    native.upstream("https://a.example/f/*", Answer::text("kept").header("cache-control", "max-age=60"));
    native.get("/modest/g/text/f/one").send();
    assert_eq!(native.stored("Modest", "g").len(), 1);
    native.post("/modest/g/clear").send();
    // It is written with the next entry of the actor, whatever that is.
    assert_eq!(native.stored("Modest", "g").len(), 0);
    native.evict("Modest", "g");
    assert_eq!(native.get("/modest/g/entries").send().text(), "0");
}

#[test]
fn what_is_fresh_by_force_and_validated_is_kept_too() {
    let native = native();
    native.upstream("https://a.example/forced", Answer::text("forced").header("cache-control", "no-store"));
    native.upstream("https://a.example/tagged", |sent: &Sent| {
        match sent.headers.iter().any(|(name, _)| name == "if-none-match") {
            true => Answer::status(304).header("etag", "\"1\""),
            false => Answer::text("tagged").header("etag", "\"1\"").header("cache-control", "max-age=0"),
        }
    });
    assert_eq!(native.get("/modest/h/forced/forced").send().text(), "forced");
    assert_eq!(native.get("/modest/h/text/tagged").send().text(), "tagged");
    native.evict("Modest", "h");
    assert_eq!(native.get("/modest/h/forced/forced").send().text(), "forced");
    assert_eq!(native.get("/modest/h/text/tagged").send().text(), "tagged");
    let methods: Vec<_> = native.sent().iter().map(|sent| sent.url.rsplit('/').next().unwrap().to_owned()).collect();
    assert_eq!(methods, ["forced", "tagged", "tagged"]);
}

#[test]
fn damage_to_a_durable_cache_is_fetched_again() {
    let native = native();
    native.upstream("https://a.example/f/*", Answer::text("kept").header("cache-control", "max-age=60"));
    native.get("/modest/i/text/f/one").send();
    let (key, mut value) = native.stored("Modest", "i").remove(0);
    value[3] ^= 1;
    native.store("Modest", "i", &key, Some(&value));
    native.evict("Modest", "i");
    assert_eq!(native.get("/modest/i/text/f/one").send().text(), "kept");
    assert_eq!(native.sent().len(), 2);
}

#[test]
fn a_cache_that_is_not_durable_leaves_nothing() {
    let native = native();
    native.get("/usual/j/ask/1").send();
    assert_eq!(native.stored("Usual", "j").len(), 0);
    assert_eq!(native.post("/usual/j/stored").send().text(), "1");
}
