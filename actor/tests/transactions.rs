//! What belongs to a turn's transaction beside the actor's fields: hooks and the user's own SQL.
use std::cell::RefCell;

use duractor::{
    native::{Fault, Native},
    prelude::*,
};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[derive(Default, Actor)]
struct Visits {
    created: u32,
    activated: u32,
    count: u32,
    #[actor(transient)]
    noted: RefCell<u32>,
}

#[methods]
impl Visits {
    #[created]
    fn create(&mut self, cx: &Cx) -> Result<()> {
        self.created += 1;
        if cx.name() == "refused" {
            Err(Problem::new(403, "no-entry", "not this one"))?;
        }
        assert_ne!(cx.name(), "panic", "on purpose");
        Ok(())
    }

    #[activated]
    fn activate(&mut self) -> Result<()> {
        self.activated += 1;
        *self.noted.borrow_mut() += 1;
        Ok(())
    }

    #[get]
    fn show(&self) -> String {
        format!("{} {} {} {}", self.created, self.activated, self.count, self.noted.borrow())
    }

    #[post("/count")]
    fn count(&mut self) -> u32 {
        self.count += 1;
        self.count
    }
}

#[routes]
fn visits() -> Router {
    Router::new().mount::<Visits>("/visits/{name}", "{name}")
}

fn show(native: &Native) -> String {
    native.get("/visits/a").send().text().into_owned()
}

#[test]
fn created_runs_once_in_an_actors_life_and_activated_whenever_it_comes_into_memory() {
    let native = Native::new().routes(visits());
    assert_eq!(show(&native), "1 1 0 1");
    assert_eq!(show(&native), "1 1 0 1");
    native.evict("Visits", "a");
    assert_eq!(show(&native), "1 2 0 1");
    native.post("/visits/a/count").send();
    native.rehydrate("Visits", "a");
    assert_eq!(show(&native), "1 3 1 1");
    let native = native.routes(visits());
    assert_eq!(show(&native), "1 4 1 1");
}

#[test]
fn a_hook_that_fails_answers_the_call_and_leaves_nothing() {
    let native = Native::new().routes(visits());
    for _ in 0..2 {
        let reply = native.get("/visits/refused").send();
        assert_eq!((reply.status, reply.text().contains("no-entry")), (403, true));
        assert_eq!(native.stored("Visits", "refused"), []);
    }
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn a_hook_that_panics_answers_the_call_and_leaves_nothing() {
    let native = Native::new().routes(visits());
    assert_eq!(native.get("/visits/panic").send().status, 500);
    assert_eq!(native.stored("Visits", "panic"), []);
    assert_eq!(show(&native), "1 1 0 1", "others go on");
}

#[test]
fn hooks_run_again_when_their_commit_was_not_kept() {
    for fault in [Fault::FailCommit, Fault::LoseCommit, Fault::CrashBefore, Fault::CrashDuring] {
        let native = Native::new().routes(visits());
        native.inject(fault);
        assert_eq!(native.get("/visits/a").send().status, 503, "{fault:?}");
        assert_eq!(show(&native), "1 1 0 1", "{fault:?}");
    }
    let native = Native::new().routes(visits());
    native.inject(Fault::CrashAfter);
    assert_eq!(native.get("/visits/a").send().status, 503);
    assert_eq!(show(&native), "1 2 0 1");
}

#[cfg(not(target_arch = "wasm32"))]
mod sql {
    use duractor::Sql;

    use super::*;

    #[derive(Default, Actor)]
    struct Shop {
        sold: u32,
        receipts: Arena<String>,
    }

    #[methods]
    impl Shop {
        #[created]
        fn create(&mut self, sql: &mut Sql) -> Result<()> {
            let stock = "CREATE TABLE stock (item TEXT PRIMARY KEY, pieces INTEGER NOT NULL CHECK (pieces >= 0))";
            sql.execute(stock, ())?;
            sql.execute("INSERT INTO stock VALUES ('apple', 3), ('pear', 1)", ())?;
            Ok(())
        }

        fn sale(&mut self, item: &str) {
            self.sold += 1;
            self.receipts.insert(item.to_owned());
        }

        /// Queues the write.
        #[post("/queue/{item}")]
        fn queue(&mut self, cx: &Cx, item: &str) -> Result<()> {
            self.sale(item);
            cx.sql("UPDATE stock SET pieces = pieces - 1 WHERE item = ?", (item,)).execute()?;
            Ok(())
        }

        #[post("/queue-and-fail/{item}")]
        fn queue_and_fail(&mut self, cx: &Cx, item: &str) -> Result<()> {
            self.queue(cx, item)?;
            Err(Problem::new(409, "no", "not today"))?
        }

        #[post("/queue-in-turns/{item}")]
        async fn queue_in_turns(me: Me<Self>, cx: &Cx, item: &str) -> Result<()> {
            me.turn(|shop| shop.queue(cx, item)).await?;
            cx.sleep(millis(1)).await;
            me.turn(|shop| shop.queue(cx, item)).await
        }

        /// Writes at once.
        #[post("/sell/{item}")]
        fn sell(&mut self, sql: &mut Sql, item: &str) -> Result<Option<u32>> {
            self.sale(item);
            let left: Option<u32> = sql
                .query("UPDATE stock SET pieces = pieces - 1 WHERE item = ? RETURNING pieces", (item,))
                .optional()?;
            Ok(left)
        }

        #[post("/sell-and-fail/{item}/{how}")]
        fn sell_and_fail(&mut self, sql: &mut Sql, item: &str, how: &str) -> Result<Response> {
            self.sell(sql, item)?;
            sql.execute("CREATE TABLE more (a); INSERT INTO more VALUES (?)", (1,))?;
            match how {
                "panic" => panic!("on purpose"),
                "rollback" => Ok(Response::text("never mind").rollback()),
                _ => Err(Problem::new(409, "no", "not today"))?,
            }
        }

        /// Sells what there is of a list, each as a transaction within.
        #[post("/try/{items}")]
        fn try_all(&mut self, sql: &mut Sql, items: &str) -> Result<u32> {
            let mut sold = 0;
            for item in items.split(',') {
                let try_one = |sql: &mut Sql| {
                    sql.execute("UPDATE stock SET pieces = pieces + 10", ())?;
                    sql.execute("UPDATE stock SET pieces = pieces - 11 WHERE item = ?", (item,))
                };
                sold += u32::from(sql.transaction(try_one).is_ok());
            }
            Ok(sold)
        }

        /// Goes on although a statement has ended the transaction.
        #[post("/force/{item}")]
        fn force(&mut self, sql: &mut Sql, item: &str) {
            self.sale(item);
            _ = sql.execute("UPDATE stock SET pieces = 7", ());
            _ = sql.execute("INSERT OR ROLLBACK INTO stock VALUES (?, 9)", (item,));
            _ = sql.execute("UPDATE stock SET pieces = 8", ());
        }

        #[get]
        fn show(&self, cx: &Cx) -> Result<String> {
            let stock: Vec<(String, u32)> = cx.sql("SELECT item, pieces FROM stock ORDER BY item", ()).all()?;
            Ok(format!("{} {} {stock:?}", self.sold, self.receipts.len()))
        }

        /// A statement that writes, where only reading is allowed.
        #[get("/sneak")]
        fn sneak(&self, cx: &Cx) -> String {
            let deleted: Result<Vec<(String,)>, _> = cx.sql("DELETE FROM stock RETURNING item", ()).all();
            deleted.map_or_else(|error| error.to_string(), |rows| format!("{rows:?}"))
        }

        #[get("/queue")]
        fn queue_shared(&self, cx: &Cx) -> String {
            cx.sql("DELETE FROM stock", ()).execute().map_or_else(|error| error.to_string(), |()| "queued".into())
        }
    }

    fn routes() -> Router {
        Router::new().mount::<Shop>("/shop", "shop")
    }

    const FULL: &str = r#"0 0 [("apple", 3), ("pear", 1)]"#;

    fn native() -> Native {
        let native = Native::new().routes(routes());
        assert_eq!(show(&native), FULL);
        native
    }

    fn show(native: &Native) -> String {
        native.get("/shop").send().text().into_owned()
    }

    /// What is shown now and after the actor came back.
    fn check(native: &Native, expected: &str) {
        assert_eq!(show(native), expected);
        native.evict("Shop", "shop");
        assert_eq!(show(native), expected);
    }

    #[test]
    fn statements_and_fields_are_kept_together() {
        for how in ["queue", "sell"] {
            let native = native();
            assert!(native.post(&format!("/shop/{how}/apple")).send().status < 300);
            check(&native, r#"1 1 [("apple", 2), ("pear", 1)]"#);
        }
        let native = native();
        assert_eq!(native.post("/shop/queue-in-turns/apple").send().status, 204);
        check(&native, r#"2 2 [("apple", 1), ("pear", 1)]"#);
    }

    #[test]
    fn what_fails_is_rolled_back_together() {
        for what in [
            "queue-and-fail/pear",
            "sell-and-fail/pear/error",
            "sell-and-fail/pear/rollback",
            "sell-and-fail/pear/panic",
        ] {
            let native = native();
            native.post(&format!("/shop/{what}")).send();
            check(&native, FULL);
            native.post(&format!("/shop/{what}")).send();
            check(&native, FULL);
        }
    }

    #[test]
    fn a_statement_that_fails_takes_its_turn_along() {
        let native = native();
        native.post("/shop/queue/pear").send();
        for how in ["queue", "sell"] {
            assert_eq!(native.post(&format!("/shop/{how}/pear")).send().status, 500);
            check(&native, r#"1 1 [("apple", 3), ("pear", 0)]"#);
        }
        assert!(native.log().join("\n").contains("CHECK constraint failed"), "{:?}", native.log());
    }

    #[test]
    fn a_transaction_within_is_rolled_back_alone() {
        let native = native();
        assert_eq!(native.post("/shop/try/pear,none,apple").send().text(), "3");
        check(&native, r#"0 0 [("apple", 22), ("pear", 20)]"#);
        let native = self::native();
        assert_eq!(native.post("/shop/try/pear,pear").send().text(), "1", "the second one would be one too many");
        check(&native, r#"0 0 [("apple", 13), ("pear", 0)]"#);
    }

    #[test]
    fn a_transaction_that_a_statement_has_ended_keeps_nothing() {
        let native = native();
        assert!(native.post("/shop/force/apple").send().status >= 500);
        check(&native, FULL);
    }

    #[test]
    fn faults_hit_statements_and_fields_together() {
        for fault in [Fault::FailCommit, Fault::LoseCommit, Fault::CrashBefore, Fault::CrashDuring, Fault::CrashAfter] {
            for how in ["queue", "sell"] {
                let native = native();
                native.inject(fault);
                assert_eq!(native.post(&format!("/shop/{how}/apple")).send().status, 503, "{fault:?} {how}");
                let kept = r#"1 1 [("apple", 2), ("pear", 1)]"#;
                check(&native, if fault == Fault::CrashAfter { kept } else { FULL });
            }
        }
    }

    #[test]
    fn who_may_only_read_does_not_write() {
        let native = native();
        let refused = native.get("/shop/sneak").send();
        assert!(refused.text().contains("is queued with `.execute()`"), "{}", refused.text());
        let refused = native.get("/shop/queue").send();
        assert_ne!(refused.text(), "queued");
        check(&native, FULL);
    }
}
