//! An actor that was stored by other code: migrated whole, or refused and left as it is.

use duractor_tests::workerd::{Internet, Workerd};

/// Stores something by the code of one version, and gives it to that of another.
fn deploy(from: &str, to: &str) -> Workerd {
    let workerd = Workerd::start(Internet::Upstream).unwrap();
    for word in ["one", "two"] {
        workerd.post(format!("/{}/ann/put/{word}", from.to_lowercase())).ok();
    }
    workerd.post(format!("/{}/ann/put/replaced", to.to_lowercase())).ok();
    workerd.kill();
    workerd.disk().copy(from, to).unwrap();
    workerd.restart().unwrap()
}

/// All rows of an actor. workerd was killed before.
fn rows(workerd: &Workerd, class: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
    let database = workerd.disk().open(class).unwrap();
    let mut query = database.prepare("SELECT key, value FROM _duractor ORDER BY key").unwrap();
    let rows = query.query_map((), |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

#[test]
fn an_older_state_is_migrated() {
    let workerd = deploy("Old", "New");
    assert_eq!(workerd.get("/new/ann").ok(), "2 of old: 0.0 one 7, 1.0 two 7");
    assert_eq!(workerd.post("/new/ann/put/three").ok(), "2.0");
    let workerd = workerd.restart().unwrap();
    assert_eq!(workerd.get("/new/ann").ok(), "2 of old: 0.0 one 7, 1.0 two 7, 2.0 three 8");
}

/// Asserts that every call is refused, that the log tells all of `told`, and that what is stored stays.
fn assert_refused(class: &str, workerd: Workerd, told: &[&str]) {
    workerd.kill();
    let before = rows(&workerd, class);
    let workerd = workerd.restart().unwrap();
    let path = format!("/{}/ann", class.to_lowercase());
    for _ in 0..2 {
        for answer in [workerd.get(&path), workerd.post(format!("{path}/put/three"))] {
            answer.assert_problem(500, "state-unreadable");
            assert!(!answer.text().contains("version"), "the client learns no more: {}", answer.text());
        }
    }
    let log = workerd.log();
    for told in told {
        assert!(log.contains(told), "the log does not tell `{told}`:\n{log}");
    }
    workerd.kill();
    assert!(rows(&workerd, class) == before, "what is stored was changed");
}

#[test]
fn a_newer_state_is_refused() {
    assert_refused("Old", deploy("New", "Old"), &["Old/ann", "version 2", "version 1"]);
}

#[test]
fn a_state_of_another_layout_is_refused() {
    assert_refused("Other", deploy("Old", "Other"), &["Other/ann", "count", "#[actor(version = 2, from = "]);
}
