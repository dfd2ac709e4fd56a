//! Walking over what is stored and what the turn has changed, in the order of keys.

use std::{cmp::Ordering, collections::BTreeMap, iter::Peekable};

use super::{
    base::{Base, Rows},
    span::Span,
};
use crate::problem::Result;

/// What a turn did to one key.
pub(super) trait Change {
    /// Whether there is an entry now.
    fn is_there(&self) -> bool;

    /// The entry, encoded.
    fn encode(&self) -> Result<Vec<u8>>;
}

/// What a turn did, in the order of keys.
pub(super) trait Changes {
    fn within(&self, span: &Span, is_descending: bool) -> ChangesWithin<'_>;
}

type ChangesWithin<'t> = Box<dyn Iterator<Item = (&'t [u8], &'t dyn Change)> + 't>;

impl<C: Change> Changes for BTreeMap<Vec<u8>, C> {
    fn within(&self, span: &Span, is_descending: bool) -> ChangesWithin<'_> {
        let changes = self.range(span.bounds()).map(|(key, change)| (key.as_slice(), change as &dyn Change));
        if is_descending { Box::new(changes.rev()) } else { Box::new(changes) }
    }
}

/// Where an entry's value is.
pub(super) enum Found<'t> {
    Stored(Vec<u8>),
    Changed(&'t dyn Change),
}

/// Keys and entries of a span, from both ends.
pub(super) struct Walk<'t> {
    base: &'t Base,
    changes: &'t dyn Changes,
    /// What neither end has passed.
    span: Span,
    front: Option<Merge<'t>>,
    back: Option<Merge<'t>>,
    is_over: bool,
}

impl<'t> Walk<'t> {
    pub(super) fn new(base: &'t Base, changes: &'t dyn Changes, span: Span) -> Self {
        Self { base, changes, span, front: None, back: None, is_over: false }
    }

    fn merge(&self, is_descending: bool) -> Merge<'t> {
        Merge {
            stored: self.base.scan(self.span.clone(), is_descending).peekable(),
            changes: self.changes.within(&self.span, is_descending).peekable(),
            is_descending,
        }
    }

    pub(super) fn next(&mut self) -> Option<Result<(Vec<u8>, Found<'t>)>> {
        let mut front = self.front.take().unwrap_or_else(|| self.merge(false));
        let item = self.check(front.next());
        self.front = Some(front);
        if let Some(Ok((key, _))) = &item {
            self.span.skip_past(key);
        }
        item
    }

    pub(super) fn next_back(&mut self) -> Option<Result<(Vec<u8>, Found<'t>)>> {
        let mut back = self.back.take().unwrap_or_else(|| self.merge(true));
        let item = self.check(back.next());
        self.back = Some(back);
        if let Some(Ok((key, _))) = &item {
            self.span.end_before(key);
        }
        item
    }

    /// It ends where the other end has been, and with the first error.
    fn check(&mut self, item: Option<Result<(Vec<u8>, Found<'t>)>>) -> Option<Result<(Vec<u8>, Found<'t>)>> {
        let item = item.filter(|_| !self.is_over);
        let item = item.filter(|item| item.as_ref().map_or(true, |(key, _)| self.span.contains(key)));
        self.is_over |= item.as_ref().is_none_or(Result::is_err);
        item
    }
}

/// Both in one order; of a key that is in both, the change counts.
struct Merge<'t> {
    stored: Peekable<Rows>,
    changes: Peekable<ChangesWithin<'t>>,
    is_descending: bool,
}

impl<'t> Merge<'t> {
    fn next(&mut self) -> Option<Result<(Vec<u8>, Found<'t>)>> {
        loop {
            match self.compare()? {
                Ordering::Less => {
                    let row = self.stored.next()?;
                    return Some(row.map(|(key, value)| (key, Found::Stored(value))));
                }
                Ordering::Equal => drop(self.stored.next()),
                Ordering::Greater => {
                    let (key, change) = self.changes.next()?;
                    if change.is_there() {
                        return Some(Ok((key.to_vec(), Found::Changed(change))));
                    }
                }
            }
        }
    }

    /// Which comes first: less means what is stored. An error does.
    fn compare(&mut self) -> Option<Ordering> {
        let order = match (self.stored.peek(), self.changes.peek()) {
            (None, None) => return None,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) | (Some(Err(_)), _) => Ordering::Less,
            (Some(Ok((stored, _))), Some((changed, _))) => {
                let order = stored.as_slice().cmp(changed);
                if self.is_descending { order.reverse() } else { order }
            }
        };
        Some(order)
    }
}

/// How many entries there are in a span.
pub(super) fn count(base: &Base, changes: &dyn Changes, span: Span) -> Result<u64> {
    let mut count = base.count(span.clone())?;
    for (key, change) in changes.within(&span, false) {
        count += u64::from(change.is_there());
        count -= base.count(Span::only(key))?;
    }
    Ok(count)
}
