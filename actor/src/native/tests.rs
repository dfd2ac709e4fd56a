//! Storage by itself: rows, pages, parts, transactions.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::storage::{Database, Savepoint, Storage};
use crate::{
    host::{PAGE_MAX_BYTES, PAGE_MAX_ROWS, PART_MAX_BYTES, Read, Write},
    rows::Cell,
};

type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

fn database() -> Database {
    Database::open(None).unwrap()
}

fn put(database: &Database, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
    database.write(&Write::Put { key: key.as_ref().to_vec(), value: value.as_ref().to_vec() }).unwrap();
}

fn get(database: &Database, key: &[u8]) -> Option<Vec<u8>> {
    let rows = database.read(&Read::Get { key }).unwrap();
    (rows.len() == 1).then(|| blob(rows.cell(0, 0).unwrap()))
}

fn blob(cell: Cell<'_>) -> Vec<u8> {
    match cell {
        Cell::Blob(bytes) => bytes.to_vec(),
        other => panic!("a row holds bytes, not {other:?}"),
    }
}

/// A page, and whether there is more.
fn page(database: &Database, from: &[u8], to: &[u8], is_descending: bool) -> (Pairs, bool) {
    let rows_max = PAGE_MAX_ROWS;
    let rows = database.read(&Read::Scan { from, to, is_descending, rows_max }).unwrap();
    let row = |row| (blob(rows.cell(row, 0).unwrap()), blob(rows.cell(row, 1).unwrap()));
    ((0..rows.len()).map(row).collect(), rows.is_cut())
}

fn keys(database: &Database) -> Vec<String> {
    let (mut keys, mut from, mut is_cut) = (Vec::new(), Vec::new(), true);
    while is_cut {
        let (pairs, more) = page(database, &from, b"\xff", false);
        keys.extend(pairs.into_iter().map(|(key, _)| String::from_utf8(key).unwrap()));
        from = keys.last().map_or(Vec::new(), |last| [last.as_bytes(), &[0]].concat());
        is_cut = more;
    }
    keys
}

fn count(database: &Database, from: &[u8], to: &[u8]) -> f64 {
    match database.read(&Read::Count { from, to }).unwrap().cell(0, 0).unwrap() {
        Cell::Number(count) => count,
        other => panic!("a count is a number, not {other:?}"),
    }
}

#[test]
fn reads_find_nothing_before_the_first_write() {
    let database = database();
    assert_eq!(get(&database, b"a"), None);
    assert_eq!(page(&database, b"", b"\xff", false), (Vec::new(), false));
    assert_eq!(count(&database, b"", b"\xff"), 0.0);
    for write in [
        Write::Delete { key: b"a".to_vec() },
        Write::DeleteRange { from: b"a".to_vec(), to: b"b".to_vec() },
        Write::Move { from: b"a".to_vec(), to: b"b".to_vec() },
    ] {
        database.write(&write).unwrap();
    }
    assert_eq!(keys(&database), [""; 0]);
}

#[test]
fn a_range_ends_before_its_end() {
    let database = database();
    ["a", "a\0", "b", "c"].into_iter().for_each(|key| put(&database, key, key));
    let (pairs, is_cut) = page(&database, b"a\0", b"c", false);
    assert_eq!(pairs, [(b"a\0".to_vec(), b"a\0".to_vec()), (b"b".to_vec(), b"b".to_vec())]);
    assert!(!is_cut);
    let (pairs, _) = page(&database, b"", b"c", true);
    assert_eq!(pairs.iter().map(|(key, _)| key.as_slice()).collect::<Vec<_>>(), [&b"b"[..], b"a\0", b"a"]);
    assert_eq!(page(&database, b"c", b"a", false).0, []);
    assert_eq!((count(&database, b"a", b"c"), count(&database, b"c", b"a")), (3.0, 0.0));

    database.write(&Write::DeleteRange { from: b"a\0".to_vec(), to: b"c".to_vec() }).unwrap();
    database.write(&Write::DeleteRange { from: b"c".to_vec(), to: b"a".to_vec() }).unwrap();
    assert_eq!(keys(&database), ["a", "c"]);
    database.write(&Write::Delete { key: b"a".to_vec() }).unwrap();
    assert_eq!(keys(&database), ["c"]);
}

#[test]
fn a_page_ends_at_its_bound_of_rows() {
    let database = database();
    let all = PAGE_MAX_ROWS + 1;
    (0..all).for_each(|key| put(&database, key.to_be_bytes(), b""));
    let (pairs, is_cut) = page(&database, b"", b"\xff", false);
    assert_eq!((pairs.len() as u32, is_cut), (PAGE_MAX_ROWS, true));
    database.write(&Write::Delete { key: 0_u32.to_be_bytes().to_vec() }).unwrap();
    let (pairs, is_cut) = page(&database, b"", b"\xff", true);
    assert_eq!((pairs.len() as u32, is_cut), (PAGE_MAX_ROWS, false));
}

#[test]
fn a_page_ends_behind_the_row_that_reaches_its_bound_of_bytes() {
    let database = database();
    let half = vec![7; PAGE_MAX_BYTES as usize / 2];
    ["a", "b", "c"].into_iter().for_each(|key| put(&database, key, &half));
    let (pairs, is_cut) = page(&database, b"", b"\xff", false);
    assert_eq!((pairs.len(), is_cut), (2, true));
    let (pairs, is_cut) = page(&database, b"b", b"\xff", false);
    assert_eq!((pairs.len(), is_cut), (2, false));
}

#[test]
fn a_value_may_be_larger_than_a_row_of_the_platform() {
    let database = database();
    for size in [PART_MAX_BYTES, PART_MAX_BYTES + 1, 5 * PART_MAX_BYTES, 2 * PART_MAX_BYTES + 1, 3] {
        let value: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
        put(&database, "large", &value);
        assert_eq!(get(&database, b"large"), Some(value.clone()));
        assert_eq!(page(&database, b"", b"\xff", false).0, [(b"large".to_vec(), value)]);
    }
}

#[test]
fn rows_move_with_all_of_their_value() {
    let database = database();
    let large = vec![1; 2 * PART_MAX_BYTES];
    for (key, value) in [("a", &b"before"[..]), ("x\0", b"empty"), ("x\0\x01", &large), ("x\x01", b"behind")] {
        put(&database, key, value);
    }
    database.write(&Write::Move { from: b"x\0".to_vec(), to: b"longer\0".to_vec() }).unwrap();
    assert_eq!(keys(&database), ["a", "longer\0", "longer\0\x01", "x\x01"]);
    assert_eq!(get(&database, b"longer\0\x01"), Some(large));
    put(&database, [0xff, 0xff], "last");
    database.write(&Write::Move { from: vec![0xff], to: b"m".to_vec() }).unwrap();
    assert_eq!(get(&database, b"m\xff"), Some(b"last".to_vec()));
}

#[test]
fn transactions_nest_and_are_undone_unless_they_are_kept() {
    let database = database();
    {
        let outer = Savepoint::begin(&database).unwrap();
        put(&database, "a", "1");
        {
            let _undone = Savepoint::begin(&database).unwrap();
            put(&database, "a", "2");
            put(&database, "b", "2");
        }
        assert_eq!(keys(&database), ["a"]);
        let inner = Savepoint::begin(&database).unwrap();
        put(&database, "c", "3");
        inner.keep().unwrap();
        outer.keep().unwrap();
    }
    assert_eq!(keys(&database), ["a", "c"]);
    assert_eq!(get(&database, b"a"), Some(b"1".to_vec()));
}

#[test]
fn a_first_write_that_is_undone_leaves_nothing() {
    let database = database();
    drop(Savepoint::begin(&database).map(|_undone| put(&database, "a", "1")));
    assert_eq!(get(&database, b"a"), None);
    put(&database, "b", "2");
    assert_eq!(keys(&database), ["b"]);
}

#[test]
fn every_actor_has_storage_of_its_own() {
    let storage = Storage::default();
    let names = ["ann", "Ann", "a/b", "../a", "", "ä", &"long/".repeat(200)];
    for (at, name) in names.into_iter().enumerate() {
        put(&storage.of(&("Class".into(), name.into())).unwrap(), "at", [at as u8]);
    }
    for (at, name) in names.into_iter().enumerate() {
        let database = storage.of(&("Class".into(), name.into())).unwrap();
        assert_eq!(get(&database, b"at"), Some(vec![at as u8]), "{name}");
    }
    assert_eq!(get(&storage.of(&("Other".into(), "ann".into())).unwrap(), b"at"), None);
}

#[cfg(not(target_arch = "wasm32"))]
mod sqlite {
    use super::*;
    use crate::{
        host::StorageError,
        rows::Rows,
        value::Value::{self, Blob, Integer, Null, Real, Text},
    };

    fn ask(database: &Database, text: &str, params: &[Value], may_write: bool) -> Result<Rows, StorageError> {
        database.read(&Read::Sql { text, params, may_write })
    }

    fn run(database: &Database, text: &str, params: &[Value]) -> Rows {
        ask(database, text, params, true).unwrap()
    }

    /// Why a statement is refused.
    fn refused(database: &Database, text: &str, params: &[Value]) -> String {
        ask(database, text, params, true).unwrap_err().message
    }

    #[test]
    fn files_of_all_names_lie_in_the_folder() {
        let folder = std::env::temp_dir().join(format!("duractor-names-{}", std::process::id()));
        let names = ["ann", "Ann", "a/b", "../a", "", "ä", &"long/".repeat(200)];
        for round in 0..2 {
            let storage = Storage::new(Some(folder.join("all")));
            for (at, name) in names.into_iter().enumerate() {
                let database = storage.of(&("Class".into(), name.into())).unwrap();
                assert_eq!(get(&database, b"at"), (round > 0).then(|| vec![at as u8]), "{name}");
                put(&database, "at", [at as u8]);
            }
        }
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn numbers_are_bound_as_the_runtime_binds_them() {
        let database = database();
        let rows = run(
            &database,
            "SELECT typeof(?), typeof(?), ?, ?, ?",
            &[Integer(1), Real(0.5), Null, Blob(vec![1]), Text("ä".into())],
        );
        assert_eq!(rows.cell(0, 0), Ok(Cell::Text("real")));
        assert_eq!(rows.cell(0, 1), Ok(Cell::Text("real")));
        assert_eq!(rows.cell(0, 2), Ok(Cell::Null));
        assert_eq!(rows.cell(0, 3), Ok(Cell::Blob(&[1])));
        assert_eq!(rows.cell(0, 4), Ok(Cell::Text("ä")));
        run(&database, "CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (?)", &[Integer(3)]);
        assert_eq!(run(&database, "SELECT typeof(a) FROM t", &[]).cell(0, 0), Ok(Cell::Text("integer")));
    }

    #[test]
    fn a_statement_that_writes_needs_leave() {
        let database = database();
        run(&database, "CREATE TABLE t (a)", &[]);
        for text in ["INSERT INTO t VALUES (1)", "SELECT 1; DELETE FROM t", "DROP TABLE t", "CREATE TABLE u (a)"] {
            let error = ask(&database, text, &[], false).unwrap_err();
            assert!(error.message.starts_with("this statement writes"), "{error}");
        }
        assert_eq!(ask(&database, "SELECT count(*) FROM t", &[], false).unwrap().cell(0, 0), Ok(Cell::Number(0.0)));
    }

    #[test]
    fn statements_run_in_order_and_the_last_one_answers() {
        let database = database();
        let text = "-- a note
            CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 'x;y'), (2, NULL); /* ; */ SELECT b AS c, a FROM t WHERE a < ?;";
        let rows = run(&database, text, &[Integer(2)]);
        assert_eq!((rows.len(), rows.columns()), (1, 2));
        assert_eq!((rows.name(0), rows.name(1)), (Ok("c"), Ok("a")));
        assert_eq!(rows.cell(0, 0), Ok(Cell::Text("x;y")));
    }

    #[test]
    fn parameters_are_counted() {
        let database = database();
        for (text, params) in
            [("SELECT ?", 0), ("SELECT ?", 2), ("SELECT 1", 1), ("SELECT ?; SELECT 1", 1), ("SELECT ?; SELECT ?", 1)]
        {
            let error = refused(&database, text, &vec![Null; params]);
            assert!(error.starts_with("wrong number of parameters"), "{error}");
        }
        assert!(refused(&database, " -- nothing", &[]).starts_with("there is no statement"));
        assert_eq!(run(&database, "SELECT ?1 + ?1", &[Integer(2)]).cell(0, 0), Ok(Cell::Number(4.0)));
    }

    #[test]
    fn what_the_platform_refuses_is_refused() {
        let database = database();
        for text in [
            "BEGIN",
            "COMMIT",
            "ROLLBACK",
            "SAVEPOINT a",
            "RELEASE a",
            "ATTACH 'a' AS b",
            "PRAGMA journal_mode",
            "PRAGMA synchronous = 2",
        ] {
            assert_eq!(refused(&database, text, &[]), "not authorized: SQLITE_AUTH", "{text}");
        }
        assert_eq!(run(&database, "PRAGMA table_info('none')", &[]).len(), 0);
    }

    #[test]
    fn the_platforms_bounds_hold() {
        let database = database();
        let many = format!("SELECT {}", ["?"; 101].join(" + "));
        assert!(refused(&database, &many, &vec![Null; 101]).starts_with("too many SQL variables"));
        let long = format!("SELECT '{}'", "a".repeat(100_000));
        assert_eq!(refused(&database, &long, &[]), "statement too long: SQLITE_TOOBIG");
        let large = refused(&database, "SELECT zeroblob(2000001)", &[]);
        assert!(large.contains("too big: SQLITE_TOOBIG"), "{large}");
        let wide = format!("CREATE TABLE t ({})", (0..101).map(|at| format!("a{at}")).collect::<Vec<_>>().join(","));
        assert!(refused(&database, &wide, &[]).starts_with("too many columns"));
        let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT zeroblob(1000000) FROM n";
        assert!(refused(&database, endless, &[]).starts_with("the answer is larger"));
    }

    #[test]
    fn a_statement_that_ends_the_transaction_ends_all_of_it() {
        for bad in ["INSERT OR ROLLBACK INTO t VALUES (1)", "INSERT INTO t VALUES (99)"] {
            let database = database();
            run(
                &database,
                "CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES (1);
                CREATE TRIGGER x BEFORE INSERT ON t WHEN new.a = 99 BEGIN SELECT RAISE(ROLLBACK, 'no'); END",
                &[],
            );
            let outer = Savepoint::begin(&database).unwrap();
            put(&database, "a", "1");
            let inner = Savepoint::begin(&database).unwrap();
            ask(&database, bad, &[], true).unwrap_err();
            assert!(refused(&database, "INSERT INTO t VALUES (2)", &[]).contains("rolled back"));
            database.write(&Write::Put { key: b"b".to_vec(), value: Vec::new() }).unwrap_err();
            assert!(Savepoint::begin(&database).is_err());
            drop(inner);
            outer.keep().unwrap_err();
            assert_eq!(keys(&database), [""; 0]);
            assert_eq!(run(&database, "SELECT count(*) FROM t", &[]).cell(0, 0), Ok(Cell::Number(1.0)));
            put(&database, "c", "3");
        }
    }

    #[test]
    fn errors_have_sqlites_words_codes_and_positions() {
        let database = database();
        run(&database, "CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES (1)", &[]);
        for (text, message) in [
            ("SELECT * FORM t", "near \"FORM\": syntax error at offset 9: SQLITE_ERROR"),
            ("SELECT b FROM t", "no such column: b at offset 7: SQLITE_ERROR"),
            ("SELECT * FROM u", "no such table: u: SQLITE_ERROR"),
            (
                "INSERT INTO t VALUES (1)",
                "UNIQUE constraint failed: t.a: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_UNIQUE)",
            ),
        ] {
            assert_eq!(refused(&database, text, &[]), message);
        }
    }

    #[test]
    fn changes_are_counted_without_those_of_triggers() {
        let database = database();
        let made = run(
            &database,
            "CREATE TABLE t (a); CREATE TABLE log (a);
            CREATE TRIGGER noted AFTER INSERT ON t BEGIN INSERT INTO log VALUES (new.a); SELECT 1; END;",
            &[],
        );
        assert_eq!(made.changed(), 0);
        assert_eq!(run(&database, "INSERT INTO t VALUES (1), (2), (3)", &[]).changed(), 3);
        assert_eq!(run(&database, "SELECT * FROM t", &[]).changed(), 0);
        assert_eq!(run(&database, "UPDATE t SET a = 0 WHERE a > 1", &[]).changed(), 2);
        assert_eq!(run(&database, "DELETE FROM t WHERE a > 1", &[]).changed(), 0);
    }

    #[test]
    fn rows_that_are_none_of_ours_do_not_look_like_ours() {
        let database = database();
        put(&database, "a", vec![1; 2 * PART_MAX_BYTES]);
        run(&database, "DELETE FROM _duractor_parts WHERE part = 1", &[]);
        assert_eq!(get(&database, b"a"), Some(Vec::new()), "a part is missing");
        run(&database, "UPDATE _duractor SET parts = 'many'", &[]);
        assert_eq!(get(&database, b"a"), Some(Vec::new()));
        run(&database, "UPDATE _duractor SET value = 'text', parts = 0", &[]);
        let rows = database.read(&Read::Get { key: b"a" }).unwrap();
        assert_eq!(rows.cell(0, 0), Ok(Cell::Text("text")));
    }
}
