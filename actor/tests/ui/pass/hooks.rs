//! Every shape of hook, and methods in a storage transaction, under lints that a careful crate sets.
#![forbid(unsafe_code)]
#![deny(warnings, missing_docs, unreachable_pub, unused_qualifications, rust_2018_idioms)]
#![deny(clippy::all, clippy::pedantic)]
#![allow(clippy::unused_self, clippy::missing_errors_doc, clippy::needless_lifetimes, clippy::unnecessary_wraps)]

use duractor::Methods;
use duractor::prelude::*;

/// Has both hooks, with all that they can take.
#[derive(Default, Actor)]
pub struct Ledger {
    count: u64,
}

#[methods]
impl Ledger {
    #[created]
    fn create(&mut self, sql: &mut Sql, cx: &Cx) -> Result<()> {
        let _ = (sql, cx);
        self.count = 1;
        Ok(())
    }

    /// Is a route, too.
    #[post("/refresh")]
    #[activated]
    pub fn refresh<'a>(&'a mut self, _: &'a Cx, _: &mut Sql) {
        self.count += 1;
    }

    #[post("/entries/{id}")]
    fn add(&mut self, sql: &mut Sql, id: u64, Json(text): Json<String>) -> Result<String> {
        let _ = sql;
        self.count += id;
        Ok(text)
    }

    #[put("/entries")]
    fn borrows_from_self<'a>(&'a mut self, _: &'a mut Sql) -> Json<&'a u64> {
        Json(&self.count)
    }
}

/// Takes nothing, and is the actor's only method.
#[derive(Default, Actor)]
pub struct Small;

#[methods]
impl Small {
    #[created]
    #[deprecated]
    fn create(&mut self) -> Result<(), Problem> {
        Ok(())
    }
}

/// Of hooks under `#[cfg]` only one need exist, or none.
#[derive(Default, Actor)]
pub struct Sometimes;

#[methods]
impl Sometimes {
    #[cfg(target_os = "none")]
    #[created]
    fn create(&mut self) -> Absent {
        Absent
    }

    #[cfg(target_os = "none")]
    #[activated]
    fn activate(&mut self) -> Absent {
        Absent
    }

    #[cfg(not(target_os = "none"))]
    #[activated]
    fn activate(&mut self) {}
}

fn hooks<A: Methods>() -> [bool; 2] {
    [A::HOOKS.created.is_some(), A::HOOKS.activated.is_some()]
}

fn main() {
    assert_eq!(hooks::<Ledger>(), [true, true]);
    assert_eq!(hooks::<Small>(), [true, false]);
    assert_eq!(hooks::<Sometimes>(), [false, true]);
}
