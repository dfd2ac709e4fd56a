//! Random calls of several actors, interrupted at random: every call ends, nothing is sent twice, and what is stored is what
//! callers were told.
#![cfg(not(target_arch = "wasm32"))]

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use duractor::{
    native::{Answer, Native, Pending, Response, Sent},
    prelude::*,
};
use futures::future::{Either, join_all, select};
use proptest::{collection::vec, prelude::*};
use serde::{Deserialize, Serialize};

const UPSTREAM: &str = "https://up.example";
const ACTORS: u8 = 3;
/// More than any call needs, deadlines included.
const STEPS_MAX: usize = 100_000;

/// What a method does.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum Step {
    Get,
    /// So many requests at once.
    Join(u8),
    /// A request beside a wait; whichever is later is dropped.
    Race,
    Timeout,
    Sleep(u8),
    Now,
    Random,
    /// A call of another actor of this worker.
    Ask {
        whom: u8,
        writes: bool,
    },
    /// A turn, where the method has none.
    Turn,
    /// A turn with an effect.
    Effect,
    Read,
    Panic,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Shared,
    Exclusive,
    Me,
}

/// What happens in a test. `at` is one of the calls that wait.
#[derive(Clone, Debug)]
enum Act {
    Start { whom: u8, way: Way, steps: Vec<Step> },
    Go(u8),
    Trap,
    TrapIn(u8),
    Rehydrate(u8),
    Leave(u8),
}

#[derive(Default, Actor)]
struct Ledger {
    /// Who has committed: a call, and which of its turns.
    entries: Vec<String>,
}

#[methods]
impl Ledger {
    #[get]
    fn entries(&self) -> Json<Vec<String>> {
        Json(self.entries.clone())
    }

    #[post("/shared/{id}")]
    async fn shared(&self, id: &str, Json(steps): Json<Vec<Step>>, cx: &Cx) -> Result<String> {
        Run::new(id, cx, None).all(&steps).await
    }

    #[post("/exclusive/{id}")]
    async fn exclusive(&mut self, id: &str, Json(steps): Json<Vec<Step>>, cx: &Cx) -> Result<String> {
        self.entries.push(format!("{id} 0"));
        Run::new(id, cx, None).all(&steps).await
    }

    #[post("/me/{id}")]
    async fn me(me: Me<Self>, id: &str, Json(steps): Json<Vec<Step>>, cx: &Cx) -> Result<String> {
        Run::new(id, cx, Some(me)).all(&steps).await
    }
}

#[routes]
fn routes() -> Router {
    Router::new().mount::<Ledger>("/ledger/{name}", "{name}")
}

/// One run of one call.
struct Run<'r> {
    id: &'r str,
    cx: &'r Cx,
    me: Option<Me<Ledger>>,
    sent: u32,
    turns: u32,
    seen: String,
}

impl<'r> Run<'r> {
    fn new(id: &'r str, cx: &'r Cx, me: Option<Me<Ledger>>) -> Self {
        Self { id, cx, me, sent: 0, turns: 0, seen: String::new() }
    }

    /// An URL that no other request has, unless a run differs from the one before.
    fn url(&mut self) -> String {
        self.sent += 1;
        format!("{UPSTREAM}/{}/{}/{}", self.id, self.sent, self.seen.len())
    }

    async fn get(cx: &Cx, url: String) -> Result<()> {
        let reply = cx.get(&url).await?;
        if reply.text() == url { Ok(()) } else { Err(mixed_up(&url, &reply.text())) }
    }

    async fn all(mut self, steps: &[Step]) -> Result<String> {
        for step in steps {
            self.one(*step).await?;
        }
        Ok(self.seen)
    }

    async fn one(&mut self, step: Step) -> Result<()> {
        let cx = self.cx;
        match step {
            Step::Get => Self::get(cx, self.url()).await?,
            Step::Join(count) => {
                let urls: Vec<_> = (0..count).map(|_| self.url()).collect();
                join_all(urls.into_iter().map(|url| Self::get(cx, url))).await.into_iter().collect::<Result<()>>()?;
            }
            Step::Race => {
                let url = self.url();
                let first = select(Box::pin(Self::get(cx, url)), cx.sleep(millis(15))).await;
                self.seen.push_str(if matches!(first, Either::Left(_)) { "g" } else { "sleep" });
            }
            Step::Timeout => {
                let url = self.url();
                let is_over = cx.timeout(millis(10), Self::get(cx, url)).await.is_err();
                self.seen.push_str(if is_over { "over" } else { "t" });
            }
            Step::Sleep(ms) => cx.sleep(millis(ms.into())).await,
            Step::Now => {
                let now = cx.now().duration_since(std::time::UNIX_EPOCH)?.as_millis();
                self.seen.push_str(if now % 2 == 0 { "even" } else { "o" });
            }
            Step::Random => {
                let [byte] = cx.random();
                (0..byte % 8).for_each(|_| self.seen.push('r'));
            }
            Step::Ask { whom, writes } => self.ask(whom, writes).await?,
            Step::Turn => self.turn(false).await?,
            Step::Effect => self.turn(true).await?,
            Step::Read => {
                if let Some(me) = &self.me {
                    me.read(|ledger| ledger.entries.len()).await;
                }
            }
            Step::Panic => panic!("as the test has asked for"),
        }
        Ok(())
    }

    async fn ask(&mut self, whom: u8, writes: bool) -> Result<()> {
        self.sent += 1;
        let way = if writes { "exclusive" } else { "shared" };
        let id = format!("{}.{}", self.id, self.sent);
        let asked = self.cx.post(format!("/ledger/{whom}/{way}/{id}")).json(&[Step::Get]).await;
        let status = asked.map_or(0, |reply| reply.status().into());
        write!(self.seen, " {id}={status} ")?;
        Ok(())
    }

    async fn turn(&mut self, has_effect: bool) -> Result<()> {
        let Some(me) = &self.me else { return Ok(()) };
        let entry = format!("{} {}", self.id, self.turns);
        self.turns += 1;
        let (cx, url) = (self.cx, format!("{UPSTREAM}/{}/effect/{}", self.id, self.turns));
        me.turn(|ledger| {
            ledger.entries.push(entry);
            if has_effect { cx.after_commit(async move |cx| Self::get(cx, url).await) } else { Ok(()) }
        })
        .await
    }
}

fn mixed_up(url: &str, text: &str) -> Error {
    Problem::new(418, "mixed-up", format!("{url} was answered by {text}")).into()
}

/// Answers with the URL, sooner or later.
fn upstream(sent: &Sent) -> Answer {
    let scattered = sent.url.bytes().fold(7_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    Answer::text(sent.url.clone()).after(millis(scattered % 30))
}

/// A call, and what became of it.
struct Call<'n> {
    id: String,
    whom: u8,
    way: Way,
    steps: Vec<Step>,
    pending: Option<Pending<'n>>,
    may_fail: bool,
    response: Option<Response>,
}

impl Call<'_> {
    /// The turns that it takes if it gets to its end.
    fn turns(&self) -> usize {
        match self.way {
            Way::Shared => 0,
            Way::Exclusive => 1,
            Way::Me => self.steps.iter().filter(|step| matches!(step, Step::Turn | Step::Effect)).count(),
        }
    }

    fn look(&mut self) {
        self.response = self.response.take().or_else(|| self.pending.as_ref()?.response());
    }
}

struct Life<'n> {
    native: &'n Native,
    calls: Vec<Call<'n>>,
}

impl<'n> Life<'n> {
    /// One of the calls that wait.
    fn waiting(&mut self, at: u8) -> Option<&mut Call<'n>> {
        self.calls.iter_mut().for_each(Call::look);
        let mut waiting: Vec<_> =
            self.calls.iter_mut().filter(|call| call.pending.is_some() && call.response.is_none()).collect();
        let count = waiting.len();
        (count > 0).then(|| waiting.swap_remove(usize::from(at) % count))
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Start { whom, way, steps } => self.start(whom, way, steps),
            Act::Go(count) => (0..count).for_each(|_| _ = self.native.step()),
            Act::Trap => self.native.trap(),
            Act::TrapIn(at) => {
                if let Some(call) = self.waiting(at) {
                    call.may_fail = true;
                    call.pending.as_ref().expect("it waits").trap();
                }
            }
            Act::Rehydrate(whom) => self.native.rehydrate("Ledger", &whom.to_string()),
            Act::Leave(at) => {
                if let Some(call) = self.waiting(at) {
                    call.pending.take().expect("it waits").abort();
                }
            }
        }
    }

    fn start(&mut self, whom: u8, way: Way, steps: Vec<Step>) {
        let id = self.calls.len().to_string();
        let path = match way {
            Way::Shared => "shared",
            Way::Exclusive => "exclusive",
            Way::Me => "me",
        };
        let pending = self.native.post(&format!("/ledger/{whom}/{path}/{id}")).json(&steps).start();
        let may_fail = steps.iter().any(|step| matches!(step, Step::Panic));
        self.calls.push(Call { id, whom, way, steps, pending: Some(pending), may_fail, response: None });
    }

    /// Every call ends.
    fn end(&mut self) {
        for _ in 0..STEPS_MAX {
            if self.waiting(0).is_none() {
                break;
            }
            assert!(self.native.step(), "a call waits for what does not come");
        }
        assert!(self.waiting(0).is_none(), "a call does not end");
    }

    /// Who has committed, by actor.
    fn entries(&self) -> BTreeMap<u8, Vec<String>> {
        let of = |whom: u8| self.native.get(&format!("/ledger/{whom}")).send().json();
        (0..ACTORS).map(|whom| (whom, of(whom))).collect()
    }
}

/// What a caller was told is so.
fn check(call: &Call<'_>, entries: &BTreeMap<u8, Vec<String>>) {
    let own = format!("{} ", call.id);
    let stored = entries[&call.whom].iter().filter(|entry| entry.starts_with(&own)).count();
    let Some(response) = &call.response else {
        assert!(stored <= call.turns());
        return;
    };
    let text = response.text();
    match response.status {
        200 => {
            assert_eq!(stored, call.turns(), "{}: {text}", call.id);
            for asked in text.split_whitespace().filter_map(|asked| asked.split_once('=')) {
                check_asked(asked, entries);
            }
        }
        500 if call.may_fail => assert!(call.way == Way::Me || stored == 0, "{}: {stored} turns are stored", call.id),
        // Only what has committed is not run again.
        503 if call.way == Way::Me => {
            assert!(text.contains(r#""committed":true"#) && stored > 0, "{}: {stored} turns, {text}", call.id);
            assert_eq!(response.header("retry-after"), None);
        }
        status => panic!("{} ({:?} {:?}) was answered {status}: {text}", call.id, call.way, call.steps),
    }
}

fn check_asked((id, status): (&str, &str), entries: &BTreeMap<u8, Vec<String>>) {
    let entry = format!("{id} 0");
    let is_stored = entries.values().flatten().any(|known| *known == entry);
    // 0 is one whose deadline was over, 508 one that would have waited for itself.
    match status {
        "200" | "0" => {}
        "508" => assert!(!is_stored, "{id}"),
        _ => panic!("{id} was answered {status}"),
    }
}

fn live(acts: Vec<Act>) {
    let native = Native::new().routes(routes());
    native.upstream(&format!("{UPSTREAM}/*"), upstream);
    let mut life = Life { native: &native, calls: Vec::new() };
    acts.into_iter().for_each(|act| life.act(act));
    life.end();
    // Effects, and what was asked by calls that have ended.
    native.advance(secs(300));
    let entries = life.entries();
    let mut once = BTreeSet::new();
    for entry in entries.values().flatten() {
        assert!(once.insert(entry), "{entry} is stored twice");
    }
    life.calls.iter().for_each(|call| check(call, &entries));
    let mut once = BTreeSet::new();
    for sent in native.sent() {
        let what = sent.url.rsplit_once('/').map(|(what, _)| what.to_owned()).unwrap_or_default();
        let what = if what.ends_with("/effect") { sent.url } else { what };
        assert!(once.insert(what.clone()), "{what} is sent twice");
    }
    drop(life);
    assert_eq!(format!("{native:?}"), format!("Native({ACTORS} actors, 0 calls)"));
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::Get),
        3 => (2..9_u8).prop_map(Step::Join),
        2 => Just(Step::Race),
        2 => Just(Step::Timeout),
        2 => (0..30_u8).prop_map(Step::Sleep),
        2 => Just(Step::Now),
        2 => Just(Step::Random),
        3 => (0..ACTORS, any::<bool>()).prop_map(|(whom, writes)| Step::Ask { whom, writes }),
        2 => Just(Step::Turn),
        2 => Just(Step::Effect),
        1 => Just(Step::Read),
        1 => Just(Step::Panic),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    let way = prop_oneof![Just(Way::Shared), Just(Way::Exclusive), Just(Way::Me)];
    prop_oneof![
        8 => (0..ACTORS, way, vec(step(), 0..6)).prop_map(|(whom, way, steps)| Act::Start { whom, way, steps }),
        8 => (1..6_u8).prop_map(Act::Go),
        3 => Just(Act::Trap),
        2 => any::<u8>().prop_map(Act::TrapIn),
        2 => (0..ACTORS).prop_map(Act::Rehydrate),
        2 => any::<u8>().prop_map(Act::Leave),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn calls_that_are_interrupted_at_random_end_as_they_were_told(acts in vec(act(), 1..40)) {
        live(acts);
    }
}
