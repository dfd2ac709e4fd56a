//! Actors in the native host: turns, operations, replies.
use std::{cell::RefCell, time::Duration};

use duractor::{
    Elapsed, FetchError, Header, Limits,
    native::{Answer, Native, Sent},
    prelude::*,
};
use futures::future::{Either, join_all, select, try_join};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const A: &str = "https://a.example/";
const B: &str = "https://b.example/";

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[derive(Default, Actor)]
struct Counter {
    count: u64,
    #[actor(transient)]
    seen: RefCell<Vec<String>>,
}

#[methods]
impl Counter {
    #[get]
    fn count(&self) -> u64 {
        self.count
    }

    #[post("/add/{by}")]
    fn add(&mut self, by: u64) -> u64 {
        self.count += by;
        self.count
    }

    #[post("/fail")]
    fn fail(&mut self) -> Result<u64, Problem> {
        self.count += 1;
        Err(Problem::new(409, "no", "not today"))
    }

    #[post("/panic")]
    fn panic(&mut self) -> u64 {
        self.count += 1;
        panic!("on purpose")
    }

    #[get("/slow/{tag}")]
    async fn slow_read(&self, tag: &str, cx: &Cx) -> Result<String> {
        self.seen.borrow_mut().push(format!("{tag} begins"));
        cx.sleep(ms(10)).await;
        self.seen.borrow_mut().push(format!("{tag} ends"));
        Ok(tag.to_owned())
    }

    #[post("/slow/{tag}")]
    async fn slow_write(&mut self, tag: &str, cx: &Cx) -> Result<u64> {
        self.seen.borrow_mut().push(format!("{tag} begins"));
        self.count += 1;
        cx.get(A).await?;
        self.count += 1;
        self.seen.borrow_mut().push(format!("{tag} ends"));
        Ok(self.count)
    }

    #[get("/seen")]
    fn seen(&self) -> Json<Vec<String>> {
        Json(self.seen.borrow().clone())
    }

    #[post("/refresh")]
    async fn refresh(me: Me<Self>, cx: &Cx) -> Result<Json<u64>> {
        let (a, b) = try_join(cx.get(A), cx.get(B)).await?;
        let (a, b): (u64, u64) = (a.json()?, b.json()?);
        me.turn(|counter| {
            counter.count = a.max(b);
            Ok(Json(counter.count))
        })
        .await
    }

    #[get("/fastest")]
    async fn fastest(&self, cx: &Cx) -> Result<String> {
        let (Either::Left((reply, _)) | Either::Right((reply, _))) = select(cx.get(A), cx.get(B)).await;
        Ok(reply?.text().into_owned())
    }

    #[get("/patient")]
    async fn patient(cx: &Cx) -> String {
        match cx.timeout(ms(50), cx.get(A)).await {
            Ok(reply) => format!("{reply:?}"),
            Err(Elapsed) => "elapsed".into(),
        }
    }

    #[get("/why")]
    async fn why(cx: &Cx) -> String {
        match cx.get(A).timeout(ms(20)).body_max_bytes(4).await {
            Ok(reply) => reply.text().into_owned(),
            Err(FetchError::Timeout { .. }) => "timeout".into(),
            Err(FetchError::ConnectionRefused { .. }) => "refused".into(),
            Err(FetchError::HostNotFound { .. }) => "not found".into(),
            Err(FetchError::BodyTooLarge { max_bytes, .. }) => format!("more than {max_bytes}"),
            Err(FetchError::InvalidRequest { reason, .. }) => reason,
            Err(other) => format!("{other:?}"),
        }
    }

    #[get("/many/{count}")]
    async fn many(count: u32, cx: &Cx) -> String {
        let replies = join_all((0..count).map(|at| cx.get(format!("{A}{at}")))).await;
        let failed = replies.iter().filter(|reply| matches!(reply, Err(FetchError::TooManyOperations { .. }))).count();
        format!("{} {failed}", replies.len() - failed)
    }

    #[get("/self/shared")]
    async fn own_shared(&self, cx: &Cx) -> Result<String> {
        cx.sleep(ms(10)).await;
        Ok(cx.get("/counter/me").await?.text().into_owned())
    }

    #[post("/self/exclusive")]
    async fn own_exclusive(&mut self, cx: &Cx) -> Result<(u16, String)> {
        let reply = cx.get("/counter/me").await?;
        Ok((reply.status(), reply.text().into_owned()))
    }

    #[post("/self/upgrade")]
    async fn own_upgrade(&self, cx: &Cx) -> Result<(u16, String)> {
        let reply = cx.post("/counter/me/add/1").await?;
        Ok((reply.status(), reply.text().into_owned()))
    }

    #[get("/self/deep")]
    async fn deep(&self, cx: &Cx) -> Result<(u16, String)> {
        let reply = cx.get("/counter/me/self/deep").await?;
        Ok((reply.status(), reply.text().into_owned()))
    }

    #[post("/drops")]
    async fn drops(&self, cx: &Cx) -> &str {
        struct Gone<'a>(&'a RefCell<Vec<String>>);
        impl Drop for Gone<'_> {
            fn drop(&mut self) {
                self.0.borrow_mut().push("dropped".into());
            }
        }
        let _gone = Gone(&self.seen);
        cx.sleep(ms(1_000)).await;
        "done"
    }
}

#[routes]
fn routes() -> Router {
    Router::new()
        .mount::<Counter>("/counter/{name}", "{name}")
        .mount::<Counter>("/total", "total")
        .mount::<Counter>("/tenant", Header("x-tenant"))
}

fn native() -> Native {
    Native::new().routes(routes())
}

fn text(native: &Native, target: &str) -> String {
    native.get(target).send().text().into_owned()
}

#[test]
fn an_actor_is_one_per_name() {
    let native = native();
    assert_eq!(native.post("/counter/ann/add/5").send().text(), "5");
    assert_eq!(native.post("/total/add/2").send().text(), "2");
    assert_eq!(native.post("/tenant/add/3").header("X-Tenant", "ann").send().text(), "8");
    assert_eq!(text(&native, "/counter/ann"), "8");
    assert_eq!(text(&native, "/counter/ann/"), "8");
    assert_eq!(text(&native, "/counter/bob"), "0");
}

#[test]
fn what_was_committed_survives_a_trap_and_an_eviction() {
    let native = native();
    native.post("/counter/ann/add/5").send();
    native.rehydrate("Counter", "ann");
    assert_eq!(text(&native, "/counter/ann"), "5");
    native.evict("Counter", "ann");
    assert_eq!(text(&native, "/counter/ann"), "5");
}

#[test]
fn a_turn_that_fails_leaves_no_trace() {
    let native = native();
    native.post("/counter/ann/add/5").send();
    assert_eq!(native.post("/counter/ann/fail").send().status, 409);
    // In wasm a panic ends the instance, and the next one begins from the last commit: see the tests in workerd.
    #[cfg(not(target_arch = "wasm32"))]
    assert_eq!(native.post("/counter/ann/panic").send().status, 500);
    native.fail_commits(1);
    let failed = native.post("/counter/ann/add/1").send();
    assert_eq!((failed.status, failed.header("retry-after")), (503, Some("1")));
    assert_eq!(text(&native, "/counter/ann"), "5");
}

#[test]
fn shared_calls_interleave_and_a_writer_has_the_actor_alone() {
    let native = native();
    native.upstream(A, Answer::text("").after(ms(10)));
    let calls = [("GET", "r1"), ("GET", "r2"), ("POST", "w1"), ("GET", "r3"), ("POST", "w2")];
    native.all(calls.map(|(method, tag)| native.request(method, &format!("/counter/ann/slow/{tag}"))));
    let seen: Vec<String> = native.get("/counter/ann/seen").send().json();
    let expected = "r1 begins,r2 begins,r1 ends,r2 ends,w1 begins,w1 ends,r3 begins,r3 ends,w2 begins,w2 ends";
    assert_eq!(seen.join(","), expected);
}

#[test]
fn a_call_without_a_turn_lets_others_pass_while_it_waits() {
    let native = native();
    native.upstream(A, Answer::json(&3).after(ms(10)));
    native.upstream(B, Answer::json(&7).after(ms(20)));
    let refresh = native.post("/counter/ann/refresh").start();
    assert_eq!(native.post("/counter/ann/add/1").send().text(), "1");
    assert_eq!(refresh.wait().text(), "7");
    assert_eq!(text(&native, "/counter/ann"), "7");
}

#[test]
fn the_first_answer_wins_and_the_other_is_cancelled() {
    let native = native();
    native.upstream(A, Answer::text("a").after(ms(30)));
    native.upstream(B, Answer::text("b").after(ms(5)));
    assert_eq!(text(&native, "/counter/ann/fastest"), "b");
}

#[test]
fn failures_of_upstreams_are_told_apart() {
    let answers = [
        (Answer::text("ok"), "ok"),
        (Answer::text("long"), "long"),
        (Answer::text("longer"), "more than 4"),
        (Answer::refused(), "refused"),
        (Answer::not_found(), "not found"),
        (Answer::never(), "timeout"),
        (Answer::text("late").after(ms(21)), "timeout"),
    ];
    for (answer, why) in answers {
        let native = native();
        native.upstream(A, answer);
        assert_eq!(text(&native, "/counter/ann/why"), why);
    }
}

#[test]
fn waiting_has_an_end() {
    let native = native();
    native.upstream(A, Answer::never());
    let before = native.now();
    assert_eq!(text(&native, "/counter/ann/patient"), "elapsed");
    assert_eq!(native.now().duration_since(before).unwrap(), ms(50));
}

#[test]
fn operations_beside_each_other_are_bounded() {
    let native = native();
    native.upstream("https://a.example/*", Answer::text("x").after(ms(10)));
    let before = native.now();
    assert_eq!(text(&native, "/counter/ann/many/70"), "64 6");
    let rounds = 64_u64.div_ceil(6);
    assert_eq!(native.now().duration_since(before).unwrap(), ms(10 * rounds), "six connections at once");
}

#[test]
fn a_chain_joins_the_shared_turn_that_it_holds() {
    let native = native();
    native.post("/counter/me/add/5").send();
    let outer = native.get("/counter/me/self/shared").start();
    let writer = native.post("/counter/me/add/1").start();
    assert_eq!(outer.wait().text(), "5");
    assert_eq!(writer.wait().text(), "6");
}

#[test]
fn a_chain_that_would_wait_for_itself_is_told_so() {
    let native = native();
    for target in ["/counter/me/self/exclusive", "/counter/me/self/upgrade"] {
        let reply = native.post(target).send();
        assert_eq!(reply.status, 508, "{}", reply.text());
        assert!(reply.text().contains("Counter/me → Counter/me"), "{}", reply.text());
    }
    let deep = native.get("/counter/me/self/deep").send();
    assert_eq!(deep.status, 508);
    assert!(deep.text().contains("chain-too-long"), "{}", deep.text());
}

#[test]
fn when_the_client_goes_shared_calls_end_and_a_turn_goes_on() {
    let native = native();
    native.upstream(A, Answer::text("").after(ms(10)));
    native.post("/counter/ann/drops").start().abort();
    assert_eq!(native.get("/counter/ann/seen").send().json::<Vec<String>>(), ["dropped"]);

    native.post("/counter/ann/slow/w1").start().abort();
    let waiting = native.post("/counter/ann/slow/w2").start();
    waiting.abort();
    native.advance(ms(100));
    assert_eq!(text(&native, "/counter/ann"), "2", "the first turn ran to its end, the second never began");
}

#[test]
fn no_more_calls_wait_than_allowed() {
    let native = Native::new().routes(routes().limits(Limits { tasks_max: 3, ..Limits::default() }));
    let pending: Vec<_> = (0..4).map(|tag| native.get(&format!("/counter/ann/slow/{tag}")).start()).collect();
    let refused = pending[3].response().unwrap();
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")));
    for call in pending.into_iter().take(3) {
        assert_eq!(call.wait().status, 200);
    }
}

#[test]
fn requests_are_bounded() {
    let limits = Limits { body_max_bytes: 4, path_max_bytes: 30, headers_max_bytes: 20, ..Limits::default() };
    let native = Native::new().routes(routes().limits(limits));
    assert_eq!(native.post("/counter/ann/add/1").body("1234").send().status, 200);
    assert_eq!(native.post("/counter/ann/add/1").body("12345").send().status, 413);
    assert_eq!(native.get("/counter/annannannannannannannannann").send().status, 414);
    assert_eq!(native.get("/counter/ann").header("x", "19 characters and x").send().status, 200);
    assert_eq!(native.get("/counter/ann").header("x", "20 characters and xx").send().status, 431);
}

#[test]
fn a_path_answers_its_methods_and_no_others() {
    let native = native();
    let refused = native.put("/counter/ann").send();
    assert_eq!((refused.status, refused.header("allow")), (405, Some("GET, HEAD, OPTIONS")));
    assert_eq!(native.request("OPTIONS", "/counter/ann").send().status, 204);
    let head = native.request("HEAD", "/counter/ann").send();
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(native.get("/nowhere").send().status, 404);
    assert_eq!(native.get("/tenant").send().status, 400);
    assert_eq!(native.post("/counter/ann/add/%zz").send().status, 400);
    assert_eq!(native.post("/counter/ann/add/five").send().status, 400);
}

#[test]
fn an_http_request_goes_in_and_a_response_comes_out() {
    let request = http::Request::builder().method("POST").uri("/counter/ann/add/5").body(Vec::new()).unwrap();
    let response = native().handle(request);
    assert_eq!((response.status().as_u16(), response.body().as_slice()), (200, &b"5"[..]));
}

#[test]
fn a_struct_is_tested_without_a_host() {
    let mut counter = Counter::default();
    assert_eq!(counter.add(5), 5);
    let cx = Cx::test_with(&[(A, Answer::text("x").after(ms(5)))]);
    assert_eq!(futures::executor::block_on(counter.slow_write("w", &cx)).unwrap(), 7);
    assert_eq!(futures::executor::block_on(Counter::why(&Cx::test())), "not found");
}

#[test]
fn an_upstream_may_be_a_function() {
    let native = native();
    native.upstream(A, |sent: &Sent| Answer::text(sent.method.clone()));
    assert_eq!(text(&native, "/counter/ann/why"), "GET");
    assert_eq!(native.sent().len(), 1);
}
