//! State that lasts: what a turn commits outlives its actor's memory, and what it does not commit leaves no trace.
use std::{
    hash::{DefaultHasher, Hash, Hasher},
    mem,
};

use duractor::{Arena, Column, Limits, native::Native, prelude::*};
use serde::{Deserialize, Serialize};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// One of everything.
#[derive(Default, Actor)]
struct Store {
    title: String,
    numbers: Vec<u32>,
    items: Arena<Vec<u8>>,
    spare: Arena<Vec<u8>>,
    column: Column,
}

/// All of it, as a client sees it.
#[derive(Debug, Default, Deserialize, PartialEq, Serialize)]
struct Seen {
    title: String,
    numbers: Vec<u32>,
    items: Vec<Entry>,
    spare: Vec<Entry>,
    column: Vec<f64>,
}

/// Key, length and hash of an arena's entry.
type Entry = (String, usize, u64);

fn entries(arena: &Arena<Vec<u8>>) -> Vec<Entry> {
    let hash = |bytes: &[u8]| {
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        hasher.finish()
    };
    arena.iter().map(|(key, value)| (key.to_string(), value.len(), hash(value))).collect()
}

impl Store {
    /// Changes every field.
    fn change(&mut self, by: u32) {
        self.title.push(char::from(b'a' + (by % 26) as u8));
        self.numbers.push(by);
        self.items.insert(by.to_le_bytes().to_vec());
        let first = self.items.keys().next();
        if let Some(entry) = first.and_then(|key| self.items.get_mut(key)) {
            entry.push(by as u8);
        }
        self.spare.insert(vec![by as u8]);
        self.column.push(f64::from(by));
    }
}

#[methods]
impl Store {
    #[get]
    fn all(&self) -> Result<Json<Seen>> {
        Ok(Json(Seen {
            title: self.title.clone(),
            numbers: self.numbers.clone(),
            items: entries(&self.items),
            spare: entries(&self.spare),
            column: self.column.iter(..)?.collect(),
        }))
    }

    #[post("/change/{by}")]
    fn change_all(&mut self, by: u32) {
        self.change(by);
    }

    #[post("/fail/{how}")]
    fn fail(&mut self, how: &str) -> Result<Response> {
        self.change(77);
        self.items.clear();
        mem::swap(&mut self.items, &mut self.spare);
        self.change(78);
        match how {
            "error" => Err("1 apple".parse::<u32>().unwrap_err())?,
            "problem" => Err(Problem::new(409, "no", "not today"))?,
            "rollback" => Ok(Response::text("never mind").rollback()),
            "panic" => panic!("on purpose"),
            // The commit is told to fail.
            _ => Ok(Response::empty()),
        }
    }

    #[post("/fail-later")]
    async fn fail_later(&mut self, cx: &Cx) -> Result<()> {
        self.change(77);
        cx.sleep(millis(5)).await;
        self.change(78);
        Err(Problem::new(409, "no", "not today"))?
    }

    #[post("/swap")]
    fn swap(&mut self) {
        mem::swap(&mut self.items, &mut self.spare);
    }

    #[post("/take")]
    fn take(&mut self) -> usize {
        mem::take(&mut self.items).len()
    }

    #[post("/move")]
    fn relocate(&mut self) {
        self.spare = mem::take(&mut self.items);
        self.change(1);
    }

    #[post("/replace")]
    fn replace(&mut self) {
        self.items = Arena::default();
        self.items.insert(b"new".to_vec());
        self.column = Column::default();
        self.column.push(0.5);
    }

    #[post("/rotate")]
    fn rotate(&mut self) {
        let items = mem::replace(&mut self.items, mem::take(&mut self.spare));
        self.spare = items;
        self.change(2);
        mem::swap(&mut self.items, &mut self.spare);
    }

    #[post("/bytes/{length}")]
    fn grow(&mut self, length: usize) {
        self.items.insert((0..length).map(|at| (at % 251) as u8).collect());
    }

    #[post("/plain/{length}")]
    fn grow_plain(&mut self, length: usize) {
        self.title = "x".repeat(length);
    }
}

#[routes]
fn routes() -> Router {
    Router::new().mount::<Store>("/store/{name}", "{name}")
}

fn native() -> Native {
    Native::new().routes(routes())
}

fn all(native: &Native) -> Seen {
    native.get("/store/a").send().json()
}

fn post(native: &Native, what: &str) -> u16 {
    native.post(&format!("/store/a/{what}")).send().status
}

/// What is in memory is what is stored.
fn check_same(native: &Native) {
    let before = all(native);
    native.evict("Store", "a");
    assert_eq!(all(native), before);
}

#[test]
fn what_was_committed_survives_traps_evictions_and_deploys() {
    let native = native();
    (1..4).for_each(|by| assert_eq!(post(&native, &format!("change/{by}")), 204));
    let before = all(&native);
    assert_eq!((before.title.as_str(), before.numbers.as_slice()), ("bcd", &[1, 2, 3][..]));
    assert_eq!((before.items.len(), before.column.as_slice()), (3, &[1.0, 2.0, 3.0][..]));
    native.rehydrate("Store", "a");
    assert_eq!(all(&native), before);
    native.evict("Store", "a");
    assert_eq!(all(&native), before);
    native.crash();
    assert_eq!(all(&native), before);
    let native = native.routes(routes());
    assert_eq!(all(&native), before);
    assert_eq!(native.get("/store/b").send().json::<Seen>(), Seen::default(), "another actor has none of it");
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn what_lies_in_a_folder_is_there_for_the_next_process() {
    let folder = std::env::temp_dir().join(format!("duractor-state-{}", std::process::id()));
    let native = Native::open(&folder).unwrap().routes(routes());
    post(&native, "change/1");
    post(&native, "bytes/3000000");
    let before = all(&native);
    drop(native);
    let native = Native::open(&folder).unwrap().routes(routes());
    assert_eq!(all(&native), before);
    drop(native);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_turn_that_fails_leaves_no_trace_in_memory_or_storage() {
    // In wasm a panic ends the instance.
    let panics = if cfg!(target_arch = "wasm32") { None } else { Some(("fail/panic", 500)) };
    let failures = [("fail/error", 500), ("fail/problem", 409), ("fail/rollback", 200), ("fail-later", 409)];
    for is_new in [true, false] {
        for (how, status) in failures.into_iter().chain(panics) {
            let native = native();
            if !is_new {
                (1..4).for_each(|by| assert_eq!(post(&native, &format!("change/{by}")), 204));
            }
            let (before, stored) = (all(&native), native.stored("Store", "a"));
            assert_eq!(post(&native, how), status, "{how}");
            assert_eq!(all(&native), before, "{how}");
            assert_eq!(native.stored("Store", "a"), stored, "{how}");
            assert_eq!(post(&native, "change/9"), 204, "{how}");
            check_same(&native);
        }
    }
}

#[test]
fn a_commit_that_fails_leaves_memory_as_storage_is() {
    let native = native();
    (1..4).for_each(|by| assert_eq!(post(&native, &format!("change/{by}")), 204));
    let (before, stored) = (all(&native), native.stored("Store", "a"));
    native.fail_commits(2);
    for _ in 0..2 {
        let reply = native.post("/store/a/fail/not").send();
        assert_eq!((reply.status, reply.header("retry-after")), (503, Some("1")));
        assert_eq!(all(&native), before);
        assert_eq!(native.stored("Store", "a"), stored);
    }
    assert_eq!(post(&native, "fail/not"), 204);
    assert_ne!(all(&native), before);
    check_same(&native);
}

#[test]
fn containers_may_be_swapped_taken_moved_and_replaced() {
    let whats = ["swap", "take", "move", "replace", "rotate"];
    for first in whats {
        for second in whats {
            let native = native();
            (1..4).for_each(|by| assert_eq!(post(&native, &format!("change/{by}")), 204));
            for what in [first, second] {
                native.fail_commits(1);
                let before = all(&native);
                assert_eq!(post(&native, what), 503);
                assert_eq!(all(&native), before, "{first}, {second}: {what} was not kept");
                assert!(post(&native, what) < 300);
                check_same(&native);
            }
            assert_eq!(post(&native, "change/4"), 204);
            check_same(&native);
        }
    }
}

#[test]
fn a_container_goes_where_it_is_moved() {
    let native = native();
    (1..4).for_each(|by| assert_eq!(post(&native, &format!("change/{by}")), 204));
    let before = all(&native);
    post(&native, "swap");
    assert_eq!((all(&native).items, all(&native).spare), (before.spare, before.items));
    post(&native, "take");
    assert_eq!(all(&native).items, []);
    check_same(&native);
}

#[test]
fn reading_writes_nothing_and_touches_no_storage() {
    let native = native();
    (1..4).for_each(|by| assert_eq!(post(&native, &format!("change/{by}")), 204));
    native.evict("Store", "a");
    let (before, stored) = (all(&native), native.stored("Store", "a"));
    let reads = native.reads();
    native.fail_commits(1);
    for _ in 0..3 {
        assert_eq!(all(&native), before);
    }
    assert_eq!(native.reads(), reads);
    assert_eq!(native.stored("Store", "a"), stored);
    assert_eq!(post(&native, "swap"), 503, "the failure still waits for a commit");
}

#[test]
fn an_actor_that_was_only_read_stores_nothing() {
    let native = native();
    assert_eq!(all(&native), Seen::default());
    assert_eq!(post(&native, "fail/problem"), 409);
    assert_eq!(native.stored("Store", "a"), []);
}

#[test]
fn values_may_be_larger_than_the_platforms_rows() {
    let native = native();
    for length in [1_048_572, 1_048_573, 2_100_000] {
        assert_eq!(post(&native, &format!("bytes/{length}")), 204);
        assert_eq!(post(&native, &format!("plain/{length}")), 204);
        check_same(&native);
        let seen = all(&native);
        assert_eq!((seen.items.last().unwrap().1, seen.title.len()), (length, length));
    }
}

#[test]
fn a_commit_beyond_its_bound_is_refused_and_leaves_no_trace() {
    let limits = Limits { commit_max_bytes: 1_000, ..Limits::default() };
    let native = Native::new().routes(routes().limits(limits));
    assert_eq!(post(&native, "change/1"), 204);
    let (before, stored) = (all(&native), native.stored("Store", "a"));
    for what in ["bytes/1000", "plain/1000"] {
        let reply = native.post(&format!("/store/a/{what}")).send();
        assert_eq!(reply.status, 507, "{}", reply.text());
        assert_eq!(all(&native), before);
        assert_eq!(native.stored("Store", "a"), stored);
    }
    assert_eq!(post(&native, "bytes/500"), 204);
    check_same(&native);
}

#[test]
fn only_what_changed_is_written() {
    let native = native();
    (1..4).for_each(|by| assert_eq!(post(&native, &format!("change/{by}")), 204));
    let before = native.stored("Store", "a");
    assert_eq!(post(&native, "bytes/3"), 204);
    let after = native.stored("Store", "a");
    let new: Vec<_> = after.iter().filter(|row| !before.contains(row)).collect();
    assert!(new.iter().all(|(key, _)| key.starts_with(b"items\0")), "{new:?}");
    assert!(before.iter().filter(|row| !after.contains(row)).all(|(key, _)| key.starts_with(b"items\0")));
}
