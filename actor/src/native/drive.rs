//! What `actor.js` and `operations.js` are in workerd: hands frames over, runs what calls want, delivers what comes back.

use std::time::Duration;

use super::{
    CallState, Event, Native, Pending, Pulled, Pushed, Shared,
    answer::Answer,
    entry::label,
    journal::Journal,
    message::{Chained, Message, Response},
    storage::Identity,
};
use crate::{
    exchange::{Buffer, Frame, FrameError, FrameWriter, Headers},
    key::Key,
    ops::{ACTIONS, Bound, Hit, Inbound, Outbound, Part, Push, RESULT_SLOTS, Redirects, Want},
    refusal::Unread,
    request::REQUEST_SLOTS,
    response,
};

impl Native {
    /// Does one thing that is due until then.
    pub(super) fn step_until(&self, until: Duration) -> bool {
        let due = self.due.borrow_mut().pop_front();
        if let Some(number) = due {
            self.advance_call(number);
            return true;
        }
        let woken = self.host.woken.borrow_mut().pop_front();
        if let Some(actor) = woken {
            self.enter(actor, || self.instance.run(actor));
            return true;
        }
        let due = self
            .events
            .borrow_mut()
            .first_entry()
            .filter(|entry| entry.key().0 <= until)
            .map(|entry| entry.remove_entry());
        let Some(((at, _), event)) = due else { return false };
        self.host.set_clock(at.max(self.host.clock()));
        self.happen(event);
        true
    }

    fn happen(&self, event: Event) {
        match event {
            Event::Came { call, operation, came } => self.came(call, operation, came),
            Event::Answer { call, operation, answer, of } => {
                self.came(call, operation, Some(answer));
                self.free_connection(call, of.as_ref());
            }
        }
    }

    pub(super) fn schedule(&self, delay: Duration, event: Event) {
        let serial = self.serial.get();
        self.serial.set(serial + 1);
        let at = self.host.clock().checked_add(delay).unwrap_or(Duration::MAX);
        self.events.borrow_mut().insert((at, serial), event);
    }

    pub(super) fn begin(&self, message: Message) -> Pending<'_> {
        let number = self.admit(message, None);
        self.run();
        Pending { native: self, number }
    }

    /// Routes a request and hands it to its actor. `parent` is the operation that waits for it.
    fn admit(&self, message: Message, parent: Option<(i64, i32)>) -> i64 {
        let number = self.numbers.get() + 1;
        self.numbers.set(number);
        let is_head = message.method == "HEAD";
        let state = CallState { message: message.clone(), is_head, parent, ..CallState::default() };
        self.calls.borrow_mut().insert(number, state);
        self.host.journals.borrow_mut().insert(number, Journal::default());
        self.instance.route(message.frame(0.0, None));
        match self.forwarded() {
            Some((identity, cookie)) => {
                if let Some(call) = self.calls.borrow_mut().get_mut(&number) {
                    (call.identity, call.cookie) = (Some(identity.clone()), cookie);
                }
                self.hand_over(number, &message, &identity);
            }
            None => self.respond(number),
        }
        number
    }

    /// The actor that the routes name and the cookie to set, unless the request is answered already.
    fn forwarded(&self) -> Option<(Identity, Option<String>)> {
        let outbox = self.instance.outbox();
        let frame = Frame::new(outbox.frames().as_bytes(), REQUEST_SLOTS).expect("a route leaves a frame");
        let text = |slot| frame.str(slot).expect("class and name are strings").to_owned();
        let cookie = || frame.opt_str(3).expect("a cookie is a string").map(str::to_owned);
        (frame.i32(0) == Ok(0)).then(|| ((text(1), text(2)), cookie()))
    }

    pub(super) fn hand_over(&self, number: i64, message: &Message, identity: &Identity) {
        let known = self.actors.borrow().get(identity).copied();
        if known.is_some_and(|actor| self.call(number, message, identity, actor)) {
            return;
        }
        // It is not in memory, or not any more.
        self.forget(identity);
        match self.activate(identity) {
            Ok(actor) => _ = self.call(number, message, identity, actor),
            Err(Some(problem)) => self.complete(number, Response::of_problem(problem)),
            Err(None) => self.respond(number),
        }
        self.trap_if_panicked();
    }

    /// Hands a request to its actor, unless that has left memory.
    fn call(&self, number: i64, message: &Message, identity: &Identity, actor: Key) -> bool {
        if let Some(call) = self.calls.borrow_mut().get_mut(&number) {
            call.actor = Some(actor);
            call.identity = Some(identity.clone());
        }
        let Ok(chain) = self.chain(number, actor) else {
            self.instance.refuse(Unread::Chain);
            self.respond(number);
            return true;
        };
        let known = self.host.journals.borrow().get(&number).map_or(0, Journal::known);
        self.enter(actor, || self.instance.call(actor, message.frame(number as f64, chain.as_ref()), known))
    }

    /// The calls of this actor that wait for this one; an error if the chain is too long.
    fn chain(&self, number: i64, actor: Key) -> Result<Option<Chained>, ()> {
        let calls = self.calls.borrow();
        let (mut labels, mut tasks) = (vec![calls[&number].label()], Vec::new());
        let mut at = calls[&number].parent;
        while let Some(call) = at.and_then(|(parent, _)| calls.get(&parent)) {
            labels.push(call.label());
            tasks.extend(call.task.filter(|_| call.actor == Some(actor)));
            at = call.parent;
        }
        if labels.len() > self.instance.limits().chain_max as usize {
            return Err(());
        }
        labels.reverse();
        Ok((!tasks.is_empty()).then(|| Chained { text: labels.join(" → "), tasks }))
    }

    /// Takes the single response that the last entry left.
    fn respond(&self, number: i64) {
        let response = {
            let outbox = self.instance.outbox();
            let frame = Frame::new(outbox.frames().as_bytes(), REQUEST_SLOTS).expect("an entry leaves a frame");
            Response::read(&frame, self.calls.borrow()[&number].is_head)
        };
        self.complete(number, response);
    }

    /// Reads the chain of responses that an entry has left.
    pub(super) fn collect(&self, actor: Key, frames: &[u8]) {
        let mut news = Vec::new();
        let mut at = 0;
        while at < frames.len() {
            let frame = Frame::new(&frames[at..], REQUEST_SLOTS).expect("a response is a frame");
            news.push(self.read(actor, &frame, &frames[at..]));
            match frame.opt_i32(4).expect("slot 4 is the next response or null") {
                Some(next) => at += next as usize,
                None => break,
            }
        }
        for news in news {
            match news {
                News::Ended(number, response) => self.complete(number, response),
                News::Head(number, head) => {
                    if let Some(call) = self.calls.borrow_mut().get_mut(&number) {
                        call.head = Some(Response { is_cut: true, ..head });
                    }
                    // From here on the call cannot be run again.
                    if let Some(journal) = self.host.journals.borrow_mut().get_mut(&number) {
                        journal.is_given_up = true;
                    }
                }
                News::Waits(number, wants) => {
                    wants.into_iter().for_each(|want| self.want(number, want));
                    if self.host.journals.borrow().get(&number).is_some_and(Journal::is_behind) {
                        self.due.borrow_mut().push_back(number);
                    }
                }
            }
        }
    }

    fn read(&self, actor: Key, frame: &Frame<'_>, bytes: &[u8]) -> News {
        let number = frame.f64(5).expect("a response names its call") as i64;
        let status = frame.i32(0).expect("a response has a status");
        let mut calls = self.calls.borrow_mut();
        if status != -1 {
            let is_head = calls.get(&number).is_some_and(|call| call.is_head);
            let mut response = Response::read(frame, is_head);
            let Ok(from) = frame.i32(2) else { return News::Ended(number, response) };
            if from < 0 {
                return News::Head(number, response);
            }
            if let Some(pulled) = calls.get_mut(&number).and_then(|call| call.pulled.remove(&from)).filter(|_| !is_head)
            {
                (response.body, response.is_cut) = pulled.rest();
            }
            return News::Ended(number, response);
        }
        if let Some(identity) = self.host.actors.borrow().get(&actor).filter(|_| number < 0) {
            calls.entry(number).or_insert_with(|| CallState::of_effect(actor, identity.clone()));
            self.host.journals.borrow_mut().entry(number).or_default();
        }
        if let Some(call) = calls.get_mut(&number) {
            call.task = frame.i32(1).ok().map(i32::cast_unsigned);
        }
        let count = frame.i32(2).expect("a call that waits counts its operations") as usize;
        let frame = Frame::new(bytes, REQUEST_SLOTS + count).expect("all operations are in the frame");
        News::Waits(number, (REQUEST_SLOTS..REQUEST_SLOTS + count).map(|slot| read_want(&frame, slot)).collect())
    }

    pub(super) fn complete(&self, number: i64, mut response: Response) {
        let mut calls = self.calls.borrow_mut();
        let Some(call) = calls.get_mut(&number).filter(|call| call.response.is_none()) else { return };
        self.host.journals.borrow_mut().remove(&number);
        if let Some(head) = call.head.take() {
            response = head;
        }
        if let Some(cookie) = call.cookie.take() {
            response.set_cookie(cookie);
        }
        match call.parent {
            None if call.is_abandoned => drop(calls.remove(&number)),
            None => call.response = Some(response),
            Some((parent, operation)) => {
                calls.remove(&number);
                drop(calls);
                let answer = Answer::of_response(response.status, &response.headers, &response.body);
                let answer = if response.is_cut { answer.cut() } else { answer };
                let event = Event::Answer { call: parent, operation, answer, of: None };
                self.schedule(Duration::ZERO, event);
            }
        }
    }

    fn want(&self, number: i64, (operation, want): (i32, Option<Want>)) {
        if !self.is_under_way(number) {
            return;
        }
        let Some(journal) = self.host.journals.borrow_mut().get_mut(&number).map(|journal| match &want {
            Some(want) => journal.begins(operation, want),
            None => {
                journal.cancel(operation);
                true
            }
        }) else {
            return;
        };
        if !journal {
            return;
        }
        match want {
            None => {
                if let Some(call) = self.calls.borrow_mut().get_mut(&number) {
                    call.queue.retain(|(id, _)| *id != operation);
                    call.pulled.remove(&operation);
                    call.pushed.remove(&operation);
                }
            }
            Some(Want::Sleep(duration)) => {
                self.schedule(duration, Event::Came { call: number, operation, came: None });
            }
            // It is in the journal.
            Some(Want::Hit(_)) => {}
            Some(Want::Fetch(outbound)) => {
                let event = Event::Came { call: number, operation, came: Some(Answer::timeout()) };
                self.schedule(outbound.time_max, event);
                self.begin_request(number, operation, outbound);
            }
            Some(Want::Bound(bound)) => {
                let now = self.host.clock().as_secs_f64() * 1e3;
                let answer = self.bindings.answer(&bound, now);
                let (delay, answer) = answer.within_bounds(bound.time_max, Some(bound.body_max_bytes));
                self.schedule(delay, Event::Came { call: number, operation, came: Some(answer) });
            }
            Some(Want::Pull { from, .. }) => self.pull(number, operation, from),
            Some(Want::Push(push)) => self.push(number, operation, *push),
        }
    }

    /// A request; one whose body is pushed leaves when it is whole.
    fn begin_request(&self, number: i64, operation: i32, outbound: Box<Outbound>) {
        {
            let mut calls = self.calls.borrow_mut();
            let Some(call) = calls.get_mut(&number) else { return };
            if outbound.is_pulled {
                call.pulled.insert(operation, Pulled::default());
            }
            if outbound.is_pushed {
                call.pushed.insert(operation, Pushed { outbound, body: Vec::new() });
                return;
            }
        }
        self.connect(number, operation, outbound);
    }

    pub(super) fn is_under_way(&self, number: i64) -> bool {
        self.calls.borrow().get(&number).is_some_and(|call| call.response.is_none())
    }

    pub(super) fn connect(&self, number: i64, operation: i32, outbound: Box<Outbound>) {
        if self.join(number, operation, &outbound) {
            return;
        }
        {
            let mut calls = self.calls.borrow_mut();
            let Some(call) = calls.get_mut(&number) else { return };
            if call.connections >= self.instance.limits_of(call.actor).connections_max {
                return call.queue.push_back((operation, outbound));
            }
            call.connections += 1;
        }
        // Own routes may wait for connections of the same actor.
        if outbound.url.starts_with('/') {
            self.admit(own_request(&outbound), Some((number, operation)));
            return;
        }
        let (actor, identity) = self.actor_of(number);
        let max = self.instance.limits_of(actor).actor_connections_max;
        let mut connections = self.connections.borrow_mut();
        let of_actor = connections.entry(identity.clone()).or_default();
        if of_actor.open >= max {
            return of_actor.waiting.push_back((number, operation, outbound));
        }
        of_actor.open += 1;
        drop(connections);
        self.send(number, operation, &outbound, identity);
    }

    fn actor_of(&self, number: i64) -> (Option<Key>, Identity) {
        let calls = self.calls.borrow();
        let call = calls.get(&number);
        (call.and_then(|call| call.actor), call.and_then(|call| call.identity.clone()).unwrap_or_default())
    }

    /// It has its connection.
    fn send(&self, number: i64, operation: i32, outbound: &Outbound, identity: Identity) {
        let answer = self.upstreams.answer(outbound);
        if outbound.share.is_some() {
            self.share(number, operation, outbound, &answer);
        }
        let (delay, answer) = answer.within(outbound);
        self.schedule(delay, Event::Answer { call: number, operation, answer, of: Some(identity) });
    }

    /// Lets equal requests of the same actor join this one.
    fn share(&self, number: i64, operation: i32, outbound: &Outbound, answer: &Answer) {
        let identity = self.calls.borrow().get(&number).and_then(|call| call.identity.clone());
        if let Some(actor) = identity {
            let at = self.host.clock().checked_add(answer.delay()).unwrap_or(Duration::MAX);
            let (outbound, answer, waiting) = (outbound.clone(), answer.clone(), vec![(number, operation)]);
            self.shared.borrow_mut().push(Shared { actor, outbound, at, answer, waiting });
        }
    }

    /// Waits for an equal request that is under way. Whether there is one.
    fn join(&self, number: i64, operation: i32, outbound: &Outbound) -> bool {
        if outbound.share.is_none() {
            return false;
        }
        let now = self.host.clock();
        let identity = self.calls.borrow().get(&number).and_then(|call| call.identity.clone());
        let mut shared = self.shared.borrow_mut();
        shared.retain(|shared| shared.at > now && shared.waiting.iter().any(|waiting| self.is_waited_for(waiting)));
        let mut shared = shared.iter_mut();
        let equal = shared.find(|shared| Some(&shared.actor) == identity.as_ref() && shared.outbound.equals(outbound));
        let Some(equal) = equal else { return false };
        equal.waiting.push((number, operation));
        let (delay, answer) = equal.answer.clone().after(equal.at - now).within(outbound);
        self.schedule(delay, Event::Came { call: number, operation, came: Some(answer.shared()) });
        true
    }

    fn is_waited_for(&self, (call, operation): &(i64, i32)) -> bool {
        self.host.journals.borrow().get(call).is_some_and(|journal| journal.is_under_way(*operation))
    }

    /// A connection is free: of a call, and of an actor.
    fn free_connection(&self, number: i64, of: Option<&Identity>) {
        if let Some(identity) = of {
            self.free_connection_of(identity);
        }
        if let Some(call) = self.calls.borrow_mut().get_mut(&number) {
            call.connections -= 1;
        }
        // One that joins another request leaves the connection to the next.
        while let Some((operation, outbound)) = self.next_in_queue(number) {
            if !self.join(number, operation, &outbound) {
                return self.connect(number, operation, outbound);
            }
        }
    }

    /// The connection goes to who waits longest, if he still does.
    fn free_connection_of(&self, identity: &Identity) {
        loop {
            let next = {
                let mut connections = self.connections.borrow_mut();
                let Some(of_actor) = connections.get_mut(identity) else { return };
                let next = of_actor.waiting.pop_front();
                if next.is_none() {
                    of_actor.open -= 1;
                }
                next
            };
            let Some((number, operation, outbound)) = next else { return };
            if self.is_waited_for(&(number, operation)) {
                return self.send(number, operation, &outbound, identity.clone());
            }
            self.free_connection(number, None);
        }
    }

    fn next_in_queue(&self, number: i64) -> Option<(i32, Box<Outbound>)> {
        let mut calls = self.calls.borrow_mut();
        calls.get_mut(&number).filter(|call| call.response.is_none())?.queue.pop_front()
    }

    /// The client goes away. A call that has ended is forgotten; one that goes on is when it ends.
    pub(super) fn abandon(&self, number: i64) {
        let place = {
            let mut calls = self.calls.borrow_mut();
            let Some(call) = calls.get_mut(&number) else { return };
            if call.response.is_some() {
                calls.remove(&number);
                return;
            }
            call.is_abandoned = true;
            call.actor.zip(call.task)
        };
        if let Some((actor, task)) = place {
            self.enter(actor, || self.instance.cancel(actor, Key::from_bits(task)));
        }
    }

    /// Hands one result over. The call may have ended, and the operation may be gone: then it is dropped.
    pub(super) fn deliver(&self, number: i64, operation: i32, came: Option<&Answer>) {
        let (Some(actor), Some(task)) =
            self.calls.borrow().get(&number).map_or((None, None), |call| (call.actor, call.task))
        else {
            return;
        };
        let mut buffer = Buffer::default();
        let mut frame = FrameWriter::begin(&mut buffer, REQUEST_SLOTS + 1);
        frame.i32(4, 1);
        frame.frame(REQUEST_SLOTS, RESULT_SLOTS, |frame| {
            frame.i32(0, task.cast_signed());
            frame.i32(1, operation);
            match came {
                Some(answer) => answer.write(frame),
                None => frame.i32(2, 0),
            }
        });
        frame.finish();
        self.enter(actor, || self.instance.resume(actor, buffer));
    }
}

impl CallState {
    /// What a committed turn has asked for: nobody waits for it.
    fn of_effect(actor: Key, identity: Identity) -> Self {
        Self { actor: Some(actor), identity: Some(identity), is_abandoned: true, ..Self::default() }
    }

    fn label(&self) -> String {
        self.identity.as_ref().map_or_else(String::new, label)
    }
}

enum News {
    Ended(i64, Response),
    /// The body follows.
    Head(i64, Response),
    Waits(i64, Vec<(i32, Option<Want>)>),
}

fn millis(ms: f64) -> Duration {
    Duration::try_from_secs_f64(ms / 1e3).unwrap_or(Duration::MAX)
}

/// An operation's frame; one that is cancelled is none.
fn read_want(frame: &Frame<'_>, slot: usize) -> (i32, Option<Want>) {
    let want = |slots| frame.frame(slot, slots).expect("an operation is a frame");
    let id = want(2).i32(0).expect("an operation has a number");
    match want(2).i32(1).expect("an operation has a kind") {
        0 => (id, None),
        2 => (id, Some(Want::Sleep(millis(want(3).f64(2).expect("a wait has a duration"))))),
        1 => (id, Some(Want::Fetch(Box::new(read_fetch(&want(11)).expect("an outbound request is whole"))))),
        3 => (id, Some(Want::Hit(Box::new(read_hit(&want(7)).expect("a hit is whole"))))),
        4 => (id, Some(Want::Bound(Box::new(read_bound(&want(8)).expect("an operation of a binding is whole"))))),
        5 => {
            let from = want(5).i32(2).expect("what is pulled has a number");
            (id, Some(Want::Pull { from, time_max: millis(want(5).f64(4).expect("a piece has a deadline")) }))
        }
        6 => (id, Some(Want::Push(Box::new(read_push(&want(5)).expect("a piece is whole"))))),
        kind => panic!("there is no operation of kind {kind}"),
    }
}

fn read_push(frame: &Frame<'_>) -> Result<Push, FrameError> {
    Ok(Push {
        to: frame.i32(2).map(|to| (to >= 0).then_some(to))?,
        piece: frame.opt_bytes(3)?.map(<[u8]>::to_vec),
        time_max: millis(frame.f64(4)?),
    })
}

fn read_bound(frame: &Frame<'_>) -> Result<Bound, FrameError> {
    let (action, target) = (frame.str(2)?, frame.str(3)?);
    let (binding, key) = target.split_once('/').unwrap_or((target, ""));
    Ok(Bound {
        action: ACTIONS.iter().find(|known| **known == action).expect("actions are known"),
        binding: binding.to_owned(),
        key: key.to_owned(),
        options: frame.str(4)?.to_owned(),
        body: frame.opt_bytes(5)?.map(<[u8]>::to_vec),
        time_max: millis(frame.f64(6)?),
        body_max_bytes: frame.f64(7)? as u32,
    })
}

fn read_hit(frame: &Frame<'_>) -> Result<Hit, FrameError> {
    let part = |bytes: Option<&[u8]>| Part::Kept(bytes.unwrap_or_default().into());
    let (headers, body) = (part(frame.opt_bytes(4)?), part(frame.opt_bytes(5)?));
    let answer =
        Inbound { status: frame.i32(6)? as u16, body, headers, is_shared: false, is_redirected: false, pulled: None };
    Ok(Hit { method: frame.str(2)?.to_owned(), url: frame.str(3)?.to_owned(), answer })
}

fn read_fetch(frame: &Frame<'_>) -> Result<Outbound, FrameError> {
    let headers = Headers::new(frame.opt_bytes(4)?.unwrap_or_default())?;
    let header = |(name, value): (&str, &[u8])| response::header(name, value).expect("checked when it was set");
    Ok(Outbound {
        method: frame.str(2)?.to_owned(),
        url: frame.str(3)?.to_owned(),
        headers: headers.iter().map(header).collect(),
        body: frame.opt_bytes(5)?.map(<[u8]>::to_vec),
        time_max: millis(frame.f64(6)?),
        body_max_bytes: frame.f64(7)? as u32,
        redirects: Redirects::Follow,
        share: frame.i32(9)?.checked_sub(1).and_then(|epoch| u32::try_from(epoch).ok()),
        breaker: None,
        is_pulled: frame.i32(10)? & 1 != 0,
        is_pushed: frame.i32(10)? & 2 != 0,
    })
}

fn own_request(outbound: &Outbound) -> Message {
    Message {
        method: outbound.method.clone(),
        target: outbound.url.clone(),
        headers: outbound.headers.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect(),
        body: outbound.body.clone(),
    }
}
