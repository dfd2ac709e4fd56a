//! Ranges of keys.

use std::ops::Bound;

/// The keys from the first on and before the second, or all from the first on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    from: Vec<u8>,
    to: Option<Vec<u8>>,
}

impl Span {
    pub(super) const ALL: Self = Self { from: Vec::new(), to: None };

    /// What two bounds mean. Where they are in the wrong order that is nothing.
    pub(super) fn new(from: Bound<Vec<u8>>, to: Bound<Vec<u8>>) -> Self {
        let from = match from {
            Bound::Included(key) => key,
            Bound::Excluded(key) => after(key),
            Bound::Unbounded => Vec::new(),
        };
        let to = match to {
            Bound::Included(key) => Some(after(key)),
            Bound::Excluded(key) => Some(key),
            Bound::Unbounded => None,
        };
        let mut span = Self { from, to };
        span.straighten();
        span
    }

    /// One key.
    pub(super) fn only(key: &[u8]) -> Self {
        Self { from: key.to_vec(), to: Some(after(key.to_vec())) }
    }

    /// The keys that begin with these bytes.
    pub(super) fn beginning_with(prefix: Vec<u8>) -> Self {
        let mut to = prefix.clone();
        while to.pop_if(|last| *last == u8::MAX).is_some() {}
        if let Some(last) = to.last_mut() {
            *last += 1;
        }
        Self { from: prefix, to: Some(to).filter(|to| !to.is_empty()) }
    }

    /// An end before the beginning becomes the beginning.
    fn straighten(&mut self) {
        if let Some(to) = self.to.as_mut().filter(|to| **to < self.from) {
            to.clone_from(&self.from);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.to.as_ref() == Some(&self.from)
    }

    pub(super) fn contains(&self, key: &[u8]) -> bool {
        self.from.as_slice() <= key && self.to.as_ref().is_none_or(|to| key < to.as_slice())
    }

    /// The bounds, as ranges of maps and slots want them.
    pub(super) fn bounds(&self) -> (Bound<Vec<u8>>, Bound<Vec<u8>>) {
        let to = self.to.clone().map_or(Bound::Unbounded, Bound::Excluded);
        (Bound::Included(self.from.clone()), to)
    }

    /// Takes off the keys up to this one.
    pub(super) fn skip_past(&mut self, key: &[u8]) {
        self.from = after(key.to_vec());
        self.straighten();
    }

    /// Takes off the keys from this one on.
    pub(super) fn end_before(&mut self, key: &[u8]) {
        self.to = Some(key.to_vec());
        self.straighten();
    }

    /// What is left of it without another: what lies below, and what lies above.
    fn without(self, other: &Self) -> [Option<Self>; 2] {
        let above = other.to.as_ref().map(|to| Self { from: to.clone().max(self.from.clone()), to: self.to.clone() });
        let below = Self { from: self.from, to: Some(lesser_end(self.to, &other.from)) };
        let is_there = |span: &Self| span.to.as_ref().is_none_or(|to| span.from < *to);
        [Some(below).filter(is_there), above.filter(is_there)]
    }

    /// Whether the two are one span without a gap.
    fn touches(&self, other: &Self) -> bool {
        let begins_in = |a: &Self, b: &Self| b.from <= a.from && b.to.as_ref().is_none_or(|to| a.from <= *to);
        begins_in(self, other) || begins_in(other, self)
    }

    fn join(&mut self, other: Self) {
        self.from = std::mem::take(&mut self.from).min(other.from);
        self.to = self.to.take().zip(other.to).map(|(a, b)| a.max(b));
    }
}

fn lesser_end(end: Option<Vec<u8>>, key: &[u8]) -> Vec<u8> {
    end.filter(|end| end.as_slice() < key).unwrap_or_else(|| key.to_vec())
}

/// The least key that is greater.
fn after(mut key: Vec<u8>) -> Vec<u8> {
    key.push(0);
    key
}

/// Several spans, none of which touches another.
#[derive(Clone, Debug, Default)]
pub(super) struct Spans(Vec<Span>);

impl Spans {
    pub(super) fn add(&mut self, mut span: Span) {
        if span.is_empty() {
            return;
        }
        for other in self.0.extract_if(.., |other| other.touches(&span)).collect::<Vec<_>>() {
            span.join(other);
        }
        self.0.push(span);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn contain(&self, key: &[u8]) -> bool {
        self.0.iter().any(|span| span.contains(key))
    }

    pub(super) fn are_all(&self) -> bool {
        self.0.contains(&Span::ALL)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Span> {
        self.0.iter()
    }

    /// What is left of a span without these, ascending.
    pub(super) fn holes_in(&self, span: Span) -> Vec<Span> {
        let mut left = vec![span];
        for gone in &self.0 {
            let mut rest = Vec::with_capacity(left.len() + 1);
            for span in left {
                rest.extend(span.without(gone).into_iter().flatten());
            }
            left = rest;
        }
        left.retain(|span| !span.is_empty());
        left
    }
}

#[cfg(test)]
mod tests {
    use std::ops::RangeBounds;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn span(range: impl RangeBounds<u8>) -> Span {
        let bytes = |key: &u8| vec![*key];
        Span::new(range.start_bound().map(bytes), range.end_bound().map(bytes))
    }

    fn members(span: &Span) -> Vec<u8> {
        (0..=9).filter(|key| span.contains(&[*key])).collect()
    }

    #[test]
    fn a_span_holds_what_its_bounds_say() {
        assert_eq!(members(&span(3..5)), [3, 4]);
        assert_eq!(members(&span(3..=5)), [3, 4, 5]);
        assert_eq!(members(&span((Bound::Excluded(3), Bound::Unbounded))), [4, 5, 6, 7, 8, 9]);
        assert_eq!(members(&span(..2)), [0, 1]);
        #[expect(clippy::reversed_empty_ranges, reason = "that is what is tested")]
        let reversed = span(5..3);
        assert!(reversed.is_empty() && members(&reversed).is_empty());
    }

    #[test]
    fn a_prefix_holds_what_begins_with_it() {
        let prefix = Span::beginning_with(vec![3, u8::MAX]);
        for (key, is_in) in [(&[3][..], false), (&[3, 255], true), (&[3, 255, 255, 1], true), (&[4], false)] {
            assert_eq!(prefix.contains(key), is_in, "{key:?}");
        }
        assert!(Span::beginning_with(vec![u8::MAX]).contains(&[u8::MAX; 9]));
        assert_eq!(Span::beginning_with(vec![]), Span::ALL);
    }

    #[test]
    fn spans_that_touch_become_one() {
        let mut spans = Spans::default();
        for range in [2..4, 6..8, 4..6, 9..9] {
            spans.add(span(range));
        }
        assert_eq!(spans.0, [span(2..8)]);
        spans.add(Span::ALL);
        assert!(spans.are_all());
        assert!(spans.holes_in(span(..)).is_empty());
    }

    #[test]
    fn holes_are_what_no_span_holds() {
        let ranges = [1..3, 5..6, 8..9];
        let mut spans = Spans::default();
        ranges.iter().cloned().for_each(|range| spans.add(span(range)));
        for (from, to) in (0..10_u8).flat_map(|from| (from..10).map(move |to| (from, to))) {
            let left = spans.holes_in(span(from..to));
            let expected: Vec<_> = (from..to).filter(|key| !ranges.iter().any(|range| range.contains(key))).collect();
            assert_eq!(left.iter().flat_map(members).collect::<Vec<_>>(), expected, "{from}..{to}");
            assert!(left.iter().all(|span| !span.is_empty()), "{from}..{to}");
        }
    }
}
