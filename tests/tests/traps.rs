//! A call that destroys its instance fails alone: committed state stays, calls that wait go on, nothing is sent twice.

use std::{
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use duractor_tests::{http::Exchange, wait_until, workerd};

/// A trap interrupts the calls of every test.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn wait_at(path: &str, gate: &str) -> Exchange {
    let exchange = workerd().request("GET", format!("{path}/wait/{gate}")).start().unwrap();
    wait_until("it waits at the gate", || (workerd().waiting_at(gate) == 1).then_some(()));
    exchange
}

/// Calls a method that traps, while another actor's call and another call of the same actor wait.
fn assert_fails_alone(actor: &str, method: &str) {
    let _alone = alone();
    let workerd = workerd();
    let (path, other) = (format!("/traps/{actor}"), format!("/traps/beside-{actor}"));
    workerd.post(format!("{path}/add/one")).ok();
    workerd.post(format!("{other}/add/kept")).ok();
    let waiting = wait_at(&other, &format!("beside-{actor}"));

    let answer = workerd.post(format!("{path}/{method}"));
    answer.assert_problem(500, "internal");
    assert_tells_nothing(answer.text());

    assert_eq!(workerd.get(format!("{path}/value")).ok(), "1");
    assert_eq!(workerd.get(format!("{path}/words")).ok(), "one");
    assert_eq!(workerd.post(format!("{path}/add/two")).ok(), "2");
    assert_goes_on(waiting, &format!("beside-{actor}"), "1");
    assert_eq!(workerd.get(format!("{other}/words")).ok(), "kept");
}

fn assert_tells_nothing(text: &str) {
    for secret in ["secret", "traps.rs", "unreachable", "wasm", "RuntimeError", "out of bounds", "alloc"] {
        assert!(!text.contains(secret), "{text}");
    }
}

/// The call that waits at the gate still does, has sent its request once, and answers when the gate is opened.
fn assert_goes_on(waiting: Exchange, gate: &str, answer: &str) {
    assert_eq!(workerd().waiting_at(gate), 1);
    workerd().open(gate);
    assert_eq!(waiting.answer().unwrap().ok(), answer);
    assert_eq!(sent(&format!("/gate/{gate}")), 1);
}

/// How often the upstream was asked.
fn sent(path: &str) -> u64 {
    workerd().asked(path)
}

#[test]
fn a_panic_fails_alone() {
    assert_fails_alone("panic", "panic");
    assert!(workerd().log().contains("a secret reason"), "the reason is logged");
}

#[test]
fn a_panic_after_a_wait_fails_alone() {
    assert_fails_alone("panic-later", "panic-later");
}

#[test]
fn an_abort_after_a_wait_fails_alone() {
    assert_fails_alone("unreachable", "unreachable-later");
}

#[test]
fn a_stack_overflow_fails_alone() {
    assert_fails_alone("overflow", "overflow");
}

#[test]
fn a_lack_of_memory_fails_alone() {
    assert_fails_alone("memory", "memory");
}

#[test]
fn an_index_out_of_bounds_fails_alone() {
    assert_fails_alone("index", "index");
}

#[test]
fn other_calls_of_the_actor_go_on() {
    let _alone = alone();
    workerd().post("/traps/same/add/one").ok();
    let waiting = wait_at("/traps/same", "same");
    workerd().post("/traps/same/index").assert_problem(500, "internal");
    assert_goes_on(waiting, "same", "1");
    assert_eq!(workerd().get("/traps/same/value").ok(), "1");
}

#[test]
fn a_call_that_waits_for_its_turn_takes_it() {
    let _alone = alone();
    let holder = wait_at("/traps/turn", "turn");
    let writer = workerd().request("POST", "/traps/turn/add/one").start().unwrap();
    assert_eq!(workerd().get("/traps/turn/ping").status, 204);
    workerd().post("/traps/elsewhere/panic").assert_problem(500, "internal");
    assert_goes_on(holder, "turn", "0");
    assert_eq!(writer.answer().unwrap().ok(), "1");
    assert_eq!(workerd().get("/traps/turn/value").ok(), "1");
}

#[test]
fn a_function_that_names_actors_may_panic() {
    let _alone = alone();
    workerd().get("/function?panic").assert_problem(500, "internal");
    assert_eq!(workerd().get("/function/visits?after").ok(), "0");
}

#[test]
fn a_trap_outside_of_any_call_is_survived() {
    let _alone = alone();
    let before = workerd().log().matches("a secret reason").count();
    assert_eq!(workerd().post("/traps/spawn/spawn-panic").ok(), "1");
    wait_until("it has trapped", || (workerd().log().matches("a secret reason").count() > before).then_some(()));
    assert_eq!(workerd().get("/traps/spawn/value").ok(), "1");
    assert_eq!(workerd().get("/traps/spawn/delay").ok(), "over");
    assert_eq!(workerd().post("/traps/spawn/add/word").ok(), "2");
}

#[test]
fn an_upload_survives_a_trap() {
    let _alone = alone();
    let mut upload = Exchange::connect(workerd().address()).unwrap();
    upload.write(b"POST /inputs/echo HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n01234").unwrap();
    workerd().post("/traps/upload/panic").assert_problem(500, "internal");
    upload.write(b"56789").unwrap();
    assert_eq!(upload.answer().unwrap().ok(), "0123456789");
}

#[test]
fn many_traps_in_a_row_are_survived() {
    let _alone = alone();
    for at in 0..30 {
        workerd().post(format!("/traps/row/add/{at}")).ok();
        workerd().post("/traps/row/panic").assert_problem(500, "internal");
    }
    assert_eq!(workerd().get("/traps/row/value").ok(), "30");
}

#[test]
fn traps_of_many_actors_at_once_hang_nobody() {
    let _alone = alone();
    thread::scope(|scope| {
        for actor in 0..12 {
            scope.spawn(move || {
                for round in 0..10 {
                    let method = ["panic", "panic-later", "add/word", "unreachable-later"][(actor + round) % 4];
                    let answer = workerd().post(format!("/traps/crowd-{actor}/{method}"));
                    let expected = if method == "add/word" { 200 } else { 500 };
                    assert_eq!(answer.status, expected, "{method}: {}", answer.text());
                }
            });
        }
    });
    for actor in 0..12 {
        assert_eq!(workerd().get(format!("/traps/crowd-{actor}/value")).status, 200);
    }
}

/// What is answered is committed, and what is not answered 200 has left no trace, whatever happens in between.
#[test]
fn every_acknowledged_change_survives_traps_and_nothing_else_does() {
    const CLIENTS: u64 = 8;
    const STEPS: u64 = 60;
    const ACTORS: u64 = 3;
    let _alone = alone();
    workerd().open("soak");
    let counted = [const { AtomicU64::new(0) }; ACTORS as usize];
    let abandoned = [const { AtomicU64::new(0) }; ACTORS as usize];
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (counted, abandoned) = (&counted, &abandoned);
            scope.spawn(move || {
                let mut random = Random(client);
                for _ in 0..STEPS {
                    let actor = random.below(ACTORS);
                    let path = format!("/turns/soak-{actor}");
                    let post = |method: &str| workerd().request("POST", format!("{path}/{method}"));
                    let method = match random.below(10) {
                        0 => "fail/soak",
                        1 => "fail-at-once",
                        2 => "take-back",
                        3 | 4 => "write/soak",
                        5 => {
                            let trap = ["panic", "panic-later", "overflow"][random.below(3) as usize];
                            workerd().post(format!("/traps/soak/{trap}")).assert_problem(500, "internal");
                            continue;
                        }
                        6 => {
                            post("write/soak").start().unwrap().reset().unwrap();
                            abandoned[actor as usize].fetch_add(1, Ordering::Relaxed);
                            continue;
                        }
                        _ => "add/1",
                    };
                    let answer = post(method).send();
                    let counts = answer.status == 200 && method != "take-back";
                    counted[actor as usize].fetch_add(counts.into(), Ordering::Relaxed);
                    assert!([200, 409].contains(&answer.status), "{method}: {}", answer.text());
                }
            });
        }
    });
    for actor in 0..ACTORS as usize {
        let counted = counted[actor].load(Ordering::Relaxed);
        let most = counted + abandoned[actor].load(Ordering::Relaxed);
        let value: u64 = workerd().get(format!("/turns/soak-{actor}/value")).ok().parse().unwrap();
        assert!((counted..=most).contains(&value), "{value} is not in {counted}..={most}");
    }
}

/// Numbers without a pattern, the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}
