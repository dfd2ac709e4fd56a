//! Circuit breakers: what fails again and again is left alone for a while.
//!
//! After Michael Nygard, "Release It!", and Martin Fowler,
//! ["CircuitBreaker"](https://martinfowler.com/bliki/CircuitBreaker.html).

use std::{
    cell::RefCell,
    collections::HashMap,
    rc::Rc,
    time::{Duration, SystemTime},
};

use crate::dates::since;

/// Origins whose failures an actor counts.
const ORIGINS_MAX: usize = 256;

/// When an origin that keeps failing is not asked any more, and for how long; see
/// [`Fetch::breaker`](crate::Fetch::breaker).
///
/// A request fails if there is no answer, or one of 500, 502, 503 or 504. So many in a row, and the circuit is open: no
/// request leaves for that origin. After the time one is let through: if it fails too, the circuit is open once more, if
/// not it is closed. Each actor counts for itself, in memory; equal requests that are under way at once count each.
///
/// ```
/// use duractor::{Breaker, secs};
///
/// let breaker = Breaker::after(5).open_for(secs(10));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breaker {
    failures: u32,
    open_for: Duration,
}

impl Breaker {
    /// Opens after so many failures in a row, for 30 s; 0 is as 1.
    pub const fn after(failures: u32) -> Self {
        Self { failures: if failures == 0 { 1 } else { failures }, open_for: Duration::from_secs(30) }
    }

    /// Opens for so long.
    #[must_use]
    pub const fn open_for(mut self, time: Duration) -> Self {
        self.open_for = time;
        self
    }
}

#[derive(Debug, Default)]
struct Circuit {
    /// In a row.
    failures: u32,
    opened_at: Option<SystemTime>,
    /// Whether the one request is under way that is let through.
    is_probed: bool,
}

/// The circuits of one actor, by origin.
#[derive(Debug, Default)]
pub(crate) struct Circuits(RefCell<HashMap<String, Circuit>>);

impl Circuits {
    /// Lets a request through, or says for how long none is.
    pub(crate) fn enter(self: &Rc<Self>, breaker: Breaker, origin: &str, now: SystemTime) -> Result<Passage, Duration> {
        let mut circuits = self.0.borrow_mut();
        if circuits.len() >= ORIGINS_MAX && !circuits.contains_key(origin) {
            circuits.retain(|_, circuit| circuit.opened_at.is_some());
            // More than so many origins that have failed at once are not told apart.
            if circuits.len() >= ORIGINS_MAX {
                circuits.clear();
            }
        }
        let circuit = circuits.entry(origin.to_owned()).or_default();
        let mut is_probe = false;
        if let Some(opened_at) = circuit.opened_at {
            let left = breaker.open_for.saturating_sub(since(now, opened_at));
            if !left.is_zero() || circuit.is_probed {
                return Err(left);
            }
            (circuit.is_probed, is_probe) = (true, true);
        }
        Ok(Passage { circuits: self.clone(), breaker, origin: origin.to_owned(), is_probe })
    }
}

/// A request that was let through.
#[derive(Debug)]
pub(crate) struct Passage {
    circuits: Rc<Circuits>,
    breaker: Breaker,
    origin: String,
    is_probe: bool,
}

impl Passage {
    pub(crate) fn record(self, has_failed: bool, now: SystemTime) {
        let mut circuits = self.circuits.0.borrow_mut();
        let Some(circuit) = circuits.get_mut(&self.origin) else { return };
        if !has_failed {
            *circuit = Circuit::default();
            return;
        }
        circuit.failures = circuit.failures.saturating_add(1);
        if self.is_probe || (circuit.opened_at.is_none() && circuit.failures >= self.breaker.failures) {
            circuit.opened_at = Some(now);
        }
    }
}

/// Another one may be let through in its place.
impl Drop for Passage {
    fn drop(&mut self) {
        if let Some(circuit) = self.circuits.0.borrow_mut().get_mut(&self.origin).filter(|_| self.is_probe) {
            circuit.is_probed = false;
        }
    }
}
