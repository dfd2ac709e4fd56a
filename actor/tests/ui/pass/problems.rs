//! Problems of every form.
#![forbid(unsafe_code)]
#![deny(warnings, clippy::all, clippy::pedantic)]

use duractor::prelude::*;

#[derive(Problem)]
pub enum Refusal {
    #[problem(409, "overdrawn by {0}")]
    Overdrawn(u64),
    #[problem(404, "{{no}} {type:?} for {owner:>8}")]
    NoAccount { owner: String, r#type: &'static str, shard: u64 },
    #[problem(503, "the bank is away", kind = "bank-away",)]
    Unreachable,
    #[cfg(target_os = "none")]
    #[problem(404, "{0}")]
    Nowhere(Absent),
}

#[derive(Problem)]
#[problem(429, "{calls} calls", kind = "too-many")]
pub struct Busy<'a, T>
where
    T: std::fmt::Display,
{
    calls: T,
    pub who: &'a str,
}

#[derive(Problem)]
pub enum Never {}

#[derive(Default, Actor)]
pub struct Account {
    cents: u64,
}

#[methods]
impl Account {
    #[post("/withdraw/{cents}")]
    fn withdraw(&mut self, cents: u64) -> Result<u64, Refusal> {
        self.cents = self.cents.checked_sub(cents).ok_or(Refusal::Overdrawn(cents))?;
        Ok(self.cents)
    }

    #[post("/question/{cents}")]
    fn question(&mut self, cents: u64) -> Result<u64> {
        Ok(self.withdraw(cents)?)
    }
}

fn check(problem: impl Into<Problem>, status: u16, kind: &str, detail: &str) {
    let problem = problem.into();
    assert_eq!((problem.status(), problem.kind(), problem.detail()), (status, kind, detail));
}

fn main() {
    check(Refusal::Overdrawn(5), 409, "overdrawn", "overdrawn by 5");
    let missing = Refusal::NoAccount { owner: "ann".into(), r#type: "old", shard: 1 };
    check(missing, 404, "no-account", "{no} \"old\" for      ann");
    check(Refusal::Unreachable, 503, "bank-away", "the bank is away");
    check(Busy { calls: 7, who: "ann" }, 429, "too-many", "7 calls");
    let error: duractor::Error = Busy { calls: 1, who: "ann" }.into();
    assert_eq!(error.problem().status(), 429);
    assert_eq!(Account::default().question(1).unwrap_err().problem().status(), 409);
}
