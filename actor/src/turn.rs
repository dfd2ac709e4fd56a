//! The turn queue of one actor: many shared turns or one exclusive turn at a time, in order of arrival.

use std::{
    cell::RefCell,
    collections::VecDeque,
    future::Future,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

/// What a turn allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// No turn is taken: the method gets `Me<Self>`, or nothing of the actor.
    None,
    /// To read, beside other shared turns: `&self`.
    Shared,
    /// To write, alone: `&mut self`.
    Exclusive,
}

/// Who holds turns, and who waits for one.
#[derive(Debug, Default)]
pub(crate) struct Turns(RefCell<Queue>);

#[derive(Debug, Default)]
struct Queue {
    shared: usize,
    exclusive: bool,
    next_ticket: u64,
    waiting: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    ticket: u64,
    turn: Turn,
    waker: Waker,
}

impl Queue {
    fn is_free(&self, turn: Turn) -> bool {
        match turn {
            Turn::None => true,
            Turn::Shared => !self.exclusive,
            Turn::Exclusive => !self.exclusive && self.shared == 0,
        }
    }

    fn take(&mut self, turn: Turn) {
        debug_assert!(self.is_free(turn));
        match turn {
            Turn::None => {}
            Turn::Shared => self.shared += 1,
            Turn::Exclusive => self.exclusive = true,
        }
    }

    fn give_back(&mut self, turn: Turn) {
        match turn {
            Turn::None => {}
            Turn::Shared => self.shared -= 1,
            Turn::Exclusive => self.exclusive = false,
        }
        self.wake_first();
    }

    /// Wakes the first in line if its turn has come. It wakes the next in line when it takes its turn.
    fn wake_first(&self) {
        if let Some(first) = self.waiting.front()
            && self.is_free(first.turn)
        {
            first.waker.wake_by_ref();
        }
    }

    fn enqueue(&mut self, turn: Turn, waker: &Waker) -> u64 {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        self.waiting.push_back(Waiting { ticket, turn, waker: waker.clone() });
        ticket
    }
}

impl Turns {
    /// A turn at once, if it is free and nobody waits. Who takes none never waits.
    pub(crate) fn try_take(self: &Rc<Self>, turn: Turn) -> Option<Permit> {
        let mut queue = self.0.borrow_mut();
        if turn != Turn::None && (!queue.waiting.is_empty() || !queue.is_free(turn)) {
            return None;
        }
        queue.take(turn);
        Some(self.permit(turn))
    }

    /// A shared turn ahead of those who wait, for a call whose chain holds one already. Nobody is exclusive meanwhile.
    pub(crate) fn try_join(self: &Rc<Self>) -> Option<Permit> {
        let mut queue = self.0.borrow_mut();
        if queue.shared == 0 {
            return None;
        }
        queue.take(Turn::Shared);
        Some(self.permit(Turn::Shared))
    }

    /// A turn in order of arrival; arrival is the first poll.
    pub(crate) fn take(self: &Rc<Self>, turn: Turn) -> Acquire {
        Acquire { turns: self.clone(), turn, ticket: None }
    }

    fn permit(self: &Rc<Self>, turn: Turn) -> Permit {
        Permit { turns: self.clone(), turn }
    }
}

/// Waits for a turn. Dropping it leaves the queue.
#[derive(Debug)]
pub(crate) struct Acquire {
    turns: Rc<Turns>,
    turn: Turn,
    ticket: Option<u64>,
}

impl Future for Acquire {
    type Output = Permit;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Permit> {
        let turns = self.turns.clone();
        let Some(ticket) = self.ticket else {
            if let Some(permit) = turns.try_take(self.turn) {
                return Poll::Ready(permit);
            }
            self.ticket = Some(turns.0.borrow_mut().enqueue(self.turn, cx.waker()));
            return Poll::Pending;
        };
        let mut queue = turns.0.borrow_mut();
        let is_first = queue.waiting.front().is_some_and(|first| first.ticket == ticket);
        if is_first && queue.is_free(self.turn) {
            queue.waiting.pop_front();
            queue.take(self.turn);
            queue.wake_first();
            self.ticket = None;
            return Poll::Ready(turns.permit(self.turn));
        }
        if let Some(waiting) = queue.waiting.iter_mut().find(|waiting| waiting.ticket == ticket) {
            waiting.waker.clone_from(cx.waker());
        }
        Poll::Pending
    }
}

impl Drop for Acquire {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            let mut queue = self.turns.0.borrow_mut();
            queue.waiting.retain(|waiting| waiting.ticket != ticket);
            queue.wake_first();
        }
    }
}

/// A turn that is held. Dropping it ends the turn.
#[derive(Debug)]
pub(crate) struct Permit {
    turns: Rc<Turns>,
    turn: Turn,
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.turns.0.borrow_mut().give_back(self.turn);
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[cfg(not(target_arch = "wasm32"))]
    use proptest::prelude::*;

    use super::*;

    fn poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
        match Pin::new(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => Some(value),
            Poll::Pending => None,
        }
    }

    /// One who has to wait, and stands in line.
    fn queued(turns: &Rc<Turns>, turn: Turn) -> Acquire {
        let mut acquire = turns.take(turn);
        assert!(poll(&mut acquire).is_none());
        acquire
    }

    #[test]
    fn shared_turns_are_held_together_and_an_exclusive_one_alone() {
        let turns = Rc::new(Turns::default());
        let one = turns.try_take(Turn::Shared).unwrap();
        let two = turns.try_take(Turn::Shared).unwrap();
        let mut writer = queued(&turns, Turn::Exclusive);
        drop(one);
        assert!(poll(&mut writer).is_none());
        drop(two);
        let held = poll(&mut writer).unwrap();
        assert!(turns.try_take(Turn::Shared).is_none());
        drop(held);
        assert!(turns.try_take(Turn::Shared).is_some());
    }

    #[test]
    fn a_reader_that_comes_later_does_not_overtake_a_writer() {
        let turns = Rc::new(Turns::default());
        let reader = turns.try_take(Turn::Shared).unwrap();
        let mut writer = queued(&turns, Turn::Exclusive);
        let mut late = queued(&turns, Turn::Shared);
        drop(reader);
        assert!(poll(&mut late).is_none());
        drop(poll(&mut writer).unwrap());
        assert!(poll(&mut late).is_some());
    }

    #[test]
    fn who_takes_no_turn_waits_for_nobody() {
        let turns = Rc::new(Turns::default());
        let held = turns.try_take(Turn::Exclusive).unwrap();
        let mut writer = queued(&turns, Turn::Exclusive);
        drop(turns.try_take(Turn::None).unwrap());
        assert!(poll(&mut writer).is_none());
        drop(held);
        assert!(poll(&mut writer).is_some());
    }

    #[test]
    fn a_chain_that_holds_a_shared_turn_joins_it_past_a_writer() {
        let turns = Rc::new(Turns::default());
        let outer = turns.try_take(Turn::Shared).unwrap();
        let mut writer = queued(&turns, Turn::Exclusive);
        let inner = turns.try_join().unwrap();
        drop(outer);
        assert!(poll(&mut writer).is_none());
        drop(inner);
        assert!(poll(&mut writer).is_some());
        assert!(turns.try_join().is_none());
    }

    #[test]
    fn who_leaves_the_queue_does_not_hold_up_the_next() {
        let turns = Rc::new(Turns::default());
        let reader = turns.try_take(Turn::Shared).unwrap();
        let writer = queued(&turns, Turn::Exclusive);
        let mut late = queued(&turns, Turn::Shared);
        drop(writer);
        assert!(poll(&mut late).is_some());
        drop(reader);
    }

    #[cfg(not(target_arch = "wasm32"))]
    proptest! {
        /// Random arrivals, departures and cancellations: exclusion, order of arrival, and nobody waits for ever.
        #[test]
        fn turns_are_granted_alone_or_together_and_in_order(steps in prop::collection::vec((0u8..4, 0usize..8), 0..200)) {
            let turns = Rc::new(Turns::default());
            let mut waiting: Vec<(u64, Turn, Acquire)> = Vec::new();
            let mut held: Vec<(Turn, Permit)> = Vec::new();
            let mut arrivals = 0;
            let mut last_granted = None;
            for (step, pick) in steps {
                match step {
                    0 | 1 => {
                        let turn = if step == 0 { Turn::Shared } else { Turn::Exclusive };
                        waiting.push((arrivals, turn, turns.take(turn)));
                        arrivals += 1;
                    }
                    2 if !held.is_empty() => drop(held.remove(pick % held.len())),
                    3 if !waiting.is_empty() => drop(waiting.remove(pick % waiting.len())),
                    _ => {}
                }
                let mut at = 0;
                while at < waiting.len() {
                    let Some(permit) = poll(&mut waiting[at].2) else { at += 1; continue };
                    let (arrival, turn, _) = waiting.remove(at);
                    prop_assert!(last_granted < Some(arrival));
                    last_granted = Some(arrival);
                    held.push((turn, permit));
                }
                let exclusive = held.iter().filter(|(turn, _)| *turn == Turn::Exclusive).count();
                prop_assert!(exclusive == 0 || held.len() == 1);
            }
            while !held.is_empty() {
                held.clear();
                waiting.retain_mut(|(_, turn, acquire)| match poll(acquire) {
                    Some(permit) => { held.push((*turn, permit)); false }
                    None => true,
                });
            }
            prop_assert!(waiting.is_empty());
        }
    }
}
