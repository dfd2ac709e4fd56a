//! What actors fetch is kept and shared, across calls and traps.

use duractor_tests::{
    http::Answer,
    wait_until, workerd,
    workerd::{Internet, Workerd},
};

/// How often the upstream was asked.
fn sent(path: &str) -> u64 {
    workerd().asked(&format!("/{path}"))
}

fn ask(actor: &str, path: &str) -> Answer {
    workerd().get(format!("/outbound/{actor}/cached/{path}"))
}

#[test]
fn what_is_fresh_is_fetched_once_by_every_actor() {
    for _ in 0..5 {
        assert_eq!(ask("fresh", "fresh/60/0/one").ok(), "answer 1");
    }
    assert_eq!(ask("other", "fresh/60/0/one").ok(), "answer 2");
    assert_eq!(sent("fresh/60/0/one"), 2);
    assert_eq!(workerd().get("/outbound/fresh/cache").ok(), "1 4 1");
}

#[test]
fn what_may_not_be_kept_is_fetched_each_time() {
    for count in 1..4 {
        assert_eq!(ask("none", "fresh/0/0/none").ok(), format!("answer {count}"));
    }
}

#[test]
fn what_is_stale_is_validated() {
    for _ in 0..3 {
        let answer = ask("tagged", "tagged/one");
        assert_eq!((answer.status, answer.text()), (200, "body of one"));
    }
    assert_eq!(sent("tagged/one"), 3);
}

#[test]
fn equal_requests_at_once_are_sent_once() {
    let calls: Vec<_> = (0..20)
        .map(|_| workerd().request("GET", "/outbound/crowd/cached/fresh/60/300/crowd").start().unwrap())
        .collect();
    for call in calls {
        assert_eq!(call.answer().unwrap().ok(), "answer 1");
    }
    assert_eq!(sent("fresh/60/300/crowd"), 1);
}

/// More than there are connections, of which some can join others when their turn comes.
#[test]
fn requests_that_join_others_leave_their_connections_to_the_next() {
    let paths: Vec<_> = (0..8).flat_map(|at| [at, at, 99]).map(|at| format!("/fresh/60/50/queue-{at}")).collect();
    let answer = workerd().post_json("/outbound/queue/all", &serde_json::json!(paths));
    assert_eq!(answer.json(), serde_json::json!(vec!["answer 1"; 24]));
    assert!(paths.iter().all(|path| sent(&path[1..]) == 1));
}

#[test]
fn equal_requests_at_once_whose_answer_may_not_be_kept_get_answers_of_their_own() {
    let calls: Vec<_> =
        (0..5).map(|_| workerd().request("GET", "/outbound/apart/cached/fresh/0/200/apart").start().unwrap()).collect();
    let mut answers: Vec<String> = calls.into_iter().map(|call| call.answer().unwrap().ok().to_owned()).collect();
    answers.sort();
    assert_eq!(answers, (1..=5).map(|count| format!("answer {count}")).collect::<Vec<_>>());
}

#[test]
fn a_client_that_leaves_does_not_take_the_answer_of_another_along() {
    let path = "/outbound/leaver/cached/gate/shared";
    let first = workerd().request("GET", path).start().unwrap();
    wait_until("it waits at the gate", || (workerd().waiting_at("shared") == 1).then_some(()));
    let second = workerd().request("GET", path).start().unwrap();
    assert_eq!(workerd().get("/outbound/leaver/cache").status, 200);
    first.reset().unwrap();
    workerd().open("shared");
    assert_eq!(second.answer().unwrap().ok(), "passed shared");
}

/// In a workerd of its own, since a trap empties the caches of all actors.
#[test]
fn a_call_that_is_run_again_is_told_what_the_cache_had() {
    let workerd = Workerd::start(Internet::Upstream).unwrap();
    assert_eq!(workerd.get("/outbound/again/cached/fresh/60/0/again").ok(), "answer 1");
    let path = "/outbound/again/cached-around/around/fresh/60/0/again";
    let call = workerd.request("GET", path).start().unwrap();
    wait_until("it waits at the gate", || (workerd.waiting_at("around") == 1).then_some(()));
    for _ in 0..2 {
        workerd.post("/traps/cache/panic").assert_problem(500, "internal");
    }
    workerd.open("around");
    assert_eq!(call.answer().unwrap().ok(), "answer 1 answer 2");
    assert_eq!((workerd.asked("/fresh/60/0/again"), workerd.asked("/gate/around")), (2, 1));
}
