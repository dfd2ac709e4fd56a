//! What stands in for a model: texts as vectors by their letters, and vectors of nothing.
//!
//! A text is the sum of its words' parts: each run of three to five letters goes to one of the vector's places by its hash,
//! with a sign that is of the hash, too. Texts that share parts of words are near each other; what they mean is not known.
//! The parts are those of [Bojanowski et al., "Enriching Word Vectors with Subword
//! Information"](https://arxiv.org/abs/1607.04606), the places of [Weinberger et al., "Feature Hashing for Large Scale
//! Multitask Learning"](https://arxiv.org/abs/0902.2206).

use std::{iter::once, ops::RangeInclusive};

/// As many as small models of sentences have.
pub(crate) const DIMENSIONS: usize = 384;

/// How many letters a part has, the marks at a word's begin and end included.
const PART_LETTERS: RangeInclusive<usize> = 3..=5;

/// What SplitMix64 counts by.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// A text as a vector of so many dimensions, not of unit length. Without letters and digits it is zero.
pub(crate) fn embed(text: &str, dimensions: usize) -> Vec<f32> {
    let mut vector = vec![0.0; dimensions];
    let text = text.to_lowercase();
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let letters: Vec<char> = once('<').chain(word.chars()).chain(once('>')).collect();
        for part in PART_LETTERS.flat_map(|length| letters.windows(length)) {
            let hash = hash(part.iter().copied());
            let sign = if hash >> 63 == 0 { 1.0 } else { -1.0 };
            vector[(hash % dimensions as u64) as usize] += sign;
        }
    }
    vector
}

/// A hash of a text, which is no secret: whoever wants to finds another text that has it.
pub(crate) fn hash(text: impl IntoIterator<Item = char>) -> u64 {
    text.into_iter().fold(0, |hash, letter| mix(hash ^ u64::from(letter)))
}

/// A vector in a direction of chance, the same for the same seed.
pub(crate) fn random(seed: u64, dimensions: usize) -> Vec<f32> {
    // The upper 24 bits, which an f32 holds.
    let component = |at| (mix(seed.wrapping_add(GOLDEN.wrapping_mul(at))) >> 40) as f32 / (1 << 23) as f32 - 1.0;
    (0..dimensions as u64).map(component).collect()
}

/// The step of [SplitMix64](https://prng.di.unimi.it/splitmix64.c).
fn mix(state: u64) -> u64 {
    let z = state.wrapping_add(GOLDEN);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::unit;

    fn cosine(one: &str, other: &str) -> f32 {
        let [one, other] = [one, other].map(|text| unit(&embed(text, DIMENSIONS)).unwrap());
        duractor::kernels::dot(&one, &other)
    }

    #[test]
    fn texts_that_share_parts_of_words_are_near_each_other() {
        let [near, far] =
            ["kittens that drink milk", "the stock market fell"].map(|text| cosine("a kitten drinks", text));
        assert!(near > 0.4 && far < 0.2, "{near} and {far}");
        assert!((cosine("Straße", "STRASSE") - cosine("strasse", "straße")).abs() < 1e-6);
        assert!(cosine("A cat, asleep!", "a  CAT asleep") > 0.999);
    }

    #[test]
    fn a_text_without_letters_has_no_direction() {
        for nothing in ["", "  ", "?!…"] {
            assert_eq!(unit(&embed(nothing, DIMENSIONS)), None, "{nothing}");
        }
        assert!(unit(&embed("猫", DIMENSIONS)).is_some());
    }

    #[test]
    fn directions_of_chance_differ() {
        let [one, other] = [1, 2].map(|seed| unit(&random(seed, DIMENSIONS)).unwrap());
        let cosine = duractor::kernels::dot(&one, &other);
        assert!(cosine.abs() < 0.2, "{cosine}");
        assert!(random(1, 10_000).iter().all(|component| (-1.0..1.0).contains(component)));
    }
}
