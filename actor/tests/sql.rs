//! The user's own SQL, against SQLite.
#![cfg(not(target_arch = "wasm32"))]

use std::{cell::Cell, collections::HashMap};

use duractor::{IntoValue, SQL_MAX_BYTES, Sql, SqlError, Value, native::Native, native::Response, prelude::*};
use proptest::prelude::{Strategy, any, prop_oneof, proptest};
use serde::Deserialize;

type Body = Box<dyn FnOnce(&mut Users, &Cx, &mut Sql) -> Result<()>>;

thread_local! {
    /// What the next turn does.
    static BODY: Cell<Option<Body>> = const { Cell::new(None) };
}

#[derive(Default, Actor)]
struct Users {
    turns: u64,
}

#[derive(Debug, Deserialize, PartialEq)]
struct User {
    id: u64,
    name: String,
    email: Option<String>,
}

fn user(id: u64, name: &str, email: Option<&str>) -> User {
    User { id, name: name.into(), email: email.map(Into::into) }
}

const INSERT: &str = "INSERT INTO users (id, name, email) VALUES (?, ?, ?)";
const NAMES: &str = "SELECT name FROM users ORDER BY id";

fn names(cx: &Cx) -> Result<String> {
    Ok(cx.sql(NAMES, ()).all::<String>()?.join(" "))
}

#[methods]
impl Users {
    #[created]
    fn create(&mut self, sql: &mut Sql) -> Result<()> {
        sql.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT UNIQUE)", ())?;
        Ok(())
    }

    #[post("/turn")]
    fn turn(&mut self, cx: &Cx, sql: &mut Sql) -> Result<()> {
        self.turns += 1;
        let body = BODY.take().expect("a test asks for a turn with what it does");
        body(self, cx, sql)
    }

    #[get("/turns")]
    fn turns(&self) -> u64 {
        self.turns
    }

    #[get("/names")]
    fn shared(&self, cx: &Cx) -> Result<String> {
        names(cx)
    }

    /// What it reads afterwards is what there was before.
    #[post("/queue/{name}")]
    async fn queue(&mut self, cx: &Cx, name: &str) -> Result<String> {
        self.turns += 1;
        cx.sql(INSERT, (None::<u64>, name, None::<&str>)).execute()?;
        cx.sleep(millis(1)).await;
        names(cx)
    }

    #[post("/queue-then-fail")]
    fn queue_then_fail(&mut self, cx: &Cx) -> Result<()> {
        self.turns += 1;
        cx.sql(INSERT, (1, "ann", None::<&str>)).execute()?;
        Err(Problem::new(409, "no", "no"))?
    }

    #[post("/queue-malformed")]
    fn queue_malformed(&mut self, cx: &Cx) -> Result<()> {
        self.turns += 1;
        cx.sql(INSERT, (1, "ann", None::<&str>)).execute()?;
        cx.sql("INSERT INTO user VALUES (1)", ()).execute()?;
        Ok(())
    }

    #[post("/queue-shared")]
    fn queue_shared(&self, cx: &Cx) -> Result<()> {
        Ok(cx.sql(INSERT, (1, "ann", None::<&str>)).execute()?)
    }

    #[post("/me/{name}")]
    async fn by_me(me: Me<Self>, cx: &Cx, name: &str) -> Result<String> {
        let before = names(cx)?;
        let insert = cx.sql(INSERT, (None::<u64>, name, None::<&str>));
        me.turn(|_| -> Result<()> { Ok(insert.execute()?) }).await?;
        Ok(format!("{before} -> {}", names(cx)?))
    }
}

#[routes]
fn routes() -> Router {
    Router::new().mount::<Users>("/users", "users")
}

fn native() -> Native {
    Native::new().routes(routes())
}

/// A turn that does this.
fn try_turn(native: &Native, body: impl FnOnce(&mut Users, &Cx, &mut Sql) -> Result<()> + 'static) -> Response {
    BODY.set(Some(Box::new(body)));
    native.post("/users/turn").send()
}

#[track_caller]
fn turn(native: &Native, body: impl FnOnce(&mut Users, &Cx, &mut Sql) -> Result<()> + 'static) {
    let response = try_turn(native, body);
    assert!(response.status < 300, "{}: {:?}", response.text(), native.log());
}

/// The text of an error that there must be.
#[track_caller]
fn failed<T>(outcome: Result<T, SqlError>) -> String {
    outcome.map(drop).unwrap_err().to_string()
}

#[test]
fn rows_are_read_as_structs_tuples_and_values() {
    turn(&native(), |_, cx, sql| {
        assert_eq!(sql.execute(INSERT, (1, "ann", "ann@example.com"))?, 1);
        assert_eq!(sql.execute(INSERT, (2_u8, String::from("bob"), None::<&str>))?, 1);
        let all: Vec<User> = sql.query("SELECT * FROM users ORDER BY id", ()).all()?;
        assert_eq!(all, [user(1, "ann", Some("ann@example.com")), user(2, "bob", None)]);
        assert_eq!(sql.query("SELECT count(*), max(name) FROM users", ()).one::<(u8, String)>()?, (2, "bob".into()));
        assert_eq!(cx.sql("SELECT name FROM users WHERE id = ?", [2]).optional::<String>()?, Some("bob".into()));
        assert_eq!(cx.sql("SELECT name FROM users WHERE id = ?", [3]).optional::<String>()?, None);
        let map: HashMap<String, Value> = cx.sql("SELECT id, name FROM users WHERE name LIKE ?", ("b%",)).one()?;
        assert_eq!(map["id"], Value::Integer(2));
        Ok(())
    });
}

#[test]
fn an_iterator_decodes_as_it_goes() {
    turn(&native(), |_, cx, _| {
        let mut rows = cx.sql("SELECT value AS x FROM json_each('[1, \"b\", 3, 4]')", ()).rows::<u64>()?;
        assert_eq!(rows.columns().collect::<Vec<_>>(), ["x"]);
        assert_eq!((rows.len(), rows.next()), (4, Some(Ok(1))));
        let error = rows.next().unwrap().unwrap_err().to_string();
        assert!(error.starts_with("row 2: column `x`: invalid type: string \"b\", expected u64 in: SELECT"), "{error}");
        assert_eq!((rows.next_back(), rows.len()), (Some(Ok(4)), 1));
        assert_eq!((rows.next(), rows.next(), rows.next_back()), (Some(Ok(3)), None, None));
        Ok(())
    });
}

#[test]
fn another_number_of_rows_is_an_error_that_says_how_many() {
    turn(&native(), |_, cx, _| {
        let (none, three) = ("SELECT 1 WHERE 0", "SELECT 1 UNION SELECT 2 UNION SELECT 3");
        assert_eq!(failed(cx.sql(none, ()).one::<u8>()), format!("no row where one was asked for in: {none}"));
        assert_eq!(failed(cx.sql(three, ()).one::<u8>()), format!("3 rows where one was asked for in: {three}"));
        let error = failed(cx.sql(three, ()).optional::<u8>());
        assert_eq!(error, format!("3 rows where at most one was asked for in: {three}"));
        Ok(())
    });
}

#[test]
fn an_error_names_the_statement_and_where_it_is_wrong() {
    turn(&native(), |_, cx, sql| {
        assert_eq!(failed(cx.sql("SELECT * FROM nope", ()).all::<()>()), "no such table: nope in: SELECT * FROM nope");
        let error = sql.query("SELECT 'ä', * FORM users", ()).all::<()>().unwrap_err();
        assert_eq!(
            (error.message(), error.offset(), error.sql()),
            ("near \"FORM\": syntax error", Some(15), "SELECT 'ä', * FORM users")
        );
        assert_eq!(error.to_string(), "near \"FORM\": syntax error at character 14 of: SELECT 'ä', * FORM users");
        assert!(!error.is_constraint());
        Ok(())
    });
}

#[test]
fn an_error_is_logged_and_not_sent() {
    let native = native();
    let response = try_turn(&native, |_, cx, _| {
        cx.sql("SELECT secret FROM users", ()).all::<String>()?;
        Ok(())
    });
    assert_eq!(response.status, 500);
    assert!(!response.text().contains("secret"), "{}", response.text());
    let log = native.log().join("\n");
    assert!(log.contains("no such column: secret at character 7 of: SELECT secret FROM users"), "{log}");
}

#[test]
fn a_violated_constraint_is_told_and_leaves_the_rest_of_the_turn() {
    let native = native();
    turn(&native, |_, _, sql| {
        sql.execute(INSERT, (1, "ann", "ann@example.com"))?;
        let error = sql.execute(INSERT, (2, "bob", "ann@example.com")).unwrap_err();
        assert!(error.is_constraint() && error.message().contains("users.email"), "{error}");
        assert!(sql.execute(INSERT, (2, None::<&str>, "x")).unwrap_err().is_constraint());
        sql.execute(INSERT, (3, "cid", None::<&str>))?;
        Ok(())
    });
    assert_eq!(native.get("/users/names").send().text(), "ann cid");
}

#[test]
fn sql_and_state_commit_and_roll_back_together() {
    let native = native();
    turn(&native, |_, _, sql| sql.execute(INSERT, (1, "ann", None::<&str>)).map(drop).map_err(Into::into));
    let refused = try_turn(&native, |_, _, sql| {
        sql.execute(INSERT, (2, "bob", None::<&str>))?;
        assert_eq!(sql.query(NAMES, ()).all::<String>()?, ["ann", "bob"], "a turn sees what it writes");
        Err(Problem::new(409, "no", "no"))?
    });
    assert_eq!(refused.status, 409);
    native.fail_commits(1);
    let failed =
        try_turn(&native, |_, _, sql| sql.execute(INSERT, (3, "cid", None::<&str>)).map(drop).map_err(Into::into));
    assert_eq!(failed.status, 503);
    for _ in 0..2 {
        assert_eq!(native.get("/users/names").send().text(), "ann");
        assert_eq!(native.get("/users/turns").send().text(), "1");
        native.evict("Users", "users");
    }
}

#[test]
fn execute_counts_the_rows_that_it_writes() {
    turn(&native(), |_, _, sql| {
        assert_eq!(sql.execute("INSERT INTO users (name) VALUES ('a'), ('b'), ('c')", ())?, 3);
        assert_eq!(sql.execute("CREATE INDEX by_name ON users (name)", ())?, 0);
        assert_eq!(sql.execute("UPDATE users SET name = name || 'x' WHERE id > ?", (1,))?, 2);
        assert_eq!(sql.execute("UPDATE users SET name = '' WHERE id > ?", (9,))?, 0);
        assert_eq!(sql.execute("SELECT * FROM users", ())?, 0);
        assert_eq!(sql.execute("DELETE FROM users", ())?, 3);
        Ok(())
    });
}

#[test]
fn a_statement_that_writes_may_return_rows() {
    let native = native();
    turn(&native, |_, _, sql| {
        let insert = "INSERT INTO users (name) VALUES (?), (?) RETURNING id, name";
        assert_eq!(sql.query(insert, ("ann", "bob")).all::<(u8, String)>()?, [(1, "ann".into()), (2, "bob".into())]);
        sql.query("INSERT INTO users (name) VALUES (?)", ("cid",)).execute()?;
        Ok(())
    });
    assert_eq!(native.get("/users/names").send().text(), "ann bob cid");
}

#[test]
fn an_inner_transaction_that_fails_leaves_the_outer_one() {
    let native = native();
    turn(&native, |users, _, sql| {
        sql.execute(INSERT, (1, "ann", None::<&str>))?;
        let outcome: Result<()> = sql.transaction(|sql| {
            users.turns = 40;
            sql.execute(INSERT, (2, "bob", None::<&str>))?;
            let kept = sql.transaction(|sql| sql.execute(INSERT, (3, "cid", None::<&str>)));
            assert_eq!(kept, Ok(1));
            assert_eq!(sql.query(NAMES, ()).all::<String>()?, ["ann", "bob", "cid"]);
            Err(Problem::new(409, "no", "no"))?
        });
        assert_eq!(outcome.unwrap_err().problem().status(), 409);
        assert_eq!(sql.transaction(|sql| sql.execute(INSERT, (4, "dan", None::<&str>))), Ok(1));
        assert!(sql.transaction(|sql| sql.execute(INSERT, (4, "dan", None::<&str>))).unwrap_err().is_constraint());
        Ok(())
    });
    assert_eq!(native.get("/users/names").send().text(), "ann dan");
    assert_eq!(native.get("/users/turns").send().text(), "40", "the actor's fields are the turn's");
}

#[test]
fn a_text_may_hold_several_statements() {
    let native = native();
    turn(&native, |_, _, sql| {
        let text = "INSERT INTO users (name) VALUES ('ann'); INSERT INTO users (name) VALUES (?), (?);";
        assert_eq!(sql.execute(text, ("bob", "cid"))?, 2);
        assert!(sql.execute("", ()).is_err());
        assert!(sql.execute("SELECT ?", ()).is_err());
        assert!(sql.execute("SELECT 1", (1,)).is_err());
        Ok(())
    });
    assert_eq!(native.get("/users/names").send().text(), "ann bob cid");
}

#[test]
fn a_queued_write_runs_with_the_commit() {
    let native = native();
    assert_eq!(native.post("/users/queue/ann").send().text(), "");
    assert_eq!(native.post("/users/queue/bob").send().text(), "ann", "a turn does not see what it has queued");
    assert_eq!(native.post("/users/me/cid").send().text(), "ann bob -> ann bob cid");
    native.evict("Users", "users");
    assert_eq!(native.get("/users/names").send().text(), "ann bob cid");
}

#[test]
fn a_queued_write_is_dropped_with_its_turn() {
    let native = native();
    assert_eq!(native.post("/users/queue-then-fail").send().status, 409);
    native.fail_commits(1);
    assert_eq!(native.post("/users/queue/ann").send().status, 503);
    assert_eq!(native.get("/users/turns").send().text(), "0");
    assert_eq!(native.get("/users/names").send().text(), "");
}

#[test]
fn a_queued_write_that_is_wrong_fails_the_commit() {
    let native = native();
    let response = native.post("/users/queue-malformed").send();
    assert_eq!(response.status, 500);
    let log = native.log().join("\n");
    assert!(log.contains("no such table: user in: INSERT INTO user VALUES (1)"), "{log}");
    assert_eq!(native.get("/users/turns").send().text(), "0");
    assert_eq!(native.get("/users/names").send().text(), "");
}

#[test]
fn a_write_stands_in_an_exclusive_turn() {
    let native = native();
    assert_eq!(native.post("/users/queue-shared").send().status, 500);
    let log = native.log().join("\n");
    assert!(log.contains("`&mut self`, or `me.turn(…)` in: INSERT"), "{log}");
}

#[test]
fn a_read_that_writes_is_refused() {
    let native = native();
    turn(&native, |_, cx, _| {
        for text in [
            "INSERT INTO users (name) VALUES ('ann') RETURNING id",
            "WITH x AS (SELECT 'ann' AS name) INSERT INTO users (name) SELECT name FROM x RETURNING id",
            "INSERT INTO users (name) VALUES ('ann'); SELECT 1",
            "SELECT 1; INSERT INTO users (name) VALUES ('ann'); SELECT 1",
            "-- SELECT\nDROP TABLE users",
        ] {
            assert!(cx.sql(text, ()).all::<u64>().is_err(), "{text}");
        }
        let error = failed(cx.sql("DROP TABLE users", ()).all::<()>());
        assert!(error.starts_with("this is no statement that reads"), "{error}");
        Ok(())
    });
    assert_eq!(native.get("/users/names").send().text(), "");
}

#[test]
fn what_is_beyond_a_bound_is_refused_before_it_leaves() {
    turn(&native(), |_, cx, sql| {
        let long = format!("SELECT '{}'", " ".repeat(SQL_MAX_BYTES as usize));
        let error = failed(cx.sql(&long, ()).all::<()>());
        assert!(
            error.starts_with("100009 bytes of SQL, where the platform takes 100000 at most in: SELECT"),
            "{error}"
        );
        let longest = &format!("SELECT '{}'", " ".repeat(SQL_MAX_BYTES as usize - 9));
        assert_eq!(sql.query(longest, ()).one::<String>()?.len(), 99_991);

        let marks = vec!["?"; 101].join(", ");
        let error = failed(sql.execute(&format!("SELECT {marks}"), vec![0; 101]));
        assert!(error.starts_with("101 parameters, where the platform takes 100 at most"), "{error}");
        let hundred: Vec<u8> =
            sql.query("SELECT value FROM json_each('[1, 2]') WHERE value IN (?, ?)", [1, 2]).all::<u8>()?;
        assert_eq!(hundred, [1, 2]);

        assert_eq!(
            failed(cx.sql("SELECT ?", (1_u64 << 53,)).one::<u64>()),
            "parameter 1 is an integer beyond 2^53 − 1, up to which integers are exact in: SELECT ?"
        );
        assert_eq!(
            failed(cx.sql("SELECT 9007199254740992", ()).one::<u64>()),
            "row 1: column `9007199254740992`: 9007199254740992 is beyond 2^53 − 1, up to which integers are exact in: \
             SELECT 9007199254740992"
        );
        assert!(failed(cx.sql("SELECT ?", (f64::NAN,)).one::<f64>()).starts_with("parameter 1 is not a number"));
        Ok(())
    });
}

/// What a value is after SQLite and the runtime have had it: they do not tell 2 from 2.0.
fn stored(value: Value) -> Value {
    match value {
        Value::Real(real) if real.trunc() == real && real.abs() < (1_u64 << 53) as f64 => Value::Integer(real as i64),
        other => other,
    }
}

fn values() -> impl Strategy<Value = Value> {
    prop_oneof![
        proptest::strategy::Just(Value::Null),
        (-((1_i64 << 53) - 1)..(1 << 53)).prop_map(Value::Integer),
        any::<f64>().prop_filter("a parameter is a number", |real| !real.is_nan()).prop_map(Value::Real),
        any::<i32>().prop_map(|whole| Value::Real(whole.into())),
        "\\PC*".prop_map(Value::Text),
        any::<String>().prop_map(Value::Text),
        any::<Vec<u8>>().prop_map(Value::Blob),
    ]
}

proptest! {
    #[test]
    fn a_value_comes_back_as_it_went(values in proptest::collection::vec(values(), 1..20)) {
        turn(&native(), move |_, _, sql| {
            sql.execute("CREATE TABLE any (place INTEGER PRIMARY KEY, value)", ())?;
            for value in &values {
                let echo: Value = sql.query("SELECT ?", (value,)).one()?;
                assert_eq!(stored(echo), stored(value.clone()));
                sql.execute("INSERT INTO any (value) VALUES (?)", [value])?;
            }
            let kept: Vec<Value> = sql.query("SELECT value FROM any ORDER BY place", ()).all()?;
            let kept: Vec<Value> = kept.into_iter().map(stored).collect();
            assert_eq!(kept, values.into_iter().map(stored).collect::<Vec<_>>());
            Ok(())
        });
    }

    #[test]
    fn an_integer_comes_back_or_is_refused(integer in any::<i64>()) {
        turn(&native(), move |_, _, sql| {
            let is_exact = integer.unsigned_abs() < 1 << 53;
            let bound = sql.query("SELECT ?", (integer,)).one::<i64>();
            let literal = sql.query(&format!("SELECT {integer}"), ()).one::<i64>();
            assert_eq!((bound.is_ok(), literal.is_ok()), (is_exact, is_exact), "{bound:?} {literal:?}");
            assert!(!is_exact || (bound == Ok(integer) && literal == Ok(integer)));
            Ok(())
        });
    }

    #[test]
    fn bytes_and_text_come_back(bytes in any::<Vec<u8>>(), text in any::<String>(), flag in any::<Option<bool>>()) {
        turn(&native(), move |_, _, sql| {
            let params = vec![(&bytes).into_value(), text.as_str().into_value(), flag.into_value()];
            let row: (Vec<u8>, String, Option<bool>) = sql.query("SELECT ?, ?, ?", params).one()?;
            assert_eq!(row, (bytes, text, flag));
            Ok(())
        });
    }
}
