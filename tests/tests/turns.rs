//! `&self` calls interleave, a `&mut self` call is alone from its first line to its last, and who fails leaves no trace.

use std::thread;

use duractor_tests::{http::Exchange, wait_until, workerd, workerd::Workerd};
use serde_json::json;

/// One actor of the class, with gates of its own.
struct Actor {
    workerd: &'static Workerd,
    name: &'static str,
}

impl Actor {
    fn new(name: &'static str) -> Self {
        Self { workerd: workerd(), name }
    }

    fn path(&self, path: &str) -> String {
        format!("/turns/{}/{path}", self.name)
    }

    fn gate(&self, gate: &str) -> String {
        format!("{}-{gate}", self.name)
    }

    /// Sends a request, and waits until the actor has it.
    fn start(&self, method: &str, path: &str) -> Exchange {
        let mark = format!("{method} {path} {}", self.journal().len());
        let request = self.workerd.request(method, self.path(path)).header("x-mark", &mark);
        let exchange = request.start().unwrap();
        let arrived = format!("arrived {mark}");
        wait_until("the router sees the request", || self.journal().contains(&arrived).then_some(()));
        // It takes the same way, so it comes behind.
        assert_eq!(self.workerd.get(self.path("ping")).status, 204);
        exchange
    }

    fn wait_at(&self, method: &str, path: &str, gate: &str) -> Exchange {
        let gate = self.gate(gate);
        let before = self.workerd.waiting_at(&gate);
        let exchange = self.start(method, &format!("{path}/{gate}"));
        wait_until("it waits at the gate", || (self.workerd.waiting_at(&gate) > before).then_some(()));
        exchange
    }

    fn open(&self, gate: &str) {
        self.workerd.open(&self.gate(gate));
    }

    fn journal(&self) -> Vec<String> {
        serde_json::from_value(self.workerd.get(self.path("journal")).json()).unwrap()
    }

    /// The journal without arrivals.
    fn events(&self) -> Vec<String> {
        self.journal().into_iter().filter(|event| !event.starts_with("arrived")).collect()
    }

    fn value(&self) -> u64 {
        self.workerd.get(self.path("value")).ok().parse().unwrap()
    }
}

#[test]
fn shared_calls_wait_side_by_side() {
    let actor = Actor::new("side-by-side");
    let calls = [(); 5].map(|()| actor.wait_at("GET", "read", "a"));
    assert_eq!(actor.workerd.waiting_at(&actor.gate("a")), 5);
    actor.open("a");
    for call in calls {
        assert_eq!(call.answer().unwrap().ok(), "0");
    }
}

#[test]
fn an_exclusive_call_is_alone_across_its_wait() {
    let actor = Actor::new("alone");
    let first = actor.wait_at("POST", "write", "a");
    let second = actor.start("POST", &format!("write/{}", actor.gate("b")));
    let reader = actor.start("GET", "look/reader");
    assert_eq!(actor.workerd.waiting_at(&actor.gate("b")), 0);
    actor.open("b");
    actor.open("a");
    assert_eq!(first.answer().unwrap().ok(), "1");
    assert_eq!(second.answer().unwrap().ok(), "2");
    assert_eq!(reader.answer().unwrap().ok(), "2");
    let (a, b) = (actor.gate("a"), actor.gate("b"));
    let expected = [
        format!("write {a} begins"),
        format!("write {a} passed"),
        format!("write {a} ends"),
        format!("write {b} begins"),
        format!("write {b} passed"),
        format!("write {b} ends"),
        "look reader".into(),
    ];
    assert_eq!(actor.events(), expected);
}

#[test]
fn an_exclusive_call_waits_for_the_readers_before_it() {
    let actor = Actor::new("behind-readers");
    let readers = [(); 3].map(|()| actor.wait_at("GET", "read", "a"));
    let writer = actor.start("POST", "add/5");
    let late = actor.start("GET", "look/late");
    assert!(!actor.events().contains(&"add 5".to_owned()));
    actor.open("a");
    for reader in readers {
        assert_eq!(reader.answer().unwrap().ok(), "0");
    }
    assert_eq!(writer.answer().unwrap().ok(), "5");
    assert_eq!(late.answer().unwrap().ok(), "5");
}

#[test]
fn turns_are_granted_in_order_of_arrival() {
    let actor = Actor::new("in-order");
    let holder = actor.wait_at("POST", "write", "a");
    let mut calls = Vec::new();
    for at in 1..=30 {
        let (method, path) = if at % 3 == 0 { ("GET", format!("look/{at}")) } else { ("POST", format!("add/{at}")) };
        calls.push(actor.start(method, &path));
    }
    actor.open("a");
    assert_eq!(holder.answer().unwrap().status, 200);
    for call in calls {
        assert_eq!(call.answer().unwrap().status, 200);
    }
    let order: Vec<u32> =
        actor.events()[3..].iter().map(|event| event.split(' ').nth(1).unwrap().parse().unwrap()).collect();
    assert_eq!(order, (1..=30).collect::<Vec<_>>());
}

#[test]
fn a_call_with_short_turns_holds_none_while_it_waits() {
    let actor = Actor::new("short");
    let short = actor.wait_at("POST", "short", "a");
    assert_eq!(actor.workerd.post(actor.path("add/10")).ok(), "11");
    assert_eq!(actor.value(), 11);
    actor.open("a");
    assert_eq!(short.answer().unwrap().ok(), "10");
    assert_eq!(actor.value(), 12);
}

#[test]
fn a_turn_that_fails_leaves_no_trace() {
    let actor = Actor::new("no-trace");
    actor.open("a");
    actor.workerd.post(actor.path(&format!("write/{}", actor.gate("a")))).ok();
    let before = (actor.value(), actor.workerd.get(actor.path("words")).json());
    assert_eq!(before, (1, json!([actor.gate("a")])));

    actor.workerd.post(actor.path("fail-at-once")).assert_problem(409, "on-purpose");
    assert_eq!((actor.value(), actor.workerd.get(actor.path("words")).json()), before);
    actor.workerd.post(actor.path(&format!("fail/{}", actor.gate("a")))).assert_problem(409, "on-purpose");
    assert_eq!((actor.value(), actor.workerd.get(actor.path("words")).json()), before);
    actor.workerd.post(actor.path("short-fail")).assert_problem(409, "on-purpose");
    assert_eq!((actor.value(), actor.workerd.get(actor.path("words")).json()), before);
    assert_eq!(actor.workerd.post(actor.path("take-back")).ok(), "101");
    assert_eq!((actor.value(), actor.workerd.get(actor.path("words")).json()), before);
}

#[test]
fn a_failing_turn_is_never_seen_by_others() {
    let actor = Actor::new("unseen");
    let failing = actor.wait_at("POST", "fail", "a");
    let reader = actor.start("GET", "look/after");
    actor.open("a");
    failing.answer().unwrap().assert_problem(409, "on-purpose");
    assert_eq!(reader.answer().unwrap().ok(), "0");
}

#[test]
fn a_status_alone_rolls_nothing_back() {
    let actor = Actor::new("status");
    assert_eq!(actor.workerd.post(actor.path("conflict")).status, 409);
    assert_eq!(actor.value(), 1);
}

#[test]
fn additions_from_many_clients_are_all_counted() {
    let actor = Actor::new("sum");
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for _ in 0..25 {
                    workerd().post("/turns/sum/add/3").ok();
                }
            });
        }
    });
    assert_eq!(actor.value(), 16 * 25 * 3);
}

/// The actors share an instance, but each goes on in its own context.
#[test]
fn an_actor_wakes_the_calls_of_another() {
    let hearers: Vec<_> = (0..10)
        .map(|at| {
            let path = format!("/turns/hearer-{at}/hear/word");
            let call = workerd().request("GET", path).header("x-mark", "hear").start().unwrap();
            wait_until("it listens", || {
                let journal = workerd().get(format!("/turns/hearer-{at}/journal")).json();
                (journal == json!(["arrived hear"])).then_some(())
            });
            assert_eq!(workerd().get(format!("/turns/hearer-{at}/ping")).status, 204);
            call
        })
        .collect();
    assert_eq!(workerd().post("/turns/sayer/say/word").ok(), "10");
    for hearer in hearers {
        assert_eq!(hearer.answer().unwrap().ok(), "sayer");
    }
}

#[test]
fn one_waiting_call_too_many_is_refused() {
    const TASKS_MAX: usize = 1024;
    let actor = Actor::new("overload");
    let gate = actor.gate("a");
    let holder = actor.wait_at("POST", "write", "a");
    let (path, workerd) = (actor.path("add/1"), actor.workerd);
    let calls: Vec<_> =
        (1..TASKS_MAX).map(|_| workerd.request("POST", &path).header("x-mark", "w").start().unwrap()).collect();
    let arrived = || actor.journal().iter().filter(|event| *event == "arrived w").count();
    wait_until("all wait", || (arrived() == TASKS_MAX - 1).then_some(()));
    assert_eq!(workerd.get(actor.path("ping")).status, 204);

    let refused = workerd.post(&path);
    refused.assert_problem(503, "overloaded");
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(workerd.get("/turns/another/value").ok(), "0");

    workerd.open(&gate);
    assert_eq!(holder.answer().unwrap().ok(), "1");
    for call in calls {
        assert_eq!(call.answer().unwrap().status, 200);
    }
    assert_eq!(actor.value(), TASKS_MAX as u64);
}
