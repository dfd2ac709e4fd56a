//! What traps cost those who did not cause them: nothing is lost, sent twice or mixed up, and no memory stays behind.

use std::{
    sync::{Mutex, MutexGuard},
    thread,
};

use duractor_tests::{
    http::{Answer, Exchange},
    wait_until, workerd,
};
use serde_json::Value;

/// A trap interrupts the calls of every test.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// How often the upstream was asked for each path that begins so.
fn sent_below(path: &str) -> Vec<(String, u64)> {
    let counts = workerd().upstream(format!("/counts?path={path}")).json();
    let Value::Object(counts) = counts else { panic!("{counts}") };
    counts.into_iter().map(|(path, count)| (path, count.as_u64().unwrap())).collect()
}

/// What a call of `rounds` reads.
fn rounds(id: &str) -> String {
    let all = (0..2).flat_map(|round| (0..3).map(move |at| format!("{id}/{round}/{at}")));
    all.collect::<Vec<_>>().join(" ")
}

/// Many calls over many actors at once, a few of which end the instance in their midst.
fn crowd(name: &str, ways: &[&str]) {
    const CALLS: usize = 200;
    const ACTORS: usize = 20;
    let _alone = alone();
    let trap_every = CALLS / ways.len();
    let way = |at: usize| (at % trap_every == trap_every / 2).then(|| ways[at / trap_every]);
    let answers: Vec<(usize, Answer)> = thread::scope(|scope| {
        let call = |at: usize| {
            let (actor, id) = (format!("/traps/{name}-{}", at % ACTORS), format!("{name}-{at}"));
            let answer = match way(at) {
                Some(how) => workerd().post(format!("{actor}/trap-rounds/{id}/{how}")),
                None if at % 3 == 0 => workerd().post(format!("{actor}/write-rounds/{id}")),
                None => workerd().get(format!("{actor}/rounds/{id}")),
            };
            (at, answer)
        };
        let calls: Vec<_> = (0..CALLS).map(|at| scope.spawn(move || call(at))).collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    for (at, answer) in &answers {
        match way(*at) {
            Some(_) => drop(answer.assert_problem(500, "internal")),
            None => assert_eq!(answer.ok(), rounds(&format!("{name}-{at}"))),
        }
    }
    assert_eq!(answers.iter().filter(|(_, answer)| answer.status == 500).count(), ways.len());
    let sent = sent_below(&format!("/later/20/{name}-"));
    assert_eq!(sent.len(), 6 * CALLS);
    for (path, count) in sent {
        assert_eq!(count, 1, "{path}");
    }
    for actor in 0..ACTORS {
        let written = (0..CALLS).filter(|at| at % ACTORS == actor && at % 3 == 0 && way(*at).is_none()).count();
        assert_eq!(workerd().get(format!("/traps/{name}-{actor}/value")).ok(), written.to_string());
    }
}

#[test]
fn five_panics_among_two_hundred_calls_fail_five_calls() {
    crowd("panics", &["panic"; 5]);
}

#[test]
fn other_traps_among_two_hundred_calls_fail_their_calls() {
    crowd("memory", &["memory"; 5]);
    crowd("overflow", &["overflow"; 5]);
    crowd("mixed", &["panic", "memory", "overflow", "unreachable", "panic"]);
}

fn wait_at(method: &str, path: &str, gate: &str) -> Exchange {
    let exchange = workerd().request(method, format!("{path}/{gate}")).start().unwrap();
    wait_until("it waits at the gate", || (workerd().waiting_at(gate) == 1).then_some(()));
    exchange
}

/// A trap while a call of another actor waits, which then goes on.
fn beside_a_waiting_call(name: &str, act: impl FnOnce()) {
    let gate = format!("beside-{name}");
    let waiting = wait_at("GET", &format!("/traps/{gate}/wait"), &gate);
    act();
    workerd().open(&gate);
    assert_eq!(waiting.answer().unwrap().ok(), "0");
    assert_eq!(sent_below(&format!("/gate/{gate}")), [(format!("/gate/{gate}"), 1)]);
}

#[test]
fn a_trap_within_a_commit_leaves_no_trace() {
    let _alone = alone();
    beside_a_waiting_call("commit", || {
        for part in ["brittle", "items"] {
            let actor = format!("/traps/commit-{part}");
            let store = || assert_eq!(workerd().post(format!("{actor}/{part}/12")).status, 204);
            store();
            workerd().post(format!("{actor}/{part}/13")).assert_problem(500, "internal");
            assert_eq!(workerd().get(format!("{actor}/value")).ok(), "1");
            store();
            assert_eq!(workerd().get(format!("{actor}/value")).ok(), "2");
        }
    });
}

#[test]
fn an_actor_that_traps_while_it_comes_into_memory_fails_alone() {
    let _alone = alone();
    beside_a_waiting_call("hydration", || {
        for part in ["brittle", "items"] {
            let actor = format!("/traps/hydration-{part}");
            assert_eq!(workerd().post(format!("{actor}/{part}/14")).status, 204);
            workerd().post("/traps/hydration/panic").assert_problem(500, "internal");
            for _ in 0..3 {
                workerd().get(format!("{actor}/value")).assert_problem(500, "internal");
            }
        }
        assert_eq!(workerd().get("/traps/hydration/value").ok(), "0");
    });
}

#[test]
fn calls_of_an_actor_that_cannot_come_back_are_told() {
    let _alone = alone();
    let waiting = wait_at("POST", "/traps/gone/commit-and-wait", "gone-1");
    let another = wait_at("POST", "/traps/gone/commit-and-wait", "gone-2");
    assert_eq!(workerd().post("/traps/gone/brittle/14").status, 204);
    let other = wait_at("GET", "/traps/stays/wait", "stays");
    workerd().post("/traps/elsewhere/panic").assert_problem(500, "internal");
    for answer in [waiting, another] {
        answer.answer().unwrap().assert_problem(500, "internal");
    }
    workerd().open("stays");
    assert_eq!(other.answer().unwrap().ok(), "0");
}

#[test]
fn a_body_whose_decoding_traps_fails_alone() {
    let _alone = alone();
    beside_a_waiting_call("decode", || {
        assert_eq!(workerd().post_json("/traps/decode/decode", &13.into()).ok(), "13");
        workerd().post_json("/traps/decode/decode", &14.into()).assert_problem(500, "internal");
    });
}

#[test]
fn a_call_that_has_stored_something_is_told_so_and_not_run_again() {
    let _alone = alone();
    let waiting = wait_at("POST", "/traps/stored/commit-and-wait", "stored");
    workerd().post("/traps/elsewhere/panic").assert_problem(500, "internal");
    let answer = waiting.answer().unwrap();
    answer.assert_problem(503, "interrupted");
    assert_eq!((answer.header("retry-after"), &answer.json()["committed"]), (None, &true.into()));
    assert_eq!(workerd().get("/traps/stored/value").ok(), "1");
}

#[test]
fn a_call_that_has_used_bindings_is_told_to_try_again() {
    let _alone = alone();
    let waiting = wait_at("GET", "/traps/bound/binding", "bound");
    workerd().post("/traps/elsewhere/panic").assert_problem(500, "internal");
    let answer = waiting.answer().unwrap();
    answer.assert_problem(503, "interrupted");
    assert_eq!(answer.header("retry-after"), Some("1"));
}

#[test]
fn time_and_chance_are_the_same_again() {
    let _alone = alone();
    let waiting = wait_at("GET", "/traps/chance/chance", "chance");
    for _ in 0..3 {
        workerd().post("/traps/elsewhere/panic").assert_problem(500, "internal");
    }
    workerd().open("chance");
    let answer = waiting.answer().unwrap();
    let sent = sent_below("/text/chance/");
    assert_eq!(sent, [(format!("/text/chance/{}", answer.ok()), 1)]);
}

/// They end as soon as they are run again, one after the other.
#[test]
fn calls_that_stand_in_line_behind_a_trap_take_their_turns() {
    let _alone = alone();
    let beside = wait_at("GET", "/traps/line/free", "line");
    let trap = workerd().request("POST", "/traps/line/trap-rounds/line/panic").start().unwrap();
    wait_until("it holds the turn", || (!sent_below("/later/20/line/0/").is_empty()).then_some(()));
    let writers: Vec<_> =
        (0..5).map(|at| workerd().request("POST", format!("/traps/line/add/{at}")).start().unwrap()).collect();
    let reader = workerd().request("GET", "/traps/line/rounds/line-reader").start().unwrap();
    trap.answer().unwrap().assert_problem(500, "internal");
    let mut values: Vec<u64> = writers.into_iter().map(|call| call.answer().unwrap().ok().parse().unwrap()).collect();
    values.sort_unstable();
    assert_eq!(values, [1, 2, 3, 4, 5]);
    assert_eq!(reader.answer().unwrap().ok(), rounds("line-reader"));
    workerd().open("line");
    assert_eq!(beside.answer().unwrap().ok(), "passed line");
    assert_eq!(workerd().get("/traps/line/value").ok(), "5");
}

/// The turn is stored and its reply is made when the next in line traps, all in one entry.
#[test]
fn a_reply_that_was_made_before_the_trap_is_sent() {
    let _alone = alone();
    for round in 1..=10 {
        let first = workerd().request("POST", "/traps/made/add-later").start().unwrap();
        let second = workerd().request("POST", "/traps/made/panic").start().unwrap();
        let (first, second) = (first.answer().unwrap(), second.answer().unwrap());
        assert_eq!(first.ok(), round.to_string());
        second.assert_problem(500, "internal");
    }
    assert_eq!(workerd().get("/traps/made/value").ok(), "10");
}

#[test]
fn a_chain_of_calls_survives_traps() {
    let _alone = alone();
    let outer = workerd().request("GET", "/chain/again/shared/again").start().unwrap();
    wait_until("the reader waits", || (workerd().waiting_at("again") == 1).then_some(()));
    let writer = workerd().request("POST", "/chain/again/add").start().unwrap();
    assert_eq!(workerd().get("/chain/again/ping").status, 204);
    for _ in 0..3 {
        workerd().post("/traps/elsewhere/panic").assert_problem(500, "internal");
    }
    workerd().open("again");
    assert_eq!(outer.answer().unwrap().json()["body"], "0");
    assert_eq!(writer.answer().unwrap().ok(), "1");
}

#[test]
fn an_effect_and_its_call_keep_journals_of_their_own() {
    let _alone = alone();
    assert_eq!(workerd().post("/traps/effect/effect-and-wait/one").ok(), "method/one");
    wait_until("the effect is done", || (!sent_below("/text/effect/one").is_empty()).then_some(()));
    assert_eq!(sent_below("/text/method/one"), [("/text/method/one".to_owned(), 1)]);
}

#[test]
fn a_call_that_is_behind_is_found_by_the_next_trap() {
    let _alone = alone();
    workerd().open("behind-1");
    let peek = wait_at("GET", "/traps/behind/peek/behind-1", "behind-2");
    let hold = wait_at("POST", "/traps/behind/hold", "behind-3");
    for _ in 0..2 {
        workerd().post("/traps/elsewhere/panic").assert_problem(500, "internal");
    }
    workerd().open("behind-3");
    workerd().open("behind-2");
    assert_eq!((hold.answer().unwrap().ok(), peek.answer().unwrap().ok()), ("1", "1"));
    for gate in ["behind-3", "behind-2"] {
        assert_eq!(sent_below(&format!("/gate/{gate}")), [(format!("/gate/{gate}"), 1)]);
    }
}

/// What calls have noted that never wait is forgotten with them.
#[test]
fn calls_that_read_the_clock_do_not_use_up_the_journals() {
    let _alone = alone();
    for _ in 0..300 {
        assert_eq!(workerd().get("/traps/clock/clock").ok(), "100");
    }
    beside_a_waiting_call("clock", || {
        workerd().post("/traps/elsewhere/panic").assert_problem(500, "internal");
    });
}

#[test]
fn a_body_is_there_again_unless_it_is_larger_than_all_journals_may_be() {
    let _alone = alone();
    let upload = |gate: &str, bytes: usize| {
        let path = format!("/traps/upload-{gate}/upload/{gate}");
        let exchange = workerd().request("POST", path).body(vec![7; bytes]).start().unwrap();
        wait_until("it waits at the gate", || (workerd().waiting_at(gate) == 1).then_some(()));
        exchange
    };
    let (small, large) = (upload("small", 100_000), upload("large", 2_000_000));
    workerd().post("/traps/elsewhere/panic").assert_problem(500, "internal");
    let answer = large.answer().unwrap();
    answer.assert_problem(503, "interrupted");
    assert_eq!(answer.header("retry-after"), Some("1"));
    workerd().open("small");
    assert_eq!(small.answer().unwrap().ok(), "100000 Some(7)");
}

#[test]
fn a_binding_that_is_no_secret_traps_nobody() {
    let _alone = alone();
    let waiting = wait_at("POST", "/traps/secret/commit-and-wait", "secret");
    workerd().get("/no-secret").assert_problem(500, "internal");
    workerd().open("secret");
    assert_eq!(waiting.answer().unwrap().ok(), "1");
}

#[test]
fn a_client_that_leaves_during_the_recovery_is_let_go() {
    let _alone = alone();
    for _ in 0..5 {
        let waiting = wait_at("GET", "/traps/left/wait", "left");
        let trap = workerd().request("POST", "/traps/elsewhere/panic").start().unwrap();
        waiting.reset().unwrap();
        trap.answer().unwrap().assert_problem(500, "internal");
        wait_until("the request is aborted", || (workerd().waiting_at("left") == 0).then_some(()));
    }
    assert_eq!(workerd().post("/traps/left/add/one").ok(), "1");
}

#[test]
fn a_thousand_traps_leave_no_memory_behind() {
    const TRAPS: usize = 1_000;
    const GROWTH_MAX_BYTES: u64 = 48 << 20;
    let _alone = alone();
    let waiting = wait_at("GET", "/traps/beside-thousand/wait", "thousand");
    let trap = |count: usize| {
        for at in 0..count {
            let how = ["panic", "overflow", "panic-later", "unreachable-later"][at % 4];
            workerd().post(format!("/traps/thousand/{how}")).assert_problem(500, "internal");
            if at % 10 == 0 {
                assert_eq!(workerd().get("/traps/thousand/value").ok(), "0");
            }
        }
    };
    let settled = || {
        // What an instance held is collected in several rounds.
        (0..5).for_each(|_| _ = workerd().post("/traps/thousand/collect").ok());
        workerd().resident_bytes()
    };
    trap(TRAPS / 10);
    let before = settled();
    trap(TRAPS);
    let after = settled();
    assert!(after < before + GROWTH_MAX_BYTES, "{} MiB, then {} MiB", before >> 20, after >> 20);
    workerd().open("thousand");
    assert_eq!(waiting.answer().unwrap().ok(), "0");
}

#[test]
fn an_instance_that_has_grown_large_is_given_up_when_nobody_waits() {
    const LARGE: u64 = 80 << 20;
    let _alone = alone();
    let waiting = wait_at("GET", "/traps/beside-large/wait", "large");
    let bytes = || workerd().post("/traps/large/collect").ok().parse::<u64>().unwrap();
    workerd().post("/traps/large/add/kept").ok();
    workerd().post("/traps/large/grow/100").ok();
    let grown = bytes();
    assert!(grown > LARGE, "somebody waits, and there are {grown} bytes");
    workerd().open("large");
    assert_eq!(waiting.answer().unwrap().ok(), "0");
    assert!(bytes() < LARGE / 2);
    assert_eq!(workerd().get("/traps/large/words").ok(), "kept");
}
