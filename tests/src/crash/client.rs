//! A client: asks one thing after another until workerd is killed.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::atomic::{AtomicBool, Ordering},
};

use anyhow::{Result, bail};
use fastrand::Rng;
use serde_json::Value;

use crate::crash::act::{Act, Change, Id, Kind, Place, Transfer};

/// Accounts of a ledger.
const ACCOUNTS: u32 = 8;
const AMOUNT_MAX: i64 = 50;

const ITEM_BYTES_MAX: u32 = 400;
/// What takes more than one row to store, once in a while.
const LARGE_ITEM_BYTES: u32 = 2_300_000;
const LARGE_ITEM_ONCE_IN: u32 = 60;

/// Beyond them, a client rather edits and removes.
const OWN_ITEMS_MAX: usize = 12;

/// One client.
#[derive(Debug)]
pub(crate) struct Client {
    id: u32,
    acts: u64,
    rng: Rng,
    /// Of its items on each shelf.
    pub(crate) keys: HashMap<Place, Vec<Value>>,
}

/// What a client has seen until workerd was killed.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) acknowledged: Vec<(Act, Value)>,
    pub(crate) open: Option<Act>,
}

impl Client {
    pub(crate) fn new(id: u32, rng: Rng) -> Self {
        Self { id, acts: 0, rng, keys: HashMap::new() }
    }

    /// Asks until workerd has been killed.
    ///
    /// # Errors
    ///
    /// If it is not answered before, or not as it should be.
    pub(crate) fn run(&mut self, to: SocketAddr, places: &[Place], is_killed: &AtomicBool) -> Result<Seen> {
        let mut seen = Seen::default();
        loop {
            let act = self.choose(places);
            match act.request(to).try_send() {
                Ok(answer) if answer.status == act.status() => {
                    let answer = answer.json();
                    self.learn(&act, &answer);
                    seen.acknowledged.push((act, answer));
                }
                Ok(answer) => bail!("{act:?} is answered {}: {}", answer.status, answer.text()),
                Err(_) if is_killed.load(Ordering::SeqCst) => {
                    seen.open = Some(act);
                    return Ok(seen);
                }
                Err(error) => bail!("{act:?} is not answered: {error}"),
            }
        }
    }

    fn choose(&mut self, places: &[Place]) -> Act {
        let place = places[self.rng.usize(..places.len())];
        let change = match place.kind {
            Kind::Tally => Change::Add,
            Kind::Ledger => self.transfer(),
            Kind::Shelf => self.handle(place),
        };
        self.acts += 1;
        Act { id: Id { client: self.id, seq: self.acts }, place, change }
    }

    fn transfer(&mut self) -> Change {
        let rng = &mut self.rng;
        let from = rng.u32(..ACCOUNTS);
        let to = (from + rng.u32(1..ACCOUNTS)) % ACCOUNTS;
        let transfer = Transfer { from, to, amount: rng.i64(1..=AMOUNT_MAX) };
        if rng.u8(..8) == 0 { Change::Refused(transfer) } else { Change::Transfer(transfer) }
    }

    fn handle(&mut self, place: Place) -> Change {
        let rng = &mut self.rng;
        let keys = self.keys.entry(place).or_default();
        let bytes = if rng.u32(..LARGE_ITEM_ONCE_IN) == 0 { LARGE_ITEM_BYTES } else { rng.u32(..=ITEM_BYTES_MAX) };
        let is_full = keys.len() >= OWN_ITEMS_MAX;
        match rng.u8(..4) {
            _ if keys.is_empty() => Change::Insert { bytes },
            0 | 1 if !is_full => Change::Insert { bytes },
            2 => Change::Remove { key: keys.swap_remove(rng.usize(..keys.len())) },
            _ => Change::Edit { key: keys[rng.usize(..keys.len())].clone(), bytes },
        }
    }

    fn learn(&mut self, act: &Act, answer: &Value) {
        if matches!(act.change, Change::Insert { .. }) {
            self.keys.entry(act.place).or_default().push(answer["key"].clone());
        }
    }
}
