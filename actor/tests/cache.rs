//! What was fetched is used again, as RFC 9111 says for a private cache.
use duractor::{
    Cache,
    native::{Answer, Native, Sent},
    prelude::*,
};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const UPSTREAM: &str = "https://up.example";

#[derive(Default, Actor)]
struct Reader {
    count: u64,
}

#[methods]
impl Reader {
    #[get("/get/{what}")]
    async fn get(&self, what: &str, req: &Request, cx: &Cx) -> Result<Response> {
        let mut fetch = cx.get(format!("{UPSTREAM}/{what}"));
        for name in ["cache-control", "accept-language"] {
            if let Some(value) = req.header(name) {
                fetch = fetch.header(name, value);
            }
        }
        let reply = fetch.await?;
        let mut response = Response::text(reply.text().into_owned()).with_status(reply.status())?;
        for name in ["age", "x-word"] {
            if let Some(value) = reply.header(name) {
                response = response.header(name, value)?;
            }
        }
        Ok(response)
    }

    #[get("/head/{what}")]
    async fn head(&self, what: &str, cx: &Cx) -> Result<String> {
        let reply = cx.head(format!("{UPSTREAM}/{what}")).await?;
        Ok(format!("{} {}", reply.status(), reply.bytes().len()))
    }

    #[post("/post/{what}")]
    async fn post(&self, what: &str, cx: &Cx) -> Result<u16> {
        Ok(cx.post(format!("{UPSTREAM}/{what}")).await?.status())
    }

    #[get("/mode/{mode}")]
    async fn mode(&self, mode: &str, cx: &Cx) -> Result<String> {
        let mode = match mode {
            "refresh" => Cache::Refresh,
            "no-store" => Cache::NoStore,
            "minute" => Cache::FreshFor(secs(60)),
            _ => Cache::Standard,
        };
        Ok(cx.get(format!("{UPSTREAM}/fresh")).cache(mode).await?.text().into_owned())
    }

    #[get("/both")]
    async fn both(&self, cx: &Cx) -> Result<String> {
        let url = format!("{UPSTREAM}/fresh");
        let (one, other) = try_join(cx.get(&url), cx.get(&url)).await?;
        Ok(format!("{} {}", one.text(), other.text()))
    }

    #[get("/many/{paths}")]
    async fn many(&self, paths: &str, cx: &Cx) -> Result<usize> {
        Ok(try_join_all(paths.split(',').map(|path| cx.get(format!("{UPSTREAM}/{path}")))).await?.len())
    }

    /// Reads from the cache, then waits, then reads again.
    #[get("/then/{what}")]
    async fn then(&self, what: &str, cx: &Cx) -> Result<String> {
        let first = cx.get(format!("{UPSTREAM}/{what}")).await?.text().into_owned();
        cx.get(format!("{UPSTREAM}/slow")).await?;
        Ok(format!("{first} {}", cx.get(format!("{UPSTREAM}/{what}")).await?.text()))
    }

    #[get("/stats")]
    fn stats(cx: &Cx) -> String {
        let stats = cx.cache().stats();
        format!("{} {} {}", stats.entries, stats.hits, stats.misses)
    }

    #[post("/clear/{prefix}")]
    fn clear(prefix: &str, cx: &Cx) {
        match prefix {
            "all" => cx.cache().clear(),
            prefix => cx.cache().remove_prefix(&format!("{UPSTREAM}/{prefix}")),
        }
    }
}

#[routes]
fn routes() -> Router {
    Router::new().mount::<Reader>("/reader/{name}", "{name}")
}

/// An upstream that counts its answers.
fn counting(control: &'static str) -> impl Fn(&Sent) -> Answer {
    let count = std::cell::Cell::new(0);
    move |_| {
        count.set(count.get() + 1);
        Answer::text(format!("answer {}", count.get())).header("cache-control", control).after(millis(10))
    }
}

fn native() -> Native {
    let native = Native::new().routes(routes());
    native.upstream(&format!("{UPSTREAM}/slow"), Answer::text("slow").after(millis(500)));
    native.upstream(&format!("{UPSTREAM}/fresh"), counting("max-age=10"));
    native.upstream(&format!("{UPSTREAM}/none"), counting("no-store"));
    native
}

fn get(native: &Native, path: &str) -> String {
    let reply = native.get(&format!("/reader/a/{path}")).send();
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    reply.text().into_owned()
}

fn sent(native: &Native, path: &str) -> usize {
    native.sent().iter().filter(|sent| sent.url == format!("{UPSTREAM}/{path}")).count()
}

#[test]
fn what_is_fresh_is_not_asked_for_again() {
    let native = native();
    assert_eq!(get(&native, "get/fresh"), "answer 1");
    native.advance(secs(9));
    let reply = native.get("/reader/a/get/fresh").send();
    assert_eq!((reply.text().as_ref(), reply.header("age")), ("answer 1", Some("9")));
    native.advance(secs(2));
    assert_eq!(get(&native, "get/fresh"), "answer 2");
    assert_eq!(sent(&native, "fresh"), 2);
}

#[test]
fn every_actor_has_a_cache_of_its_own() {
    let native = native();
    get(&native, "get/fresh");
    assert_eq!(native.get("/reader/b/get/fresh").send().text(), "answer 2");
}

#[test]
fn what_may_not_be_kept_is_asked_for_again() {
    let native = native();
    assert_eq!((get(&native, "get/none"), get(&native, "get/none")), ("answer 1".into(), "answer 2".into()));
    assert_eq!(get(&native, "stats"), "0 0 2");
}

#[test]
fn a_request_may_say_what_it_takes() {
    let native = native();
    get(&native, "get/fresh");
    let ask = |control: &str| native.get("/reader/a/get/fresh").header("cache-control", control).send();
    assert_eq!(ask("no-cache").text(), "answer 2");
    assert_eq!(ask("only-if-cached").text(), "answer 2");
    native.advance(secs(20));
    assert_eq!(ask("only-if-cached").status, 504);
    assert_eq!(ask("max-stale=30").text(), "answer 2");
    assert_eq!(sent(&native, "fresh"), 2);
}

#[test]
fn a_request_chooses_its_mode() {
    let native = native();
    assert_eq!(get(&native, "mode/default"), "answer 1");
    assert_eq!(get(&native, "mode/no-store"), "answer 2");
    assert_eq!(get(&native, "mode/default"), "answer 1");
    assert_eq!(get(&native, "mode/refresh"), "answer 3");
    assert_eq!(get(&native, "mode/default"), "answer 3");
    native.advance(secs(30));
    assert_eq!(get(&native, "mode/default"), "answer 4");
    native.upstream(&format!("{UPSTREAM}/fresh"), counting("no-store"));
    native.post("/reader/a/clear/all").send();
    assert_eq!(get(&native, "mode/minute"), "answer 1");
    native.advance(secs(59));
    assert_eq!(get(&native, "mode/minute"), "answer 1");
    native.advance(secs(2));
    assert_eq!(get(&native, "mode/minute"), "answer 2");
}

#[test]
fn what_is_stale_is_validated() {
    let native = native();
    native.upstream(&format!("{UPSTREAM}/tagged"), |sent: &Sent| {
        let is_known = sent.headers.iter().any(|(name, value)| name == "if-none-match" && value == "\"one\"");
        let answer = if is_known {
            Answer::status(304).header("x-word", "new")
        } else {
            Answer::text("body").header("x-word", "old")
        };
        answer.header("etag", "\"one\"").header("cache-control", "max-age=5")
    });
    let ask = || native.get("/reader/a/get/tagged").send();
    assert_eq!((ask().text().as_ref(), ask().header("x-word")), ("body", Some("old")));
    native.advance(secs(6));
    let reply = ask();
    assert_eq!((reply.status, reply.text().as_ref(), reply.header("x-word")), (200, "body", Some("new")));
    assert_eq!(ask().text(), "body");
    assert_eq!(sent(&native, "tagged"), 2);
}

#[test]
fn an_old_answer_stands_in_while_a_new_one_is_fetched_or_none_comes() {
    let native = native();
    native.upstream(&format!("{UPSTREAM}/while"), counting("max-age=5, stale-while-revalidate=60"));
    assert_eq!(get(&native, "get/while"), "answer 1");
    native.advance(secs(10));
    assert_eq!(get(&native, "get/while"), "answer 1");
    native.advance(secs(1));
    assert_eq!(get(&native, "get/while"), "answer 2");
    native.upstream(&format!("{UPSTREAM}/error"), counting("max-age=5, stale-if-error=60"));
    assert_eq!(get(&native, "get/error"), "answer 1");
    native.advance(secs(10));
    for failure in [Answer::status(503), Answer::refused()] {
        native.upstream(&format!("{UPSTREAM}/error"), failure);
        assert_eq!(get(&native, "get/error"), "answer 1");
    }
    native.advance(secs(60));
    assert_eq!(native.get("/reader/a/get/error").send().status, 502);
}

#[test]
fn answers_vary() {
    let native = native();
    native.upstream(&format!("{UPSTREAM}/word"), |sent: &Sent| {
        let language =
            sent.headers.iter().find(|(name, _)| name == "accept-language").map_or("none", |(_, value)| value);
        Answer::text(language).header("vary", "Accept-Language").header("cache-control", "max-age=60")
    });
    let ask = |language: &str| {
        native.get("/reader/a/get/word").header("accept-language", language).send().text().into_owned()
    };
    for _ in 0..2 {
        assert_eq!((ask("de"), ask("fr")), ("de".into(), "fr".into()));
    }
    assert_eq!(sent(&native, "word"), 2);
}

#[test]
fn a_change_makes_what_is_kept_invalid() {
    let native = native();
    assert_eq!(get(&native, "get/fresh"), "answer 1");
    native.post("/reader/a/post/fresh").send();
    assert_eq!(get(&native, "get/fresh"), "answer 3");
}

#[test]
fn a_head_is_answered_by_a_get_that_is_kept() {
    let native = native();
    get(&native, "get/fresh");
    assert_eq!(get(&native, "head/fresh"), "200 0");
    assert_eq!(sent(&native, "fresh"), 1);
}

#[test]
fn equal_requests_at_once_share_one_answer_if_it_may_be_kept() {
    let native = native();
    assert_eq!(get(&native, "both"), "answer 1 answer 1");
    native.post("/reader/a/clear/all").send();
    let calls: Vec<_> = (0..10).map(|_| native.get("/reader/a/get/fresh").start()).collect();
    for call in calls {
        assert_eq!(call.wait().text(), "answer 2");
    }
    let calls: Vec<_> = (0..3).map(|_| native.get("/reader/a/get/none").start()).collect();
    let mut answers: Vec<_> = calls.into_iter().map(|call| call.wait().text().into_owned()).collect();
    answers.sort();
    assert_eq!(answers, ["answer 1", "answer 2", "answer 3"]);
}

/// More than there are connections, of which some can join others when their turn comes.
#[test]
fn requests_that_join_others_leave_their_connections_to_the_next() {
    let native = native();
    native.upstream(&format!("{UPSTREAM}/slow-*"), counting("max-age=10"));
    let paths = (0..8).flat_map(|at| [at, at, 99]).map(|at| format!("slow-{at}"));
    let target = paths.collect::<Vec<_>>().join(",");
    let reply = native.get(&format!("/reader/a/many/{target}")).send();
    assert_eq!((reply.status, reply.text().as_ref()), (200, "24"));
    assert_eq!(native.sent().len(), 9);
}

#[test]
fn a_waiter_that_leaves_does_not_take_the_answer_along() {
    let native = native();
    let (first, second) = (native.get("/reader/a/get/fresh").start(), native.get("/reader/a/get/fresh").start());
    first.abort();
    assert_eq!(second.wait().text(), "answer 1");
    assert_eq!(sent(&native, "fresh"), 1);
}

#[test]
fn a_call_that_is_run_again_sees_what_it_has_seen() {
    for steps in 0.. {
        let native = native();
        get(&native, "get/fresh");
        let call = native.get("/reader/a/then/fresh").start();
        (0..steps).for_each(|_| _ = native.step());
        if call.response().is_some() {
            break;
        }
        native.trap();
        let reply = call.wait();
        let (seen, later) =
            reply.text().split_once(" answer ").map(|(seen, later)| (seen.to_owned(), later.to_owned())).unwrap();
        assert_eq!(seen, "answer 1", "after {steps} steps");
        assert_eq!((sent(&native, "slow"), sent(&native, "fresh").to_string()), (1, later));
    }
}

#[test]
fn what_is_kept_is_counted_and_let_go() {
    let native = native();
    for _ in 0..3 {
        get(&native, "get/fresh");
    }
    assert_eq!(get(&native, "stats"), "1 2 1");
    native.post("/reader/a/clear/other").send();
    assert_eq!(get(&native, "stats"), "1 2 1");
    native.post("/reader/a/clear/fre").send();
    assert_eq!(get(&native, "get/fresh"), "answer 2");
}
