//! Tables and logs in actors: by HTTP, through failures, evictions and migrations.
#![cfg(not(target_arch = "wasm32"))] // A worker has one set of routes.

use duractor::native::{Fault, Native};

mod v1 {
    use duractor::prelude::*;

    /// Balances and entries always agree: both are committed together.
    #[derive(Default, Actor)]
    pub(crate) struct Ledger {
        pub balances: Table<String, i64>,
        pub entries: Log<(String, i64)>,
        pub archive: Table<String, i64>,
    }

    #[methods]
    impl Ledger {
        #[get("/balances/{account}")]
        fn balance(&self, account: &str) -> Result<Option<i64>> {
            Ok(self.balances.get(account)?.copied())
        }

        #[get("/balances")]
        fn balances(&self) -> Result<String> {
            let balances: Vec<_> = self.balances.iter().collect::<Result<_>>()?;
            Ok(format!("{balances:?} {}", self.archive.count(..)?))
        }

        #[get("/entries")]
        fn entries(&self) -> Result<String> {
            let newest: Vec<_> = self.entries.range(..).rev().take(3).collect::<Result<_>>()?;
            Ok(format!("{newest:?} {}..{}", self.entries.first(), self.entries.end()))
        }

        #[post("/book/{account}/{amount}")]
        fn book(&mut self, account: String, amount: i64) -> Result<u64> {
            *self.balances.get_or_insert_with(account.clone(), || 0)? += amount;
            let position = self.entries.push((account.clone(), amount))?;
            if self.balances.get(&account)?.is_some_and(|balance| *balance < 0) {
                Err(Problem::new(409, "overdrawn", "that is more than there is"))?;
            }
            Ok(position)
        }

        #[post("/fill/{count}")]
        fn fill(&mut self, count: u32) -> Result<()> {
            for number in 0..count {
                let account = format!("{number:05}{}", "-".repeat(200));
                self.balances.insert(account.clone(), 1);
                self.entries.push((account, 1))?;
            }
            Ok(())
        }

        #[post("/archive")]
        fn archive(&mut self) {
            self.archive = std::mem::take(&mut self.balances);
            self.balances.insert("new".to_owned(), 1);
            self.entries.truncate_before(self.entries.end());
        }

        #[post("/keep")]
        async fn keep(me: Me<Self>) -> Result<()> {
            let balances = me.turn(|ledger| Ok::<_, Error>(std::mem::take(&mut ledger.balances))).await?;
            me.turn(|ledger| {
                ledger.balances = balances;
                Ok::<_, Error>(())
            })
            .await
        }
    }

    #[routes]
    pub(crate) fn routes() -> Router {
        Router::new().mount::<Ledger>("/{org}", "{org}")
    }
}

mod v2 {
    use duractor::prelude::*;
    use serde::{Deserialize, Serialize};

    use super::v1;

    #[derive(Debug, Deserialize, Serialize)]
    pub(crate) struct Account {
        pub cents: i64,
        pub note: String,
    }

    /// The entries are called `balances` now, and the balances `accounts`.
    #[derive(Default, Actor)]
    #[actor(version = 2, from = v1::Ledger)]
    pub(crate) struct Ledger {
        pub accounts: Table<String, Account>,
        pub balances: Log<String>,
    }

    impl From<v1::Ledger> for Ledger {
        fn from(old: v1::Ledger) -> Self {
            let mut accounts = old.balances.map(|euros| Account { cents: euros * 100, note: "x".repeat(200) });
            accounts.remove("bob");
            let balances = old.entries.map(|(account, amount)| format!("{account} {amount}")).expect("all is stored");
            Self { accounts, balances }
        }
    }

    #[methods]
    impl Ledger {
        #[get("/{account}")]
        fn account(&self, account: &str) -> Result<Option<i64>> {
            Ok(self.accounts.get(account)?.map(|account| account.cents))
        }

        #[get]
        fn summary(&self) -> Result<String> {
            let mut cents = 0;
            for account in self.accounts.iter() {
                cents += account?.1.cents;
            }
            let last = self.balances.range(..).next_back().transpose()?;
            Ok(format!("{cents} {} {last:?}", self.balances.count(..)?))
        }
    }

    #[routes]
    pub(crate) fn routes() -> Router {
        Router::new().mount::<Ledger>("/{org}", "{org}")
    }
}

/// A ledger with two accounts, which is not in memory.
fn ledger() -> Native {
    let native = Native::new().routes(v1::routes());
    for booking in ["ann/7", "bob/5", "ann/-3"] {
        assert_eq!(native.post(&format!("/a/book/{booking}")).send().status, 200);
    }
    native.evict("Ledger", "a");
    native
}

fn text(native: &Native, target: &str) -> String {
    let reply = native.get(target).send();
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.text().into_owned()
}

const BALANCES: &str = r#"[("ann", 4), ("bob", 5)] 0"#;
const ENTRIES: &str = r#"[(2, ("ann", -3)), (1, ("bob", 5)), (0, ("ann", 7))] 0..3"#;

#[test]
fn entries_outlive_the_actor() {
    let native = ledger();
    assert_eq!(text(&native, "/a/balances/ann"), "4");
    assert_eq!(native.get("/a/balances/eve").send().status, 404);
    assert_eq!((text(&native, "/a/balances"), text(&native, "/a/entries")), (BALANCES.into(), ENTRIES.into()));
}

#[test]
fn an_entry_that_was_read_or_is_missing_is_not_read_again() {
    let native = ledger();
    text(&native, "/a/balances/ann");
    native.get("/a/balances/eve").send();
    let before = native.reads();
    text(&native, "/a/balances/ann");
    native.get("/a/balances/eve").send();
    native.post("/a/book/ann/1").send();
    text(&native, "/a/balances/ann");
    assert_eq!(native.reads(), before);
}

#[test]
fn a_turn_that_fails_leaves_no_trace() {
    let native = ledger();
    assert_eq!(native.post("/a/book/ann/-5").send().status, 409);
    assert_eq!(native.post("/a/book/eve/-5").send().status, 409);
    native.fail_commits(1);
    assert_eq!(native.post("/a/book/ann/5").send().status, 503);
    for _ in 0..2 {
        assert_eq!((text(&native, "/a/balances"), text(&native, "/a/entries")), (BALANCES.into(), ENTRIES.into()));
        native.evict("Ledger", "a");
    }
}

#[test]
fn a_table_moves_to_another_field_and_a_log_forgets() {
    let native = ledger();
    native.post("/a/archive").send();
    for _ in 0..2 {
        assert_eq!(text(&native, "/a/balances"), r#"[("new", 1)] 2"#);
        assert_eq!(text(&native, "/a/entries"), "[] 3..3");
        native.evict("Ledger", "a");
    }
    assert_eq!(native.post("/a/book/ann/1").send().text(), "3");
}

#[test]
fn a_table_that_comes_back_in_a_later_turn_is_refused() {
    let native = ledger();
    assert_eq!(native.post("/a/keep").send().status, 500);
    assert!(native.log().iter().any(|line| line.contains("field `balances`")), "{:?}", native.log());
    assert_eq!(text(&native, "/a/balances"), "[] 0");
}

#[test]
fn a_migration_rewrites_what_is_longer_than_a_piece() {
    let native = ledger();
    native.post("/a/fill/6000").send();
    let native = native.routes(v2::routes());
    for _ in 0..2 {
        assert_eq!(text(&native, "/a/ann"), "400");
        assert_eq!(native.get("/a/bob").send().status, 404);
        let summary = text(&native, "/a");
        assert!(summary.starts_with("600400 6003 Some((6002, \"05999---"), "{summary}");
        native.evict("Ledger", "a");
    }
}

#[test]
fn a_migration_that_fails_leaves_the_earlier_version() {
    for fault in [Fault::FailCommit, Fault::LoseCommit, Fault::CrashDuring] {
        let native = ledger();
        native.post("/a/fill/6000").send();
        let before = native.stored("Ledger", "a");
        let native = native.routes(v2::routes());
        native.inject(fault);
        assert_eq!(native.get("/a").send().status, 503, "{fault:?}");
        assert!(native.stored("Ledger", "a") == before, "{fault:?}");
        assert!(text(&native, "/a").starts_with("600400 6003"), "{fault:?}");
    }
}
