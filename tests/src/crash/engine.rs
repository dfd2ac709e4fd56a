//! Load, kill, look, again.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Error, Result, anyhow, ensure};
use fastrand::Rng;
use serde::de::DeserializeOwned;

use crate::{
    crash::{
        act::{Kind, Place},
        client::{Client, Seen},
        journal::{Journal, Settled},
        ledger, shelf, tally,
    },
    disk::Disk,
    workerd::{Internet, Workerd},
};

const CLIENTS: u32 = 8;
const ACTORS_PER_KIND: u32 = 2;

/// After so many kills, actors are left behind for new ones.
const KILLS_PER_EPOCH: u32 = 8;

/// How long there is load before a kill, at most. Half of the kills come much sooner, while actors are brought into
/// memory and their tables are made.
const LOAD_MAX: Duration = Duration::from_millis(400);
const SHORT_LOAD_MAX: Duration = Duration::from_millis(60);

/// How often to kill, and how.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// How often to kill.
    pub kills: u32,
    /// What chooses the moments of the kills and what clients ask.
    pub seed: u64,
    /// No further kill after that time.
    pub time_max: Option<Duration>,
}

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Summary {
    /// How often workerd was killed.
    pub kills: u32,
    /// What was acknowledged, and found after every kill since.
    pub acknowledged: u64,
    /// What was under way at a kill and found afterwards.
    pub found: u64,
    /// What was under way at a kill and not found afterwards.
    pub lost: u64,
}

/// Kills as planned. After each kill, `progress` is told how it stands.
///
/// # Errors
///
/// If workerd does not start, or at the first violation, which it describes.
pub fn run(plan: Plan, mut progress: impl FnMut(Summary)) -> Result<Summary> {
    let start = Instant::now();
    let mut crash = Crash::new(plan.seed)?;
    while crash.summary.kills < plan.kills && plan.time_max.is_none_or(|max| start.elapsed() < max) {
        let number = crash.summary.kills + 1;
        crash.kill_once().with_context(|| format!("kill {number} with seed {}", plan.seed))?;
        progress(crash.summary);
    }
    Ok(crash.summary)
}

/// All that lasts from one kill to the next.
#[derive(Debug)]
struct Crash {
    rng: Rng,
    disk: Disk,
    workerd: Option<Workerd>,
    clients: Vec<Client>,
    journals: HashMap<Place, Journal>,
    summary: Summary,
}

impl Crash {
    fn new(seed: u64) -> Result<Self> {
        let mut rng = Rng::with_seed(seed);
        let clients = (0..CLIENTS).map(|id| Client::new(id, rng.fork())).collect();
        let (disk, journals) = (Disk::new()?, HashMap::new());
        Ok(Self { rng, disk, workerd: None, clients, journals, summary: Summary::default() })
    }

    /// Lets clients ask, kills workerd, starts it once more, and looks.
    fn kill_once(&mut self) -> Result<()> {
        let places = self.places();
        let workerd = self.start()?;
        let seen = self.load(&workerd, &places).map_err(|error| with_log(error, &workerd))?;
        self.summary.kills += 1;
        for seen in seen {
            self.note(seen);
        }
        let workerd = workerd.restart()?;
        self.look(workerd.address(), &places).map_err(|error| with_log(error, &workerd))?;
        self.workerd = Some(workerd);
        Ok(())
    }

    /// The workerd whose actors were looked at, so that they are in memory, or another one, so that they are not.
    fn start(&mut self) -> Result<Workerd> {
        match self.workerd.take() {
            None => Workerd::on(&self.disk, Internet::Upstream),
            Some(workerd) if self.rng.bool() => Ok(workerd),
            Some(workerd) => workerd.restart(),
        }
    }

    /// The actors of this kill.
    fn places(&mut self) -> Vec<Place> {
        let epoch = self.summary.kills / KILLS_PER_EPOCH;
        if self.summary.kills.is_multiple_of(KILLS_PER_EPOCH) {
            self.journals.clear();
        }
        let numbers = 0..ACTORS_PER_KIND;
        numbers.flat_map(|number| Kind::ALL.map(|kind| Place { kind, epoch, number })).collect()
    }

    /// Lets all clients ask until workerd is killed.
    fn load(&mut self, workerd: &Workerd, places: &[Place]) -> Result<Vec<Seen>> {
        let max = if self.rng.bool() { LOAD_MAX } else { SHORT_LOAD_MAX };
        let time = max.mul_f64(self.rng.f64());
        let (is_killed, address) = (&AtomicBool::new(false), workerd.address());
        thread::scope(|scope| {
            let clients = self.clients.iter_mut();
            let threads: Vec<_> =
                clients.map(|client| scope.spawn(|| client.run(address, places, is_killed))).collect();
            // The moment is what is tested, nothing is waited for.
            thread::sleep(time);
            is_killed.store(true, Ordering::SeqCst);
            workerd.kill();
            threads.into_iter().map(|thread| thread.join().expect("clients do not panic")).collect()
        })
    }

    fn note(&mut self, seen: Seen) {
        for (act, answer) in seen.acknowledged {
            self.summary.acknowledged += 1;
            self.journals.entry(act.place).or_default().acknowledged(act, answer);
        }
        if let Some(act) = seen.open {
            self.journals.entry(act.place).or_default().open.insert(act.id, act);
        }
    }

    fn look(&mut self, to: SocketAddr, places: &[Place]) -> Result<()> {
        for &place in places {
            let settled = self.look_at(to, place).with_context(|| place.to_string())?;
            self.summary.found += settled.found;
            self.summary.lost += settled.lost;
        }
        Ok(())
    }

    fn look_at(&mut self, to: SocketAddr, place: Place) -> Result<Settled> {
        let journal = self.journals.entry(place).or_default();
        match place.kind {
            Kind::Tally => tally::check(&read(to, place)?, journal),
            Kind::Ledger => ledger::check(&read(to, place)?, journal),
            Kind::Shelf => {
                let found = read(to, place)?;
                let settled = shelf::check(&found, journal)?;
                for (client, id) in self.clients.iter_mut().zip(0..) {
                    client.keys.insert(place, found.keys(id));
                }
                Ok(settled)
            }
        }
    }
}

fn with_log(error: Error, workerd: &Workerd) -> Error {
    anyhow!("{error:#}\n{}", workerd.log_tail())
}

/// All that an actor holds.
fn read<T: DeserializeOwned>(to: SocketAddr, place: Place) -> Result<T> {
    let answer = place.look(to).try_send()?;
    ensure!(answer.status == 200, "it is answered {}: {}", answer.status, answer.text());
    serde_json::from_slice(&answer.body).with_context(|| format!("it is answered {}", answer.text()))
}
