//! The instance traps: only the call that caused it fails, the others are run again, and nothing is sent twice.
#![cfg(not(target_arch = "wasm32"))] // There a panic ends the test.

use duractor::{
    native::{Answer, Fault, Native, Response},
    prelude::*,
};
use futures::future::{Either, select};

const UPSTREAM: &str = "https://up.example";

#[derive(Default, Actor)]
struct Desk {
    count: u64,
    notes: Arena<String>,
}

#[methods]
impl Desk {
    #[get]
    fn show(&self) -> String {
        format!("{} {}", self.count, self.notes.len())
    }

    /// Reads, and reads on what it has read.
    #[get("/chain/{length}")]
    async fn chain(&self, length: u64, cx: &Cx) -> Result<String> {
        let mut seen = String::new();
        for at in 0..length {
            let reply = cx.get(format!("{UPSTREAM}/chain/{at}/{}", seen.len())).await?;
            seen.push_str(&reply.text());
        }
        Ok(seen)
    }

    /// Writes in one turn, across waits.
    #[post("/write")]
    async fn write(&mut self, cx: &Cx) -> Result<String> {
        self.count += 1;
        let first = cx.post(format!("{UPSTREAM}/write")).body("first").await?;
        self.notes.insert(first.text().into_owned());
        cx.sleep(millis(20)).await;
        let second = cx.post(format!("{UPSTREAM}/write")).body("second").await?;
        self.notes.insert(second.text().into_owned());
        Ok(format!("{} {}", self.count, self.notes.len()))
    }

    /// Takes two turns, and waits before each.
    #[post("/twice")]
    async fn twice(me: Me<Self>, cx: &Cx) -> Result<u64> {
        for at in 0..2 {
            cx.get(format!("{UPSTREAM}/twice/{at}")).await?;
            me.turn(|desk| {
                desk.count += 1;
                Ok::<_, Error>(())
            })
            .await?;
        }
        cx.get(format!("{UPSTREAM}/twice/2")).await?;
        Ok(me.read(|desk| desk.count).await)
    }

    /// What it sends depends on time and chance.
    #[get("/chance")]
    async fn chance(cx: &Cx) -> Result<String> {
        let dice = u64::from_le_bytes(cx.random());
        cx.get(format!("{UPSTREAM}/chance/{dice}")).await?;
        let now = cx.now().duration_since(std::time::UNIX_EPOCH)?.as_millis();
        cx.get(format!("{UPSTREAM}/chance/{dice}/{now}")).await?;
        Ok(format!("{dice} {now} {}", u64::from_le_bytes(cx.random())))
    }

    /// Takes what comes first, and drops the other.
    #[get("/race")]
    async fn race(cx: &Cx) -> Result<String> {
        let (slow, quick) = (cx.get(format!("{UPSTREAM}/slow")), cx.get(format!("{UPSTREAM}/quick")));
        let first = match select(slow, quick).await {
            Either::Left((reply, _)) | Either::Right((reply, _)) => reply?.text().into_owned(),
        };
        let timed = cx.timeout(millis(30), cx.get(format!("{UPSTREAM}/never"))).await.is_err();
        let last = cx.get(format!("{UPSTREAM}/last")).await?;
        Ok(format!("{first} {timed} {}", last.text()))
    }

    /// What it sends depends on what is stored.
    #[get("/state")]
    async fn by_state(me: Me<Self>, cx: &Cx) -> Result<String> {
        let count = me.read(|desk| desk.count).await;
        cx.get(format!("{UPSTREAM}/state/{count}")).await?;
        Ok(count.to_string())
    }

    #[post("/add")]
    fn add(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    #[post("/panic")]
    fn panic(&mut self) {
        self.count += 100;
        panic!("a secret reason");
    }

    #[post("/panic-later")]
    async fn panic_later(&mut self, cx: &Cx) {
        self.count += 100;
        cx.sleep(millis(15)).await;
        panic!("a secret reason");
    }

    /// Waits for nothing that a journal knows.
    #[get("/foreign")]
    async fn foreign() {
        futures::future::pending().await
    }

    #[post("/order")]
    fn order(&mut self, cx: &Cx) -> Result<()> {
        self.count += 1;
        cx.after_commit(async |cx| {
            cx.sleep(millis(10)).await;
            cx.post(format!("{UPSTREAM}/order")).await?;
            Ok(())
        })
    }

    /// Asks another actor of this worker.
    #[get("/ask/{whom}")]
    async fn ask(&self, whom: &str, cx: &Cx) -> Result<String> {
        let reply = cx.post(format!("/desk/{whom}/write")).await?;
        Ok(format!("{} said {}", reply.status(), reply.text()))
    }
}

#[routes]
fn routes() -> Router {
    Router::new().mount::<Desk>("/desk/{name}", "{name}")
}

fn native() -> Native {
    let native = Native::new().routes(routes());
    native.upstream(&format!("{UPSTREAM}/*"), Answer::text("ab").after(millis(10)));
    native.upstream(&format!("{UPSTREAM}/slow"), Answer::text("slow").after(millis(40)));
    native.upstream(&format!("{UPSTREAM}/quick"), Answer::text("quick").after(millis(5)));
    native.upstream(&format!("{UPSTREAM}/never"), Answer::never());
    native
}

/// Every request that was sent, in order.
fn sent(native: &Native) -> Vec<String> {
    native.sent().iter().map(|sent| format!("{} {} {}", sent.method, sent.url, sent.body.len())).collect()
}

/// A run of one call that is interrupted after so many steps. None when it has ended by then.
fn interrupted(
    method: &str,
    target: &str,
    steps: usize,
    interrupt: impl FnOnce(&Native),
) -> Option<(Native, Response)> {
    let native = native();
    let response = {
        let call = native.request(method, target).start();
        for _ in 0..steps {
            native.step();
        }
        call.response().is_none().then(|| {
            interrupt(&native);
            call.wait()
        })
    };
    Some((native, response?))
}

#[test]
fn a_call_that_is_interrupted_anywhere_answers_as_if_it_had_not_been() {
    let all = [
        ("GET", "/desk/a/chain/5"),
        ("POST", "/desk/a/write"),
        ("GET", "/desk/a/chance"),
        ("GET", "/desk/a/race"),
        ("GET", "/desk/a/state"),
        ("GET", "/desk/a/ask/b"),
    ];
    for (method, target) in all {
        let calm = native();
        let expected = calm.request(method, target).send();
        assert_eq!(expected.status, 200, "{target}: {}", expected.text());
        let mut interruptions = 0;
        while let Some((native, response)) = interrupted(method, target, interruptions, |native| {
            native.trap();
            native.trap();
        }) {
            assert_eq!(response, expected, "{target}, after {interruptions} steps");
            assert_eq!(sent(&native), sent(&calm), "{target}, after {interruptions} steps");
            assert_eq!(native.get("/desk/a").send(), calm.get("/desk/a").send());
            interruptions += 1;
        }
        assert!(interruptions > 0, "{target} never waits");
    }
}

#[test]
fn a_call_that_traps_anywhere_leaves_no_trace() {
    for (method, target) in [("GET", "/desk/a/chain/3"), ("POST", "/desk/a/write"), ("GET", "/desk/a/race")] {
        for steps in 0.. {
            let native = native();
            let call = native.request(method, target).start();
            for _ in 0..steps {
                native.step();
            }
            if call.response().is_some() {
                break;
            }
            call.trap();
            let response = call.wait();
            assert_eq!(response.status, 500);
            assert!(response.text().contains("/problems/internal"), "{}", response.text());
            assert_eq!(native.get("/desk/a").send().text(), "0 0");
        }
    }
}

#[test]
fn a_call_that_has_stored_something_is_not_run_again() {
    let (mut again, mut told) = (0, 0);
    for steps in 0.. {
        let Some((native, response)) = interrupted("POST", "/desk/a/twice", steps, Native::trap) else { break };
        let count = native.get("/desk/a").send().text().into_owned();
        if response.status == 200 {
            assert_eq!((response.text().as_ref(), count.as_str()), ("2", "2 0"));
            again += 1;
            continue;
        }
        assert_eq!((response.status, response.header("retry-after")), (503, None));
        assert!(response.text().contains(r#""committed":true"#), "{}", response.text());
        assert!(["1 0", "2 0"].contains(&count.as_str()), "{count}");
        told += 1;
    }
    assert!(again > 0 && told > 1, "{again} {told}");
}

#[test]
fn a_call_that_is_not_the_same_again_is_told_to_try_again() {
    let native = native();
    let call = native.get("/desk/a/state").start();
    native.post("/desk/a/add").send();
    native.trap();
    let response = call.wait();
    assert_eq!((response.status, response.header("retry-after")), (503, Some("1")));
    assert_eq!(sent(&native), [format!("GET {UPSTREAM}/state/0 0")]);
    assert_eq!(native.get("/desk/a/state").send().text(), "1");
}

#[test]
fn a_panic_fails_alone() {
    for method in ["panic", "panic-later"] {
        let native = native();
        let (near, far) = (native.get("/desk/a/chain/4").start(), native.post("/desk/b/write").start());
        native.step();
        let response = native.post(&format!("/desk/c/{method}")).send();
        assert_eq!(response.status, 500);
        assert!(!response.text().contains("secret"), "{}", response.text());
        assert_eq!((near.wait().text().as_ref(), far.wait().text().as_ref()), ("abababab", "1 2"));
        assert_eq!(native.sent().len(), 6);
        assert_eq!(native.get("/desk/c").send().text(), "0 0");
    }
}

#[test]
fn a_panic_in_a_turn_lets_the_next_in_line_take_it() {
    let native = native();
    let first = native.post("/desk/a/panic-later").start();
    let next: Vec<_> = (0..3).map(|_| native.post("/desk/a/write").start()).collect();
    assert_eq!(first.wait().status, 500);
    let answers: Vec<_> = next.into_iter().map(|call| call.wait().text().into_owned()).collect();
    assert_eq!(answers, ["1 2", "2 4", "3 6"]);
    assert_eq!(native.sent().len(), 6);
}

#[test]
fn a_trap_within_a_commit_leaves_no_trace() {
    let native = native();
    let other = native.get("/desk/b/chain/3").start();
    native.inject_into("Desk", "a", Fault::TrapAtCommit);
    assert_eq!(native.post("/desk/a/add").send().status, 500);
    assert_eq!(native.get("/desk/a").send().text(), "0 0");
    assert_eq!(native.post("/desk/a/add").send().text(), "1");
    assert_eq!(other.wait().text(), "ababab");
    assert_eq!(native.sent().len(), 3);
}

#[test]
fn a_trap_while_an_actor_comes_into_memory_fails_its_call_alone() {
    let native = native();
    native.post("/desk/a/add").send();
    native.evict("Desk", "a");
    let other = native.get("/desk/b/chain/3").start();
    native.inject_into("Desk", "a", Fault::TrapAtRead);
    assert_eq!(native.get("/desk/a").send().status, 500);
    assert_eq!(native.get("/desk/a").send().text(), "1 0");
    assert_eq!(other.wait().text(), "ababab");
}

#[test]
fn calls_of_an_actor_that_cannot_come_back_end() {
    let native = native();
    let (one, other) = (native.get("/desk/a/chain/2").start(), native.post("/desk/a/write").start());
    native.inject_into("Desk", "a", Fault::TrapAtRead);
    native.inject_into("Desk", "a", Fault::FailRead);
    native.trap();
    assert_eq!((one.wait().status, other.wait().status), (503, 500));
    assert_eq!(native.get("/desk/a").send().text(), "0 0");
}

#[test]
fn what_no_journal_knows_is_told_to_try_again() {
    let native = native();
    let call = native.get("/desk/a/foreign").start();
    native.trap();
    let response = call.wait();
    assert_eq!((response.status, response.header("retry-after")), (503, Some("1")));
}

#[test]
fn an_effect_is_not_run_twice() {
    let native = native();
    assert_eq!(native.post("/desk/a/order").send().status, 204);
    native.trap();
    native.advance(secs(1));
    assert_eq!(sent(&native), [] as [String; 0]);
    assert!(native.log().iter().any(|line| line.contains("interrupted")), "{:?}", native.log());
    assert_eq!(native.post("/desk/a/order").send().status, 204);
    native.advance(secs(1));
    assert_eq!(native.sent().len(), 1);
}

#[test]
fn a_client_that_leaves_an_interrupted_call_ends_it() {
    let native = native();
    let call = native.get("/desk/a/chain/9").start();
    native.trap();
    call.abort();
    native.advance(secs(1));
    assert_eq!(native.sent().len(), 1);
    assert_eq!(native.post("/desk/a/add").send().text(), "1");
}

#[test]
fn many_traps_one_after_the_other_are_survived() {
    let native = native();
    let call = native.post("/desk/a/write").start();
    for at in 1..=50 {
        assert_eq!(native.post("/desk/b/panic").send().status, 500);
        assert_eq!(native.post("/desk/b/add").send().text(), at.to_string());
    }
    assert_eq!(call.wait().text(), "1 2");
    assert_eq!(native.sent().len(), 2);
}
