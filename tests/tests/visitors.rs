//! Thousands of visitors, of whom none sees what is another's.

use std::{collections::HashSet, thread};

use duractor_tests::{wait_until, workerd};

const CLIENTS: usize = 50;
const COOKIE: &str = "__Host-visitor=";

/// One workerd has memory for some 3,000 open objects. Idle ones leave it after a quarter of a minute.
const VISITORS_AT_ONCE: usize = 40 * CLIENTS;
const OPEN_FILES_MAX: usize = 2_000;

/// A visitor who comes, goes on, and looks around. The name of the actor that they were given.
fn visit(word: &str) -> String {
    let first = workerd().post(format!("/visitor/add/{word}"));
    assert_eq!(first.ok(), word);
    let cookie = first.header("set-cookie").expect("a new visitor gets a cookie");
    let cookie = cookie.split(';').next().unwrap();
    assert!(cookie.starts_with(COOKIE));
    let ask = |method: &str, target: &str| workerd().request(method, target).header("cookie", cookie).send();
    assert_eq!(ask("POST", "/visitor/add/more").ok(), format!("{word} more"));
    assert_eq!(ask("GET", "/member").ok(), format!("{word} more"));
    ask("GET", "/member/name").ok().to_owned()
}

#[test]
fn every_visitor_finds_their_own_things_only() {
    const VISITORS: usize = 5_000;
    let mut names = HashSet::new();
    for start in (0..VISITORS).step_by(VISITORS_AT_ONCE) {
        let end = VISITORS.min(start + VISITORS_AT_ONCE);
        let visits = |client: usize| {
            let mine = (start..end).filter(move |visitor| visitor % CLIENTS == client);
            mine.map(|visitor| visit(&format!("word-{visitor}"))).collect::<Vec<_>>()
        };
        thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS).map(|client| scope.spawn(move || visits(client))).collect();
            names.extend(clients.into_iter().flat_map(|client| client.join().unwrap()));
        });
        wait_until("idle objects have left", || (workerd().open_files() < OPEN_FILES_MAX).then_some(()));
    }
    assert_eq!(names.len(), VISITORS);
}
