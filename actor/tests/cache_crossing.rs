//! What the cache must not mix up: answers of redirects, answers that cross, and bodies that a caller does not take.

use duractor::{
    Cache, Redirects,
    native::{Answer, Native, Sent},
    prelude::*,
};

const UPSTREAM: &str = "https://up.example";

#[derive(Default, Actor)]
struct Reader {}

#[methods]
impl Reader {
    #[get("/get/{what}")]
    async fn get(what: &str, cx: &Cx) -> Result<String> {
        Ok(cx.get(format!("{UPSTREAM}/{what}")).await?.text().into_owned())
    }

    #[get("/manual/{what}")]
    async fn manual(what: &str, cx: &Cx) -> Result<u16> {
        Ok(cx.get(format!("{UPSTREAM}/{what}")).redirects(Redirects::Manual).await?.status())
    }

    #[get("/refresh/{what}")]
    async fn refresh(what: &str, cx: &Cx) -> Result<String> {
        Ok(cx.get(format!("{UPSTREAM}/{what}")).cache(Cache::Refresh).await?.text().into_owned())
    }

    #[get("/small/{what}")]
    async fn small(what: &str, cx: &Cx) -> String {
        let reply = cx.get(format!("{UPSTREAM}/{what}")).body_max_bytes(3).await;
        reply.map_or_else(|error| error.to_string(), |reply| reply.text().into_owned())
    }

    #[get("/only/{what}")]
    async fn only(what: &str, cx: &Cx) -> Result<u16> {
        let get = cx.get(format!("{UPSTREAM}/{what}")).header("cache-control", "only-if-cached");
        Ok(get.redirects(Redirects::Manual).await?.status())
    }

    #[post("/post/{what}")]
    async fn post(what: &str, cx: &Cx) -> String {
        let reply = cx.post(format!("{UPSTREAM}/{what}")).await;
        reply.map_or_else(|error| error.to_string(), |reply| reply.status().to_string())
    }

    /// Two answers of which the one that was asked for first comes last.
    #[get("/crossing")]
    async fn crossing(cx: &Cx) -> Result<String> {
        let url = format!("{UPSTREAM}/crossing");
        let late = cx.get(&url);
        let early = async {
            cx.sleep(millis(100)).await;
            cx.get(&url).cache(Cache::Refresh).await
        };
        try_join(late, early).await?;
        Ok(cx.get(&url).await?.text().into_owned())
    }
}

#[routes]
fn routes() -> Router {
    Router::new().mount::<Reader>("/reader", "reader")
}

fn native() -> Native {
    Native::new().routes(routes())
}

fn get(native: &Native, path: &str) -> String {
    let reply = native.get(&format!("/reader/{path}")).send();
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    reply.text().into_owned()
}

fn is_conditional(sent: &Sent) -> bool {
    sent.headers.iter().any(|(name, _)| name == "if-none-match")
}

fn kept(text: &str) -> Answer {
    Answer::text(text).header("cache-control", "max-age=60")
}

#[test]
fn a_304_of_what_a_redirect_has_led_to_renews_nothing() {
    let native = native();
    let tagged = |text: &str| Answer::text(text).header("cache-control", "max-age=0").header("etag", "\"1\"");
    native.upstream("https://up.example/moved", tagged("before"));
    assert_eq!(get(&native, "get/moved"), "before");
    native.upstream("https://up.example/moved", move |sent: &Sent| match is_conditional(sent) {
        true => Answer::status(304).header("etag", "\"1\"").redirected(),
        false => tagged("after").redirected(),
    });
    assert_eq!(get(&native, "get/moved"), "after");
}

#[test]
fn an_unsafe_request_that_was_redirected_may_have_changed_anything() {
    for status in [200, 404] {
        let native = native();
        native.upstream("https://up.example/other", kept("before"));
        native.upstream("https://up.example/posted", Answer::status(status).redirected());
        assert_eq!(get(&native, "get/other"), "before");
        native.upstream("https://up.example/other", kept("after"));
        assert_eq!(get(&native, "get/other"), "before");
        native.post("/reader/post/posted").send();
        assert_eq!(get(&native, "get/other"), "after");
    }
}

#[test]
fn a_change_of_one_url_lets_answers_of_others_be_kept() {
    for (path, expected) in [("b", "before"), ("a", "after")] {
        let native = native();
        native.upstream("https://up.example/a", kept("before").after(secs(1)));
        let call = native.get("/reader/get/a").start();
        native.run();
        native.upstream(&format!("https://up.example/{path}"), Answer::status(200));
        native.post(&format!("/reader/post/{path}")).send();
        assert_eq!(call.wait().text(), "before");
        native.upstream("https://up.example/a", kept("after"));
        assert_eq!(get(&native, "get/a"), expected, "a POST to {path}");
    }
}

#[test]
fn an_unsafe_request_without_an_answer_may_have_changed_its_url() {
    let native = native();
    native.upstream("https://up.example/*", kept("before"));
    assert_eq!((get(&native, "get/a"), get(&native, "get/b")), ("before".into(), "before".into()));
    native.upstream("https://up.example/a", Answer::lost());
    assert!(native.post("/reader/post/a").send().text().contains("lost"));
    native.upstream("https://up.example/*", kept("after"));
    assert_eq!((get(&native, "get/a"), get(&native, "get/b")), ("after".into(), "before".into()));
}

#[test]
fn what_was_told_last_is_not_followed_by_something_older() {
    let native = native();
    native.upstream("https://up.example/a", kept("old"));
    assert_eq!(get(&native, "get/a"), "old");
    // What a redirect has led to is told and not kept.
    native.upstream("https://up.example/a", kept("new").redirected());
    assert_eq!((get(&native, "refresh/a"), get(&native, "get/a")), ("new".into(), "new".into()));
}

#[test]
fn of_two_answers_that_cross_the_later_one_stays() {
    let native = native();
    let count = std::cell::Cell::new(0);
    native.upstream("https://up.example/crossing", move |_: &Sent| {
        count.set(count.get() + 1);
        match count.get() {
            1 => kept("first").header("date", "Thu, 01 Jan 2026 00:00:00 GMT").after(secs(5)),
            _ => kept("second").header("date", "Thu, 01 Jan 2026 00:00:01 GMT").after(millis(10)),
        }
    });
    assert_eq!(get(&native, "crossing"), "second");
}

#[test]
fn a_body_that_is_too_large_for_a_caller_is_not_served_by_way_of_a_304() {
    let native = native();
    let control = "max-age=0, stale-if-error=60";
    native.upstream("https://up.example/large", move |sent: &Sent| match is_conditional(sent) {
        true => Answer::status(304),
        false => Answer::text("large").header("etag", "\"1\"").header("cache-control", control),
    });
    assert_eq!(get(&native, "get/large"), "large");
    assert!(get(&native, "small/large").contains("more than 3 bytes"));
}

#[test]
fn a_redirect_that_is_taken_as_an_answer_is_kept_for_who_takes_it_so() {
    let native = native();
    let moved = || Answer::status(301).header("location", "/to").header("cache-control", "max-age=60");
    native.upstream("https://up.example/moved", moved());
    assert_eq!((get(&native, "manual/moved"), get(&native, "manual/moved")), ("301".into(), "301".into()));
    assert_eq!(native.sent().len(), 1);
    native.upstream("https://up.example/moved", kept("there").redirected());
    assert_eq!(get(&native, "get/moved"), "there");
    // A plain answer is one for everybody.
    native.upstream("https://up.example/plain", kept("plain"));
    assert_eq!((get(&native, "get/plain"), get(&native, "manual/plain")), ("plain".into(), "200".into()));
    assert_eq!(native.sent().len(), 3);
}

#[test]
fn only_if_cached_never_leaves_even_past_the_cache() {
    let native = native();
    native.upstream("https://up.example/*", Answer::text("asked"));
    assert_eq!(get(&native, "only/a"), "504");
    assert!(native.sent().is_empty());
}
