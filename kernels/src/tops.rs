//! The greatest few.

use std::{cmp::Ordering, collections::BinaryHeap};

use crate::{
    float::{Float, Kernel},
    number::Number,
    vector::{Vector, each8},
};

/// A number and its index. The least entry is the first to give way: the smallest number, of equal ones the last.
struct Entry<T>(T, usize);

impl<T: Number> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        // No NaN gets in.
        let values = other.0.partial_cmp(&self.0).unwrap_or(Ordering::Equal);
        values.then(self.1.cmp(&other.1))
    }
}

impl<T: Number> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: Number> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<T: Number> Eq for Entry<T> {}

/// The best so far, the worst of them at the top.
struct Best<T> {
    k: usize,
    heap: BinaryHeap<Entry<T>>,
}

impl<T: Number> Best<T> {
    /// What a number has to be greater than, once there are enough.
    fn bound(&self) -> Option<T> {
        if self.heap.len() < self.k {
            return None;
        }
        self.heap.peek().map(|entry| entry.0)
    }

    fn offer(&mut self, values: &[T], start: usize) {
        for (at, value) in values.iter().enumerate() {
            let entry = Entry(*value, start + at);
            if self.heap.len() < self.k {
                if !value.is_nan() {
                    self.heap.push(entry);
                }
            } else if let Some(mut worst) = self.heap.peek_mut()
                && *value > worst.0
            {
                *worst = entry;
            }
        }
    }
}

struct TopK<I>(I, usize);

impl<'a, T: Float, I: Iterator<Item = &'a [T]>> Kernel<T> for TopK<I> {
    type Output = Vec<(usize, T)>;

    #[inline(always)]
    fn run<V: Vector<Lane = T>>(self) -> Vec<(usize, T)> {
        let mut best = Best { k: self.1, heap: BinaryHeap::new() };
        let mut start = 0;
        for page in self.0 {
            let (blocks, _) = V::arrays(page).as_chunks::<8>();
            for block in blocks {
                if may_enter::<V>(block, best.bound()) {
                    best.offer(V::lanes(block), start);
                }
                start += 8 * V::LANES;
            }
            let rest = &page[blocks.len() * 8 * V::LANES..];
            best.offer(rest, start);
            start += rest.len();
        }
        best.heap.into_sorted_vec().into_iter().map(|Entry(value, index)| (index, value)).collect()
    }
}

/// Whether a number of a block is greater than a bound.
#[inline(always)]
fn may_enter<V: Vector>(block: &[V::Array; 8], bound: Option<V::Lane>) -> bool {
    let Some(bound) = bound.map(V::splat) else { return true };
    let [a, b, c, d, e, f, g, h] = each8!(AT => bound.greatest(V::load(&block[AT])));
    let greatest = a.greatest(b).greatest(c.greatest(d)).greatest(e.greatest(f).greatest(g.greatest(h)));
    bound.lt(greatest).any()
}

pub(crate) fn top_k<'a, T: Float>(pages: impl Iterator<Item = &'a [T]>, k: usize) -> Vec<(usize, T)> {
    if k == 0 { Vec::new() } else { T::run(TopK(pages, k)) }
}
