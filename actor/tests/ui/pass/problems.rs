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

fn main() {
    let _: duractor::Error = Busy { calls: 1, who: "me" }.into();
    let _ = Problem::from(Refusal::NoAccount { owner: String::new(), r#type: "", shard: 0 });
    let _ = Problem::from(Refusal::Unreachable);
}
