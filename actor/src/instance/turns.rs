//! One call through its turn.

use std::rc::Rc;

use crate::{
    activation::{Activation, Call, Chain, Effect, Reading, Transaction},
    app::{Class, Route, Run},
    cx::Cx,
    problem::{Error, Problem},
    refusal::internal,
    request::Request,
    response::{IntoResponse, Response},
    sql::Sql,
    state::Origin,
    turn::{Permit, Turn},
};

/// One call, from taking its turn to giving it back.
pub(super) async fn drive(call: Rc<Call>, request: Request, route: &'static Route) -> Response {
    let permit = match call.take_turn(route.turn).await {
        Ok(permit) => permit,
        Err(problem) => return problem.into_response(),
    };
    let Run::Async(run) = route.run else { return run_sync(&call, permit, &request, route) };
    match route.turn {
        Turn::Exclusive => {
            let transaction = Transaction::new(&call, permit);
            let response = run(request).await;
            settle(transaction, response)
        }
        Turn::Shared => {
            let _reading = Reading::new(&call, permit);
            run(request).await
        }
        Turn::None => run(request).await,
    }
}

/// A method that never waits, and whose turn is granted.
pub(super) fn run_sync(call: &Call, permit: Permit, request: &Request, route: &Route) -> Response {
    match (route.run, route.turn) {
        (Run::Sql(run), _) => run_sql(Transaction::new(call, permit), request, run),
        (Run::Sync(run), Turn::Exclusive) => settle(Transaction::new(call, permit), run(request)),
        (Run::Sync(run), Turn::Shared) => {
            let _reading = Reading::new(call, permit);
            run(request)
        }
        (Run::Sync(run), Turn::None) => run(request),
        (Run::Async(_), _) => unreachable!("such a method is a task"),
    }
}

/// The end of an exclusive turn: commit, or no trace.
fn settle(transaction: Transaction<'_>, response: Response) -> Response {
    if response.is_rollback() {
        return response;
    }
    match transaction.commit() {
        Ok(()) => response,
        Err(error) => unstored(error),
    }
}

/// A turn whose method runs within the transaction that its commit is a part of.
fn run_sql(transaction: Transaction<'_>, request: &Request, run: fn(&Request, &mut Sql) -> Response) -> Response {
    let home = transaction.home();
    let (mut reply, mut changes) = (None, None);
    let stored = home.world.host.transact(home.key, &mut || {
        let mut sql = Sql::new(home.place.clone());
        let response = home.world.trace.guard(|| run(request, &mut sql)).unwrap_or_else(|_| internal());
        let mut is_kept = !response.is_rollback();
        reply = Some(response);
        if is_kept {
            match transaction.write() {
                Ok(written) => changes = written,
                Err(error) => (is_kept, reply) = (false, Some(unstored(error))),
            }
        }
        is_kept
    });
    let response = match (stored, reply) {
        (Ok(()), Some(response)) => response,
        (Err(error), _) => unstored(Error::new(Problem::commit_failed(), error)),
        (Ok(()), None) => internal(),
    };
    if !response.is_rollback() {
        transaction.accept(changes);
    }
    response
}

/// The reply of a turn that could not be committed.
fn unstored(error: Error) -> Response {
    let can_try_again = error.problem().status() == 503;
    let response = error.into_response();
    if can_try_again { response.retry_after(1) } else { response }
}

/// Calls an actor's hooks, and writes what they and a migration have changed.
pub(super) fn settle_in(home: &Rc<Activation>, class: &Class, origin: Origin) -> Result<(), Response> {
    let call = Call::new(home.clone(), 0.0, Chain::default(), None);
    let permit = home.turns.try_take(Turn::Exclusive).expect("nobody else has a turn yet");
    // Whatever becomes of it, nobody sees this memory but after a commit.
    call.held.set(Turn::Exclusive);
    let mut sql = Sql::new(home.place.clone());
    let hooks = || (class.hooks)(home, &Cx(call.clone()), &mut sql, origin == Origin::New);
    let reply = home.world.trace.guard(hooks).unwrap_or_else(|_| Some(internal()));
    call.held.set(Turn::None);
    call.end();
    drop(permit);
    let is_hooked = reply.is_some();
    if let Some(response) = reply.filter(Response::is_rollback) {
        return Err(response);
    }
    if !is_hooked && origin != Origin::Migrated {
        return Ok(());
    }
    let changes = home.write(call.writes.take(), origin != Origin::Stored).map_err(unstored)?;
    if let Some(changes) = changes {
        home.accept(changes);
    }
    Ok(())
}

/// Does what committed turns have asked for, one after the other.
pub(super) async fn run_effects(call: Rc<Call>, effects: Vec<Effect>) -> Response {
    for effect in effects {
        if let Err(error) = effect(call.clone()).await {
            let home = &call.home;
            home.world.host.log(&format!("{}/{}: after a commit: {error}", home.class, home.name));
        }
    }
    ().into_response()
}
