//! What a turn has committed outlives its object, and nothing else does.

use duractor_tests::{
    wait_until,
    workerd::{Internet, Workerd},
};
use serde_json::{Value, json};

const MIB: usize = 1 << 20;

fn start() -> Workerd {
    Workerd::start(Internet::Upstream).unwrap()
}

fn put(workerd: &Workerd, words: &[&str]) {
    for word in words {
        assert_eq!(workerd.post(format!("/keeper/ann/put/{word}")).status, 204);
    }
}

/// All that there is after these words were put, each once.
fn after(words: &[&str]) -> Value {
    let mut sorted = words.to_vec();
    sorted.sort_unstable();
    let arena: Vec<_> = words.iter().enumerate().map(|(at, word)| json!([format!("{at}.0"), word])).collect();
    json!({
        "words": words,
        "arena": arena,
        "table": sorted.iter().map(|word| json!([word, 1])).collect::<Vec<_>>(),
        "log": words,
        "column": (1..=words.len()).map(|count| count as f64).collect::<Vec<_>>(),
        "notes": sorted,
    })
}

fn kept(workerd: &Workerd) -> Value {
    let answer = workerd.get("/keeper/ann");
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// Asserts that only these words are there, now and after a restart.
#[track_caller]
fn assert_only(workerd: Workerd, words: &[&str]) -> Workerd {
    assert_eq!(kept(&workerd), after(words));
    let workerd = workerd.restart().unwrap();
    assert_eq!(kept(&workerd), after(words), "after a restart");
    workerd
}

#[test]
fn every_kind_of_field_outlives_a_restart() {
    let workerd = start();
    put(&workerd, &["one", "two", "three"]);
    let workerd = assert_only(workerd, &["one", "two", "three"]);
    put(&workerd, &["four"]);
    assert_only(workerd, &["one", "two", "three", "four"]);
}

#[test]
fn an_actor_that_was_never_written_is_new_after_a_restart() {
    let workerd = start().restart().unwrap();
    assert_eq!(kept(&workerd), after(&[]));
}

#[test]
fn actors_are_stored_apart() {
    let workerd = start();
    put(&workerd, &["one"]);
    assert_eq!(workerd.post("/keeper/bob/put/two").status, 204);
    let workerd = workerd.restart().unwrap();
    assert_eq!(workerd.get("/keeper/bob/words").ok(), "two");
    assert_only(workerd, &["one"]);
}

#[test]
fn a_turn_that_fails_leaves_nothing() {
    for route in ["fail", "fail-later"] {
        let workerd = start();
        put(&workerd, &["one"]);
        workerd.post(format!("/keeper/ann/{route}/two")).assert_problem(409, "on-purpose");
        let workerd = assert_only(workerd, &["one"]);
        put(&workerd, &["two"]);
        assert_only(workerd, &["one", "two"]);
    }
}

#[test]
fn a_turn_that_panics_leaves_nothing() {
    for route in ["panic", "panic-later"] {
        let workerd = start();
        put(&workerd, &["one"]);
        workerd.post(format!("/keeper/ann/{route}/two")).assert_problem(500, "internal");
        let workerd = assert_only(workerd, &["one"]);
        put(&workerd, &["two"]);
        assert_only(workerd, &["one", "two"]);
    }
}

#[test]
fn a_statement_that_fails_takes_the_whole_turn_back() {
    let workerd = start();
    put(&workerd, &["one"]);
    assert_eq!(workerd.post("/keeper/ann/queue/two").status, 204);
    assert_eq!(kept(&workerd), after(&["one", "two"]));
    workerd.post("/keeper/ann/queue/one").assert_problem(500, "statement-failed");
    assert_eq!(workerd.post("/keeper/ann/put/one").status, 500);
    assert_only(workerd, &["one", "two"]);
}

/// A trigger stands for whatever a database may refuse.
#[test]
fn a_commit_that_storage_refuses_is_rolled_back_in_memory_too() {
    for moment in ["INSERT", "UPDATE"] {
        let workerd = start();
        put(&workerd, &["one"]);
        workerd.kill();
        let forbid = format!(
            "CREATE TRIGGER forbid BEFORE {moment} ON _duractor WHEN new.key >= x'636f6c' \
             BEGIN SELECT RAISE(ABORT, 'a secret reason'); END"
        );
        workerd.disk().open("Keeper").unwrap().execute_batch(&forbid).unwrap();
        let workerd = workerd.restart().unwrap();

        let answer = workerd.post("/keeper/ann/queue/two");
        answer.assert_problem(503, "commit-failed");
        assert_eq!(answer.header("retry-after"), Some("1"));
        assert!(!answer.text().contains("secret"), "{}", answer.text());
        assert!(workerd.log().contains("a secret reason"), "the reason is logged");
        assert_eq!(kept(&workerd), after(&["one"]));

        workerd.kill();
        workerd.disk().open("Keeper").unwrap().execute_batch("DROP TRIGGER forbid").unwrap();
        let workerd = workerd.restart().unwrap();
        put(&workerd, &["two"]);
        assert_only(workerd, &["one", "two"]);
    }
}

#[test]
fn a_turn_that_writes_too_much_is_rolled_back() {
    let workerd = start();
    put(&workerd, &["one"]);
    workerd.post("/keeper/ann/huge/two").assert_problem(507, "commit-too-large");
    put(&workerd, &["two"]);
    assert_only(workerd, &["one", "two"]);
}

#[test]
fn values_larger_than_a_row_come_back_whole() {
    let mut workerd = start();
    for bytes in [3 * MIB, MIB - 100, MIB, MIB + 1, 2 * MIB, 5 * MIB + 7, 10] {
        assert_eq!(workerd.post(format!("/keeper/ann/large/{bytes}")).status, 204, "{bytes}");
        let expected = json!([bytes, bytes, bytes]);
        assert_eq!(workerd.get("/keeper/ann/large").json(), expected);
        workerd = workerd.restart().unwrap();
        assert_eq!(workerd.get("/keeper/ann/large").json(), expected, "after a restart");
    }
}

/// `created` once, `activated` at each activation; what lives in memory only begins anew.
#[test]
fn hooks_run_when_an_actor_is_created_and_activated() {
    let mut workerd = start();
    for activation in 1..=3 {
        assert_eq!(workerd.post("/keeper/ann/lives").json(), json!([1, activation, 1]));
        assert_eq!(workerd.post("/keeper/ann/lives").json(), json!([1, activation, 2]));
        workerd = workerd.restart().unwrap();
    }
}

/// The worker lets a hundred actors stay in memory. Its objects stay, so that the platform has no part in this.
#[test]
fn idle_actors_leave_memory_and_come_back_with_their_state() {
    let workerd = start();
    for activation in 1..=2 {
        for actor in 0..150 {
            let lives = workerd.post(format!("/keeper/idle{actor}/lives")).json();
            assert_eq!(lives, json!([1, activation, 1]), "actor {actor}");
        }
    }
}

#[test]
fn an_actor_is_activated_anew_after_a_trap() {
    let workerd = start();
    assert_eq!(workerd.post("/keeper/ann/lives").json(), json!([1, 1, 1]));
    workerd.post("/keeper/ann/panic/one").assert_problem(500, "internal");
    assert_eq!(workerd.post("/keeper/ann/lives").json(), json!([1, 2, 1]));
}

/// The platform takes objects out of memory that nobody calls; locally after some ten seconds.
#[test]
fn an_actor_comes_back_after_its_eviction() {
    let workerd = start();
    put(&workerd, &["one", "two"]);
    assert_eq!(workerd.post("/keeper/ann/lives").json(), json!([1, 1, 1]));
    let is_evicted = || !workerd.disk().is_open("Keeper").unwrap();
    wait_until("the object is evicted", || is_evicted().then_some(()));
    assert_eq!(workerd.post("/keeper/ann/lives").json(), json!([1, 2, 1]));
    assert_eq!(kept(&workerd), after(&["one", "two"]));
}

#[test]
fn effects_happen_after_a_commit_only() {
    let workerd = start();
    workerd.post("/keeper/ann/effect/refused").assert_problem(409, "on-purpose");
    assert_eq!(workerd.post("/keeper/ann/effect/wanted").status, 204);
    let journal = wait_until("there is an effect", || {
        let journal = workerd.get("/keeper/ann/journal").json();
        (journal != json!([])).then_some(journal)
    });
    assert_eq!(journal, json!(["effect of wanted"]));
}

#[test]
fn many_turns_add_up() {
    let words: Vec<String> = (0..50).map(|number| format!("word{number:02}")).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut workerd = start();
    for chunk in words.chunks(10) {
        put(&workerd, chunk);
        workerd.post("/keeper/ann/fail/never").assert_problem(409, "on-purpose");
        workerd = workerd.restart().unwrap();
    }
    assert_only(workerd, &words);
}
