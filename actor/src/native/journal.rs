//! What a call has asked for, and what came of it, so that it can be run again after a trap. `journal.js` is the same in
//! workerd.

use std::{collections::BTreeMap, time::Duration};

use super::answer::Answer;
use crate::ops::{Bound, Hit, Outbound, Want};

/// What an operation came to: an answer, or the end of a wait.
pub(super) type Came = Option<Answer>;

/// What of a request, or of an operation of a binding, makes it the same one.
#[derive(Debug, PartialEq)]
struct Request {
    method: String,
    url: String,
    options: String,
    body: Option<Vec<u8>>,
}

impl Request {
    fn of(outbound: &Outbound) -> Self {
        let (method, url, body) = (outbound.method.clone(), outbound.url.clone(), outbound.body.clone());
        Self { method, url, options: String::new(), body }
    }

    fn of_bound(bound: &Bound) -> Self {
        let url = format!("{}/{}", bound.binding, bound.key);
        Self { method: bound.action.to_owned(), url, options: bound.options.clone(), body: bound.body.clone() }
    }
}

#[derive(Debug, Default)]
struct Noted {
    /// None of a wait.
    request: Option<Request>,
    /// Of a wait.
    duration: Option<Duration>,
    is_under_way: bool,
    /// What the present run has done with it.
    is_wanted: bool,
    is_cancelled: bool,
    is_done: bool,
}

impl Noted {
    fn is(&self, want: &Want) -> bool {
        match (&self.request, want) {
            (None, Want::Sleep(duration)) => self.duration == Some(*duration),
            (Some(one), Want::Fetch(other)) => *one == Request::of(other),
            (Some(one), Want::Bound(other)) => *one == Request::of_bound(other),
            _ => false,
        }
    }
}

#[derive(Debug, PartialEq)]
enum Value {
    Time(f64),
    Random(Vec<u8>),
}

/// The journal of one call.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    values: Vec<Value>,
    values_taken: usize,
    noted: BTreeMap<i32, Noted>,
    /// Results in the order in which they were handed over.
    came: Vec<(i32, Came)>,
    came_taken: usize,
    is_replay: bool,
    has_diverged: bool,
    /// Whether the call has stored something, which must not be stored twice.
    pub(super) has_committed: bool,
    /// Whether the call depends on what no journal holds.
    pub(super) is_given_up: bool,
}

impl Journal {
    pub(super) fn can_replay(&self) -> bool {
        !self.has_committed && !self.is_given_up && !self.has_diverged
    }

    /// Whether a run has asked for something else than the run before.
    pub(super) fn has_diverged(&self) -> bool {
        self.has_diverged
    }

    /// How many operations there were, in all runs.
    pub(super) fn known(&self) -> u32 {
        self.noted.last_key_value().map_or(0, |(id, _)| id.cast_unsigned() + 1)
    }

    /// Whether the present run has yet to ask for something that an earlier one has.
    pub(super) fn is_behind(&self) -> bool {
        self.is_replay && (self.came_taken < self.came.len() || self.noted.values().any(|noted| !noted.is_wanted))
    }

    /// A new run begins.
    pub(super) fn rewind(&mut self) {
        (self.is_replay, self.values_taken, self.came_taken) = (true, 0, 0);
        for noted in self.noted.values_mut() {
            (noted.is_wanted, noted.is_cancelled, noted.is_done) = (false, false, false);
        }
    }

    /// A time, as the run before had it; else the fresh one.
    pub(super) fn time(&mut self, fresh: f64) -> f64 {
        match self.value(|| Value::Time(fresh)) {
            Value::Time(time) => return *time,
            Value::Random(_) => self.has_diverged = true,
        }
        fresh
    }

    /// Random bytes, as the run before had them; else fresh ones.
    pub(super) fn random(&mut self, bytes: &mut [u8], make: impl Fn(&mut [u8])) {
        let fresh = || {
            let mut fresh = vec![0; bytes.len()];
            make(&mut fresh);
            fresh
        };
        match self.value(|| Value::Random(fresh())) {
            Value::Random(known) if known.len() == bytes.len() => bytes.copy_from_slice(known),
            _ => {
                self.has_diverged = true;
                make(bytes);
            }
        }
    }

    fn value(&mut self, make: impl FnOnce() -> Value) -> &Value {
        let at = self.values_taken;
        self.values_taken += 1;
        if at == self.values.len() {
            self.values.push(make());
        }
        &self.values[at]
    }

    /// Notes an operation. Whether it is to begin: not if an earlier run has begun it.
    pub(super) fn begins(&mut self, id: i32, want: &Want) -> bool {
        if let (Want::Hit(hit), true) = (want, self.noted.contains_key(&id)) {
            return self.amend(id, hit);
        }
        if let Some(noted) = self.noted.get_mut(&id) {
            noted.is_wanted = true;
            self.has_diverged |= !noted.is(want);
            return false;
        }
        let mut noted = Noted { is_under_way: true, is_wanted: true, ..Noted::default() };
        match want {
            Want::Fetch(outbound) => noted.request = Some(Request::of(outbound)),
            Want::Bound(bound) => noted.request = Some(Request::of_bound(bound)),
            Want::Sleep(duration) => noted.duration = Some(*duration),
            // Of a call that cannot be run again.
            Want::Pull { .. } | Want::Push(_) => {}
            Want::Hit(hit) => {
                let (method, url, options) = (hit.method.clone(), hit.url.clone(), String::new());
                noted.request = Some(Request { method, url, options, body: None });
                (noted.is_under_way, noted.is_done) = (false, true);
                self.came.insert(self.came_taken, (id, Some(Answer::of_hit(hit))));
                self.came_taken += 1;
            }
        }
        self.noted.insert(id, noted);
        true
    }

    /// The cache has put something in the place of an answer. A later run is to be told that.
    fn amend(&mut self, id: i32, hit: &Hit) -> bool {
        if let Some((_, came)) = self.came.iter_mut().find(|(known, _)| *known == id) {
            *came = Some(Answer::of_hit(hit));
        }
        false
    }

    /// The present run does not wait for an operation any more.
    pub(super) fn cancel(&mut self, id: i32) {
        if let Some(noted) = self.noted.get_mut(&id) {
            (noted.is_cancelled, noted.is_under_way) = (true, false);
        }
    }

    /// Whether a result is waited for.
    pub(super) fn is_under_way(&self, id: i32) -> bool {
        self.noted.get(&id).is_some_and(|noted| noted.is_under_way)
    }

    /// A result has come. One of an operation that has ended is dropped.
    pub(super) fn add(&mut self, id: i32, came: Came) {
        if let Some(noted) = self.noted.get_mut(&id).filter(|noted| noted.is_under_way) {
            noted.is_under_way = false;
            self.came.push((id, came));
        }
    }

    /// The result that is to be handed over next, as soon as the present run has asked for it.
    pub(super) fn next(&mut self) -> Option<(i32, Came)> {
        loop {
            let (id, came) = self.came.get(self.came_taken)?;
            let noted = self.noted.get_mut(id).filter(|noted| noted.is_wanted)?;
            self.came_taken += 1;
            noted.is_done = true;
            if !noted.is_cancelled {
                return Some((*id, came.clone()));
            }
        }
    }

    /// Whether the present run waits for what will not come. `next` has nothing.
    pub(super) fn is_stuck(&self) -> bool {
        let is_busy = self.noted.values().any(|noted| noted.is_under_way);
        if !self.is_replay || (self.came_taken < self.came.len() && is_busy) {
            return false;
        }
        let waits = |noted: &Noted| noted.is_wanted && !noted.is_cancelled && !noted.is_done && !noted.is_under_way;
        self.noted.values().any(waits)
    }
}
