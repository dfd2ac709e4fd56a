//! A [`Cx`] without a host, for unit tests of a struct.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use super::{
    answer::{Answer, Upstreams},
    host::NativeHost,
    storage::Storage,
};
use crate::{
    activation::{Activation, Call, Chain, Settings, World},
    cx::Cx,
    field::{Actor, Field},
    key::Key,
    limits::Limits,
    ops::{Instant, Outcome, Want},
    state::Layouts,
    store::Place,
    tenancy::Tenants,
};

/// What stands behind a `Cx` in a unit test: no actor, and operations that are answered at once.
#[derive(Default)]
struct Nobody;

impl Actor for Nobody {
    const CLASS: &'static str = "Test";

    fn fields(&mut self, _: &mut dyn FnMut(&'static str, &mut dyn Field)) {}
}

struct Scripted {
    host: Rc<NativeHost>,
    upstreams: Upstreams,
}

impl Instant for Scripted {
    /// The clock moves on by as long as the operation would take.
    fn answer(&self, want: &Want) -> Outcome {
        let (delay, answer) = match want {
            Want::Sleep(duration) => (*duration, Answer::status(200)),
            Want::Hit(_) => unreachable!("there is no cache"),
            Want::Pull { .. } | Want::Push(_) => unreachable!("bodies are whole"),
            Want::Bound(_) => (Duration::ZERO, Answer::no_binding()),
            Want::Fetch(outbound) => self.upstreams.answer(outbound).within(outbound),
        };
        self.host.set_clock(self.host.clock().saturating_add(delay));
        answer.into_outcome()
    }
}

impl Cx {
    /// A context for a unit test of a struct, without a host. Waiting takes no time, and no upstream is known.
    ///
    /// ```
    /// use duractor::Cx;
    ///
    /// assert_eq!(Cx::test().name(), "test");
    /// ```
    pub fn test() -> Self {
        Self::test_with(&[])
    }

    /// A context for a unit test, with upstreams that answer at once; patterns as in [`Native::upstream`](crate::Native::upstream).
    ///
    /// ```
    /// use duractor::{native::Answer, Cx};
    /// use futures::executor::block_on;
    ///
    /// let cx = Cx::test_with(&[("https://rates.example/*", Answer::text("1.08"))]);
    /// assert_eq!(block_on(async { cx.get("https://rates.example/eur").await }).unwrap().text(), "1.08");
    /// ```
    pub fn test_with(upstreams: &[(&str, Answer)]) -> Self {
        let host = Rc::new(NativeHost::new(Rc::new(Storage::default())));
        host.present.replace(Some((Nobody::CLASS.into(), "test".into())));
        let scripted = Scripted { host: host.clone(), upstreams: Upstreams::default() };
        for (pattern, answer) in upstreams {
            scripted.upstreams.add(pattern, answer.clone());
        }
        let world = Rc::new(World {
            host: host.clone(),
            limits: Limits::default(),
            development: false,
            scratch: RefCell::default(),
            present: Cell::default(),
            trace: Rc::default(),
        });
        let state = Box::new(RefCell::new(Nobody));
        let place = Place {
            host,
            actor: Key::from_bits(0),
            class: Nobody::CLASS,
            name: "test".into(),
            has_loaded: Cell::default(),
            tenants: Tenants::default(),
        };
        let (home, _) = Activation::hydrate(world, place, state, (Layouts::default(), Settings::default()), None)
            .unwrap_or_else(|_| unreachable!("nobody has no fields"));
        Self(Call::new(home, 0.0, Chain::default(), Some(Rc::new(scripted))))
    }
}
