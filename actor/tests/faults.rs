//! Storage that fails, and objects that crash, at every point of a commit.
use std::cell::RefCell;

use duractor::{
    Limits,
    native::{Answer, Fault, Native, Sent},
    prelude::*,
};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const SHOP: &str = "https://shop.example/";

#[derive(Default, Actor)]
struct Cart {
    count: u64,
    items: Arena<u64>,
    #[actor(transient)]
    calls: RefCell<u64>,
}

#[methods]
impl Cart {
    #[created]
    fn create(&mut self) {
        self.count = 100;
    }

    #[get]
    fn show(&self) -> String {
        format!("{} {}", self.count, self.items.values().sum::<u64>())
    }

    #[post("/add")]
    fn add(&mut self) -> u64 {
        self.count += 1;
        self.items.insert(self.count);
        self.count
    }

    #[post("/order")]
    fn order(&mut self, cx: &Cx) -> Result<u64> {
        cx.after_commit(async |cx| {
            cx.post(SHOP).await?;
            Ok(())
        })?;
        Ok(self.add())
    }

    #[post("/slow-order")]
    fn order_later(&mut self, cx: &Cx) -> Result<u64> {
        cx.after_commit(async |cx| {
            cx.sleep(millis(10)).await;
            cx.post(SHOP).await?;
            Ok(())
        })?;
        Ok(self.add())
    }

    /// Commits twice, and waits in between.
    #[post("/twice")]
    async fn twice(me: Me<Self>, cx: &Cx) -> Result<u64> {
        me.turn(|cart| Ok::<_, Error>(cart.add())).await?;
        cx.sleep(millis(10)).await;
        me.turn(|cart| Ok(cart.add())).await
    }

    #[get("/wait")]
    async fn wait(&self, cx: &Cx) -> &'static str {
        cx.sleep(millis(10)).await;
        "waited"
    }

    /// How many calls this memory has seen.
    #[get("/calls")]
    fn calls(&self) -> u64 {
        *self.calls.borrow_mut() += 1;
        *self.calls.borrow()
    }

    #[post("/via/{other}")]
    async fn add_elsewhere(other: &str, cx: &Cx) -> Result<String> {
        let reply = cx.post(format!("/cart/{other}/add")).await?;
        Ok(format!("{} {}", reply.status(), reply.header("retry-after").unwrap_or_default()))
    }
}

#[routes]
fn routes() -> Router {
    Router::new().mount::<Cart>("/cart/{name}", "{name}")
}

/// With one cart of one item.
fn native() -> Native {
    let native = Native::new().routes(routes());
    native.upstream(SHOP, Answer::text("thanks"));
    assert_eq!(native.post("/cart/a/add").send().text(), "101");
    native
}

fn show(native: &Native) -> String {
    native.get("/cart/a").send().text().into_owned()
}

const NOT_KEPT: &str = "101 101";
const KEPT: &str = "102 203";
const ALL: [(Fault, &str, &str); 5] = [
    (Fault::FailCommit, "commit-failed", NOT_KEPT),
    (Fault::LoseCommit, "unavailable", NOT_KEPT),
    (Fault::CrashBefore, "unavailable", NOT_KEPT),
    (Fault::CrashDuring, "unavailable", NOT_KEPT),
    (Fault::CrashAfter, "unavailable", KEPT),
];

#[test]
fn each_fault_ends_the_call_and_leaves_what_was_durable() {
    for (fault, kind, left) in ALL {
        for what in ["add", "order", "twice"] {
            let native = native();
            native.inject(fault);
            let reply = native.post(&format!("/cart/a/{what}")).send();
            assert_eq!((reply.status, reply.header("retry-after")), (503, Some("1")), "{fault:?}");
            assert!(reply.text().contains(kind), "{fault:?}: {}", reply.text());
            assert_eq!(show(&native), left, "{fault:?} at {what}");
            native.evict("Cart", "a");
            assert_eq!(show(&native), left, "{fault:?} at {what}");
            native.advance(secs(60));
            assert_eq!(native.sent(), [], "{fault:?}: who is not told has ordered nothing");
        }
    }
}

#[test]
fn a_crash_takes_memory_and_a_refusal_does_not() {
    for (fault, _, _) in ALL {
        let native = native();
        assert_eq!(native.get("/cart/a/calls").send().text(), "1");
        native.inject(fault);
        native.post("/cart/a/add").send();
        let calls = if fault == Fault::FailCommit { "2" } else { "1" };
        assert_eq!(native.get("/cart/a/calls").send().text(), calls, "{fault:?}");
    }
}

#[test]
fn a_crash_ends_all_calls_of_its_actor_and_of_no_other() {
    for (fault, kind, _) in ALL.into_iter().skip(1) {
        let native = native();
        let waits = native.get("/cart/a/wait").start();
        let begun = native.post("/cart/a/twice").start();
        let other = native.get("/cart/b/wait").start();
        native.inject_into("Cart", "a", fault);
        // The first one ends in the same moment in which the next one's turn begins, and its reply has not left then.
        for reply in [waits.wait(), begun.wait()] {
            assert_eq!(reply.status, 503);
            assert!(reply.text().contains(kind), "{fault:?}: {}", reply.text());
        }
        assert_eq!(other.wait().text(), "waited");
    }
}

#[test]
fn calls_under_way_end_with_their_objects() {
    type End = fn(&Native);
    let ends: [(End, &str); 2] = [(|native| native.evict("Cart", "a"), "unavailable"), (Native::crash, "unavailable")];
    for (end, kind) in ends {
        let native = native();
        let waits = native.get("/cart/a/wait").start();
        let queued = native.post("/cart/a/add").start();
        end(&native);
        for reply in [waits.wait(), queued.wait()] {
            assert_eq!((reply.status, reply.header("retry-after")), (503, Some("1")));
            assert!(reply.text().contains(kind), "{}", reply.text());
        }
        assert_eq!(show(&native), NOT_KEPT);
        native.advance(secs(60));
        assert_eq!(show(&native), NOT_KEPT, "what came too late is dropped");
    }
}

#[test]
fn the_first_turn_of_a_call_stays_when_the_second_is_lost() {
    for (fault, _, _) in ALL {
        let native = native();
        let call = native.post("/cart/a/twice").start();
        assert_eq!(show(&native), KEPT);
        native.inject(fault);
        assert_eq!(call.wait().status, 503);
        let left = if fault == Fault::CrashAfter { "103 306" } else { KEPT };
        assert_eq!(show(&native), left, "{fault:?}");
    }
}

#[test]
fn an_actor_that_crashes_when_it_is_made_is_made_again() {
    for (fault, _, left) in ALL {
        let native = Native::new().routes(routes());
        native.inject_into("Cart", "a", fault);
        let reply = native.post("/cart/a/add").send();
        assert_eq!((reply.status, reply.header("retry-after")), (503, Some("1")), "{fault:?}");
        let is_kept = left == KEPT;
        assert_eq!(native.stored("Cart", "a").is_empty(), !is_kept, "{fault:?}");
        assert_eq!(native.post("/cart/a/add").send().text(), "101", "`created` has run once, whatever came between");
    }
}

#[test]
fn effects_run_after_their_commit_and_never_twice() {
    let native = native();
    assert_eq!(native.post("/cart/a/order").send().text(), "102");
    native.run();
    assert_eq!(native.sent().len(), 1);
    native.evict("Cart", "a");
    native.advance(secs(60));
    assert_eq!(native.sent().len(), 1);
    assert_eq!(native.post("/cart/a/slow-order").send().text(), "103");
    native.evict("Cart", "a");
    native.advance(secs(60));
    assert_eq!(native.sent().len(), 1, "the object ended before the effect did");
}

#[test]
fn an_effect_goes_on_when_its_client_has_gone() {
    let native = native();
    native.post("/cart/a/slow-order").start().abort();
    assert_eq!(native.sent(), []);
    native.advance(secs(60));
    assert_eq!(native.sent().iter().map(|sent: &Sent| sent.url.as_str()).collect::<Vec<_>>(), [SHOP]);
}

#[test]
fn who_waits_for_a_crashed_actor_is_told_so() {
    for (fault, _, _) in ALL {
        let native = native();
        native.inject_into("Cart", "a", fault);
        assert_eq!(native.post("/cart/b/via/a").send().text(), "503 1", "{fault:?}");
    }
}

#[test]
fn a_read_that_fails_is_told_and_the_next_one_may_succeed() {
    let native = native();
    native.evict("Cart", "a");
    native.inject(Fault::FailRead);
    let reply = native.get("/cart/a").send();
    assert_eq!((reply.status, reply.header("retry-after")), (503, Some("1")));
    assert!(reply.text().contains("storage-failed"), "{}", reply.text());
    assert_eq!(show(&native), NOT_KEPT);
}

#[test]
fn a_rollback_that_cannot_read_costs_the_memory_and_nothing_else() {
    let native = native();
    native.inject(Fault::FailCommit);
    native.inject(Fault::FailRead);
    assert_eq!(native.post("/cart/a/add").send().status, 503);
    assert_eq!(show(&native), NOT_KEPT);
    assert_eq!(native.post("/cart/a/add").send().text(), "102");
    assert_eq!(show(&native), KEPT);
}

#[test]
fn faults_hit_whom_they_are_for_in_order() {
    let native = native();
    native.inject_into("Cart", "b", Fault::CrashAfter);
    native.inject(Fault::FailCommit);
    native.inject(Fault::CrashBefore);
    assert_eq!(native.get("/cart/a").send().status, 200, "what commits nothing is not hit");
    assert!(native.post("/cart/a/add").send().text().contains("commit-failed"));
    assert!(native.post("/cart/a/add").send().text().contains("unavailable"));
    assert_eq!(native.post("/cart/a/add").send().text(), "102");
    native.fail_commits(3);
    native.fail_commits(0);
    assert_eq!(native.post("/cart/a/add").send().text(), "103");
    assert_eq!(native.post("/cart/b/add").send().status, 503);
    assert_eq!(native.post("/cart/b/add").send().text(), "101");
}

/// More actors than may be in memory at once: those that are idle leave it and come back.
#[test]
fn idle_actors_leave_memory_and_lose_nothing() {
    let native = Native::new().routes(routes().limits(Limits { actors_max: 8, ..Limits::default() }));
    let waits = native.get("/cart/0/wait").start();
    for round in 1..4 {
        for name in 0..40 {
            let added = native.post(&format!("/cart/{name}/add")).start();
            if name > 0 {
                assert_eq!(added.wait().text(), (100 + round).to_string());
            }
        }
    }
    assert_eq!(waits.wait().text(), "waited", "an actor with a call under way stays");
    assert_eq!(native.get("/cart/7/calls").send().text(), "1");
}
