//! What clients ask.

use std::{fmt, net::SocketAddr};

use serde::Serialize;
use serde_json::{Value, json};

use crate::http::Request;

/// What an actor is, which says what it can be asked and what must hold of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// Counts, in plain fields.
    Tally,
    /// Transfers, in tables.
    Ledger,
    /// Items that come, change and go, in an arena, with a log of what was done.
    Shelf,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Tally, Self::Ledger, Self::Shelf];
}

/// One actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) kind: Kind,
    /// Actors are left behind after some kills, so that there is never too much to check.
    pub(crate) epoch: u32,
    pub(crate) number: u32,
}

impl Place {
    /// Asks for all that it holds.
    pub(crate) fn look(self, to: SocketAddr) -> Request {
        Request::new(to, "GET", self.to_string())
    }
}

/// Its path.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Tally => "tally",
            Kind::Ledger => "ledger",
            Kind::Shelf => "shelf",
        };
        write!(f, "/crash/{kind}/{}-{}", self.epoch, self.number)
    }
}

/// A change.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change {
    Add,
    Transfer(Transfer),
    /// A transfer that is made and then refused, in the same turn.
    Refused(Transfer),
    Insert {
        bytes: u32,
    },
    Edit {
        key: Value,
        bytes: u32,
    },
    Remove {
        key: Value,
    },
}

/// Money that goes from one account to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Transfer {
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) amount: i64,
}

/// Who asks, and for how manieth time: no two acts have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Id {
    pub(crate) client: u32,
    pub(crate) seq: u64,
}

/// What one client asks of one actor.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Act {
    pub(crate) id: Id,
    pub(crate) place: Place,
    pub(crate) change: Change,
}

impl Act {
    pub(crate) fn request(&self, to: SocketAddr) -> Request {
        let Id { client, seq } = self.id;
        let (route, more) = match &self.change {
            Change::Add => ("add", json!({})),
            Change::Transfer(transfer) => ("transfer", json!(transfer)),
            Change::Refused(transfer) => ("refused", json!(transfer)),
            Change::Insert { bytes } => ("insert", json!({ "bytes": bytes })),
            Change::Edit { key, bytes } => ("edit", json!({ "key": key, "bytes": bytes })),
            Change::Remove { key } => ("remove", json!({ "key": key })),
        };
        let mut body = json!({ "client": client, "seq": seq });
        if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
            body.extend(more);
        }
        Request::new(to, "POST", format!("{}/{route}", self.place)).json(&body)
    }

    /// Whether it changes anything.
    pub(crate) fn is_kept(&self) -> bool {
        !matches!(self.change, Change::Refused(_))
    }

    /// How it is answered.
    pub(crate) fn status(&self) -> u16 {
        if self.is_kept() { 200 } else { 409 }
    }
}
