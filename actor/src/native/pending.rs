//! A request that is under way.

use super::{Native, message::Response};

/// A request that was sent and whose response was not taken yet. Dropping it is the client's going away.
#[derive(Debug)]
#[must_use = "the client goes away when this is dropped"]
pub struct Pending<'n> {
    pub(super) native: &'n Native,
    pub(super) number: i64,
}

impl Pending<'_> {
    /// The response, if it is there.
    pub fn response(&self) -> Option<Response> {
        self.native.calls.borrow().get(&self.number)?.response.clone()
    }

    /// Lets the clock run until the response is there.
    ///
    /// # Panics
    ///
    /// If it waits for something that cannot happen.
    pub fn wait(self) -> Response {
        loop {
            if let Some(response) = self.response() {
                return response;
            }
            assert!(self.native.step(), "the call waits for something that cannot happen here: {self:?}");
        }
    }

    /// The call traps where it waits: it is answered 500, its turn is rolled back, all actors lose their memory, and other
    /// calls are run again. A call that has ended does not trap.
    pub fn trap(&self) {
        if self.response().is_none() {
            self.native.trap_in(self.number);
        }
    }

    /// The client goes away.
    pub fn abort(self) {}
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        self.native.abandon(self.number);
    }
}
