//! Plain fields that say the same in more than one way.

use duractor::prelude::*;
use serde::Serialize;

use crate::crash::Id;

#[derive(Default, Actor)]
pub(crate) struct Tally {
    value: u64,
    /// How often each client has added, and the last time.
    clients: Vec<(u64, u64)>,
}

/// All that a tally holds.
#[derive(Serialize)]
pub(crate) struct Found<'a> {
    value: u64,
    clients: &'a [(u64, u64)],
}

#[methods]
impl Tally {
    #[get("/")]
    fn find(&self) -> Json<Found<'_>> {
        Json(Found { value: self.value, clients: &self.clients })
    }

    #[post("/add")]
    fn add(&mut self, Json(Id { client, seq }): Json<Id>) -> Json<u64> {
        let client = client as usize;
        if self.clients.len() <= client {
            self.clients.resize(client + 1, (0, 0));
        }
        let (count, last) = &mut self.clients[client];
        (*count, *last) = (*count + 1, seq);
        self.value += 1;
        Json(self.value)
    }
}
