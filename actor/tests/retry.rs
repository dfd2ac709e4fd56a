//! Requests that are made again.
use duractor::{
    Retry,
    native::{Answer, Native, Sent},
    prelude::*,
};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const UPSTREAM: &str = "https://up.example/passing";

#[derive(Default, Actor)]
struct Client {}

#[methods]
impl Client {
    #[post("/{method}/{attempts}")]
    async fn ask(method: &str, attempts: u32, cx: &Cx) -> Result<Response> {
        let retry = Retry::attempts(attempts).attempt_timeout(secs(5));
        let reply = cx.fetch(method, UPSTREAM).timeout(secs(20)).retry(retry).await?;
        Ok(Response::text(reply.text().into_owned()).with_status(reply.status())?)
    }

    #[post("/with-key")]
    async fn with_key(cx: &Cx) -> Result<u16> {
        let once = cx.post(UPSTREAM).header("Idempotency-Key", "7").body("paid");
        Ok(once.retry(Retry::attempts(3)).await?.status())
    }

    #[post("/eternal")]
    async fn eternal(cx: &Cx) -> Result<u16> {
        let retry = Retry::attempts(u32::MAX).backoff(Duration::MAX, Duration::MAX).attempt_timeout(Duration::MAX);
        Ok(cx.get(UPSTREAM).timeout(Duration::MAX).retry(retry).await?.status())
    }

    #[post("/steady")]
    async fn steady(cx: &Cx) -> Result<u16> {
        Ok(cx.get(UPSTREAM).retry(Retry::attempts(9).backoff(secs(0), secs(0))).await?.status())
    }
}

#[routes]
fn routes() -> Router {
    Router::new().mount::<Client>("/client/{name}", "{name}")
}

/// An upstream that answers so at first, and then 200 with how often it was asked.
fn native(first: impl IntoIterator<Item = Answer>) -> Native {
    let native = Native::new().routes(routes());
    let first = std::cell::RefCell::new(first.into_iter().collect::<std::collections::VecDeque<_>>());
    let count = std::cell::Cell::new(0);
    native.upstream(UPSTREAM, move |_: &Sent| {
        count.set(count.get() + 1);
        first.borrow_mut().pop_front().unwrap_or_else(|| Answer::text(format!("answer {}", count.get())))
    });
    native
}

/// Status, text, how often it was sent, and how long it took.
fn ask(native: &Native, path: &str) -> (u16, String, usize, Duration) {
    let started = native.now();
    let reply = native.post(&format!("/client/a/{path}")).send();
    (reply.status, reply.text().into_owned(), native.sent().len(), native.now().duration_since(started).unwrap())
}

fn late() -> Answer {
    Answer::text("late").after(secs(60))
}

#[test]
fn what_may_pass_is_asked_again() {
    for status in [408, 425, 429, 500, 502, 503, 504] {
        let native = native([Answer::status(status), Answer::status(status)]);
        let (status, text, sent, time) = ask(&native, "GET/3");
        assert_eq!((status, text.as_str(), sent), (200, "answer 3", 3));
        assert!(time > millis(0) && time <= millis(300), "{time:?}");
    }
    let (status, text, sent, time) = ask(&native([Answer::refused(), late()]), "PUT/3");
    assert_eq!((status, text.as_str(), sent), (200, "answer 3", 3));
    assert!(time > secs(5), "an attempt has a limit of its own: {time:?}");
}

#[test]
fn what_stays_is_the_answer() {
    for status in [200, 204, 400, 401, 404, 409, 501] {
        let answered = ask(&native([Answer::status(status)]), "GET/3");
        assert_eq!((answered.0, answered.2), (status, 1));
    }
    let (status, .., sent, _) = ask(&native((0..9).map(|_| Answer::status(503))), "GET/4");
    assert_eq!((status, sent), (503, 4));
    for attempts in ["GET/0", "GET/1"] {
        assert_eq!(ask(&native([Answer::status(503)]), attempts).2, 1);
    }
    assert_eq!(ask(&native((0..3).map(|_| Answer::refused())), "DELETE/3").2, 3);
}

#[test]
fn what_may_not_be_repeated_is_not_sent() {
    for method in ["POST", "PATCH"] {
        let native = native([]);
        let reply = native.post(&format!("/client/a/{method}/2")).send();
        assert_eq!((reply.status, native.sent().len()), (500, 0));
        let log = native.log().join("\n");
        assert!(log.contains(&format!("a {method} is made again only with the header Idempotency-Key")), "{log}");
    }
    let native = native([Answer::status(503)]);
    let (status, .., sent, _) = ask(&native, "with-key");
    assert_eq!((status, sent), (200, 2));
    assert!(native.sent().iter().all(|sent| sent.body == b"paid"));
}

#[test]
fn an_upstream_says_when_to_come_back() {
    let at = "Thu, 01 Jan 2026 00:00:09 GMT";
    for (value, from, to) in [("7", 7, 8), (at, 9, 10), ("0", 0, 1), ("-1", 0, 1), ("soon", 0, 1)] {
        let native = native([Answer::status(503).header("retry-after", value)]);
        let (status, .., sent, time) = ask(&native, "GET/2");
        assert_eq!((status, sent), (200, 2));
        assert!(time >= secs(from) && time <= secs(to), "{value}: {time:?}");
    }
}

#[test]
fn the_deadline_is_that_of_all_attempts() {
    for value in ["20", "4294967295", "99999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"] {
        let native = native([Answer::status(429).header("retry-after", value), Answer::status(503)]);
        let (status, .., sent, time) = ask(&native, "GET/2");
        // A number that is none says nothing.
        let expected = if value.len() == 20 { (503, 2) } else { (429, 1) };
        assert_eq!((status, sent), expected, "{value}");
        assert!(time < secs(1), "{value}: {time:?}");
    }
    let native = native((0..99).map(|_| late()));
    let (status, .., sent, time) = ask(&native, "GET/99");
    assert_eq!((status, sent), (504, 4));
    assert!(time <= secs(20), "{time:?}");
}

#[test]
fn a_wait_of_nothing_is_one() {
    let native = native((0..8).map(|_| Answer::status(500)));
    let (status, .., sent, time) = ask(&native, "steady");
    assert_eq!((status, sent, time), (200, 9, secs(0)));
}

#[test]
fn the_longest_times_are_times() {
    let native = native([Answer::status(503)]);
    let call = native.post("/client/a/eternal").start();
    native.advance(secs(1));
    assert!(call.response().is_none() && native.sent().len() == 1);
}

#[test]
fn a_call_that_is_run_again_goes_on_where_it_was() {
    for steps in 0.. {
        let native = native([Answer::status(503), Answer::refused(), late()]);
        let call = native.post("/client/a/GET/4").start();
        (0..steps).for_each(|_| _ = native.step());
        if call.response().is_some() {
            assert!(steps > 6, "{steps}");
            break;
        }
        native.trap();
        assert_eq!(call.wait().text(), "answer 4", "after {steps} steps");
        assert_eq!(native.sent().len(), 4, "after {steps} steps");
    }
}
