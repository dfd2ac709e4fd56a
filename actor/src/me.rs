//! [`Me`]: an actor without its turn.

use std::{cell::RefCell, fmt, future::pending, marker::PhantomData, rc::Rc};

use crate::{
    activation::{Call, Reading, Transaction},
    field::Actor,
    problem::{Error, Problem},
    request::{FromRequest, Request},
    turn::Turn,
};

/// The actor that a method without receiver belongs to. It holds no turn while the method waits, and takes short ones.
///
/// A turn that was asked for keeps its place in the queue until it is taken or dropped. So a future of `read` or `turn`
/// that is kept and not polled, as beside a `select!` in a loop, holds up whoever comes behind it.
///
/// ```
/// use duractor::prelude::*;
///
/// #[derive(Default, Actor)]
/// struct Rates {
///     best: Option<f64>,
/// }
///
/// #[methods]
/// impl Rates {
///     #[post("/refresh")]
///     async fn refresh(me: Me<Self>, cx: &Cx) -> Result<Json<f64>> {
///         let found: f64 = cx.get("https://rates.example/eur").await?.json()?; // no turn is held
///         me.turn(|rates| {
///             rates.best = Some(rates.best.unwrap_or(found).max(found));
///             Ok(Json(found))
///         })
///         .await
///     }
/// }
/// ```
pub struct Me<A> {
    call: Rc<Call>,
    of: PhantomData<fn() -> A>,
}

impl<A> Clone for Me<A> {
    fn clone(&self) -> Self {
        Self { call: self.call.clone(), of: PhantomData }
    }
}

impl<A: Actor> fmt::Debug for Me<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Me<{}>({})", A::CLASS, self.call.home.name)
    }
}

impl<A: Actor> Me<A> {
    fn cell(&self) -> &RefCell<A> {
        self.call.home.cell()
    }

    /// Takes a shared turn for as long as `look` runs.
    ///
    /// It ends the call with a problem when the turn is held by this call, or by one that waits for it.
    pub async fn read<R>(&self, look: impl FnOnce(&A) -> R) -> R {
        match self.call.take_turn(Turn::Shared).await {
            Ok(permit) => {
                let _reading = Reading::new(&self.call, permit);
                look(&self.cell().borrow())
            }
            Err(problem) => {
                self.call.fail(problem);
                pending().await
            }
        }
    }

    /// Takes an exclusive turn for as long as `change` runs: `Ok` commits what it changed, `Err` leaves no trace.
    ///
    /// # Errors
    ///
    /// What `change` returns; that the commit failed; that the turn is held by this call, or by one that waits for it.
    pub async fn turn<R, E: From<Error>>(&self, change: impl FnOnce(&mut A) -> Result<R, E>) -> Result<R, E> {
        let permit = self.call.take_turn(Turn::Exclusive).await.map_err(Error::from)?;
        let transaction = Transaction::new(&self.call, permit);
        let value = change(&mut self.cell().borrow_mut())?;
        transaction.commit()?;
        Ok(value)
    }
}

impl<'r, A: Actor> FromRequest<'r> for Me<A> {
    fn from_request(req: &'r Request) -> Result<Self, Problem> {
        req.home().cell::<A>();
        Ok(Self { call: req.cx.0.clone(), of: PhantomData })
    }
}
