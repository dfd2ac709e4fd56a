//! Calls that wait for what they hold themselves, or for what another call has begun.
use std::cell::RefCell;

use duractor::{
    Limits,
    native::{Answer, Native},
    prelude::*,
};
use futures::{
    FutureExt,
    future::{LocalBoxFuture, Shared},
};
use serde::{Deserialize, Deserializer, Serialize};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const RATE: &str = "https://rates.example/eur";

/// Data that is written and cannot be read back.
#[derive(Default, Serialize)]
struct Broken(bool);

impl<'de> Deserialize<'de> for Broken {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match bool::deserialize(deserializer)? {
            true => Err(serde::de::Error::custom("broken")),
            false => Ok(Self(false)),
        }
    }
}

#[derive(Default, Actor)]
struct Rates {
    count: u64,
    broken: Broken,
    #[actor(transient)]
    under_way: RefCell<Option<Shared<LocalBoxFuture<'static, String>>>>,
}

#[methods]
impl Rates {
    #[get]
    fn count(&self) -> u64 {
        self.count
    }

    #[post("/add")]
    async fn add(&mut self, cx: &Cx) -> u64 {
        cx.sleep(millis(10)).await;
        self.count += 1;
        self.count
    }

    #[get("/read")]
    async fn read_within_a_shared_turn(&self, me: Me<Self>, cx: &Cx) -> u64 {
        cx.sleep(millis(5)).await;
        me.read(|rates| rates.count).await
    }

    #[post("/upgrade")]
    async fn write_within_a_shared_turn(&self, me: Me<Self>) -> Result<u64> {
        me.turn(|rates| Ok(rates.count)).await
    }

    #[post("/again")]
    async fn read_within_an_exclusive_turn(&mut self, me: Me<Self>) -> u64 {
        me.read(|rates| rates.count).await
    }

    /// The first call asks, the others wait with it.
    #[get("/shared")]
    async fn share(&self, cx: &Cx) -> String {
        let ask = || {
            let get = cx.get(RATE);
            async { get.await.map_or_else(|error| error.to_string(), |reply| reply.text().into_owned()) }
                .boxed_local()
                .shared()
        };
        let answer = self.under_way.borrow_mut().get_or_insert_with(ask).clone();
        answer.await
    }

    #[post("/break")]
    fn damage(&mut self) {
        self.broken.0 = true;
    }

    #[post("/fail")]
    async fn fail(&mut self, cx: &Cx) -> Result<()> {
        cx.sleep(millis(10)).await;
        Err(Problem::new(409, "no", "not today"))?
    }

    #[post("/take")]
    fn take(&mut self) -> Result<Option<u64>> {
        self.count += 1;
        Ok(None)
    }

    #[get("/impatient")]
    async fn impatient(cx: &Cx) -> String {
        let mut sleep = cx.sleep(millis(1));
        let (first, second) = (futures::poll!(&mut sleep), futures::poll!(&mut sleep));
        sleep.await;
        format!("{first:?} {second:?}")
    }
}

#[routes]
fn routes() -> Router {
    Router::new().mount::<Rates>("/rates", "rates")
}

fn native() -> Native {
    Native::new().routes(routes())
}

#[test]
fn a_call_that_waits_for_its_own_turn_is_told_so() {
    let native = native();
    for target in ["/rates/upgrade", "/rates/again"] {
        let reply = native.post(target).send();
        assert_eq!(reply.status, 508, "{}", reply.text());
    }
    assert_eq!(native.post("/rates/add").send().text(), "1");
}

#[test]
fn a_reader_reads_itself_while_a_writer_waits() {
    let native = native();
    let reader = native.get("/rates/read").start();
    let writer = native.post("/rates/add").start();
    assert_eq!(reader.wait().text(), "0");
    assert_eq!(writer.wait().text(), "1");
}

#[test]
fn who_waits_for_a_call_that_has_ended_is_told_so() {
    let native = native();
    native.upstream(RATE, Answer::text("1.08").after(millis(50)));
    let first = native.get("/rates/shared").start();
    let second = native.get("/rates/shared").start();
    first.abort();
    assert_eq!(second.wait().text(), format!("{RATE}: the call has ended"));
}

#[test]
fn who_waits_for_a_turn_does_not_get_what_cannot_be_read() {
    let native = native();
    native.post("/rates/break").send();
    let replies = native.all([native.post("/rates/fail"), native.post("/rates/add")]);
    assert_eq!((replies[0].status, replies[1].status), (409, 503));
}

#[test]
fn a_turn_that_finds_nothing_commits() {
    let native = native();
    assert_eq!(native.post("/rates/take").send().status, 404);
    assert_eq!(native.get("/rates").send().text(), "1");
}

#[test]
fn a_wait_beyond_the_bound_ends_its_call_however_often_it_is_polled() {
    let limits = Limits { operations_max: 0, ..Limits::default() };
    let reply = Native::new().routes(routes().limits(limits)).get("/rates/impatient").send();
    assert_eq!(reply.status, 503, "{}", reply.text());
}

/// An operation that another actor's call polls leaves all the same: its own actor is asked to see to it.
#[test]
fn an_operation_that_is_polled_elsewhere_still_leaves() {
    let native = Native::new().routes(lending());
    native.upstream("https://lent.example/", Answer::text("lent").after(millis(5)));
    let lender = native.get("/lender").start();
    assert_eq!(native.get("/borrower").send().text(), "lent");
    assert_eq!(lender.wait().text(), "over");
}

thread_local! {
    static LENT: std::cell::RefCell<Option<Cx>> = const { std::cell::RefCell::new(None) };
}

#[derive(Default, Actor)]
struct Lender {}

#[methods]
impl Lender {
    #[get]
    async fn lend(cx: &Cx) -> &'static str {
        LENT.set(Some(cx.clone()));
        cx.sleep(millis(50)).await;
        "over"
    }
}

#[derive(Default, Actor)]
struct Borrower {}

#[methods]
impl Borrower {
    #[get]
    async fn borrow() -> Result<String> {
        let lent = LENT.take().expect("the lender came first");
        Ok(lent.get("https://lent.example/").await?.text().into_owned())
    }
}

fn lending() -> Router {
    Router::new().mount::<Lender>("/lender", "lender").mount::<Borrower>("/borrower", "borrower")
}
