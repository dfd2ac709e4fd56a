//! What is kept across evictions: which of the entries are to be written or deleted, and their bytes.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// What is yet to be done to what is stored. Entries that are on the shelf have a number.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    next: u64,
    /// Entries that are not written yet, by index in the slab.
    fresh: Vec<usize>,
    gone: Vec<u64>,
    is_cleared: bool,
}

impl Shelf {
    pub(super) fn next(&mut self, index: usize) -> u64 {
        let number = self.next;
        self.next += 1;
        self.fresh.push(index);
        number
    }

    /// An entry that was read from the shelf.
    pub(super) fn has(&mut self, number: u64) {
        self.next = self.next.max(number + 1);
    }

    pub(super) fn remove(&mut self, index: usize, number: u64) {
        match self.fresh.iter().position(|fresh| *fresh == index) {
            Some(at) => _ = self.fresh.swap_remove(at),
            None => self.discard(number),
        }
    }

    /// What is on the shelf and is of no use.
    pub(super) fn discard(&mut self, number: u64) {
        self.gone.push(number);
    }

    pub(super) fn clear(&mut self) {
        self.fresh.clear();
        self.gone.clear();
        self.is_cleared = true;
    }

    /// Whether everything is to be deleted first, what is to be deleted, and what is to be written.
    pub(super) fn take(&mut self) -> (bool, Vec<u64>, Vec<usize>) {
        (std::mem::take(&mut self.is_cleared), std::mem::take(&mut self.gone), std::mem::take(&mut self.fresh))
    }

    pub(super) fn is_dirty(&self) -> bool {
        self.is_cleared || !self.gone.is_empty() || !self.fresh.is_empty()
    }
}

/// A stored answer as bytes: postcard of this.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Bytes {
    pub(super) url: String,
    pub(super) status: u16,
    pub(super) headers: Vec<u8>,
    pub(super) body: Vec<u8>,
    /// By which requests it is selected.
    pub(super) selection: Vec<(String, Option<Vec<u8>>)>,
    /// How long it is fresh by force, if it is.
    pub(super) fresh_for: Option<Duration>,
    pub(super) sent_at: Duration,
    pub(super) came_at: Duration,
}

pub(super) fn since_epoch(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// A time that storage may have got wrong.
pub(super) fn time(since_epoch: Duration) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(since_epoch)
}
