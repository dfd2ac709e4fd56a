//! Text in memory.

use std::iter;

use crate::terminal::is_printable;

/// Shorter runs are mostly bytes that are text by chance.
pub(super) const RUN_MIN_CHARS: usize = 6;

/// What is shown of a run.
const SHOWN_MAX_CHARS: usize = 160;

/// What is shown before a text that is looked for.
const BEFORE_MAX_CHARS: usize = 40;

/// Most of memory is zeros, which are skipped by so many.
const BLOCK_BYTES: usize = 4 << 10;

/// Text and where it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Text<'m> {
    /// Address of its first byte.
    pub(super) address: usize,
    /// The text: printable, on one line.
    pub(super) text: &'m str,
}

/// The runs of at least [`RUN_MIN_CHARS`] printable characters, by address.
pub(super) fn runs(memory: &[u8]) -> impl Iterator<Item = Text<'_>> {
    used(memory).flat_map(|(start, bytes)| {
        let mut next = start;
        bytes.utf8_chunks().flat_map(move |chunk| {
            let address = next;
            next += chunk.valid().len() + chunk.invalid().len();
            printable(Text { address, text: chunk.valid() })
        })
    })
}

/// The parts of memory between blocks of zeros, and where they start.
fn used(memory: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let is_zero = |at: usize| memory.get(at..at + BLOCK_BYTES) == Some(&[0; BLOCK_BYTES][..]);
    let starts = move |from: usize| (from..memory.len()).step_by(BLOCK_BYTES);
    let mut next = 0;
    iter::from_fn(move || {
        let start = starts(next).find(|at| !is_zero(*at))?;
        next = starts(start).find(|at| is_zero(*at)).unwrap_or(memory.len());
        Some((start, &memory[start..next]))
    })
}

fn printable(whole: Text<'_>) -> impl Iterator<Item = Text<'_>> {
    let mut address = whole.address;
    let pieces = whole.text.split_inclusive(|c| !is_printable(c)).map(move |text| {
        let start = address;
        address += text.len();
        Text { address: start, text }
    });
    pieces.filter_map(|piece| {
        // Cheap first: between two zeros there is nothing.
        let is_long = piece.text.len() >= RUN_MIN_CHARS;
        let text = is_long.then(|| piece.text.trim_end_matches(|c| !is_printable(c)))?;
        text.chars().nth(RUN_MIN_CHARS - 1).map(|_| Text { text, ..piece })
    })
}

/// The start of each run, as far as it is shown.
pub(super) fn starts(memory: &[u8]) -> impl Iterator<Item = Text<'_>> {
    runs(memory).map(|run| Text { text: &run.text[..end_of(run.text, SHOWN_MAX_CHARS)], ..run })
}

/// Where `text` is in memory, in whatever case, with what stands around it.
///
/// Constants of a program stand one behind the other in one long run, so that a run can hold it more than once.
pub(super) fn occurrences<'m>(memory: &'m [u8], text: &str) -> impl Iterator<Item = Text<'m>> {
    let wanted = folded(text).collect::<Vec<_>>();
    runs(memory).flat_map(move |run| within(run, wanted.clone()))
}

fn within(run: Text<'_>, wanted: Vec<char>) -> impl Iterator<Item = Text<'_>> {
    let mut rest = 0;
    iter::from_fn(move || {
        let at = rest + find(&run.text[rest..], &wanted)?;
        let before = run.text[rest..at].char_indices().rev().take(BEFORE_MAX_CHARS).last();
        let start = before.map_or(at, |(offset, _)| rest + offset);
        rest = at + end_of(&run.text[at..], SHOWN_MAX_CHARS - BEFORE_MAX_CHARS);
        Some(Text { address: run.address + start, text: &run.text[start..rest] })
    })
}

fn find(text: &str, wanted: &[char]) -> Option<usize> {
    text.char_indices().map(|(at, _)| at).find(|at| starts_with(&text[*at..], wanted))
}

fn starts_with(text: &str, wanted: &[char]) -> bool {
    folded(text).zip(wanted).take_while(|(c, wanted)| c == *wanted).count() == wanted.len()
}

/// The characters without their case.
fn folded(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase)
}

/// Where the first `max_chars` characters end.
fn end_of(text: &str, max_chars: usize) -> usize {
    text.char_indices().nth(max_chars).map_or(text.len(), |(end, _)| end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found<'m>(texts: impl Iterator<Item = Text<'m>>) -> Vec<(usize, &'m str)> {
        texts.map(|Text { address, text }| (address, text)).collect()
    }

    #[test]
    fn runs_are_found_between_what_is_not_text() {
        let memory = "\0\0Grüße an\x07alle\x01die hier\u{202e}lesen!\0".as_bytes();
        assert_eq!(found(runs(memory)), [(2, "Grüße an"), (18, "die hier"), (29, "lesen!")]);
        let memory = [b"\xff\xfeabcdef\xc3", &b"ghijkl\xe2\x82"[..]].concat();
        assert_eq!(found(runs(&memory)), [(2, "abcdef"), (9, "ghijkl")]);
    }

    #[test]
    fn a_run_has_six_characters_whatever_their_bytes() {
        assert_eq!(found(runs("\0äöüäö\0".as_bytes())), []);
        assert_eq!(found(runs("\0äöüäöü\0".as_bytes())), [(1, "äöüäöü")]);
        assert_eq!(found(runs(b"abcde")), []);
        assert_eq!(found(runs(b"")), []);
    }

    #[test]
    fn runs_are_found_around_blocks_of_zeros() {
        let mut memory = vec![0; 5 * BLOCK_BYTES + 9];
        let addresses = [BLOCK_BYTES - 3, 2 * BLOCK_BYTES, 5 * BLOCK_BYTES - 6, 5 * BLOCK_BYTES + 3];
        for address in addresses {
            memory[address..address + 6].copy_from_slice(b"abcdef");
        }
        assert_eq!(found(runs(&memory)), addresses.map(|address| (address, "abcdef")));
    }

    #[test]
    fn text_is_found_in_whatever_case() {
        let memory = b"\0\0\0Content-Type\0application/json\0";
        assert_eq!(found(occurrences(memory, "content-")), [(3, "Content-Type")]);
        assert_eq!(found(occurrences(memory, "JSON")), [(16, "application/json")]);
        assert_eq!(found(occurrences("\0GRÜSSE".as_bytes(), "grüsse")), [(1, "GRÜSSE")]);
        assert_eq!(found(occurrences(memory, "xml")), []);
    }

    #[test]
    fn a_long_run_is_shown_around_every_occurrence() {
        let memory = format!("{}cart{}Cart{}", "x".repeat(100), "y".repeat(300), "z".repeat(10));
        let found = found(occurrences(memory.as_bytes(), "CART"));
        assert_eq!(found.len(), 2);
        assert_eq!(found[0], (60, &memory[60..220]));
        assert_eq!(found[1], (364, &memory[364..]));
    }

    #[test]
    fn of_a_long_run_the_start_is_shown() {
        let memory = "é".repeat(1_000);
        assert_eq!(found(starts(memory.as_bytes())), [(0, &memory[..2 * SHOWN_MAX_CHARS])]);
    }

    /// The runs of memory, told by every way to begin one.
    fn naive(memory: &[u8]) -> Vec<(usize, String)> {
        let text: Vec<(usize, char)> = memory
            .utf8_chunks()
            .scan(0, |at, chunk| {
                let start = *at;
                *at += chunk.valid().len() + chunk.invalid().len();
                let chars = chunk.valid().char_indices().map(move |(offset, c)| (start + offset, c));
                Some(chars.chain([(*at, '\0')]).collect::<Vec<_>>())
            })
            .flatten()
            .collect();
        let runs = text.split(|(_, c)| !is_printable(*c)).filter(|run| run.len() >= RUN_MIN_CHARS);
        runs.map(|run| (run[0].0, run.iter().map(|(_, c)| *c).collect())).collect()
    }

    proptest! {
        #[test]
        fn runs_are_those_of_a_naive_search(
            memory in prop::collection::vec(prop_oneof![4 => b' '..=b'~', 1 => any::<u8>(), 1 => Just(0xc3)], 0..200),
        ) {
            let found: Vec<_> = runs(&memory).map(|run| (run.address, run.text.to_owned())).collect();
            prop_assert_eq!(found, naive(&memory));
        }

        #[test]
        fn any_text_is_looked_for_to_the_end(memory in any::<Vec<u8>>(), text in "\\PC{0,3}") {
            prop_assert!(occurrences(&memory, &text).count() <= memory.len());
        }
    }
}
