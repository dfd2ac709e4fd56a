//! Going through numbers a block at a time.

use std::{array, iter::zip, slice};

use crate::{cursor::Cursor, vector::Memory};

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
    fn fold<V: Memory<Lane = T>, F: Fold<V, IN, N>, const N: usize>(self, fold: F) -> F::Output {
        let mut groups = Groups { fold, until_flush: GROUP };
        let mut carry = Carry { block: [[V::array(F::PAD); N]; IN], len: 0 };
        let mut cursor = Cursor::new(self.0);
        while let Some(mut part) = cursor.next(usize::MAX) {
            let is_full = carry.fill::<V>(&mut part);
            let first = carry.block.each_ref().map(|block| if is_full { slice::from_ref(block) } else { &[] });
            let body = part.map(|part| blocks::<V, N>(part));
            for blocks in [first, body] {
                groups.fold(blocks);
            }
            let done = body[0].len() * N * V::LANES;
            carry.keep::<V>(part.map(|part| &part[done..]), is_full);
        }
        groups.end();
        let Groups { mut fold, .. } = groups;
        if carry.len > 0 {
            carry.pad::<V>(F::PAD);
            fold.last(carry.block.each_ref(), carry.len);
            fold.flush();
        }
        fold.finish()
    }
}

/// Blocks in groups of 64.
struct Groups<F> {
    fold: F,
    until_flush: usize,
}

impl<F> Groups<F> {
    #[inline(always)]
    fn fold<V: Memory, const IN: usize, const N: usize>(&mut self, mut blocks: [&[[V::Array; N]]; IN])
    where
        F: Fold<V, IN, N>,
    {
        while !blocks[0].is_empty() {
            let count = blocks[0].len().min(self.until_flush);
            fold_blocks(&mut self.fold, blocks.map(|blocks| &blocks[..count]));
            blocks = blocks.map(|blocks| &blocks[count..]);
            self.until_flush -= count;
            if self.until_flush == 0 {
                self.fold.flush();
                self.until_flush = GROUP;
            }
        }
    }

    #[inline(always)]
    fn end<V: Memory, const IN: usize, const N: usize>(&mut self)
    where
        F: Fold<V, IN, N>,
    {
        if self.until_flush < GROUP {
            self.fold.flush();
        }
    }
}

/// The beginning of a block that goes on in the next page.
struct Carry<A, const IN: usize, const N: usize> {
    block: [[A; N]; IN],
    /// How many numbers it has.
    len: usize,
}

impl<A, const IN: usize, const N: usize> Carry<A, IN, N> {
    /// Takes what it lacks off a part; whether it is a block then.
    #[inline(always)]
    fn fill<V: Memory<Array = A>>(&mut self, part: &mut [&[V::Lane]; IN]) -> bool {
        // Most pages begin with a block. In wasm a copy of nothing is a call, too.
        if self.len == 0 {
            return false;
        }
        let count = part[0].len().min(N * V::LANES - self.len);
        for (block, part) in zip(&mut self.block, part) {
            let (head, rest) = part.split_at(count);
            V::lanes_mut(block)[self.len..][..count].copy_from_slice(head);
            *part = rest;
        }
        self.len += count;
        self.len == N * V::LANES
    }

    /// Keeps what is less than a block, if it `was_full` from its beginning.
    #[inline(always)]
    fn keep<V: Memory<Array = A>>(&mut self, rest: [&[V::Lane]; IN], was_full: bool) {
        if was_full {
            self.len = 0;
        }
        let len = rest[0].len();
        if len > 0 {
            for (block, rest) in zip(&mut self.block, rest) {
                V::lanes_mut(block)[..len].copy_from_slice(rest);
            }
            self.len = len;
        }
    }

    #[inline(always)]
    fn pad<V: Memory<Array = A>>(&mut self, pad: V::Lane) {
        for block in &mut self.block {
            V::lanes_mut(block)[self.len..].fill(pad);
        }
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
    const { assert!(IN == 1 || IN == 2) };
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
