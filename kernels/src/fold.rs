//! Going through numbers a block at a time.

use std::{array, iter::zip, slice};

use crate::vector::Memory;

/// How many blocks are folded before [`Fold::flush`].
const GROUP: usize = 64;

/// What becomes of `IN` sequences of numbers of the same length, which come in blocks of `N` vectors.
pub(crate) trait Fold<V: Memory, const IN: usize, const N: usize> {
    type Output;

    /// What fills up the last block; to [`block`](Self::block) it makes no difference.
    const PAD: V::Lane;

    fn block(&mut self, block: [&[V::Array; N]; IN]);

    /// The last block, if it had to be filled up after `len` numbers.
    #[inline(always)]
    fn last(&mut self, block: [&[V::Array; N]; IN], _len: usize) {
        self.block(block);
    }

    /// Called after 64 blocks, or less where they end, and after the last: for partial results that are good for no more.
    #[inline(always)]
    fn flush(&mut self) {}

    fn finish(self) -> Self::Output;
}

/// `IN` sequences of numbers.
pub(crate) trait Input<'a, T: Copy + 'a, const IN: usize> {
    /// # Panics
    ///
    /// They are not of the same length.
    fn fold<V: Memory<Lane = T>, F: Fold<V, IN, N>, const N: usize>(self, fold: F) -> F::Output;
}

/// Sequences that are a slice each.
impl<'a, T: Copy + 'a, const IN: usize> Input<'a, T, IN> for [&'a [T]; IN] {
    #[inline(always)]
    fn fold<V: Memory<Lane = T>, F: Fold<V, IN, N>, const N: usize>(self, mut fold: F) -> F::Output {
        let blocks = self.map(|slice| blocks::<V, N>(slice));
        let mut groups = blocks.map(|blocks| blocks.chunks(GROUP));
        for _ in 0..groups[0].len() {
            fold_blocks(&mut fold, array::from_fn(|at| groups[at].next().unwrap_or_default()));
            fold.flush();
        }
        let done = blocks[0].len() * N * V::LANES;
        if done < self[0].len() {
            let mut last = [[V::array(F::PAD); N]; IN];
            for (last, slice) in zip(&mut last, self) {
                V::lanes_mut(last)[..slice.len() - done].copy_from_slice(&slice[done..]);
            }
            fold.last(last.each_ref(), self[0].len() - done);
            fold.flush();
        }
        fold.finish()
    }
}

/// Sequences that are the concatenation of pages each. The results are those of one slice: where pages begin and end
/// makes no difference.
pub(crate) struct Pages<I, const IN: usize>(pub(crate) [I; IN]);

impl<'a, T: Copy + 'a, I: Iterator<Item = &'a [T]>, const IN: usize> Input<'a, T, IN> for Pages<I, IN> {
    #[inline(always)]
    fn fold<V: Memory<Lane = T>, F: Fold<V, IN, N>, const N: usize>(self, mut fold: F) -> F::Output {
        let Self(mut pages) = self;
        let block_len = N * V::LANES;
        // The beginning of a block that goes on in the next page.
        let mut carry = [[V::array(F::PAD); N]; IN];
        let mut carried = 0;
        let mut until_flush = GROUP;
        let mut open = [&[][..]; IN];
        loop {
            let is_end = !refill(&mut open, &mut pages);
            if is_end {
                break;
            }
            let mut part = take(&mut open);
            let count = if carried > 0 { part[0].len().min(block_len - carried) } else { 0 };
            for (carry, part) in zip(&mut carry, &mut part) {
                // Most pages begin with a block. In wasm a copy of nothing is a call, too.
                if count == 0 {
                    break;
                }
                let (head, rest) = part.split_at(count);
                V::lanes_mut(carry)[carried..][..count].copy_from_slice(head);
                *part = rest;
            }
            carried += count;
            let is_block = carried == block_len;
            let first = carry.each_ref().map(|carry| if is_block { slice::from_ref(carry) } else { &[] });
            let body = part.map(|part| blocks::<V, N>(part));
            for mut blocks in [first, body] {
                while !blocks[0].is_empty() {
                    let count = blocks[0].len().min(until_flush);
                    fold_blocks(&mut fold, blocks.map(|blocks| &blocks[..count]));
                    blocks = blocks.map(|blocks| &blocks[count..]);
                    until_flush -= count;
                    if until_flush == 0 {
                        fold.flush();
                        until_flush = GROUP;
                    }
                }
            }
            if is_block {
                carried = 0;
            }
            let done = body[0].len() * block_len;
            let left = part[0].len() - done;
            if left > 0 {
                for (carry, part) in zip(&mut carry, part) {
                    V::lanes_mut(carry)[..left].copy_from_slice(&part[done..]);
                }
                carried = left;
            }
        }
        if until_flush < GROUP {
            fold.flush();
        }
        if carried > 0 {
            for carry in &mut carry {
                V::lanes_mut(carry)[carried..].fill(F::PAD);
            }
            fold.last(carry.each_ref(), carried);
            fold.flush();
        }
        fold.finish()
    }
}

#[inline(always)]
fn blocks<V: Memory, const N: usize>(slice: &[V::Lane]) -> &[[V::Array; N]] {
    V::arrays(slice).as_chunks().0
}

/// As many blocks of each sequence.
#[inline(always)]
fn fold_blocks<V: Memory, F: Fold<V, IN, N>, const IN: usize, const N: usize>(
    fold: &mut F,
    blocks: [&[[V::Array; N]]; IN],
) {
    if IN == 1 {
        for block in blocks[0] {
            fold.block([block; IN]);
        }
        return;
    }
    for (left, right) in zip(blocks[0], blocks[1]) {
        let mut block = [left; IN];
        block[1] = right;
        fold.block(block);
    }
}

/// Goes on to the next pages where nothing is left; false at the end of all.
#[inline(always)]
fn refill<'a, T, I: Iterator<Item = &'a [T]>, const IN: usize>(open: &mut [&'a [T]; IN], pages: &mut [I; IN]) -> bool {
    let mut ended = 0;
    for (open, pages) in zip(open, pages) {
        while open.is_empty() {
            let Some(page) = pages.next() else {
                ended += 1;
                break;
            };
            *open = page;
        }
    }
    assert!(ended == 0 || ended == IN, "the sequences are not of the same length");
    ended == 0
}

/// Takes off as much as all have.
#[inline(always)]
fn take<'a, T, const IN: usize>(open: &mut [&'a [T]; IN]) -> [&'a [T]; IN] {
    let count = open.iter().map(|open| open.len()).min().unwrap_or_default();
    open.each_mut().map(|open| {
        let (taken, rest) = open.split_at(count);
        *open = rest;
        taken
    })
}
