//! Accounts and the entries that made them: two tables that always balance, since a turn commits both or neither.

use std::collections::BTreeMap;

use duractor::prelude::*;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use crate::page::{escape, page};

/// Where money comes from and goes to: the only account that may be overdrawn.
const BANK: &str = "bank";

/// Greatest amount and balance: beyond it JSON's readers round.
const CENTS_MAX: i64 = (1 << 53) - 1;

/// Longest name of an account, in bytes.
const NAME_MAX_BYTES: usize = 64;

/// Most lines of one answer.
const LINES_MAX: usize = 100;

/// Most lines of a table on the page.
const PAGE_LINES: usize = 10;

/// Who has how much, and why. Both tables can be larger than memory: only what is asked for is loaded, and only what has
/// changed is written.
#[derive(Default, Actor)]
pub struct Ledger {
    /// In cents; all of them together are 0.
    balances: Table<String, i64>,
    /// By number, from 1 on.
    entries: Table<u64, Entry>,
    count: u64,
}

/// A transfer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    from: String,
    to: String,
    cents: i64,
}

/// A transfer with its number.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Numbered {
    number: u64,
    #[serde(flatten)]
    entry: Entry,
}

/// Which entries.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Span {
    from: u64,
    to: u64,
}

impl Default for Span {
    fn default() -> Self {
        Self { from: 0, to: u64::MAX }
    }
}

/// What came of adding up all entries.
#[derive(Serialize)]
pub struct Check {
    entries: u64,
    accounts: usize,
    /// Accounts whose balance is not what their entries make, and by how much.
    wrong: BTreeMap<String, i64>,
}

/// Why nothing was transferred.
#[derive(Debug, PartialEq, Problem)]
pub enum Refused {
    /// There is not so much in the account.
    #[problem(409, "{account} is {short} cents short")]
    Overdrawn {
        /// The account.
        account: String,
        /// How much is missing.
        short: i64,
    },
    /// The account would hold more than a balance may be.
    #[problem(409, "{0} would hold more than JSON can say")]
    TooRich(String),
    /// The amount is nothing, or less, or too much.
    #[problem(422, "{0} cents cannot be transferred")]
    BadAmount(i64),
    /// The name is empty or too long, or both are the same.
    #[problem(422, "nothing can be transferred from `{from}` to `{to}`")]
    BadAccounts {
        /// From where.
        from: String,
        /// To where.
        to: String,
    },
}

/// What the page was asked for.
#[derive(Default, Deserialize)]
pub struct Shown {
    refused: Option<String>,
}

#[methods]
impl Ledger {
    /// `POST /ledger/{org}/transfer`: books an entry and answers with its number.
    #[post("/transfer")]
    pub fn transfer(&mut self, Json(entry): Json<Entry>) -> Result<(u16, Json<u64>)> {
        entry.check()?;
        // If the payer has not enough, what the receiver has got already is gone again.
        self.add(&entry.to, entry.cents)?;
        self.add(&entry.from, -entry.cents)?;
        self.count += 1;
        self.entries.insert(self.count, entry);
        Ok((201, Json(self.count)))
    }

    /// `GET /ledger/{org}/accounts/{account}`: its balance, in cents.
    #[get("/accounts/{account}")]
    pub fn balance(&self, account: &str) -> Result<Option<i64>> {
        Ok(self.balances.get(account)?.copied())
    }

    /// `GET /ledger/{org}/entries?from=…&to=…`: the entries of these numbers, the first hundred of them.
    #[get("/entries")]
    pub fn entries(&self, Query(Span { from, to }): Query<Span>) -> Result<Json<Vec<Numbered>>> {
        let entries = self.entries.range(from..=to).take(LINES_MAX);
        entries.map(|entry| entry.map(|(number, entry)| Numbered { number, entry })).collect::<Result<_>>().map(Json)
    }

    /// `GET /ledger/{org}/check`: adds up all entries, and compares. It reads everything, and keeps only the accounts.
    #[get("/check")]
    pub fn check(&self) -> Result<Json<Check>> {
        let mut wrong: BTreeMap<String, i64> = self.balances.iter().collect::<Result<_>>()?;
        let (accounts, mut entries) = (wrong.len(), 0);
        for entry in self.entries.iter() {
            let (_, Entry { from, to, cents }) = entry?;
            *wrong.entry(from).or_default() += cents;
            *wrong.entry(to).or_default() -= cents;
            entries += 1;
        }
        wrong.retain(|_, cents| *cents != 0);
        Ok(Json(Check { entries, accounts, wrong }))
    }

    /// `GET /ledger/{org}`: a page with all that.
    #[get]
    pub fn page(&self, Query(shown): Query<Shown>, req: &Request) -> Result<Html<String>> {
        self.draw(req.param("org").unwrap_or_default(), req.path(), &shown.refused.unwrap_or_default())
    }

    /// `POST /ledger/{org}`: what the page's form does. A transfer that is refused leads back to the page, too; as an `Err`
    /// it leaves no trace.
    #[post]
    pub fn submit(&mut self, Form(entry): Form<Entry>, req: &Request) -> Result<Redirect, Redirect> {
        match self.transfer(Json(entry)) {
            Ok(_) => Ok(Redirect::to(req.path())),
            Err(error) => {
                let why = utf8_percent_encode(error.problem().detail(), NON_ALPHANUMERIC);
                Err(Redirect::to(format!("{}?refused={why}", req.path())))
            }
        }
    }
}

impl Ledger {
    /// An account is there from its first entry on.
    fn add(&mut self, account: &str, cents: i64) -> Result<()> {
        let balance = self.balances.get(account)?.copied().unwrap_or_default() + cents;
        if balance < 0 && account != BANK {
            Err(Refused::Overdrawn { account: account.into(), short: -balance })?;
        }
        if balance.abs() > CENTS_MAX {
            Err(Refused::TooRich(account.into()))?;
        }
        self.balances.insert(account.into(), balance);
        Ok(())
    }

    fn draw(&self, org: &str, path: &str, refused: &str) -> Result<Html<String>> {
        let [org, path, refused] = [org, path.trim_end_matches('/'), refused].map(escape);
        let balances: Vec<_> = self.balances.iter().take(PAGE_LINES).collect::<Result<_>>()?;
        let entries: Vec<_> = self.entries.iter().rev().take(PAGE_LINES).collect::<Result<_>>()?;
        let balances: String = balances.iter().map(balance_row).collect();
        let entries: String = entries.iter().map(entry_row).collect();
        Ok(page(
            &format!("Ledger of {org}"),
            &format!(
                r#"<form method="post">
  <label>From <input name="from" value="{BANK}" maxlength="{NAME_MAX_BYTES}" required></label>
  <label>to <input name="to" value="ann" maxlength="{NAME_MAX_BYTES}" required></label>
  <label>cents <input name="cents" type="number" value="500" required></label>
  <button>Transfer</button>
</form>
<p class="bad" role="status">{refused}</p>
<p>Only the bank may be overdrawn. Whatever you try, <a href="{path}/check">the check</a> finds nothing wrong.</p>
<div class="scroll"><table>
  <thead><tr><th>Account<th>Cents</tr></thead>
  <tbody>{balances}</tbody>
</table></div>
<div class="scroll"><table>
  <thead><tr><th>Entry<th>From<th>To<th>Cents</tr></thead>
  <tbody>{entries}</tbody>
</table></div>
<p>Up to {PAGE_LINES} accounts by name, and the last {PAGE_LINES} entries. <a href="{path}/entries">All from the first on</a>.</p>"#
            ),
        ))
    }
}

impl Entry {
    fn check(&self) -> Result<(), Refused> {
        let Self { from, to, cents } = self;
        if !(1..=CENTS_MAX).contains(cents) {
            return Err(Refused::BadAmount(*cents));
        }
        let is_name = |name: &str| (1..=NAME_MAX_BYTES).contains(&name.len());
        if from == to || !is_name(from) || !is_name(to) {
            return Err(Refused::BadAccounts { from: from.clone(), to: to.clone() });
        }
        Ok(())
    }
}

fn balance_row((account, cents): &(String, i64)) -> String {
    format!(r#"<tr><th scope="row">{}<td>{cents}</tr>"#, escape(account))
}

fn entry_row((number, Entry { from, to, cents }): &(u64, Entry)) -> String {
    format!(r#"<tr><th scope="row">{number}<td>{}<td>{}<td>{cents}</tr>"#, escape(from), escape(to))
}

#[cfg(test)]
mod tests {
    use duractor::{Native, native::Fault};
    use serde_json::{Value, json};

    use super::*;

    fn entry(from: &str, to: &str, cents: i64) -> Entry {
        Entry { from: from.into(), to: to.into(), cents }
    }

    /// A worker in which ann has 500 cents.
    fn worker() -> Native {
        let native = Native::new().routes(crate::routes());
        assert_eq!(transfer(&native, entry("bank", "ann", 500)), (201, "1".into()));
        native
    }

    fn transfer(native: &Native, entry: Entry) -> (u16, String) {
        let reply = native.post("/ledger/acme/transfer").json(&entry).send();
        (reply.status, reply.text().into_owned())
    }

    /// As a new object finds it.
    fn get(native: &Native, target: &str) -> Value {
        native.evict("Ledger", "acme");
        native.get(&format!("/ledger/acme{target}")).send().json()
    }

    fn assert_balanced(native: &Native, entries: u64, accounts: u64) {
        assert_eq!(get(native, "/check"), json!({"entries": entries, "accounts": accounts, "wrong": {}}));
    }

    #[test]
    fn a_transfer_moves_money_without_any_host() {
        let mut ledger = Ledger::default();
        ledger.transfer(Json(entry("bank", "ann", 500))).unwrap();
        ledger.transfer(Json(entry("ann", "bob", 200))).unwrap();
        let balance = |account| ledger.balance(account).unwrap();
        assert_eq!((balance("ann"), balance("bob"), balance("bank")), (Some(300), Some(200), Some(-500)));
        assert_eq!(balance("carl"), None);
    }

    #[test]
    fn transfers_outlive_their_object() {
        let native = worker();
        native.evict("Ledger", "acme");
        assert_eq!(transfer(&native, entry("ann", "bob", 200)), (201, "2".into()));
        assert_eq!(get(&native, "/accounts/ann"), 300);
        assert_eq!(get(&native, "/entries?from=2"), json!([{"number": 2, "from": "ann", "to": "bob", "cents": 200}]));
        assert_balanced(&native, 2, 3);
    }

    #[test]
    fn an_overdraft_leaves_no_trace() {
        let native = worker();
        let (status, problem) = transfer(&native, entry("ann", "bob", 501));
        assert_eq!((status, problem.contains("ann is 1 cents short")), (409, true), "{problem}");
        assert_eq!(native.get("/ledger/acme/accounts/bob").send().status, 404);
        assert_eq!(native.get("/ledger/acme/accounts/ann").send().text(), "500");
        assert_balanced(&native, 1, 2);
        assert_eq!(transfer(&native, entry("ann", "bob", 500)), (201, "2".into()));
    }

    #[test]
    fn whatever_goes_wrong_with_storage_it_balances() {
        for (fault, entries) in [
            (Fault::FailCommit, 1),
            (Fault::LoseCommit, 1),
            (Fault::CrashBefore, 1),
            (Fault::CrashDuring, 1),
            (Fault::CrashAfter, 2),
        ] {
            let native = worker();
            native.inject(fault);
            assert_eq!(transfer(&native, entry("ann", "bob", 200)).0, 503, "{fault:?}");
            assert_eq!(get(&native, "/accounts/ann"), if entries == 2 { 300 } else { 500 }, "{fault:?}");
            assert_balanced(&native, entries, entries + 1);
        }
    }

    #[test]
    fn the_check_finds_what_is_wrong() {
        let mut ledger = Ledger::default();
        ledger.transfer(Json(entry("bank", "ann", 500))).unwrap();
        ledger.balances.insert("ann".into(), 700);
        let Json(check) = ledger.check().unwrap();
        assert_eq!(check.wrong, BTreeMap::from([("ann".to_owned(), 200)]));
    }

    #[test]
    fn entries_are_read_by_their_numbers() {
        let native = worker();
        (0..120).for_each(|_| assert_eq!(transfer(&native, entry("bank", "bob", 1)).0, 201));
        let numbers = |target: &str| {
            let entries: Vec<Numbered> = serde_json::from_value(get(&native, target)).unwrap();
            entries.iter().map(|entry| entry.number).collect::<Vec<_>>()
        };
        assert_eq!(numbers("/entries?from=3&to=5"), [3, 4, 5]);
        assert_eq!(numbers("/entries").len(), LINES_MAX);
        assert_eq!(numbers("/entries?from=120"), [120, 121]);
        assert!(numbers("/entries?from=5&to=3").is_empty());
    }

    #[test]
    fn what_is_no_transfer_is_refused() {
        let native = worker();
        let long = "x".repeat(65);
        for bad in [
            entry("bank", "ann", 0),
            entry("ann", "bank", -5),
            entry("bank", "ann", i64::MAX),
            entry("ann", "ann", 1),
            entry("bank", "", 1),
            entry(&long, "ann", 1),
        ] {
            assert_eq!(transfer(&native, bad.clone()).0, 422, "{bad:?}");
        }
        assert_eq!(transfer(&native, entry("bank", "ann", CENTS_MAX)).0, 409);
        let half = json!({"from": "bank", "to": "ann", "cents": 0.5});
        assert_eq!(native.post("/ledger/acme/transfer").json(&half).send().status, 400);
        assert_balanced(&native, 1, 2);
    }

    #[test]
    fn the_form_says_what_was_refused() {
        let native = worker();
        let press = |from: &str, cents: &str| {
            let form = [("from", from), ("to", "<b>"), ("cents", cents)];
            let reply = native.post("/ledger/acme").form(&form).send();
            assert_eq!(reply.status, 303);
            native.get(reply.header("location").unwrap()).send().text().into_owned()
        };
        assert!(press("ann", "900").contains(r#"role="status">ann is 400 cents short<"#));
        assert!(press("ann", "200").contains(r#"<th scope="row">&lt;b&gt;<td>200"#));
        assert_balanced(&native, 2, 3);
    }
}
