//! Random lives of an actor beside those of plain collections: whatever fails, crashes or is rolled back, what is seen is
//! what a naive model says.
#![cfg(not(target_arch = "wasm32"))]

mod model;
mod subject;

use duractor::{
    native::{Fault, Native, Response},
    prelude::*,
};
use proptest::{collection::vec, prelude::*, sample::select};

use model::{Op, Seen, What};
use subject::{End, Subject, Turn};

/// How a turn is taken.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Via {
    Now,
    Later,
    Me,
    Queued,
    Sql,
}

/// What takes an actor's memory.
#[derive(Clone, Copy, Debug)]
enum Loss {
    Evict,
    Rehydrate,
    Crash,
    Deploy,
}

#[derive(Clone, Debug)]
enum Step {
    Turn {
        via: Via,
        turn: Turn,
        fault: Option<Fault>,
    },
    Lose(Loss),
    /// Memory is taken while a turn waits.
    Interrupt {
        turn: Turn,
        after: u8,
        loss: Loss,
    },
    /// The client goes away while its turn waits.
    Abandon(Turn),
    /// Two turns at once, the one behind the other.
    Race(Turn, Turn),
}

#[routes]
fn routes() -> Router {
    Router::new().mount::<Subject>("/subject", "subject")
}

fn post(native: &Native, via: Via, turn: &Turn) -> Response {
    native.post(target(via)).json(turn).send()
}

fn target(via: Via) -> &'static str {
    match via {
        Via::Now => "/subject/now",
        Via::Later => "/subject/later",
        Via::Me => "/subject/me",
        Via::Queued => "/subject/queued",
        Via::Sql => "/subject/sql",
    }
}

/// The actor and its model.
struct Life {
    native: Option<Native>,
    model: Seen,
    notes: u32,
}

impl Life {
    fn begin() -> Self {
        let life = Self { native: Some(Native::new().routes(routes())), model: Seen::default(), notes: 0 };
        life.check("at first");
        life
    }

    fn native(&self) -> &Native {
        self.native.as_ref().expect("it is given back at once")
    }

    fn check(&self, when: &str) {
        let reply = self.native().get("/subject").send();
        assert_eq!(reply.status, 200, "{when}: {}", reply.text());
        let (seen, notes): (Seen, u32) = reply.json();
        assert_eq!(seen, self.model.shown(), "{when}");
        assert_eq!(notes, self.notes, "{when}");
    }

    fn after(&self, turn: &Turn) -> Seen {
        let mut after = self.model.clone();
        turn.ops.iter().for_each(|op| after.apply(op));
        after
    }

    fn keep(&mut self, via: Via, turn: &Turn) {
        self.model = self.after(turn);
        self.notes += u32::from(matches!(via, Via::Queued | Via::Sql));
    }

    fn lose(&mut self, loss: Loss) {
        match loss {
            Loss::Evict => self.native().evict("Subject", "subject"),
            Loss::Rehydrate => self.native().rehydrate("Subject", "subject"),
            Loss::Crash => self.native().crash(),
            Loss::Deploy => self.native = self.native.take().map(|native| native.routes(routes())),
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Turn { via, turn, fault } => self.turn(*via, turn, *fault),
            Step::Lose(loss) => self.lose(*loss),
            Step::Interrupt { turn, after, loss } => self.interrupt(turn, *after, *loss),
            Step::Abandon(turn) => {
                self.native().post(target(Via::Later)).json(turn).start().abort();
                self.native().advance(secs(1));
                if turn.end == End::Keep {
                    self.keep(Via::Later, turn);
                }
            }
            Step::Race(first, second) => {
                let turns = [(Via::Later, first), (Via::Sql, second)];
                let requests = turns.map(|(via, turn)| self.native().post(target(via)).json(turn));
                let replies = self.native().all(requests);
                for ((via, turn), reply) in turns.into_iter().zip(&replies) {
                    self.settle(via, turn, None, reply);
                }
            }
        }
    }

    fn turn(&mut self, via: Via, turn: &Turn, fault: Option<Fault>) {
        fault.into_iter().for_each(|fault| self.native().inject(fault));
        let reply = post(self.native(), via, turn);
        self.native().heal();
        self.settle(via, turn, fault, &reply);
    }

    /// What the reply says of the turn is what has become of it.
    fn settle(&mut self, via: Via, turn: &Turn, fault: Option<Fault>, reply: &Response) {
        let text = || format!("{turn:?} {fault:?}: {} {}", reply.status, reply.text());
        match (reply.status, turn.end) {
            (200, End::Keep) => {
                self.keep(via, turn);
                assert_eq!(reply.json::<Seen>(), self.model.shown(), "as the turn saw itself");
            }
            // `me.turn` commits what ends in `Ok`; what the reply says is for methods.
            (200, End::Rollback) if via == Via::Me => self.keep(via, turn),
            (503, End::Keep) if fault == Some(Fault::CrashAfter) => self.keep(via, turn),
            (503, End::Rollback) if fault == Some(Fault::CrashAfter) && via == Via::Me => self.keep(via, turn),
            (503, _) => assert!(fault.is_some(), "{}", text()),
            // A statement failed.
            (500, _) if fault == Some(Fault::FailRead) => {}
            (200, End::Rollback) | (409, End::Error) | (500, End::Panic) => {}
            _ => panic!("{}", text()),
        }
    }

    fn interrupt(&mut self, turn: &Turn, after: u8, loss: Loss) {
        let waits = self.native().post(target(Via::Later)).json(turn).start();
        self.native().advance(millis(u64::from(after)));
        let reply = waits.response();
        // A deploy takes the host, and its calls with it.
        let loss = if let Loss::Deploy = loss { Loss::Crash } else { loss };
        match loss {
            Loss::Evict => self.native().evict("Subject", "subject"),
            Loss::Rehydrate => self.native().rehydrate("Subject", "subject"),
            Loss::Crash | Loss::Deploy => self.native().crash(),
        }
        let ended = waits.wait();
        match reply {
            Some(reply) => self.settle(Via::Later, turn, None, &reply),
            // It is run again, and so comes to the same end.
            None if matches!(loss, Loss::Rehydrate) => self.settle(Via::Later, turn, None, &ended),
            None => assert_eq!(ended.status, 503, "{}", ended.text()),
        }
    }
}

fn op() -> impl Strategy<Value = Op> {
    // Mostly of few entries, so that operations meet; sometimes of more than a cache holds.
    let length = prop_oneof![6 => 0..20_u32, 1 => 60_000..120_000_u32];
    let count = prop_oneof![4 => 0..5_u16, 1 => 500..600_u16];
    let key = 0..12_u8;
    prop_oneof![
        2 => any::<u8>().prop_map(Op::Title),
        6 => any::<u32>().prop_map(Op::Insert),
        4 => any::<(u8, u32)>().prop_map(|(nth, value)| Op::Set(nth, value)),
        3 => any::<u8>().prop_map(Op::Remove),
        1 => any::<u32>().prop_map(Op::AddToAll),
        1 => Just(Op::RetainEven),
        1 => Just(Op::ClearArena),
        8 => (key.clone(), length).prop_map(|(key, length)| Op::Put(key, length)),
        4 => key.clone().prop_map(Op::Delete),
        4 => key.clone().prop_map(Op::Grow),
        4 => key.clone().prop_map(Op::GetOrPut),
        2 => (key.clone(), key).prop_map(|(from, to)| Op::DeleteRange(from, to)),
        1 => Just(Op::ClearTable),
        6 => (0..6_u8).prop_map(Op::Push),
        2 => any::<u8>().prop_map(Op::TruncateBefore),
        2 => any::<u8>().prop_map(Op::Truncate),
        1 => Just(Op::ClearLog),
        4 => count.prop_map(Op::Append),
        1 => Just(Op::ClearColumn),
        4 => what().prop_map(Op::Swap),
        2 => what().prop_map(Op::Take),
        2 => what().prop_map(Op::Move),
    ]
}

fn what() -> impl Strategy<Value = What> {
    select(vec![What::Arena, What::Table, What::Log, What::Column])
}

fn turn() -> impl Strategy<Value = Turn> {
    let end = prop_oneof![6 => Just(End::Keep), 1 => Just(End::Error), 1 => Just(End::Rollback), 1 => Just(End::Panic)];
    (vec(op(), 0..8), end).prop_map(|(ops, end)| Turn { ops, end })
}

fn loss() -> impl Strategy<Value = Loss> {
    select(vec![Loss::Evict, Loss::Rehydrate, Loss::Crash, Loss::Deploy])
}

fn fault() -> impl Strategy<Value = Fault> {
    select(vec![
        Fault::FailCommit,
        Fault::LoseCommit,
        Fault::CrashBefore,
        Fault::CrashDuring,
        Fault::CrashAfter,
        Fault::FailRead,
    ])
}

fn step() -> impl Strategy<Value = Step> {
    let via = select(vec![Via::Now, Via::Later, Via::Me, Via::Queued, Via::Sql]);
    let fault = prop_oneof![2 => Just(None), 1 => fault().prop_map(Some)];
    prop_oneof![
        8 => (via, turn(), fault).prop_map(|(via, turn, fault)| Step::Turn { via, turn, fault }),
        3 => loss().prop_map(Step::Lose),
        1 => (turn(), 0..8_u8, loss()).prop_map(|(turn, after, loss)| Step::Interrupt { turn, after, loss }),
        1 => turn().prop_map(Step::Abandon),
        1 => (turn(), turn()).prop_map(|(first, second)| Step::Race(first, second)),
    ]
}

/// `PROPTEST_CASES` asks for more lives.
fn config() -> ProptestConfig {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_some() { config } else { ProptestConfig { cases: 96, ..config } }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn an_actor_lives_as_its_model_does(steps in vec(step(), 1..30)) {
        let mut life = Life::begin();
        for (at, step) in steps.iter().enumerate() {
            life.step(step);
            life.check(&format!("after step {at}, {step:?}"));
        }
        life.lose(Loss::Deploy);
        life.check("at last");
    }
}
